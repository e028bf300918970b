"""SMTP replies: a code, an enhanced code and a text (RFC 5321 4.2, RFC 2034)."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

import attrs
from twisted.mail import smtp

from lazr_smtptest._checks import brief

__all__ = [
    "LOCAL_ERROR",
    "NO_ROOM",
    "OK",
    "Reply",
    "check_text",
    "escaped",
    "reply_to_error",
    "shared_reply",
    "shown",
    "split_lines",
]

_LINE_END = re.compile(r"\r?\n")
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\0\r\n]*))?")
# RFC 5321 section 4.2 allows printable characters only. Most clients show others as
# they are, but these end a line, or the text.
_NO_TEXT = re.compile("\0|\r(?!\n)")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) +(?=\S)")

# The most characters of a client's text that a reply repeats; `ascii` makes up to ten
# of each.
_SHOWN = 40

# The usual enhanced code for a code (RFC 3463), if no other is given.
_USUAL = {
    421: "4.3.2",
    450: "4.2.0",
    451: "4.3.0",
    452: "4.3.1",
    454: "4.7.0",
    500: "5.5.2",
    501: "5.5.4",
    502: "5.5.1",
    503: "5.5.1",
    504: "5.5.4",
    535: "5.7.8",
    550: "5.1.1",
    551: "5.1.6",
    552: "5.3.4",
    553: "5.1.3",
    554: "5.0.0",
    555: "5.5.4",
}


@attrs.frozen
class Reply:
    """The reply of the server to one command.

    Attributes:
        code: three digits, 200 to 599.
        text: the text for people; line feeds make a reply of several lines. It has no
            NUL, and no CR without LF.
        enhanced: the enhanced status code, ``"5.1.1"``; ``""`` for none, as in
            the greeting and in replies to EHLO and DATA (RFC 2034 section 4).

    Raises:
        TypeError: one has another type.
        ValueError: one is not as described here.
    """

    code: int
    text: str
    enhanced: str = ""
    # The bytes to send, with the enhanced code and without.
    encoded: bytes = attrs.field(init=False, repr=False, eq=False)
    plain_encoded: bytes = attrs.field(init=False, repr=False, eq=False)

    @encoded.default
    def _with_enhanced(self) -> bytes:
        try:
            return _encode(self.code, self.text, self.enhanced)
        except TypeError:
            # What cannot be hashed has another type, too.
            _check(self.code, self.text, self.enhanced)
            raise

    @plain_encoded.default
    def _without_enhanced(self) -> bytes:
        return _encode(self.code, self.text, "") if self.enhanced else self.encoded

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text)))

    def encode(self, *, enhanced: bool = True) -> bytes:
        """Return the reply as the bytes to send, each line ending in CRLF.

        Args:
            enhanced: whether the enhanced code is part of it.
        """
        return self.encoded if enhanced else self.plain_encoded

    @property
    def octets(self) -> bytes:
        """The former name of `encoded`."""
        return self._renamed("octets", "encoded")

    @property
    def plain_octets(self) -> bytes:
        """The former name of `plain_encoded`."""
        return self._renamed("plain_octets", "plain_encoded")

    def _renamed(self, former: str, name: str) -> bytes:
        warnings.warn(
            f"Reply.{former} is called {name} now", DeprecationWarning, stacklevel=3
        )
        data: bytes = getattr(self, name)
        return data

    @classmethod
    def from_text(cls, code: int, text: str) -> Reply:
        """Create a reply from a code and a text that may begin with an enhanced code.

        If the text has none, or one that contradicts `code`, the reply gets the usual
        one for `code`.

        Raises:
            TypeError: one has another type.
            ValueError: one is not that of a reply.
        """
        _check(code, text, "")
        found = _ENHANCED.match(text)
        if found and found[1][0] == str(code)[0]:
            return cls(code, text[found.end() :], found[1])
        return cls(code, text, _USUAL.get(code, f"{code // 100}.0.0"))

    @classmethod
    def first_in(cls, data: bytes) -> Reply | None:
        """Parse the first reply in `data`; ``None`` if no reply is complete."""
        texts: list[str] = []
        code = b""
        for line in data.split(b"\r\n")[:-1]:
            found = _LINE.fullmatch(line)
            if found is None or found[1] != (code or found[1]):
                return None
            code = found[1]
            texts.append((found[3] or b"").decode("utf-8", "surrogateescape"))
            if found[2] != b"-":
                return cls._of_lines(int(code), texts)
        return None

    @classmethod
    def _of_lines(cls, code: int, texts: list[str]) -> Reply:
        enhanced = _ENHANCED.match(texts[0])
        if enhanced is None or enhanced[1][0] != str(code)[0]:
            return cls(code, "\n".join(texts))
        # RFC 2034 section 4: each of the lines repeats it.
        rest = [text.removeprefix(enhanced[0]) for text in texts]
        return cls(code, "\n".join(rest), enhanced[1])


def split_lines(text: str) -> list[str]:
    """Split the text of a reply into its lines; a final line end adds none."""
    lines = _LINE_END.split(text)
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def check_text(text: object) -> None:
    """Check the text of a reply.

    Raises:
        TypeError: it is not a text.
        ValueError: it has a NUL, or a CR without LF.
    """
    if not isinstance(text, str):
        raise TypeError(f"the text of a reply is a str, not {brief(text)}")
    if _NO_TEXT.search(text):
        raise ValueError(
            f"the text of a reply has no NUL and no CR without LF, not {brief(text)}; "
            "line feeds make several lines"
        )


def _check(code: object, text: object, enhanced: object) -> None:
    if not isinstance(code, int) or isinstance(code, bool):
        raise TypeError(
            f"the code of a reply is a number, 200 to 599, not {brief(code)}"
        )
    if not 200 <= code <= 599:
        raise ValueError(f"the code of a reply is 200 to 599, not {brief(code)}")
    check_text(text)
    if not isinstance(enhanced, str):
        raise TypeError(f"the enhanced code of a reply is a str, not {brief(enhanced)}")
    if enhanced and not _STATUS.fullmatch(enhanced):
        raise ValueError(
            "the enhanced code of a reply is '', or such as '5.1.1', "
            f"not {brief(enhanced)}"
        )


# Most replies are the same few, so they are cached; exceptions are not.
@lru_cache(maxsize=256, typed=True)
def _encode(code: int, text: str, enhanced: str) -> bytes:
    _check(code, text, enhanced)
    prefix = f"{enhanced} " if enhanced else ""
    *first, last = split_lines(text)
    lines = [f"{code}-{prefix}{line}\r\n" for line in first]
    # RFC 5321 section 4.2 lets the space be left out without text, RFC 4954 section 4
    # does not.
    space = " " if prefix or last or first or code == 334 else ""
    lines.append(f"{code}{space}{prefix}{last}\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


# A listener has few greetings, and few lists of extensions.
@lru_cache(maxsize=64)
def shared_reply(code: int, text: str) -> Reply:
    """Return a reply that many sessions get: one object for equal ones."""
    return Reply(code, text)


def reply_to_error(error: smtp.SMTPServerError) -> Reply:
    """Return the reply that an exception of Twisted's, or of ours, carries.

    Raises:
        TypeError: the code or the text of Twisted's has another type.
        ValueError: they make no reply; see `Reply`.
    """
    reply = getattr(error, "reply", None)
    if isinstance(reply, Reply):
        return reply
    text = error.resp
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return Reply.from_text(error.code, text)


def shown(text: str) -> str:
    """Return text of a client as printable ASCII for a reply or a log.

    It is shortened: a reply line has 512 octets at most (RFC 5321 section 4.5.3.1.5).
    """
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def escaped(text: str) -> str:
    """Return a text in printable ASCII for a log line, other characters escaped.

    So no character can end the line, hide text or change the writing direction.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each
        if each.isascii() and each.isprintable()
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


LOCAL_ERROR = Reply(451, "local error in processing", "4.3.0")
NO_ROOM = Reply(452, "no room for the message", "4.3.1")
OK = Reply(250, "OK", "2.0.0")
