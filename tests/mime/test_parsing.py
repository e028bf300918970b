"""Headers that Python's parser cannot read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime import addresses, parsing
from lazr_smtptest.mime.addresses import (
    ONE_ADDRESS,
    address_trouble,
    read_addresses,
    read_mailboxes,
)
from lazr_smtptest.mime.fields import read_fields
from lazr_smtptest.mime.parsing import is_ordinary, plain_headers, read_message

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=210)
ADDRESSES = st.from_regex(ONE_ADDRESS, fullmatch=True)
ORDINARY = st.sampled_from(sorted(parsing._ORDINARY)).flatmap(
    lambda name: st.tuples(
        st.just(name), st.from_regex(parsing._ORDINARY[name], fullmatch=True)
    )
)


@given(st.sampled_from(["Subject", "X-Other", "Received"]), TEXTS)
def test_an_ordinary_text_is_parsed(name: str, value: str) -> None:
    """It is not tried, because the parser reads all of them."""
    if parsing._is_ordinary(name, value):
        assert not is_plain(name, value)


@given(ORDINARY)
def test_an_ordinary_value_is_parsed(field: tuple[str, str]) -> None:
    """Whatever its field holds."""
    assert parsing._is_ordinary(*field)
    assert not is_plain(*field)


@given(ADDRESSES)
def test_nothing_is_wrong_with_an_ordinary_address(value: str) -> None:
    """It is read as if it were scanned for what may be malformed."""
    scanner = addresses._Scanner(value)
    scanner.scan()
    (entry,) = scanner.entries
    assert not scanner.trouble
    assert entry.is_well_formed
    body = value.encode()
    assert read_mailboxes(body) == tuple(entry.mailboxes())
    assert read_addresses(body) == tuple(entry.addresses())
    assert not address_trouble(body)


@given(st.lists(ORDINARY, max_size=4), TEXTS)
def test_an_ordinary_message_is_parsed(
    fields: list[tuple[str, str]], text: str
) -> None:
    """The package finds in it what it would find if it were tried."""
    lines = [f"{name}: {value}" for name, value in fields]
    content = "\r\n".join([*lines, "", text, ""]).encode()
    header = read_fields(content, 0, len(content))
    assert is_ordinary(content, header)
    message, raw = read_message(content, header.end)
    assert not raw
    assert not plain_headers(message)
    assert message.keys() == [name for name, _ in fields]


EXTRAORDINARY = [
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a--\r\n",
    b"Date: yesterday\r\n\r\n",
    b"From a line of an mbox\r\nSubject: x\r\n\r\n",
    b"Subject: x\r\n\r\n" + b"--x\r\n" * 3000,
]


@pytest.mark.parametrize("content", EXTRAORDINARY)
def test_any_other_message_is_tried(content: bytes) -> None:
    """It may be more than the package reads."""
    assert not is_ordinary(content, read_fields(content, 0, len(content)))


@pytest.mark.parametrize(
    "field", [b"To: " + b"(" * 300, b"Date: " + b"(" * 300, b"X: " + b"[" * 300]
)
def test_a_costly_header_is_named(field: bytes) -> None:
    """It is left as plain text."""
    content = b"Subject: x\r\n" + field + b"\r\n\r\n"
    message, _ = read_message(content, len(content))
    assert plain_headers(message) == (field.partition(b":")[0].decode(),)


def is_plain(name: str, value: str) -> bool:
    parsed = parsing._POLICY.header_fetch_parse(name, value)
    return isinstance(parsed, parsing._PlainText)
