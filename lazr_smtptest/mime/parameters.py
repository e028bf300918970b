"""Header fields with parameters (RFC 2045 section 5.1, RFC 2231)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from lazr_smtptest.mime.charsets import decode, guess
from lazr_smtptest.mime.words import decode_words

__all__ = ["read_parameters"]

_LONGEST = 8 * 1024
_MOST = 100

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_COMMENT = re.compile(r"\([^()]*\)")
# name*0*=, name*0=, name*=
_NAME = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")


def read_parameters(body: bytes) -> tuple[str, dict[str, str]]:
    """Read the body of a field such as Content-Type; never raises.

    Returns:
        the value before the parameters, in lower case, and the parameters by
        name, in lower case. Of 8 KiB and 100 parameters the rest is ignored.
    """
    text = guess(body[:_LONGEST])
    value = _COMMENT.sub("", text.partition(";")[0]).strip().lower()
    whole: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in list(_PARAMETER.finditer(text))[:_MOST]:
        name = _NAME.fullmatch(found[1].lower())
        if name is None:
            continue
        if name[2] is None and name[3] is None:
            whole.setdefault(name[1], _plain(found[2]))
        else:
            piece = (bool(name[3]), _unquoted(found[2]))
            pieces.setdefault(name[1], {}).setdefault(int(name[2] or 0), piece)
    # The newer form wins: a mailer gives the old one for those who cannot read it.
    return value, {**whole, **{name: _joined(pieces[name]) for name in pieces}}


def _unquoted(raw: str) -> str:
    raw = raw.strip()
    if len(raw) > 1 and raw.startswith('"') and raw.endswith('"'):
        return _ESCAPED.sub(r"\1", raw[1:-1])
    return raw


def _plain(raw: str) -> str:
    # No encoded word may be in a parameter (RFC 2047 section 5), and many are.
    return decode_words(_unquoted(raw).encode("utf-8"))[0]


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    """Join the pieces of a value in their order, and decode those to be decoded."""
    charset, octets = "utf-8", b""
    for number, (encoded, piece) in sorted(pieces.items()):
        if encoded and number == min(pieces) and piece.count("'") >= 2:
            charset, _, piece = piece.split("'", 2)
        raw = unquote_to_bytes(piece) if encoded else piece.encode("utf-8")
        octets += raw
    return decode(octets, charset)[0]
