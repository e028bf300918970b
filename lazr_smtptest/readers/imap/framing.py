"""A command as a client sends it: lines and literals (RFC 3501 sections 2.2, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Protocol

import attrs

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.syntax import Literal
from lazr_smtptest.readers.lines import LineTooLongError

__all__ = ["Bounds", "Frame", "FramingError", "Source", "read_frame"]

# RFC 3501 section 9: ASTRING-CHAR without "+".
_TAG = re.compile(rb"[!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_NAME = re.compile(rb"[A-Za-z]+")
_ANNOUNCED = re.compile(rb"\{([0-9]{1,20})(\+?)\}\Z")

# The commands with a password, or with what stands for one.
_SECRET = frozenset([b"LOGIN", b"AUTHENTICATE"])

# Stands for the tag in a reply to a line that has none (RFC 3501 section 7.1.3).
_UNTAGGED = b"*"

# RFC 7888 section 5 (LITERAL-): the most bytes of a literal that is sent unasked.
_MOST_UNASKED = 4096


class Source(Protocol):
    """A client; a `LineConnection` is one."""

    def read_line(self, longest: int, *, is_secret: bool = False) -> Awaitable[bytes]:
        """Return the next line, or raise a `LineTooLongError`."""

    def read_bytes(self, size: int) -> Awaitable[bytes]:
        """Return the next bytes."""

    def write(self, data: bytes) -> None:
        """Write a reply."""


@attrs.frozen(kw_only=True)
class Bounds:
    """The most bytes of a command.

    Attributes:
        line: of its lines together, without line ends.
        literals: of its literals together.
        message: of the literals of APPEND together.
    """

    line: int
    literals: int
    message: int


@attrs.frozen
class Frame:
    """A command whose arguments are not parsed.

    Attributes:
        tag: the tag.
        name: its name, in capitals; ``UID`` for ``UID FETCH`` and its like.
        parts: the text after the name, with a `Literal` for each literal; for
            `values_of`.
    """

    tag: bytes
    name: bytes
    parts: list[bytes]


class FramingError(CommandError):
    """A command is malformed, or has too many bytes.

    Args:
        text: the text of the reply.
        tag: the tag of the command; ``*`` if it has none.
        status: see `CommandError`.
        code: likewise.
        is_fatal: whether the client sends bytes of the command that cannot be told
            from commands, so that the connection has to end.
    """

    def __init__(
        self,
        text: str,
        *,
        tag: bytes,
        status: str = "BAD",
        code: str = "",
        is_fatal: bool = False,
    ) -> None:
        super().__init__(text, status=status, code=code)
        self.tag = tag
        self.is_fatal = is_fatal


async def read_frame(source: Source, bounds: Bounds) -> Frame:
    """Read the next command.

    A literal that is over a bound is refused before it is sent. One that is sent
    unasked, after a command that is refused, is not read: the error is fatal.

    Args:
        source: the client.
        bounds: the most bytes of the command.

    Raises:
        FramingError: the command has no tag or no name, or too many bytes.
    """
    line = await _line(source, bounds.line, _UNTAGGED)
    tag, name, text = _begin_of(line)
    most = bounds.message if name == b"APPEND" else bounds.literals
    parts: list[bytes] = []
    left = bounds.line - len(line)
    while announced := _ANNOUNCED.search(text):
        size = int(announced[1])
        _check_literal(size, most, tag=tag, is_unasked=bool(announced[2]))
        most -= size
        if not announced[2]:
            source.write(b"+ go ahead\r\n")
        parts += [text[: announced.start()], Literal(await source.read_bytes(size))]
        text = await _line(source, left, tag, is_secret=name in _SECRET)
        left -= len(text)
    _check_nul(parts, tag)
    if name == b"AUTHENTICATE":
        # mutt writes a space for the response that a mechanism does not have.
        text = text.removesuffix(b" ")
    return Frame(tag, name, [*parts, text])


def _check_nul(parts: list[bytes], tag: bytes) -> None:
    """Check that no literal but a literal8 has NUL (RFC 3501 section 9).

    Args:
        parts: the text before each literal, and the literal.
        tag: the tag of the command.

    Raises:
        FramingError: one has.
    """
    for before, literal in zip(parts[::2], parts[1::2], strict=True):
        if b"\0" in literal and not before.endswith(b"~"):
            text = "a literal has NUL in it: send a literal8, ~{size} (RFC 3516)"
            raise FramingError(text, tag=tag)


async def _line(
    source: Source, longest: int, tag: bytes, *, is_secret: bool = False
) -> bytes:
    try:
        return await source.read_line(longest, is_secret=is_secret)
    except LineTooLongError as error:
        text = f"a command has too many bytes: {error.longest} are left for this line"
        is_fatal = _is_followed(error.end)
        # A client waits for a reply with its tag.
        own, space, _ = error.begin.partition(b" ")
        if tag == _UNTAGGED and space and _TAG.fullmatch(own):
            tag = own
        raise FramingError(text, tag=tag, is_fatal=is_fatal) from error


def _is_followed(line: bytes) -> bool:
    """Return whether a literal follows a line unasked."""
    announced = _ANNOUNCED.search(line)
    return announced is not None and bool(announced[2])


def _begin_of(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the tag, the name, and the text after it.

    Raises:
        FramingError: the line has no tag or no name.
    """
    tag, _, rest = line.partition(b" ")
    name, space, text = rest.partition(b" ")
    if _TAG.fullmatch(tag) is None:
        error, tag = "a command begins with a tag", _UNTAGGED
    elif _NAME.fullmatch(name) is None:
        error = "a tag is followed by a command"
    elif space and not text:
        error = "a command does not end with a space"
    else:
        return tag, name.upper(), text
    raise FramingError(error, tag=tag, is_fatal=_is_followed(line))


def _check_literal(size: int, most: int, *, tag: bytes, is_unasked: bool) -> None:
    """Check the size of a literal.

    Raises:
        FramingError: it is over a bound.
    """
    if size > most:
        raise FramingError(
            f"a literal of {size} bytes is too big, {most} are allowed here",
            tag=tag,
            status="NO",
            code="TOOBIG",
            is_fatal=is_unasked,
        )
    if is_unasked and size > _MOST_UNASKED:
        raise FramingError(
            f"a literal of {size} bytes needs {{{size}}}, {{{size}+}} is for "
            f"{_MOST_UNASKED} bytes or fewer",
            tag=tag,
            is_fatal=True,
        )
