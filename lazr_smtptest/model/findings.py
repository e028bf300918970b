"""The links, the code and the problems in the texts of a message."""

from __future__ import annotations

import attrs

from lazr_smtptest.model.envelope import Envelope

__all__ = ["Findings", "prepare", "read_findings"]

_ANY = b"Content-Type: text/html\r\n\r\n<p>Your code is 481516."


@attrs.frozen
class Findings:
    """The results of searching the texts of a message; see `Envelope`.

    Attributes:
        links: `Envelope.links`.
        code: the result of `Envelope.code`.
        trouble: `Envelope.trouble`; if the texts were not searched, why.
    """

    links: tuple[str, ...]
    code: str | None
    trouble: tuple[str, ...]


def prepare() -> None:
    """Import what `read_findings` needs, which takes as long as a hundred messages."""
    read_findings(Envelope(mail_from="", rcpt_tos=(), content=_ANY))


def read_findings(envelope: Envelope) -> Findings:
    """Search the texts of a message, which takes seconds if these are large."""
    return Findings(envelope.links, envelope.code(), envelope.trouble)
