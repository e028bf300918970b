"""The functions of a parsing pool, those for IMAP among them.

A message that exceeds the bounds of the child is a plain text without an envelope,
and has no fields and no text to search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lazr_smtptest.checks import functions
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.functions import Function
from lazr_smtptest.readers.imap.structure import (
    Entity,
    plain_structure,
    read_structure,
)
from lazr_smtptest.readers.imap.texts import Header, Texts, read_body, read_header
from lazr_smtptest.readers.judging import JUDGING, JUDGING_FUNCTION

__all__ = ["FUNCTIONS", "HEADER", "STRUCTURE", "TEXTS"]

# The names of the functions: they return a Header, an Entity, and Texts.
HEADER, STRUCTURE, TEXTS = "imap-header", "imap-structure", "imap-texts"


def _header(envelope: Envelope) -> Header:
    return read_header(envelope.kept)


def _structure(envelope: Envelope) -> Entity:
    return read_structure(envelope.kept)


def _texts(envelope: Envelope) -> Texts:
    content = envelope.kept
    return Texts(read_header(content), read_body(content, read_structure(content)))


def _encode_structure(entity: Entity) -> list[Any]:
    """Return a structure as JSON has it: bytes as characters."""
    *values, parts = attrs.astuple(entity, recurse=False)
    return [*map(_characters, values), [_encode_structure(part) for part in parts]]


def _decode_structure(encoded: list[Any]) -> Entity:
    *values, parts = encoded
    return Entity(*[*map(_octets, values), tuple(map(_decode_structure, parts))])


def _encode_header(header: Header) -> dict[str, Any]:
    values = attrs.asdict(header, recurse=False)
    values["message_id"] = _characters(header.message_id)
    values["references"] = [_characters(each) for each in header.references]
    return values


def _decode_header(values: dict[str, Any]) -> Header:
    year_month_day = values["day"]
    return Header(
        **{
            **values,
            "fields": tuple((name, body) for name, body in values["fields"]),
            "day": None if year_month_day is None else tuple(year_month_day),
            "message_id": _octets(values["message_id"]),
            "references": tuple(map(_octets, values["references"])),
        }
    )


def _encode_texts(texts: Texts) -> list[Any]:
    return [_encode_header(texts.header), texts.body]


def _decode_texts(encoded: list[Any]) -> Texts:
    return Texts(_decode_header(encoded[0]), encoded[1])


def _characters(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _octets(value: Any) -> Any:
    return value.encode("latin-1") if isinstance(value, str) else value


FUNCTIONS: Mapping[str, Function] = {
    **functions.FUNCTIONS,
    HEADER: Function(
        _header, _encode_header, _decode_header, lambda envelope, reason: Header()
    ),
    STRUCTURE: Function(
        _structure,
        _encode_structure,
        _decode_structure,
        lambda envelope, reason: plain_structure(envelope.kept),
    ),
    JUDGING: JUDGING_FUNCTION,
    TEXTS: Function(
        _texts, _encode_texts, _decode_texts, lambda envelope, reason: Texts(Header())
    ),
}
