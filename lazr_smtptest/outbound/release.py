"""A captured message as it is sent on: its header fields that change on the way."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

__all__ = ["loop_in", "released"]

# The field that says which server sent a message on.
_MARKER = "X-Smtptest-Released"
# The most servers that a message may have passed (RFC 5321 section 6.3 wants 100 or
# more of a server on the Internet; a message in a test passes a few).
_MOST_HOPS = 30

_FIELD_START = re.compile(rb"(?m)^(?![ \t])")
_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")


def released(
    content: bytes,
    *,
    now: datetime | None,
    return_path: str = "",
    override_from: str = "",
    preserves_message_id: bool = False,
    marker: str = "",
) -> bytes:
    """Return a message to send on.

    Bcc is removed, and Date and Message-ID are made anew.

    Args:
        content: the message as it was received.
        now: the time for Date; ``None``: it stays.
        return_path: the address for Return-Path; ``""`` to leave that field as it is.
        override_from: the address that replaces From, which becomes X-Original-From;
            ``""`` to leave it.
        preserves_message_id: whether the Message-ID stays.
        marker: the value of a further field, by which `loop_in` knows the message if
            it comes back; ``""`` for none.
    """
    fresh = {}
    if now is not None:
        fresh[b"date"] = f"Date: {format_datetime(now)}"
    if not preserves_message_id:
        fresh[b"message-id"] = f"Message-ID: <{secrets.token_hex(16)}@smtptest>"
    if return_path:
        fresh[b"return-path"] = f"Return-Path: <{return_path}>"
    if override_from:
        fresh[b"from"] = f"From: {override_from}"
    header, rest = _split(content)
    kept = []
    for name, field in _fields(header):
        if name == b"from" and override_from:
            original = field.partition(b":")[2]
            kept.append(b"X-Original-From:" + original)
        elif name != b"bcc" and name not in fresh:
            kept.append(field)
    lines = [line.encode() + b"\r\n" for line in fresh.values()]
    if marker:
        lines.insert(0, f"{_MARKER}: {marker}\r\n".encode())
    return b"".join([*lines, *kept]) + rest


def loop_in(content: bytes, marker: str) -> str:
    """Return why a message must not be sent on: it loops; ``""``: it does not.

    Args:
        content: the message as it was received.
        marker: that of `released`.
    """
    hops = 0
    for name, field in _fields(_split(content)[0]):
        value = field.partition(b":")[2].strip()
        if name == _MARKER.lower().encode():
            if value == marker.encode():
                return f"it was sent on from here before: {_MARKER}: {marker}"
            hops += 1
        elif name == b"received":
            hops += 1
    if hops > _MOST_HOPS:
        return f"it came over {hops} servers, and {_MOST_HOPS} are the most"
    return ""


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Return the header with its line ends, and the rest with the empty line."""
    found = _END.search(content)
    if found is None:
        return content + (b"" if content.endswith(b"\n") else b"\r\n"), b"\r\n"
    if found.start() == 0:
        return b"", content
    end = content.index(b"\n", found.start()) + 1
    return content[:end], content[end:]


def _fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name of each field, in lower case, and its lines."""
    for field in _FIELD_START.split(header):
        if field:
            yield field.partition(b":")[0].strip().lower(), field
