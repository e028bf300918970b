"""Sessions that a client left because an extension was not offered to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lazr_smtptest.errors import error_text
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Line

__all__ = ["LEFT", "refused_by_client", "unoffered"]

# How the answer of `unoffered` begins.
LEFT = "the client left after EHLO"

# A keyword of EHLO's reply.
_OFFER = re.compile(r"250[- ]([A-Za-z0-9-]+)")
_HELLO = re.compile(r"(?i)(?:EHLO|LHLO)\b")
# Commands after which a client has not left because of EHLO's reply.
_GOES_ON = re.compile(r"(?i)(?:STARTTLS|AUTH|MAIL|BDAT|DATA|NOOP|VRFY|EXPN|HELP)\b")
# What each extension needs.
_OPTIONS = {"STARTTLS": "tls=", "AUTH": "auth="}

# What mail libraries say of an extension that the server does not offer.
_NOT_OFFERED = re.compile(
    r"(?is)\b(STARTTLS|AUTH)\b.{0,40}\bnot (?:supported|advertised|offered|available)"
)


def unoffered(session: Session, lines: Sequence[Line]) -> str:
    """Return why a client may have left after EHLO; ``""``: it did not, or had all.

    Args:
        session: the session.
        lines: the lines of its transcript.
    """
    said = [line for line in lines if line.who == "client"]
    if session.ended is None and not any(_is_quit(line) for line in said):
        return ""
    if not any(_HELLO.match(line.text) for line in said) or any(
        _GOES_ON.match(line.text) for line in said
    ):
        return ""
    missing = _missing(lines)
    if not missing:
        return ""
    # Other reasons are as likely: an error of the program, for instance.
    what = " or ".join(missing)
    options = ", ".join(_OPTIONS[each] for each in missing)
    return f"{LEFT}: perhaps it needs {what} ({options})"


def refused_by_client(error: BaseException, lines: Sequence[Line]) -> str:
    """Return the option that offers what a mail library misses; ``""`` for none.

    Args:
        error: the error of the library.
        lines: the lines of the transcript of its session.
    """
    found = _NOT_OFFERED.search(error_text(error))
    name = "" if found is None else found[1].upper()
    if name not in _missing(lines):
        return ""
    option = f"{_OPTIONS[name]}True"
    return f"the server offers no {name}: use {option}, such as in the marker smtptest"


def _is_quit(line: Line) -> bool:
    return line.text.upper().startswith("QUIT")


def _missing(lines: Sequence[Line]) -> list[str]:
    """Return the extensions of `_OPTIONS` that the latest reply to EHLO lacks."""
    offers = [_OFFER.match(line.text) for line in lines if line.who == "server"]
    offered = {found[1].upper() for found in offers if found is not None}
    missing = [name for name in _OPTIONS if name not in offered]
    if any(line.tls for line in lines) and "STARTTLS" in missing:
        missing.remove("STARTTLS")
    return missing
