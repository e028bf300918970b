"""Messages as the commands of IMAP see them, and a parser of what is sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

import attrs
import pytest

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.readers.imap.structure import Entity, read_structure
from lazr_smtptest.tls.context import TLS

MOMENT = datetime(1994, 2, 7, 21, 52, 25, tzinfo=timezone(timedelta(hours=-8)))

_TOKEN = re.compile(
    rb'\s*(?:(\()|(\))|"((?:[^"\\\r\n]|\\["\\])*)"|~?\{(\d+)\}\r\n|'
    rb"([^\s()\"{\[]+(?:\[[^\]]*\](?:<\d+>)?)?))"
)


@attrs.define(slots=False)
class Stored:
    """A message that is kept."""

    content: AnyContent
    sequence: int = 1
    uid: int = 11
    flags: Collection[bytes] = (b"\\Seen", b"tag")
    received_at: datetime = MOMENT
    change: int = 7
    id: bytes = b"id-1"

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def structure(self) -> Entity:
        return read_structure(self.content)


class Unread(Stored):
    """A message whose content must not be read."""

    size = 123

    @property
    def structure(self) -> Entity:
        raise AssertionError("the structure was read")


def tree(data: bytes) -> list[Any]:
    """Return what a client makes of a response: strings, atoms and lists.

    It raises an AssertionError for one that is malformed, as where a literal's count
    is wrong.
    """
    stack: list[list[Any]] = [[]]
    position = 0
    while position < len(data):
        found = _TOKEN.match(data, position)
        if found is None:
            assert data[position:].isspace(), data[position:][:80]
            break
        position = found.end()
        if found[1]:
            stack.append([])
        elif found[2]:
            inner = stack.pop()
            stack[-1].append(inner)
        elif found[4]:
            size = int(found[4])
            octets = data[position : position + size]
            assert len(octets) == size
            stack[-1].append(octets)
            position += size
        elif found[5] is not None:
            stack[-1].append(None if found[5] == b"NIL" else found[5])
        else:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found[3]))
    assert len(stack) == 1
    return stack[0]


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.fixture(scope="session")
def tls() -> TLS:
    """A certificate."""
    return TLS.auto()
