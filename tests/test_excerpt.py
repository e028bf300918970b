"""`lazr_smtptest._excerpt`: both ends of what came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._excerpt import Excerpt


def excerpt(*pieces: bytes) -> Excerpt:
    found = Excerpt()
    for piece in pieces:
        found.add(piece)
    return found


@pytest.mark.parametrize("size", [0, 1, 199, 200, 201, 399, 400])
def test_what_is_short_is_there_as_a_whole(size: int) -> None:
    """Up to 400 octets."""
    octets = bytes(index % 251 for index in range(size))
    assert excerpt(octets).octets == octets


def test_of_what_is_long_both_ends_are_there() -> None:
    """200 octets of each."""
    found = excerpt(b"a" * 200 + b"b" * 1000 + b"c" * 200)
    assert found.octets == b"a" * 200 + b"c" * 200
    assert (found.size, found.first) == (1400, b"a" * 200)


@pytest.mark.slow
@given(st.lists(st.binary(max_size=300)))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    """However they were cut."""
    one, many = excerpt(b"".join(pieces)), excerpt(*pieces)
    assert (one.octets, one.first, one.size) == (many.octets, many.first, many.size)
