"""The envelope as header fields in front of a stored message.

A stored message begins with these fields, always in this order, and the message
follows exactly as it was received::

    Return-Path: <sender@example.com>
    Delivered-To: recipient@example.com     (one for each recipient)
    X-Peer: 127.0.0.1:40001
    X-Helo: client.example.com

`_LAST` is always there, so a reader knows where our fields end even when the
message itself goes on with a ``Delivered-To``.
"""

from __future__ import annotations

import base64
import re

from lazr_smtptest.envelope import Envelope

__all__ = ["from_bytes", "to_bytes"]

_SENDER, _RECIPIENT, _PEER, _LAST = (
    b"Return-Path",
    b"Delivered-To",
    b"X-Peer",
    b"X-Helo",
)
_NAMES = frozenset([_SENDER, _RECIPIENT, _PEER, _LAST])

_WORD_START, _WORD_END = b"=?utf-8?b?", b"?="
_UNSAFE = re.compile(rb"[\x00-\x1f\x7f]")

_Fields = list[tuple[bytes, str]]


def to_bytes(envelope: Envelope, content: bytes, newline: bytes) -> bytes:
    """Put the fields, their lines ending in `newline`, in front of `content`."""
    fields = [
        (_SENDER, b"<" + _encode(envelope.mail_from) + b">"),
        *((_RECIPIENT, _encode(rcpt_to)) for rcpt_to in envelope.rcpt_tos),
        (_PEER, _encode("{}:{}".format(*envelope.peer))),
        (_LAST, _encode(envelope.helo)),
    ]
    lines = [name + b": " + value + newline for name, value in fields]
    return b"".join([*lines, content])


def from_bytes(data: bytes) -> Envelope:
    """Undo `to_bytes`, also after a program that turned CRLF into LF.

    A message that something else wrote has no such fields: all of it is content,
    and the envelope is empty.
    """
    fields, content = _split(data)
    values = dict(fields)
    host, _, port = values.get(_PEER, ":0").rpartition(":")
    return Envelope(
        mail_from=values.get(_SENDER, ""),
        rcpt_tos=tuple(value for name, value in fields if name == _RECIPIENT),
        content=content,
        peer=(host, int(port)),
        helo=values.get(_LAST, ""),
    )


def _split(data: bytes) -> tuple[_Fields, bytes]:
    """Tell our fields from the message; no fields if they are not all there."""
    fields: _Fields = []
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        name, _, value = data[start:end].removesuffix(b"\r").partition(b": ")
        if name not in _NAMES:
            break
        start = end + 1
        fields.append((name, _decode(value[1:-1] if name == _SENDER else value)))
        if name == _LAST:
            return fields, data[start:]
    return [], data


def _encode(value: str) -> bytes:
    """Make `value` fit on one header line.

    Nearly everything is written as it is. What could break out of the line is
    written as an encoded-word (RFC 2047), and so is what looks like one.
    """
    raw = value.encode("utf-8", "surrogateescape")
    if _UNSAFE.search(raw) or raw.startswith(_WORD_START):
        return _WORD_START + base64.b64encode(raw) + _WORD_END
    return raw


def _decode(raw: bytes) -> str:
    if raw.startswith(_WORD_START):
        raw = base64.b64decode(raw[len(_WORD_START) : -len(_WORD_END)])
    return raw.decode("utf-8", "surrogateescape")
