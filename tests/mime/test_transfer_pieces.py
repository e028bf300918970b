"""A content that is decoded in pieces is the same."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime import transfer
from lazr_smtptest.mime.transfer import decode_in_pieces, decode_transfer

ENCODINGS = ["base64", "quoted-printable", "7bit", "x-uuencode", "unknown", ""]
# What the encodings are sensitive to.
TOKENS = [b"=", b"==", b"\r\n", b"\n", b" ", b"\t", b"QUJD", b"Q", b"=3D", b"=4", b"-"]


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> object:
    """Pieces of a few bytes, so that short contents have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_PIECE", 5)
        yield


def check(data: bytes, encoding: str) -> None:
    """Compare both ways of decoding."""
    pieces = b"".join(decode_in_pieces(b"-" + data + b"-", 1, len(data) + 1, encoding))
    assert pieces == decode_transfer(data, encoding)[0]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@given(tokens=st.lists(st.sampled_from(TOKENS) | st.binary(max_size=3), max_size=20))
def test_malformed_content_is_decoded_alike(encoding: str, tokens: list[bytes]) -> None:
    """Whatever a client sends."""
    check(b"".join(tokens), encoding)


@given(content=st.binary(max_size=200))
def test_base64_is_decoded_alike(content: bytes) -> None:
    """In lines."""
    check(base64.encodebytes(content).replace(b"\n", b"\r\n"), "Base64 ")


@given(content=st.binary(max_size=200))
def test_quoted_printable_is_decoded_alike(content: bytes) -> None:
    """In lines."""
    check(quopri.encodestring(content).replace(b"\n", b"\r\n"), "quoted-printable")


def test_long_content_has_several_pieces() -> None:
    """Otherwise they would be of no use."""
    assert len(list(decode_in_pieces(b"QUJD" * 20, 0, 80, "base64"))) > 5
    assert len(list(decode_in_pieces(b"abc\r\n" * 20, 0, 99, "quoted-printable"))) > 5
    assert len(list(decode_in_pieces(b"abc\r\n" * 20, 0, 99, "8bit"))) > 5
