"""Strings as a server writes them (RFC 3501 section 4.3)."""

from __future__ import annotations

import re

__all__ = ["astring", "nstring", "quoted"]

# RFC 3501 section 9: a quoted string has no CR, no LF and no octet above 127.
_QUOTED = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_ATOM = re.compile(rb"[!#$&'+,./0-9:;<=>?@A-Z\[\]^_`a-z|}~-]+")
_SPECIAL = re.compile(rb'(["\\])')
# The most octets of a quoted string; clients have buffers of a line.
_LONGEST = 1000


def quoted(value: bytes) -> bytes:
    """Return a quoted string, or a literal if its bytes or its length need one.

    NUL, which no string may have, is left out.
    """
    value = value.replace(b"\0", b"")
    if len(value) > _LONGEST or _QUOTED.fullmatch(value) is None:
        return b"{%d}\r\n%s" % (len(value), value)
    return b'"%s"' % _SPECIAL.sub(rb"\\\1", value)


def nstring(value: bytes | None) -> bytes:
    """Return a string, or ``NIL`` for ``None``."""
    return b"NIL" if value is None else quoted(value)


def astring(value: bytes) -> bytes:
    """Return an atom, or else a string."""
    return value if _ATOM.fullmatch(value) else quoted(value)
