"""The names of mailboxes, and the patterns of LIST."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.names import decode_name, encode_name, is_match

# Names in modified UTF-7: RFC 3501 section 5.1.3.
NAMES = {
    b"": "",
    b"a/b": "a/b",
    b"a b": "a b",
    b"a&-b": "a&b",
    b"Entw&APw-rfe": "Entwürfe",
    b"~peter/mail/&U,BTFw-/&ZeVnLIqe-": "~peter/mail/台北/日本語",
    b"&2D3eAA-": "😀",
    b"inbox": "INBOX",
    b"InBoX": "INBOX",
    b"inbox/a": "INBOX/a",
    b"&ATE-nbox": "\N{LATIN SMALL LETTER DOTLESS I}nbox",
    b"a&IA0-b": "a\N{ZERO WIDTH JOINER}b",
    b"a&AKA-b": "a\N{NO-BREAK SPACE}b",
    b"*%": "*%",
}

WRONG = {
    "a shift that does not end": b"a&APw",
    "letters that are shifted": b"&AGE-",
    "two shifts in a row": b"&APw-&APw-",
    "base64 that is cut": b"&A-",
    "half of a surrogate pair": b"&2D0-",
    "UTF-8": "ü".encode(),
    "a byte that is nothing": b"\xff",
    "a line end": b"a\r\nb",
    "NUL": b"a\0",
    "a shifted line end": b"&AAo-",
    "a shifted C1 control": b"&AIU-",
    "a separator of lines": b"&ICg-",
    "a long name": b"a" * 1001,
}

# A pattern, the names that match it, and names that do not.
PATTERNS = {
    "*": (["", "a", "a/b", "INBOX"], []),
    "%": (["", "a", "INBOX"], ["a/b", "/"]),
    "": ([""], ["a"]),
    "a": (["a"], ["A", "ab", "a/b", ""]),
    "a*": (["a", "ab", "a/b"], ["b", "ba"]),
    "*b": (["b", "ab", "a/b"], ["ba"]),
    "a/%": (["a/", "a/b"], ["a", "a/b/c"]),
    "%/b": (["a/b", "/b"], ["b", "a/a/b"]),
    "%/%": (["a/b"], ["a", "a/b/c"]),
    "*/c": (["a/b/c", "a/c"], ["c"]),
    "a%*b": (["ab", "a/b", "axb"], ["a"]),
    "inbox": (["INBOX"], ["inboxes"]),
    "inb%": (["INBOX", "inbound"], ["INBOUND"]),
    "inb*": (["INBOX", "INBOX/a"], ["INBOX2", "INBOX2/a"]),
    "*x/b": (["INBOX/b", "ax/b"], ["INBOX/B", "aX/b"]),
    "\N{LATIN SMALL LETTER DOTLESS I}nbox": ([], ["INBOX"]),
    ".": (["."], ["a"]),
}


@pytest.mark.parametrize(("sent", "name"), NAMES.items())
def test_a_name_is_decoded(sent, name):
    """RFC 3501 section 5.1: modified UTF-7, and INBOX in any case."""
    assert decode_name(sent, is_utf8=False) == name


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
def test_a_name_in_another_encoding_is_refused(sent):
    """RFC 3501 section 5.1.3: one encoding for each name."""
    with pytest.raises(CommandError) as caught:
        decode_name(sent, is_utf8=False)
    assert caught.value.status == "BAD"


@pytest.mark.parametrize("sent", [b"\xff", b"\xed\xa0\x80", b"a\n", b"a" * 1001])
def test_a_name_that_is_not_utf_8_is_refused(sent):
    """RFC 6855 section 3."""
    with pytest.raises(CommandError):
        decode_name(sent, is_utf8=True)


def test_a_name_may_be_utf_8():
    """RFC 6855 section 3: an ampersand is one there."""
    assert decode_name("ü&-".encode(), is_utf8=True) == "ü&-"


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


@given(TEXTS, st.booleans())
def test_an_encoded_name_is_decoded(name, is_utf8):
    """Both ways are one encoding."""
    encoded = encode_name(name, is_utf8=is_utf8)
    assert decode_name(encoded, is_utf8=is_utf8).upper() == name.upper()


@given(st.binary(), st.booleans())
def test_any_bytes_are_a_name_or_refused(sent, is_utf8):
    """A name that is taken is sent back as it came, but for INBOX."""
    try:
        name = decode_name(sent, is_utf8=is_utf8)
    except CommandError:
        return
    assert encode_name(name, is_utf8=is_utf8).upper() == sent.upper()


@pytest.mark.parametrize(
    ("pattern", "name"),
    [(pattern, name) for pattern, (names, _) in PATTERNS.items() for name in names],
)
def test_a_pattern_matches(pattern, name):
    """RFC 3501 section 6.3.8."""
    assert is_match(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [(pattern, name) for pattern, (_, names) in PATTERNS.items() for name in names],
)
def test_a_pattern_does_not_match(pattern, name):
    """RFC 3501 section 6.3.8."""
    assert not is_match(pattern, name)


def test_a_pattern_of_many_wildcards_is_compared():
    """Its time grows with both lengths, and not with the ways to match."""
    assert not is_match("*a" * 100, "a" * 99)
