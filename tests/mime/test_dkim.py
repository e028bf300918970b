"""Whether the DKIM signatures of a message are valid."""

from __future__ import annotations

import re
import sys
import time

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest import DKIMError
from lazr_smtptest.model.envelope import Envelope

from ..chance import some

NAME = "mail._domainkey.example.com"
HEADER = "a signed header field is not what was signed"
SECONDS = 5.0


def read(content: bytes) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=(), content=content)


def field(**changes: str) -> bytes:
    """A signature that is made up: of an empty body, with Ed25519."""
    tags = {
        "v": "1",
        "a": "ed25519-sha256",
        "d": "example.com",
        "s": "mail",
        "h": "from",
        "bh": "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
        "b": "A" * 86 + "==",
        **changes,
    }
    listed = "; ".join(f"{name}={value}" for name, value in tags.items())
    return b"DKIM-Signature: " + listed.encode() + b"\r\n"


def test_a_signed_message_is_valid(signer):
    """As its program has sent it."""
    assert read(signer.sign()).verify_dkim(signer.record)


@pytest.mark.parametrize("header", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
def test_every_canonicalization_is_known(rsa, header, body):
    """RFC 6376 section 3.4."""
    assert read(rsa.sign(canonicalize=(header, body))).verify_dkim(rsa.record)


@pytest.mark.parametrize(("body", "valid"), [(b"simple", False), (b"relaxed", True)])
def test_white_space_in_the_body_may_change_if_that_is_relaxed(rsa, body, valid):
    """RFC 6376 section 3.4.4."""
    content = rsa.sign(canonicalize=(b"simple", body))
    changed = content.replace(b"Dear  Ann,", b"Dear \t Ann, \t")
    assert bool(read(changed).verify_dkim(rsa.record)) is valid


@pytest.mark.parametrize(("header", "valid"), [(b"simple", False), (b"relaxed", True)])
def test_white_space_in_the_header_may_change_if_that_is_relaxed(rsa, header, valid):
    """RFC 6376 section 3.4.2."""
    content = rsa.sign(canonicalize=(header, b"simple"))
    changed = content.replace(b"Subject: Your  order", b"SUBJECT: Your\r\n order")
    assert bool(read(changed).verify_dkim(rsa.record)) is valid


def test_a_valid_result_has_the_signature(rsa):
    """And no reason."""
    signed = read(rsa.sign())
    result = signed.verify_dkim(rsa.record)
    assert result.signature == signed.dkim_signatures[0]
    assert result.reason == ""


def test_a_result_that_is_not_valid_shows_the_reason():
    """First thing, so that a failing assertion does too."""
    result = read(b"From: a@example.com\r\n\r\n").verify_dkim("p=")
    assert repr(result) == (
        "DKIMResult(reason='no DKIM-Signature field', signature=None)"
    )


def test_a_changed_body_is_a_reason(signer):
    """Whatever the key."""
    content = signer.sign().replace(b"on its way", b"lost")
    result = read(content).verify_dkim(signer.record)
    assert not result
    assert result.reason == f"{NAME}: the body is not what was signed"


def test_a_changed_header_is_a_reason(rsa):
    """The fields that it may be are named."""
    content = rsa.sign(include_headers=[b"From", b"Subject"])
    result = read(content.replace(b"order", b"prize")).verify_dkim(rsa.record)
    assert not result
    assert result.reason == (
        f"{NAME}: {HEADER}: one of from : subject, or the signature itself"
    )


def test_a_wrong_key_is_a_reason(rsa, other_rsa):
    """It is told apart from a changed header."""
    result = read(rsa.sign()).verify_dkim(other_rsa.record)
    assert not result
    assert result.reason == f"{NAME}: it was not signed with this key"


def test_a_changed_header_and_a_wrong_key_look_the_same_with_ed25519(ed25519):
    """Such a signature does not say what it was made of."""
    result = read(ed25519.sign().replace(b"order", b"prize")).verify_dkim(ed25519.pem)
    assert not result
    assert result.reason == f"{NAME}: {HEADER}, or it was not signed with this key"


def test_an_added_from_is_a_reason(rsa):
    """A reader might show that one."""
    content = rsa.sign().replace(b"Subject:", b"From: b@example.net\r\nSubject:")
    assert HEADER in read(content).verify_dkim(rsa.record).reason


def test_a_header_that_is_not_signed_may_change(rsa):
    """It is the signer who chooses."""
    content = rsa.sign(include_headers=[b"From"]).replace(b"order", b"prize")
    assert read(content).verify_dkim(rsa.record)


def test_no_signature_is_a_reason(rsa):
    """The first that is asked."""
    result = read(b"From: a@example.com\r\n\r\n").verify_dkim(rsa.record)
    assert result.reason == "no DKIM-Signature field"


def test_one_valid_signature_is_enough(rsa, ed25519):
    """RFC 6376 section 6.1; any of them, with a key for it."""
    both = read(rsa.sign(ed25519.sign(selector=b"ed")))
    assert both.verify_dkim(rsa.record).signature.selector == "mail"
    assert both.verify_dkim(ed25519.record).signature.selector == "ed"


def test_each_signature_is_verified_with_the_key_of_its_name(rsa, ed25519):
    """As it would be by DNS."""
    both = read(rsa.sign(ed25519.sign(selector=b"ed")))
    keys = {NAME: ed25519.record, "ed._domainkey.example.com": rsa.record}
    assert both.verify_dkim(keys).reason == (
        f"{NAME}: the key is for ed25519, the signature rsa-sha256; "
        "ed._domainkey.example.com: the key is for rsa, the signature ed25519-sha256"
    )


def test_only_the_signatures_of_a_domain_count_if_one_is_given(rsa):
    """In any case."""
    both = read(rsa.sign(rsa.sign(), domain=b"example.net"))
    result = both.verify_dkim(rsa.record, domain="EXAMPLE.com")
    assert result.signature == both.dkim_signatures[1]


def test_no_signature_of_the_domain_is_a_reason(rsa):
    """It says whose there are."""
    result = read(rsa.sign()).verify_dkim(rsa.record, domain="example.net")
    assert result.reason == "no signature of example.net, but of example.com"


def test_a_field_that_cannot_be_read_is_a_reason(rsa):
    """And those after it are verified all the same."""
    bad = read(field(v="2") + b"From: a@example.com\r\n\r\n")
    assert bad.verify_dkim(rsa.record).reason == (
        "DKIM-Signature: its version is '2', not '1'"
    )
    assert read(field(v="2") + rsa.sign()).verify_dkim(rsa.record)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"h": "to"}, "h= does not name From (RFC 6376 section 5.4)"),
        ({"i": "a@b.c"}, "i=a@b.c is not of its d= (RFC 6376 section 3.5)"),
        ({"i": "example.com"}, "i=example.com is not of its d= (RFC 6376 section 3.5)"),
        ({"a": "rsa-sha1"}, "rsa-sha1 is no longer valid (RFC 8301 section 3.1)"),
        ({"x": "1"}, "ValidationError: x= "),
        ({"c": "x"}, "MessageFormatError: "),
        ({"l": ""}, "ValueError: "),
    ],
)
def test_what_a_signature_must_not_say_is_a_reason(ed25519, changes, reason):
    """In our words, or in those of dkimpy."""
    one = read(field(**changes) + b"From: a@example.com\r\n\r\n")
    assert one.verify_dkim(ed25519.record).reason.startswith(f"{NAME}: {reason}")


