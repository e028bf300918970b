"""The envelope of a message (RFC 3501 section 7.4.2, RFC 9051 section 7.5.2)."""

from __future__ import annotations

from lazr_smtptest.mime.fields import Fields
from lazr_smtptest.readers.imap.addresses import (
    MOST,
    Address,
    read_envelope_addresses,
)
from lazr_smtptest.readers.imap.strings import nstring

__all__ = ["NO_ENVELOPE", "field_string", "read_envelope"]

# That of a message whose header cannot be read.
NO_ENVELOPE = b"(%s)" % b" ".join([b"NIL"] * 10)

_CONTROLS = b"\0\r\n"


def read_envelope(fields: Fields) -> bytes:
    """Return the parenthesized list of an envelope, from a header; never raises.

    Encoded words stay as they are. A value with bytes outside of US-ASCII is a
    literal. A field that is missing is NIL, and one that is empty an empty string; a
    list without addresses is NIL. Sender and Reply-To are those of From if they have
    no address.
    """
    from_ = _addresses(fields, "from")
    sender, reply_to = _addresses(fields, "sender"), _addresses(fields, "reply-to")
    values = (
        field_string(fields, "date"),
        field_string(fields, "subject"),
        from_,
        from_ if sender == b"NIL" else sender,
        from_ if reply_to == b"NIL" else reply_to,
        *(_addresses(fields, name) for name in ("to", "cc", "bcc")),
        field_string(fields, "in-reply-to"),
        field_string(fields, "message-id"),
    )
    return b"(%s)" % b" ".join(values)


def field_string(fields: Fields, name: str) -> bytes:
    """Return the body of the first field of a name as a string; NIL if none is there.

    It is unfolded; a line end that folds nothing, and NUL, are left out.
    """
    body = next(iter(fields.all(name)), None)
    return nstring(None if body is None else body.translate(None, _CONTROLS))


def _addresses(fields: Fields, name: str) -> bytes:
    found = [
        each
        for body in fields.all(name)
        for each in read_envelope_addresses(body.translate(None, _CONTROLS))
    ]
    return b"(%s)" % b"".join(map(_structure, found[:MOST])) if found else b"NIL"


def _structure(address: Address) -> bytes:
    values = (address.name, address.route, address.mailbox, address.host)
    return b"(%s)" % b" ".join(map(nstring, values))
