"""`lazr_smtptest.smtp.path`: the grammar of RFC 5321 section 4.1.2."""

from __future__ import annotations

import pytest

from lazr_smtptest.smtp.path import PathSyntaxError, parse_path

GOOD = [
    "a@example.com",
    "a.b@example.com",
    "a+tag@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    '"a b"@example.com',
    '"a\\"b"@example.com',
    '"@"@example.com',
    '""@example.com',
    "a@localhost",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@[IPv6:2001:db8::1]",
    "a@[x-tag:anything]",
    "a@xn--bcher-kva.example",
    "a@run_17.test",
    "a@example.com.",
    "a@exam!ple.com",
    "postmaster",
    "jörg@bücher.example",
    "x" * 300 + "@example.com",
]
BAD = [
    "",
    "a@",
    "@example.com",
    "a@b@c",
    ".a@example.com",
    "a.@example.com",
    "a..b@example.com",
    "a b@example.com",
    "a@-example.com",
    "a@example-.com",
    "a@example..com",
    "a@example.com..",
    '"a@example.com',
    '"a"b@example.com',
    "a@[127.0.0.256]",
    "a@[IPv6:zz]",
    "a@[]",
    "a\r@example.com",
    "a\x00@example.com",
    "a\x7f@example.com",
    "a@exa\tmple.com",
    "a\udcff@example.com",
    "a>@example.com",
]


@pytest.mark.parametrize("address", GOOD)
def test_a_good_address_is_taken_as_it_is(address: str) -> None:
    """It is neither quoted nor unquoted."""
    assert str(parse_path(f"TO:<{address}>", "TO", null=False).address) == address


@pytest.mark.parametrize("address", BAD)
def test_a_bad_address_is_refused(address: str) -> None:
    """The grammar does not allow it."""
    with pytest.raises(PathSyntaxError):
        parse_path(f"TO:<{address}>", "TO", null=False)


def test_the_null_path_is_a_sender() -> None:
    """<> is where bounces come from (RFC 5321 section 4.5.5)."""
    assert str(parse_path("FROM:<>", "FROM", null=True).address) == ""


def test_the_null_path_is_no_recipient() -> None:
    """A Forward-path is a Path."""
    with pytest.raises(PathSyntaxError, match="the path is empty"):
        parse_path("TO:<>", "TO", null=False)


def test_a_source_route_is_ignored() -> None:
    """RFC 5321 appendix C: accept it, strip it."""
    path = parse_path("TO:<@a.example,@b.example:c@d.example>", "TO", null=False)
    assert str(path.address) == "c@d.example"


def test_the_keyword_may_be_in_any_case() -> None:
    """RFC 5321 section 2.4."""
    assert str(parse_path("from:<a@b>", "FROM", null=True).address) == "a@b"


def test_a_space_before_the_path_is_taken() -> None:
    """RFC 5321 section 3.3 forbids it; the field sends it."""
    assert str(parse_path("FROM: <a@b>", "FROM", null=True).address) == "a@b"


def test_parameters_follow_a_space() -> None:
    """They are kept for their own parser."""
    assert parse_path("FROM:<a@b> SIZE=1 X", "FROM", null=True).parameters == "SIZE=1 X"


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("<a@b>", "expected FROM:"),
        ("FROM <a@b>", "expected FROM:"),
        ("FROM:anna", "must stand in angle brackets"),
        ("FROM:<a@b", "lacks its closing bracket"),
        ("FROM:<a b>", "no valid address"),
        ("FROM:<a@b>SIZE=1", "expected a space"),
        ("FROM:<>SIZE=1", "expected a space"),
        ("FROM:<a@[1]>", "bad address literal"),
    ],
)
def test_the_error_says_what_is_wrong(argument: str, why: str) -> None:
    """The client's author reads it in the reply."""
    with pytest.raises(PathSyntaxError, match=why):
        parse_path(argument, "FROM", null=True)


def test_an_address_knows_its_parts() -> None:
    """As Twisted's deliveries expect them."""
    address = parse_path("TO:<a.b@c.example>", "TO", null=False).address
    assert (address.local, address.domain) == (b"a.b", b"c.example")
    assert bytes(address) == b"a.b@c.example"
