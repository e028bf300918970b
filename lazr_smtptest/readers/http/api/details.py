"""All that there is to say of one message, made in a thread: it parses the message."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from lazr_smtptest.mime.attachment import content_id_of
from lazr_smtptest.mime.parts import Part, read_parts
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import Findings, read_findings
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.document import read_headers
from lazr_smtptest.readers.http.api import records

__all__ = [
    "Find",
    "attachment_of",
    "envelope_of",
    "files_of",
    "headers_of",
    "message_of",
    "part_named",
    "parts_of",
]


# Returns what is found in the texts of a message, see `ReaderContext.find`.
Find = Callable[[Envelope], Findings]


def message_of(
    envelope: Envelope, summary: Summary, find: Find = read_findings
) -> records.Message:
    """Return the object of a message."""
    found = find(envelope)
    return records.Message(
        summary=records.summary_of(summary),
        envelope=envelope_of(envelope, summary.session_id),
        headers=headers_of(envelope),
        text=envelope.text,
        html=envelope.html,
        links=found.links,
        code=found.code,
        attachments=[
            attachment_of(part, index) for index, part in enumerate(files_of(envelope))
        ],
        warnings=envelope.warnings,
        trouble=found.trouble,
    )


def envelope_of(envelope: Envelope, session_id: str) -> records.Envelope:
    """Return the object of what the client said.

    Args:
        envelope: the message; one that was read from a disk has no session.
        session_id: the id of its session; ``""`` if it is not known.
    """
    bcc = set(envelope.bcc)
    # A protocol of somebody else may not know the parameters.
    options: Sequence[Mapping[str, str | None]] = envelope.rcpt_options or [
        {} for _ in envelope.rcpt_tos
    ]
    return records.Envelope(
        mail_from=envelope.mail_from,
        mail_options=dict(envelope.mail_options),
        recipients=[
            records.Recipient(address, dict(given), address in bcc)
            for address, given in zip(envelope.rcpt_tos, options, strict=False)
        ],
        helo=envelope.helo,
        peer=envelope.peer,
        user=envelope.user,
        tls=envelope.tls,
        session_id=session_id,
        transaction=envelope.transaction,
        reply=None if envelope.reply is None else str(envelope.reply),
    )


def headers_of(envelope: Envelope) -> list[records.Header]:
    """Return the header fields in order, decoded."""
    return [records.Header(*each) for each in read_headers(envelope.kept)]


def files_of(envelope: Envelope) -> list[Part]:
    """Return the parts that are the attachments of a message, in order."""
    return [part for part in read_parts(envelope.kept).leaves if not part.is_text]


def attachment_of(part: Part, index: int) -> records.Attachment:
    """Return the object of an attachment."""
    size, digest = _measured(part)
    return records.Attachment(
        index=index,
        name=part.filename,
        content_type=part.content_type,
        content_id=content_id_of(part),
        inline=part.disposition == "inline",
        size=size,
        sha256=digest,
    )


def parts_of(envelope: Envelope) -> list[records.Part]:
    """Return the objects of the parts that are not multiparts, in order."""
    return [_part_of(part) for part in read_parts(envelope.kept).leaves]


def part_named(envelope: Envelope, id: str) -> Part | None:
    """Return the part with an id; ``None`` if there is none."""
    parts = read_parts(envelope.kept).leaves
    return next((part for part in parts if part.section == id), None)


def _part_of(part: Part) -> records.Part:
    size, digest = _measured(part)
    return records.Part(
        id=part.section,
        content_type=part.content_type,
        charset=part.parameters.get("charset"),
        disposition=part.disposition or None,
        name=part.filename,
        content_id=content_id_of(part),
        is_text=part.is_text,
        size=size,
        sha256=digest,
    )


def _measured(part: Part) -> tuple[int, str]:
    """Return the bytes of a part's content, and their SHA-256 in hexadecimal."""
    size, digest = 0, hashlib.sha256()
    for piece in part.pieces():
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()
