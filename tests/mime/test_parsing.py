"""Headers that Python's parser cannot read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime import parsing
from lazr_smtptest.mime.parsing import plain_headers, read_message

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=210)
ADDRESSES = st.from_regex(parsing._ONE_ADDRESS, fullmatch=True)


@given(st.sampled_from(["Subject", "X-Other", "Received"]), TEXTS)
def test_an_ordinary_text_is_parsed(name: str, value: str) -> None:
    """It is not tried, because the parser reads all of them."""
    if parsing._is_ordinary(name, value):
        assert not is_plain(name, value)


@given(st.sampled_from(["From", "To", "Reply-To", "Sender"]), ADDRESSES)
def test_an_ordinary_address_is_parsed(name: str, value: str) -> None:
    """It is not tried either."""
    assert parsing._is_ordinary(name, value)
    assert not is_plain(name, value)


@pytest.mark.parametrize(
    "field", [b"To: " + b"(" * 300, b"Date: " + b"(" * 300, b"X: " + b"[" * 300]
)
def test_a_costly_header_is_named(field: bytes) -> None:
    """It is left as plain text."""
    message, _ = read_message(b"Subject: x\r\n" + field + b"\r\n\r\n")
    assert plain_headers(message) == (field.partition(b":")[0].decode(),)


def is_plain(name: str, value: str) -> bool:
    parsed = parsing._POLICY.header_fetch_parse(name, value)
    return isinstance(parsed, parsing._PlainText)
