"""The JSON of Mailpit's API, key by key and in its order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from lazr_smtptest.mime.attachment import read_attachment
from lazr_smtptest.mime.parts import Part
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import HeaderMailbox, Summary
from lazr_smtptest.readers.http.mailpit.parts import MailpitParts, part_id

__all__ = [
    "MADE_ID_END",
    "headers_of",
    "list_of",
    "message_of",
    "summary_of",
    "time_of",
]

_Object = dict[str, Any]

_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SNIPPET = 200
# The end of the Message-ID that a message without one has here, after its id.
MADE_ID_END = "@smtptest"


def summary_of(summary: Summary) -> _Object:
    """Return the MessageSummary of a message."""
    return {
        "ID": summary.id,
        "MessageID": _message_id(summary),
        "Read": "seen" in summary.flags,
        "From": _address(summary.sender),
        "To": _addresses(summary.to),
        "Cc": _addresses(summary.cc),
        "Bcc": _addresses(_bcc(summary)),
        "ReplyTo": _addresses(summary.reply_to),
        "Subject": summary.subject,
        "Created": time_of(summary.received_at),
        "Username": summary.user or "",
        "Tags": list(summary.tags),
        "Size": summary.size,
        "Attachments": summary.attachments,
        "Snippet": _snippet(summary.snippet),
    }


def list_of(
    summaries: Sequence[Summary],
    *,
    total: int,
    unread: int,
    matching: int,
    matching_unread: int,
    start: int,
    tags: Iterable[str],
) -> _Object:
    """Return the object of a page of messages."""
    return {
        "total": total,
        "unread": unread,
        "count": len(summaries),
        "messages_count": matching,
        "messages_unread": matching_unread,
        "start": start,
        "tags": list(tags),
        "messages": [summary_of(each) for each in summaries],
    }


def message_of(envelope: Envelope, summary: Summary) -> _Object:
    """Return the Message of a message; parses it."""
    parts = MailpitParts.of(envelope.content)
    sender = _address(summary.sender)
    return {
        "ID": summary.id,
        "MessageID": _message_id(summary),
        "From": sender,
        "To": _addresses(summary.to),
        "Cc": _addresses(summary.cc),
        "Bcc": _addresses(_bcc(summary)),
        "ReplyTo": _addresses(summary.reply_to),
        "ReturnPath": envelope.mail_from or sender["Address"],
        "Subject": summary.subject,
        "ListUnsubscribe": _unsubscribe(envelope),
        "Date": _date(envelope, summary),
        "Tags": list(summary.tags),
        "Username": summary.user or "",
        "Text": parts.text,
        "HTML": parts.html,
        "Size": summary.size,
        "Inline": [_attachment(part) for part in _listed(parts.inlines)],
        "Attachments": [_attachment(part) for part in _listed(parts.attachments)],
    }


def headers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return header fields by their names in canonical form, sorted.

    Args:
        pairs: the name and the unfolded body of each field.
    """
    found: dict[str, list[str]] = {}
    for name, body in pairs:
        canonical = "-".join(word.capitalize() for word in name.split("-"))
        found.setdefault(canonical, []).append(body)
    return dict(sorted(found.items()))


def time_of(time: datetime | None) -> str:
    """Return a time as RFC 3339 has it, with milliseconds if there are any."""
    time = (time or _NEVER).astimezone(timezone.utc)
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = f"{time.microsecond // 1000:03}".rstrip("0")
    return f"{text}.{milliseconds}Z" if milliseconds else f"{text}Z"


def _message_id(summary: Summary) -> str:
    """Return the Message-ID; like Mailpit, one of ours for a message without it."""
    return summary.message_id or f"{summary.id}{MADE_ID_END}"


def _address(mailboxes: Sequence[HeaderMailbox]) -> _Object:
    if not mailboxes:
        return {"Name": "", "Address": ""}
    return {"Name": mailboxes[0].name, "Address": mailboxes[0].address}


def _addresses(mailboxes: Iterable[HeaderMailbox]) -> list[_Object]:
    return [{"Name": each.name, "Address": each.address} for each in mailboxes]


def _bcc(summary: Summary) -> list[HeaderMailbox]:
    """Return the header field Bcc, and the recipients that no field names."""
    named = {each.address.lower() for each in (*summary.to, *summary.cc, *summary.bcc)}
    hidden = dict.fromkeys(
        address for address in summary.rcpt_tos if address.lower() not in named
    )
    return [*summary.bcc, *(HeaderMailbox("", address) for address in hidden)]


def _snippet(text: str) -> str:
    """Return the beginning of a text, 200 bytes at most, and dots if it was cut."""
    is_cut = len(text) > _SNIPPET
    raw = (text.removesuffix("...") if is_cut else text).encode("utf-8", "replace")
    if not is_cut and len(raw) <= _SNIPPET:
        return text
    return raw[:_SNIPPET].decode("utf-8", "ignore") + "..."


def _date(envelope: Envelope, summary: Summary) -> str:
    header = envelope.header("date")
    try:
        time = parsedate_to_datetime(header or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return time_of(summary.received_at)
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    return time.isoformat().replace("+00:00", "Z")


def _listed(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that have a file name or a Content-ID."""
    return [
        part
        for part in parts
        if part.filename or part.fields.first("content-id").strip()
    ]


def _attachment(part: Part) -> _Object:
    attachment, _ = read_attachment(part)
    content = attachment.content
    return {
        "PartID": part_id(part),
        "FileName": attachment.name or attachment.content_id,
        "ContentType": attachment.content_type,
        "ContentID": attachment.content_id,
        "Size": len(content),
        "Checksums": {
            "MD5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "SHA1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            "SHA256": hashlib.sha256(content).hexdigest(),
        },
    }


_LINK = re.compile(r"<(mailto:[^\s<>]+|https?://[^\s<>]+)>", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")


def _unsubscribe(envelope: Envelope) -> _Object:
    raw = envelope.header("list-unsubscribe") or ""
    text = _COMMENT.sub("", raw).strip()
    links = [match[1] for match in _LINK.finditer(text)]
    errors = []
    if text and not (text.startswith("<") and text.endswith(">")):
        errors.append("the links must be in angle brackets")
    if len(links) > 2:
        errors.append("should include a maximum of one email and one HTTP link")
    for kind in ("mailto:", "http"):
        if sum(link.lower().startswith(kind) for link in links) > 1:
            errors.append(f"more than one {kind.rstrip(':')} link")
    rest = _LINK.sub("", text)
    if text and (re.sub(r"[\s,]", "", rest) or len(links) != rest.count(",") + 1):
        errors.append("the links must be separated by a comma")
    return {
        "Header": raw,
        "Links": links,
        "Errors": ", ".join(dict.fromkeys(errors)),
        "HeaderPost": envelope.header("list-unsubscribe-post") or "",
    }
