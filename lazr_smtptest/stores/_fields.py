"""The envelope as header fields before a stored message.

A stored message begins with these fields, always in this order, and the message
follows exactly as it was received::

    Return-Path: <sender@example.com>
    X-Mail-Args: SIZE=500 BODY=8BITMIME     (the parameters of MAIL)
    Delivered-To: recipient@example.com     (one for each recipient)
    X-Rcpt-Args: NOTIFY=NEVER               (the parameters of that RCPT)
    X-Peer: 127.0.0.1:40001
    X-User: user                            (the login name)
    X-TLS: yes
    X-Warnings: bare-newline long-line
    X-Id: 5e884898da28-1f
    X-Received-At: 2026-01-31T12:00:00.000001+00:00
    X-Session: 5e884898da28-1e              (the id of the session)
    X-Helo: client.example.com

A field without a value is left out, except ``Return-Path``, ``X-Peer`` and
`_LAST`. The last one is always there, so a reader knows where our fields end
even when the message itself begins with a ``Delivered-To``.

If one recipient has parameters, each has an ``X-Rcpt-Args``, even an empty one.
``X-Rcpt-Args: ?`` means that none are known: `Envelope.rcpt_options` is empty.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from urllib.parse import quote, unquote

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import is_name

__all__ = ["from_bytes", "session_id_of", "to_bytes"]

_SENDER, _MAIL_ARGS = b"Return-Path", b"X-Mail-Args"
_RECIPIENT, _RCPT_ARGS = b"Delivered-To", b"X-Rcpt-Args"
_PEER, _USER, _TLS, _WARNINGS = b"X-Peer", b"X-User", b"X-TLS", b"X-Warnings"
_ID, _RECEIVED_AT, _SESSION = b"X-Id", b"X-Received-At", b"X-Session"
_LAST = b"X-Helo"
_NAMES = frozenset(
    [
        *(_SENDER, _MAIL_ARGS, _RECIPIENT, _RCPT_ARGS, _PEER, _USER, _TLS),
        *(_WARNINGS, _ID, _RECEIVED_AT, _SESSION, _LAST),
    ]
)

_WORD_START, _WORD_END = b"=?utf-8?b?", b"?="
_UNSAFE = re.compile(rb"[\x00-\x1f\x7f]")

# `_UNKNOWN` is never in an encoded word; `_SAFE` are the characters left unencoded.
_UNKNOWN = "?"
_SAFE = "".join(set(string.punctuation) - set("%=" + _UNKNOWN))

_Field = tuple[bytes, str]
_Options = Mapping[str, "str | None"]


def to_bytes(envelope: Envelope, content: bytes, newline: bytes) -> bytes:
    """Return the fields, with lines that end in `newline`, and then `content`."""
    lines = []
    for name, value in _fields_of(envelope):
        raw = _encode(value)
        if name == _SENDER:
            raw = b"<" + raw + b">"
        lines.append(name + b": " + raw + newline)
    return b"".join([*lines, content])


def from_bytes(data: bytes) -> Envelope:
    """Parse the result of `to_bytes`, even if a program turned CRLF into LF.

    A message of another program has no such fields: all of it is content, and the
    envelope is empty.
    """
    fields, content = _split(data)
    values = dict(fields)
    host, _, port = values.get(_PEER, ":0").rpartition(":")
    return Envelope(
        mail_from=values.get(_SENDER, ""),
        rcpt_tos=tuple(_all(_RECIPIENT, fields)),
        content=content,
        peer=(host, _number(port)),
        helo=values.get(_LAST, ""),
        mail_options=_read_options(values.get(_MAIL_ARGS, "")),
        rcpt_options=_rcpt_options(fields),
        warnings=tuple(map(_unquote, values.get(_WARNINGS, "").split())),
        user=values.get(_USER),
        tls=_TLS in values,
        id=_id(values.get(_ID, "")),
        received_at=_time(values.get(_RECEIVED_AT, "")),
    )


def session_id_of(data: bytes) -> str:
    """Return the id of the session in the result of `to_bytes`; ``""`` for none."""
    fields, _ = _split(data)
    return _id(dict(fields).get(_SESSION, ""))


def _fields_of(envelope: Envelope) -> Iterator[_Field]:
    """Yield the fields of `envelope`, in order."""
    yield _SENDER, envelope.mail_from
    if envelope.mail_options:
        yield _MAIL_ARGS, _write_options(envelope.mail_options)
    yield from _recipients(envelope)
    yield _PEER, "{}:{}".format(*envelope.peer)
    if envelope.user is not None:
        yield _USER, envelope.user
    if envelope.tls:
        yield _TLS, "yes"
    if envelope.warnings:
        yield _WARNINGS, " ".join(map(_quote, envelope.warnings))
    if envelope.id:
        yield _ID, envelope.id
    if envelope.received_at is not None:
        yield _RECEIVED_AT, envelope.received_at.isoformat()
    if envelope.session is not None and is_name(envelope.session.id):
        yield _SESSION, envelope.session.id
    yield _LAST, envelope.helo


def _recipients(envelope: Envelope) -> Iterator[_Field]:
    """Yield the recipients, each followed by its parameters."""
    args = [_write_options(options) for options in envelope.rcpt_options]
    if args == [""] * len(envelope.rcpt_tos):
        args = []  # no parameters to write
    elif not args:
        args = [_UNKNOWN]
    for rcpt_to, value in zip_longest(envelope.rcpt_tos, args):
        if rcpt_to is not None:
            yield _RECIPIENT, rcpt_to
        if value is not None:
            yield _RCPT_ARGS, value


def _rcpt_options(fields: Iterable[_Field]) -> tuple[_Options, ...]:
    args = _all(_RCPT_ARGS, fields)
    if args == [_UNKNOWN]:
        return ()
    return tuple(map(_read_options, args or [""] * len(_all(_RECIPIENT, fields))))


def _all(wanted: bytes, fields: Iterable[_Field]) -> list[str]:
    return [value for name, value in fields if name == wanted]


def _split(data: bytes) -> tuple[list[_Field], bytes]:
    """Split our fields from the message; return no fields if any is missing."""
    fields: list[_Field] = []
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
    """Encode `value` for one header line.

    Nearly every value is written unchanged. A value that would break the line is
    written as an encoded-word (RFC 2047), and so is one that looks like one.
    """
    raw = value.encode("utf-8", "surrogateescape")
    if _UNSAFE.search(raw) or raw.startswith(_WORD_START):
        return _WORD_START + base64.b64encode(raw) + _WORD_END
    return raw


def _decode(raw: bytes) -> str:
    if raw.startswith(_WORD_START):
        raw = base64.b64decode(raw[len(_WORD_START) : -len(_WORD_END)])
    return raw.decode("utf-8", "surrogateescape")


def _write_options(options: _Options) -> str:
    """Return ESMTP parameters as in a command (RFC 5321 section 4.1.2)."""
    words = []
    for keyword, value in options.items():
        word = _quote(keyword)
        words.append(word if value is None else f"{word}={_quote(value)}")
    return " ".join(words)


def _read_options(text: str) -> dict[str, str | None]:
    options: dict[str, str | None] = {}
    for word in text.split():
        keyword, equals, value = word.partition("=")
        options[_unquote(keyword)] = _unquote(value) if equals else None
    return options


def _quote(word: str) -> str:
    """Percent-encode (RFC 3986 section 2.1) characters that would split the word."""
    return quote(word, safe=_SAFE, errors="surrogateescape")


def _unquote(word: str) -> str:
    return unquote(word, errors="surrogateescape")


def _number(text: str) -> int:
    """Parse a port; return 0 for text that another program wrote there."""
    try:
        return int(text)
    except ValueError:
        return 0


def _id(text: str) -> str:
    return text if is_name(text) else ""


def _time(text: str) -> datetime | None:
    """Parse a time with a zone; return ``None`` for any other text."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