def test_no_dns_is_asked(rsa, monkeypatch):
    """Not even where dkimpy would."""

    def fail(*args, **kwargs):
        raise AssertionError("DNS")

    monkeypatch.setattr("dns.resolver.resolve", fail)
    assert read(rsa.sign()).verify_dkim({NAME: rsa.record})
    assert not read(rsa.sign()).verify_dkim({})


@pytest.mark.parametrize("package", ["dkim", "nacl.signing"])
def test_a_missing_package_is_an_error_that_says_what_to_install(package, monkeypatch):
    """The signatures can be read all the same."""
    monkeypatch.setitem(sys.modules, package, None)
    one = read(field() + b"From: a@example.com\r\n\r\n")
    with pytest.raises(DKIMError, match=re.escape("pip install 'lazr.smtptest[dkim]'")):
        one.verify_dkim("p=")
    assert one.dkim_signatures


FROM = b"From: a@example.com\r\n\r\n"
FOLDS = "\r\n " * 63
HOSTILE = {
    "fields": field() * 5 + b"1:\r\n" * 990 + FROM,
    "more-fields": field() + b"1:\r\n" * 1000 + FROM,
    "header": field() + b"a: " + b"a" * 70_000 + b"\r\n" + FROM,
    "names": field(h=":".join(["from", *map(str, range(900))])) * 9
    + b"1:\r\n" * 980
    + FROM,
    "no-header-field": field() + b"From x\r\n" + b"1:\r\n" * 200_000 + FROM,
    "folds": field() + b"A: " + b"\r\n x" * 15_000 + b"\r\n" + FROM,
    "folds-in-b": field(z="x b=" + f"{FOLDS}!" * 50) * 5 + FROM,
    "blanks-in-b": field(b="A" * 80 + " " * 3000 + "!") * 5 + FROM,
    "blanks-in-header": field(c="relaxed") + b"A: " + b" " * 60_000 + b"\r\n" + FROM,
    "blanks-in-body": field(c="simple/relaxed") * 5 + FROM + b" " * 1_000_000,
    "tabs-in-body": field(c="relaxed/relaxed") * 5 + FROM + b" \t" * 500_000,
    "lines-in-body": field() * 5 + FROM + b"\r\n" * 500_000,
    "length": field(l="9" * 76) + FROM,
    "time": field(t="9" * 3000) + FROM,
    "begins-with-a-blank": b" x\r\n" + field() + FROM,
    "byte-order-mark": b"\xef\xbb\xbf" + field() + FROM,
    "eight-bit": field(d="\xe9.example", s="\xff", i="\xff@\xe9.example") + FROM,
    "nul": field(s="\0") + b"A: \0\r\n" + FROM,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_not_valid_in_time(name, ed25519):
    """And nothing is raised; the reason stays short."""
    start = time.process_time()
    result = read(HOSTILE[name]).verify_dkim(ed25519.record)
    assert time.process_time() - start < SECONDS
    assert not result
    assert 0 < len(result.reason) < 1500


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("header", "the header is over 65536 octets"),
        ("more-fields", "over 1000 header fields"),
        ("no-header-field", "the header ends in a line that is no header field"),
    ],
)
def test_a_header_that_is_too_much_is_a_reason(name, reason, ed25519):
    """Of which dkimpy sees nothing."""
    assert read(HOSTILE[name]).verify_dkim(ed25519.record).reason == reason


