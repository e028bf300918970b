"""Lists of addresses as mailers write them, and addresses that are equal."""

# ruff: noqa: RUF001 -- such characters are what is read here.

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.addresses import address_key, address_trouble, read_addresses
from lazr_smtptest.model.envelope import Envelope

from .times import SECONDS

NO_COMMENT = "a '(' without its ')'"
NO_QUOTED = "a '\"' that opens no quoted string"
NO_ANGLE = "a '<' without its '>'"


@pytest.mark.parametrize(
    ("body", "addresses", "trouble"),
    [
        ("Ann :) <ann@x>, b@x", ["ann@x", "b@x"], []),
        ("Bob [Team <bob@x>, b@x", ["bob@x", "b@x"], []),
        ("Cy (Shop <cy@x>, b@x", ["cy@x", "b@x"], [NO_COMMENT]),
        ("Cy (Shop <cy@x>, Dan :) <dan@x>", ["cy@x", "dan@x"], [NO_COMMENT]),
        ('O"Neil <on@x>, b@x', ["on@x", "b@x"], [NO_QUOTED]),
        ('O"Neil <on@x>, P"Neil <pn@x>', ["on@x", "pn@x"], [NO_QUOTED]),
        ('"Ann <ann@x>, b@x', ["ann@x", "b@x"], [NO_QUOTED]),
        ('"Ann <ann@x>, "Bob" <bob@x>', ["ann@x", "bob@x"], [NO_QUOTED]),
        ('"Ann" Smith" <ann@x>', ["ann@x"], [NO_QUOTED]),
        ('5" tall <tall@x>', ["tall@x"], [NO_QUOTED]),
        ("Ann <ann@x, b@x", ["ann@x", "b@x"], [NO_ANGLE]),
        ("<<ann@x>>", ["ann@x"], [NO_ANGLE]),
        ("111(aaa）<bb@x>", ["bb@x"], [NO_COMMENT]),
        (
            "ann@x (Ann",
            ["ann@x"],
            [NO_COMMENT, "'ann@x (Ann' is not as left@right (RFC 5322 section 3.4)"],
        ),
        (
            "Ann) <ann@x>, [b@x]",
            ["ann@x", "b@x"],
            ["'[b@x]' is not as left@right (RFC 5322 section 3.4)"],
        ),
    ],
)
def test_what_is_opened_and_not_closed_takes_no_address_with_it(
    body, addresses, trouble
):
    """It is a character like any other."""
    octets = body.encode()
    assert list(read_addresses(octets)) == addresses
    assert address_trouble(octets) == trouble


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        (r"Foo \(Bar\) <foo@x>, b@x", ["foo@x", "b@x"]),
        (r"Foo \"Bar <foo@x>, b@x", ["foo@x", "b@x"]),
        (r"Foo\, Bar <foo@x>", ["foo@x"]),
        (r'"Foo \" (Bar" <foo@x>', ["foo@x"]),
        (r"foo@x (a \) b), b@x", ["foo@x", "b@x"]),
        ("foo\\", []),
    ],
)
def test_an_escaped_character_opens_and_ends_nothing(body, addresses):
    """Also where there is no quoted string around it."""
    assert list(read_addresses(body.encode())) == addresses


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        ("ann@x，bob@x", ["ann@x", "bob@x"]),
        ("ann@x；bob@x、cy@x", ["ann@x", "bob@x", "cy@x"]),
        ("安＜ann@x＞，<bob@x>", ["ann@x", "bob@x"]),
        ("（安） <ann@x>", ["ann@x"]),
        ("王，小明 <ann@x>", ["ann@x"]),
        ('"王，<小明>" <ann@x>', ["ann@x"]),
    ],
)
def test_full_width_separators_separate(body, addresses):
    """As they are typed in Chinese and Japanese."""
    assert list(read_addresses(body.encode())) == addresses


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        # RFC 5322 appendix A.
        ('"Joe Q. Public" <john.q.public@x>', ["john.q.public@x"]),
        ("Mary Smith <mary@x>, jdoe@y, Who? <one@z>", ["mary@x", "jdoe@y", "one@z"]),
        ('<boss@x>, "Giant; \\"Big\\" Box" <box@y>', ["boss@x", "box@y"]),
        (
            "A Group:Ed Jones <joe@x>,john@y,John <jdoe@z>;",
            ["joe@x", "john@y", "jdoe@z"],
        ),
        ("Undisclosed recipients:;", []),
        ("Pete(A nice \\) chap) <pete(his account)@x.test(his host)>", ["pete@x.test"]),
        (
            "A Group(Some people) :Chris <c@(his host.)x>, joe@y (c); (end)",
            ["c@x", "joe@y"],
        ),
        ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", []),
        (
            "Mary <@node.test:mary@x>, , jdoe@test  . example",
            ["mary@x", "jdoe@test.example"],
        ),
        ("Mary <@a,@b:mary@x>, c@d", ["mary@x", "c@d"]),
        ("john . public @ x", ["john.public@x"]),
        ("<@a:ann@[IPv6:::1]>", ["ann@[IPv6:::1]"]),
        # What is none of it.
        ("ann@x; bob@x", ["ann@x", "bob@x"]),
        ("ann@x bob@x", ["ann@x", "bob@x"]),
        ("Ann <ann@x> Bob <bob@x>", ["ann@x", "bob@x"]),
        ('"Ann" ann@x', ["ann@x"]),
        ("mailto:ann@x", ["ann@x"]),
        ("<mailto:ann@x>", ["ann@x"]),
        ("Ann (formerly <old@x>) <new@x>", ["new@x"]),
        ('"a,b"@x, "<c@x>" <d@x>', ['"a,b"@x', "d@x"]),
        ('<"a>b"@x>', ['"a>b"@x']),
        ("ann@[192.0.2.1], <bob@[IPv6:::1]>", ["ann@[192.0.2.1]", "bob@[IPv6:::1]"]),
        ("=?utf-8?Q?Doe, Ann?= <ann@x>", ["ann@x"]),
        ("=?utf-8?q?bob=40x?= <ann@x>", ["ann@x"]),
        ("ann@x.", ["ann@x"]),
        ("'ann@x'", ["ann@x"]),
    ],
)
def test_addresses_are_found(body, addresses):
    """RFC 5322 section 3.4, the obsolete forms, and what is neither."""
    assert list(read_addresses(body.encode())) == addresses


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("Ann", ["'Ann' is no address"]),
        ("a@b, Ann", ["'Ann' is no address"]),
        ("<>", ["'<>' is no address"]),
        ("<Ann>", ["'<Ann>' is no address"]),
        ("<ann@>", ["'<ann@>' is no address"]),
        ("<@x:>", ["'<@x:>' is no address"]),
        ("<@x>", ["'<@x>' is no address"]),
        ("=?utf-8?q?ann=40x?=", ["'=?utf-8?q?ann=40x?=' is no address"]),
        ('"ann@x"', ["'\"ann@x\"' is no address"]),
        ("@x", ["'@x' is no address"]),
        ("ann@", ["'ann@' is no address"]),
        ("a, b, c, d, e, f", [f"{name!r} is no address" for name in "abcde"]),
        ("undisclosed-recipients:;", []),
        ("Team: a@b;", []),
    ],
)
def test_an_entry_that_is_no_address_is_reported(body, trouble):
    """The first five are."""
    assert address_trouble(body.encode()) == trouble


