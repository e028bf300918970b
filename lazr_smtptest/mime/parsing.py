"""Parse a message as Python's `EmailMessage`, with bounds on the parser's input.

Rules:

* The parser's time is linear in lines times nesting, so both are counted first.
* It recurses into each multipart and each message within a message: the number of
  these is bounded, wherever they are.
* Its header parsers are quadratic in several characters, recursive in others, and
  raise for some values: a header with too many of these stays plain text.
"""

from __future__ import annotations

import re
import string
from email import message_from_bytes, policy
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from typing import Any

from lazr_smtptest.mime.addresses import ONE_ADDRESS, PLAIN_ADDRESS
from lazr_smtptest.mime.fields import BOUND, Fields
from lazr_smtptest.mime.parts import DEEPEST, MOST_PARTS
from lazr_smtptest.mime.words import decode_words

__all__ = ["is_ordinary", "plain_headers", "read_message"]

_MOST_VISITS = 1_000_000  # lines times their possible depth
# The most characters of a field, those among them that are tokens by themselves, and
# those that open something. The first number of each is for fields with parameters,
# which the parser reads several times in each part.
_LONGEST = (2 * 1024, 16 * 1024)
_TOKENS = re.compile(r"[^A-Za-z0-9]")
_MOST_TOKENS = (300, 3000)
_OPENING = re.compile(r"[(\[:\\]")
_MOST_OPENING = (20, 200)

_NESTING = re.compile(
    rb"(?i)[\r\n]content-type[ \t]*:[^;]{0,200}?(?:multipart|message)/"
)
_DIGEST = re.compile(rb"(?i)multipart/digest")
# The fields that the parser interprets, wherever they may be.
_STRUCTURE = re.compile(
    rb"(?i)[\r\n]content-[a-z-]{1,40}[ \t]*:[^\r\n]*(?:[\r\n]+[ \t][^\r\n]*)*"
)
_NO_TOKENS = (string.ascii_letters + string.digits).encode()
_MOST_TOKENS_IN_ALL = 25_000
_BARE_CR = re.compile(rb"\r(?!\n)")
_EMPTY_LAST_LINE = re.compile(rb"(?:\A|\n)\r?\n\Z")
_FROM_FIELD = re.compile(rb"(?i)\A(?:\xef\xbb\xbf)?(from)[ \t]+:")


def read_message(content: bytes, end: int) -> tuple[EmailMessage, str]:
    """Parse a message; never raises.

    The policy is `email.policy.default`, with two exceptions: a header that it
    cannot parse, or not in reasonable time, is plain text, as with ``compat32``;
    and lines are not folded again when the message is written. A message that
    exceeds the bounds as a whole has no headers, and all of it as its payload.

    Args:
        content: the message.
        end: the offset at which its header ends, see `Fields`.

    Returns:
        the message, and why it is raw; ``""`` if it is not.
    """
    trouble = _too_much(content, end)
    if not trouble:
        try:
            message = message_from_bytes(_safe(content, end), policy=_POLICY)
        except Exception as error:
            # No such exception is known, but the parser is not ours.
            trouble = f"the email package raises {type(error).__name__}"
        else:
            return message, ""
    return _raw(content), f"message holds the raw text only: {trouble}"


def plain_headers(message: EmailMessage) -> tuple[str, ...]:
    """Return the names of headers that `read_message` left as plain text."""
    plain = (
        name
        for name, value in message.raw_items()
        # To parse a value takes long, and most are ordinary.
        if not _is_ordinary(name, value)
        and isinstance(_POLICY.header_fetch_parse(name, value), _PlainText)
    )
    return tuple(dict.fromkeys(plain))


# Values that the package parses, by the names of their fields.
_ORDINARY = {
    **dict.fromkeys(("from", "to", "cc", "bcc", "reply-to", "sender"), ONE_ADDRESS),
    "message-id": re.compile(rf"<{PLAIN_ADDRESS}>"),
    "date": re.compile(
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?:0?[1-9]|1[0-9]|2[0-8]) "
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?:19|20)[0-9]{2} "
        r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2} [+-](?:0[0-9]|1[0-2])[0-5][0-9]"
    ),
    "mime-version": re.compile(r"1\.0"),
    "content-type": re.compile(
        r'text/(?:plain|html)(?:; charset=(?:[A-Za-z0-9-]{1,40}|"[A-Za-z0-9-]{1,40}"))?'
    ),
    "content-transfer-encoding": re.compile(
        "7bit|8bit|quoted-printable|base64", re.IGNORECASE
    ),
}
# The beginnings of the names of other fields that the package does not take for texts.
_STRUCTURED = ("content-", "resent-", "orig-")
# The most characters of an ordinary text.
_SHORT = 200


