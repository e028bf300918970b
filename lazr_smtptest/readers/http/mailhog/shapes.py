"""The JSON of MailHog's API, key by key and in its order.

Bodies are as they were received, not decoded: clients decode them.
"""

from __future__ import annotations

import re
from typing import Any

from lazr_smtptest.model.envelope import Envelope

__all__ = ["HOSTNAME", "content_of", "message_of", "parts_of"]

_Object = dict[str, Any]

# The name that the server has for clients of MailHog.
HOSTNAME = "mailhog.example"

_END = re.compile(r"\r?\n\r?\n|\A\r?\n")
_FIELD = re.compile(r"(?m)^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_BOUNDARY = re.compile(r'boundary=(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)

# The nesting of parts, and the parts of a message, that are shown.
_DEEPEST = 20
_MOST = 1000


def message_of(envelope: Envelope) -> _Object:
    """Return the object of a message; in a thread, for it parses the message."""
    data = envelope.content.decode("utf-8", "replace")
    headers, body = _split(data)
    _complete(headers, envelope)
    return {
        "ID": envelope.id,
        "From": _path(envelope.mail_from),
        "To": [_path(each) for each in envelope.rcpt_tos],
        "Content": {
            "Headers": headers,
            "Body": body,
            "Size": envelope.size,
            "MIME": None,
        },
        "Created": _created(envelope),
        "MIME": _mime(headers, body, 0),
        "Raw": {
            "From": envelope.mail_from,
            "To": list(envelope.rcpt_tos),
            "Data": data,
            "Helo": envelope.helo,
        },
    }


def content_of(envelope: Envelope) -> tuple[dict[str, list[str]], str]:
    """Return the header fields and the body of a message, as they were received."""
    return _split(envelope.content.decode("utf-8", "replace"))


def parts_of(envelope: Envelope) -> list[_Object]:
    """Return the parts of a message."""
    mime = _mime(*content_of(envelope), 0)
    return (mime or {}).get("Parts") or []


def _path(address: str) -> _Object:
    mailbox, _, domain = address.partition("@")
    return {"Relays": None, "Mailbox": mailbox, "Domain": domain, "Params": ""}


def _created(envelope: Envelope) -> str:
    if envelope.received_at is None:
        return "0001-01-01T00:00:00Z"
    return envelope.received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _complete(headers: dict[str, list[str]], envelope: Envelope) -> None:
    """Add the fields that the server writes."""
    if "message-id" not in map(str.lower, headers):
        headers["Message-ID"] = [envelope.id]
    date = "" if envelope.received_at is None else f"{envelope.received_at:%c} UTC"
    headers.setdefault("Received", []).append(
        f"from {envelope.helo} by {HOSTNAME} (MailHog)\r\n"
        f"          id {envelope.id}; {date}"
    )
    headers["Return-Path"] = [f"<{envelope.mail_from}>"]


def _split(data: str) -> tuple[dict[str, list[str]], str]:
    """Return the header fields and the body of a message or a part."""
    found = _END.search(data)
    if found is None:
        return {}, data
    headers: dict[str, list[str]] = {}
    for field in _FIELD.finditer(data, 0, found.start()):
        body = _FOLD.sub("", field[2]).strip()
        headers.setdefault(field[1], []).append(body)
    return headers, data[found.end() :]


def _mime(headers: dict[str, list[str]], body: str, depth: int) -> _Object | None:
    """Return the parts of a multipart body; ``None`` for another one."""
    kinds = [
        values[0] for name, values in headers.items() if name.lower() == "content-type"
    ]
    if not kinds or not kinds[0].lower().startswith("multipart/") or depth > _DEEPEST:
        return None
    found = _BOUNDARY.search(kinds[0])
    if found is None:
        return {"Parts": None}
    boundary = found[1] if found[1] is not None else found[2]
    pieces = body.split(f"--{boundary}")[: _MOST + 1]
    # Also what is before the first part, and the dashes after the last: clients count.
    stripped = (piece.strip("\r\n") for piece in pieces)
    return {"Parts": [_part(piece, depth) for piece in stripped if piece]}


def _part(piece: str, depth: int) -> _Object:
    headers, body = _split(piece)
    return {
        "Headers": headers,
        "Body": body,
        "Size": len(piece.encode("utf-8", "replace")),
        "MIME": _mime(headers, body, depth + 1),
    }