EQUAL = [
    ("ann@xn--bcher-kva.example", "ann@bücher.example"),
    ("ann@XN--BCHER-KVA.Example", "ann@BÜCHER.example"),
    ("ann@xn--fiqs8s", "ann@中国"),
    ("ann@b\u0075\u0308cher.example", "ann@bücher.example"),
    ("ann@mail\u3002example", "ann@mail.example"),
    ("ann@EXAMPLE.com", "ann@example.com"),
    ("ann@example.com.", "ann@example.com"),
    ('"ann"@example.com', "ann@example.com"),
    ('"ann.lee"@example.com', "ann.lee@example.com"),
    ('"a\\nn"@example.com', "ann@example.com"),
    ('"a\\ b"@example.com', '"a b"@example.com'),
    ('"änn"@example.com', "änn@example.com"),
    ("ann@[IPv6:2001:DB8::1]", "ann@[ipv6:2001:db8:0:0::1]"),
    ("PostMaster@example.com", "postmaster@example.com"),
    ("Postmaster", "postmaster"),
    ('"postmaster"@example.com', "POSTMASTER@example.com"),
]
DIFFERENT = [
    ("Ann@example.com", "ann@example.com"),
    ('"a b"@example.com', '"ab"@example.com'),
    ('"a..b"@example.com', "a..b@example.com"),
    ("ann@strasse.example", "ann@straße.example"),
    ("ann@xn--abc-.example", "ann@abc.example"),
    ("ann@xn--a-.example", "ann@a.example"),
    ("ann@[IPv6:::1]", "ann@[IPv6:::2]"),
    ("ann@[IPv6:x]", "ann@[IPv6:y]"),
    ("ann+a@example.com", "ann@example.com"),
    ("a.nn@example.com", "ann@example.com"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_addresses_have_one_key(one, other):
    """RFC 5321 sections 2.4 and 4.1.2, RFC 5890."""
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_addresses_have_two_keys(one, other):
    """A test must not find mail that went elsewhere."""
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize(("one", "other"), [pair for pair in EQUAL if "@" in pair[1]])
def test_a_recipient_that_the_header_names_otherwise_is_not_hidden(one, other):
    """The two are equal, so it is no Bcc."""
    message = Envelope(
        mail_from="", rcpt_tos=(one,), content=f"To: <{other}>\n\n".encode()
    )
    assert message.bcc == ()


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_a_recipient_that_the_header_does_not_name_is_hidden(one, other):
    """However like it one of those is that it names."""
    message = Envelope(
        mail_from="", rcpt_tos=(one,), content=f"To: <{other}>\n\n".encode()
    )
    assert message.bcc == (one,)


UNITS = [
    *("(", "<", '"', "[", "@[", "\\", ":", "a:", ",", "(<a@b>,", "()", '"a"', '" '),
    *("a@b ", "@", "<@,", '<"', "(\\", ">", "<a@b>", '"x', " @", " .", ';"', "a", "\t"),
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", ["", "<" + "@" * 15_000])
def test_a_hostile_field_is_read_in_time(unit, start):
    """However long it is."""
    body = (start + unit * (32_768 // len(unit)))[:32_768].encode()
    begin = time.process_time()
    read_addresses(body)
    address_trouble(body)
    assert time.process_time() - begin < SECONDS


@given(st.lists(st.sampled_from([*UNITS, "é", "xn--", "ipv6:", "postmaster", "."])))
def test_any_field_can_be_read(pieces):
    """Nothing is raised, and each address has a key that is its own key."""
    for address in read_addresses("".join(pieces).encode()):
        assert "@" in address
        assert address_key(address_key(address)) == address_key(address)


@given(st.text(max_size=20).map(lambda text: f"ann@xn--{text}"))
def test_any_domain_has_a_key(address):
    """Also one that only looks like an A-label."""
    assert address_key(address).startswith("ann@")


@pytest.mark.parametrize(
    "body",
    [
        *("a@b@c", "a@b..c", ".a@b", "a.@b", "x\\@y.z", "x@y.z>", "a b@c.d", "x@y.z."),
        *("x@y.z a@b.c", "<x@y.z><a@b.c>", "<a@b@c>", "Ann <a b@c>", "<mailto:a@b>"),
    ],
)
def test_a_malformed_address_is_reported(body):
    """It is found, but other programs may find another one or none."""
    assert address_trouble(body.encode()) == [
        f"{body!r} is not as left@right (RFC 5322 section 3.4)"
    ]


@pytest.mark.parametrize(
    "body",
    [
        *('"a b"@c.d', '"a"."b"@c', "a @ b . c", "<@r.s:x@y.z>", "x@[127.0.0.1]"),
        *("g: a@b.c, d@e.f;", "a@b (c)", "(c) a@b", '"a\\"b" <x@y.z>', "ü@ö.example"),
        *("<a@\n b.c>", '"A, B" <a@b>', "=?utf-8?q?a=2C?= <x@y.z>", "a@b,\n c@d"),
    ],
)
def test_a_well_formed_address_is_no_trouble(body):
    """RFC 5322 sections 3.4 and 4.4, RFC 6532."""
    assert address_trouble(body.encode()) == []


@pytest.mark.parametrize("blanks", [" " * 60_000, " ." * 30_000, '"' * 60_000])
def test_a_long_address_is_checked_in_linear_time(blanks):
    """A quadratic check would not end within the time of the test."""
    assert address_trouble(f"<a{blanks}b@c>".encode())