def test_what_dkimpy_cannot_read_is_a_reason(ed25519):
    """In its words."""
    result = read(HOSTILE["byte-order-mark"]).verify_dkim(ed25519.record)
    assert result.reason.startswith("MessageFormatError: ")


PIECES = st.lists(
    st.sampled_from(
        b"DKIM-Signature:|v=1;|a=ed25519-sha256;|a=rsa-sha256;|d=e.x;|s=s;|h=from:to;"
        b"|bh=QUJD;|b=QUJD;|b=|;|=|i=@e.x;|l=1;|c=relaxed/relaxed;|t=1;|x=|\r\n|\n|\r"
        b"| |\t|From: a@e.x|\r\n\r\n|\0|\xff|a".split(b"|")
    ),
    max_size=40,
).map(b"".join)


@pytest.mark.slow
@settings(max_examples=some(200), deadline=None)
@given(PIECES, PIECES)
def test_any_octets_can_be_verified(first, second):
    """Whatever they are, and nothing is raised."""
    one = read(field(z="x") + first + FROM + second)
    key = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
    assert not one.verify_dkim(key)
    assert isinstance(one.dkim_signatures, tuple)


def test_a_verified_envelope_is_still_the_same(rsa):
    """Nothing of it is kept in the record."""
    signed = read(rsa.sign())
    assert signed.verify_dkim(rsa.record)
    assert signed == attrs.evolve(signed)
