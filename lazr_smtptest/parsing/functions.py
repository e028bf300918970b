"""The functions that a child process can run for a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import Findings, read_findings
from lazr_smtptest.model.summary import HeaderMailbox
from lazr_smtptest.query.document import read_document

__all__ = ["FINDINGS", "FUNCTIONS", "LARGE", "Function"]

FINDINGS = "findings"

# The bytes of a message above which a child process searches its texts: about where
# that takes as long as to send it the message.
LARGE = 256 * 1024


@attrs.frozen
class Function:
    """A function for one message.

    Attributes:
        run: returns the result. Its arguments are the envelope, and the argument of the
            call if it has one.
        encode: returns a result as a value that JSON can represent; runs in the child.
        decode: returns the result again; runs in the parent.
        failed: returns the result for a message for which the function failed.
            Its arguments are the envelope and the reason.
    """

    run: Callable[..., Any]
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    failed: Callable[[Envelope, str], Any]


_OF_MAILBOXES = ("sender", "to", "cc", "bcc", "reply_to")
_OF_NAMES = ("attachments", "inlines")


def _encode(document: Document) -> dict[str, Any]:
    values = attrs.asdict(document, recurse=False)
    for name in _OF_MAILBOXES:
        values[name] = [(each.name, each.address) for each in values[name]]
    return values


def _decode(values: dict[str, Any]) -> Document:
    for name in _OF_MAILBOXES:
        values[name] = tuple(HeaderMailbox(*each) for each in values[name])
    for name in _OF_NAMES:
        values[name] = tuple(values[name])
    values["headers"] = tuple((name, body) for name, body in values["headers"])
    return Document(**values)


def _failed(envelope: Envelope, reason: str) -> Document:
    return Document(shortened=True, failure=reason)


def _decode_findings(values: list[Any]) -> Findings:
    links, code, trouble = values
    return Findings(tuple(links), code, tuple(trouble))


def _no_findings(envelope: Envelope, reason: str) -> Findings:
    return Findings((), None, (f"no links and no code are searched for: {reason}",))


FUNCTIONS: Mapping[str, Function] = {
    "document": Function(read_document, _encode, _decode, _failed),
    FINDINGS: Function(read_findings, attrs.astuple, _decode_findings, _no_findings),
}
