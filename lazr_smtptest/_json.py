"""JSON of objects whose texts may have bytes that are no text."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["encode_json"]

_encode = msgspec.json.Encoder().encode


def encode_json(value: object) -> bytes:
    r"""Return an object as JSON in UTF-8 (RFC 8259).

    A client may send bytes that are no UTF-8, as its name or as a user. Python keeps
    them in texts as lone surrogates, which are no characters; they are shown as in a
    transcript: ``\xff``.

    Args:
        value: what msgspec can encode.
    """
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_shown(msgspec.to_builtins(value, enc_hook=_decoded)))


def _decoded(value: object) -> Any:
    """Return the object of a part that is encoded already."""
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    raise NotImplementedError(f"JSON has no objects of type {type(value).__name__}")


def _shown(value: Any) -> Any:
    """Return an object with its texts as they are shown."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(name): _shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return value


def _text(text: str) -> str:
    try:
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Of no byte: from a header that has such an escape, for example.
        octets = text.encode("utf-8", "backslashreplace")
    return octets.decode("utf-8", "backslashreplace")