def is_ordinary(content: bytes, fields: Fields) -> bool:
    """Return whether the package parses a message, so that it need not be tried.

    Such a message has one part.

    Args:
        content: the message.
        fields: its header.
    """
    return (
        not fields.trouble
        and all(
            _is_ordinary(name, body.decode("latin-1")) for name, body in fields.pairs
        )
        and not _too_much(content, fields.end)
    )


def _is_ordinary(name: str, value: str) -> bool:
    """Return whether the package parses a value, so that it need not be tried."""
    name = name.lower()
    if ordinary := _ORDINARY.get(name):
        return ordinary.fullmatch(value) is not None
    if name.startswith(_STRUCTURED) or len(value) > _SHORT or "=?" in value:
        return False
    return value.isascii() and value.isprintable()


class _PlainText:
    """A header that is plain text only."""

    # Attributes that the email package reads of every header, or of
    # Content-Disposition.
    max_count = None
    content_disposition = None
    name: str

    @staticmethod
    def parse(value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = None
        kwds["decoded"] = decode_words(value.encode("utf-8", "replace"))[0]

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Makes headers; those that would raise or take long become plain text."""

    def __call__(self, name: str, value: str) -> Any:
        if not _is_costly(name, value):
            try:
                return super().__call__(name, value)
            except Exception:
                # An IndexError, AttributeError, RecursionError: in any case the header
                # becomes plain text (gh-151857, gh-148518, gh-103800).
                pass
        if _has_parameters(name):
            # Access to one parameter would parse all of them.
            value = value.partition(";")[0][:200]
        return type("PlainText", (_PlainText, BaseHeader), {})(name, value)


_POLICY = policy.default.clone(header_factory=_Headers(), refold_source="none")


def _is_costly(name: str, value: str) -> bool:
    kind = 0 if _has_parameters(name) else 1
    return (
        len(value) > _LONGEST[kind]
        or len(_TOKENS.findall(value)) > _MOST_TOKENS[kind]
        or len(_OPENING.findall(value)) > _MOST_OPENING[kind]
    )


def _has_parameters(name: str) -> bool:
    return name.lower().startswith("content-")


def _too_much(content: bytes, end: int) -> str:
    """Return which bound a message exceeds for the parser; ``""`` for none."""
    if end > BOUND:
        return f"its header is over {BOUND} octets"
    if _line_starts(content, b"--") > 2 * MOST_PARTS:
        return f"it may have over {MOST_PARTS} parts"
    nested = len(_NESTING.findall(b"\n" + content))
    if nested > DEEPEST:
        return f"over {DEEPEST} multiparts, or messages, are in it"
    if _line_starts(content, b"") * (1 + nested) > _MOST_VISITS:
        return "it has too many lines"
    read = b"".join([content[:end], *_STRUCTURE.findall(content)])
    if len(read.translate(None, _NO_TOKENS)) > _MOST_TOKENS_IN_ALL:
        return "it has too much in its headers"
    return ""


def _line_starts(content: bytes, start: bytes) -> int:
    """Count the lines with that beginning; the parser ends a line at a CR, too."""
    return content.count(b"\n" + start) + content.count(b"\r" + start)


def _safe(content: bytes, end: int) -> bytes:
    r"""Return a message whose header the parser reads as all other programs do.

    It ends a header at a CR alone, so that ``Subject: a\rBcc: b`` would be two; a
    byte order mark would end the whole header, and ``From :`` would be a line of
    an mbox, after which the header goes on.
    """
    header = _BARE_CR.sub(b" ", content[:end])
    header = _FROM_FIELD.sub(rb"\1:", header).removeprefix(b"\xef\xbb\xbf")
    if _EMPTY_LAST_LINE.search(header) is None:
        header += b"\r\n"
    return header + content[end:]


def _raw(content: bytes) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_payload(content.decode("ascii", "surrogateescape"))
    return message
