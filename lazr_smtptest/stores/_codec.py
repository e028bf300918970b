"""Encode a message as the values of database columns, and decode it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from json.encoder import encode_basestring_ascii as _quoted
from typing import IO

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.errors import StoreError
from lazr_smtptest.mime import addresses
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, ReceivedMail

try:
    import zstandard
except ImportError:  # An optional dependency: zlib takes its place, more slowly.
    zstandard = None  # type: ignore[assignment]

__all__ = [
    "Compressor",
    "address_key",
    "decompress",
    "decompress_from",
    "envelope_and_session",
    "envelope_of",
    "fields_of",
]

_AS_IT_IS, _ZLIB, _ZSTD = 0, 1, 2

# Bytes below which compression gains nothing.
_SMALL = 200
# Bytes that are decoded at once of a large content.
_PIECE = 1 << 20

# The most bytes of the key of an address: an index has no room for longer ones. Those
# that begin alike share one.
_LONGEST_KEY = 1000


class Compressor:
    """Compresses contents; for use by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor() if zstandard is not None else None

    def compress(self, content: bytes) -> tuple[int, bytes]:
        """Return the number of the coding and the encoded bytes."""
        if len(content) < _SMALL:
            return _AS_IT_IS, content
        if self._zstd is not None:
            coding, octets = _ZSTD, self._zstd.compress(content)
        else:
            coding, octets = _ZLIB, zlib.compress(content, 1)
        return (coding, octets) if len(octets) < len(content) else (_AS_IT_IS, content)


def decompress(coding: int, octets: bytes, size: int) -> bytes:
    """Decode the result of `Compressor.compress`.

    `coding` is the number of the coding, `octets` the encoded bytes, and `size` the
    number of bytes of the decoded content.

    Raises:
        StoreError: the package for this coding is not installed.
    """
    if coding == _ZLIB:
        return zlib.decompress(octets)
    if coding == _ZSTD:
        if zstandard is None:
            raise _no_zstandard()
        return zstandard.decompress(octets, max_output_size=size)
    return octets


def decompress_from(coding: int, source: IO[bytes]) -> Iterator[bytes]:
    """Decode the result of `Compressor.compress` in pieces.

    Args:
        coding: the number of the coding.
        source: where the encoded bytes are read from.

    Raises:
        StoreError: the package for this coding is not installed.
    """
    if coding == _ZSTD:
        if zstandard is None:
            raise _no_zstandard()
        source = zstandard.ZstdDecompressor().stream_reader(source)
    if coding != _ZLIB:
        while piece := source.read(_PIECE):
            yield piece
        return
    decoder = zlib.decompressobj()
    while not decoder.eof:
        octets = decoder.unconsumed_tail or source.read(_PIECE)
        if not octets:
            raise StoreError("a compressed message is cut off")
        yield decoder.decompress(octets, _PIECE)


def _no_zstandard() -> StoreError:
    return StoreError(
        "messages are compressed by zstandard, which is not installed: "
        "install lazr.smtptest[sqlite]"
    )


def fields_of(mail: Mail) -> str:
    """Return the envelope of a message without id and content, as JSON in ASCII."""
    host, port = mail.peer
    # Written out: this is done for each message before its reply, and an encoder takes
    # as long again as all of it.
    parts = [
        f'{{"mail_from":{_quoted(mail.mail_from)}',
        f'"rcpt_tos":[{",".join(map(_quoted, mail.rcpt_tos))}]',
        f'"peer":[{_quoted(host)},{port}]',
        f'"helo":{_quoted(mail.helo)}',
    ]
    if isinstance(mail, ReceivedMail):
        parts.append(f'"rcpt_options":[{",".join(["{}"] * len(mail.rcpt_tos))}]')
    else:
        parts += _options_and_warnings(mail)
    if mail.user is not None:
        parts.append(f'"user":{_quoted(mail.user)}')
    if mail.tls:
        parts.append('"tls":true')
    if mail.session is not None and mail.session.id:
        parts.append(f'"session":{_quoted(mail.session.id)}')
    received_at = mail.received_at
    if received_at is not None:
        parts.append(f'"received_at":"{received_at.isoformat()}"')
    return ",".join(parts) + "}"


def _options_and_warnings(envelope: Envelope) -> Iterator[str]:
    if envelope.mail_options:
        yield f'"mail_options":{_to_json(dict(envelope.mail_options))}'
    if envelope.rcpt_options:
        options = [dict(each) for each in envelope.rcpt_options]
        yield f'"rcpt_options":{_to_json(options)}'
    if envelope._noted:
        # Those of the commands: who reads the message finds its own again.
        yield f'"warnings":{_to_json(envelope._noted)}'


# `json.dumps` would make an encoder each time.
_to_json = json.JSONEncoder(separators=(",", ":")).encode


def envelope_of(id: str, fields: str, content: AnyContent) -> Envelope:
    """Decode the result of `fields_of`."""
    return envelope_and_session(id, fields, content)[0]


def envelope_and_session(
    id: str, fields: str, content: AnyContent
) -> tuple[Envelope, str]:
    """Decode the result of `fields_of`; return the id of the session, too.

    The id is ``""`` if it is not known.
    """
    values = json.loads(fields)
    time = values.get("received_at")
    envelope = Envelope(
        mail_from=values["mail_from"],
        rcpt_tos=tuple(values.get("rcpt_tos", ())),
        content=content,
        peer=(values["peer"][0], values["peer"][1]),
        helo=values["helo"],
        mail_options=values.get("mail_options", {}),
        rcpt_options=tuple(values.get("rcpt_options", ())),
        warnings=tuple(values.get("warnings", ())),
        user=values.get("user"),
        tls=values.get("tls", False),
        id=id,
        received_at=None if time is None else datetime.fromisoformat(time),
    )
    return envelope, values.get("session", "")


def address_key(address: str) -> bytes:
    """Return the key by which an address is looked up; equal addresses share one.

    It is `bytes`, because the bytes that a client sent may not be text. It is in
    lower case, as in the databases of older versions.
    """
    key = addresses.address_key(address).lower()
    return key.encode("utf-8", "surrogatepass")[:_LONGEST_KEY]
