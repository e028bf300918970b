"""What the DKIM-Signature fields of a message say of themselves."""

from __future__ import annotations

import pytest

from lazr_smtptest.mime.signatures import DKIMSignature
from lazr_smtptest.model.envelope import Envelope

TAGS = {
    "v": "1",
    "a": "rsa-sha256",
    "d": "example.com",
    "s": "mail",
    "h": "From:To",
    "bh": "QUJD",
    "b": "QUJD",
}


def field(**changes: str) -> bytes:
    tags = {**TAGS, **changes}
    listed = "; ".join(f"{name}={value}" for name, value in tags.items())
    return b"DKIM-Signature: " + listed.encode() + b"\r\n"


def read(*fields: bytes) -> Envelope:
    content = b"".join(fields) + b"From: a@example.com\r\n\r\nHi.\r\n"
    return Envelope(mail_from="", rcpt_tos=(), content=content)


def test_a_signed_message_shows_its_signature(rsa):
    """As dkimpy writes it."""
    content = rsa.sign(include_headers=[b"From", b"To"], identity=b"shop@example.com")
    one = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert one.dkim_signatures == (
        DKIMSignature(
            domain="example.com",
            selector="mail",
            algorithm="rsa-sha256",
            headers=("from", "to"),
            identity="shop@example.com",
        ),
    )
    assert one.trouble == ()


def test_an_unsigned_message_has_no_signatures():
    """And no trouble with it."""
    assert (read().dkim_signatures, read().trouble) == ((), ())


def test_the_signatures_are_in_the_order_of_the_fields():
    """A message may have several (RFC 6376 section 4)."""
    one = read(field(s="a"), field(s="b"))
    assert [signature.selector for signature in one.dkim_signatures] == ["a", "b"]


def test_the_identity_is_the_domain_if_the_field_does_not_say():
    """RFC 6376 section 3.5."""
    assert read(field()).dkim_signatures[0].identity == "@example.com"


def test_the_identity_is_decoded():
    """RFC 6376 section 2.11."""
    one = read(field(i="Ann=20Lee@example.com"))
    assert one.dkim_signatures[0].identity == "Ann Lee@example.com"


def test_the_domain_is_in_lower_case():
    """Domains are compared so."""
    assert read(field(d="EXAMPLE.com")).dkim_signatures[0].domain == "example.com"


def test_the_key_name_is_that_in_the_dns():
    """RFC 6376 section 3.6.2.1."""
    [signature] = read(field()).dkim_signatures
    assert signature.key_name == "mail._domainkey.example.com"


def test_white_space_and_folds_are_no_part_of_a_value():
    """RFC 6376 section 3.2."""
    content = field(h="From :\r\n\tTo ", b="QU\r\n JD")
    content = content.replace(b"; s=mail", b"\r\n ;\r\n s = mail ")
    [signature] = read(content).dkim_signatures
    assert (signature.selector, signature.headers) == ("mail", ("from", "to"))


def test_a_list_may_end_in_a_semicolon():
    """RFC 6376 section 3.2."""
    assert read(field(b="QUJD;")).dkim_signatures


def test_unknown_tags_are_ignored():
    """RFC 6376 section 3.2."""
    assert read(field(other="x=y")).dkim_signatures == read(field()).dkim_signatures


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"bh": ""}, "no bh= tag"),
        ({"v": "2"}, "its version is '2', not '1'"),
        ({"b": "Q=JD"}, "b= is not base64"),
        ({"bh": "QUJ"}, "bh= is not base64"),
        ({"b": "QUJD; d=example.org"}, "two d= tags"),
        ({"b": "QUJD; nonsense"}, "'nonsense' is no tag"),
        ({"b": "QUJD;;"}, "'' is no tag"),
        ({"b": "QUJD; 1=x"}, "'1=x' is no tag"),
        ({"z": "x" * 4096}, "it is over 4096 octets"),
        ({"z": " " * 64 + "x"}, "it has 64 blanks in a row, or more"),
    ],
)
def test_a_field_that_cannot_be_read_is_trouble(changes, wrong):
    """And no signature; the others are read."""
    one = read(field(**changes), field())
    assert len(one.dkim_signatures) == 1
    assert f"DKIM-Signature: {wrong}" in one.trouble


def test_trouble_shows_the_beginning_of_a_wrong_value():
    """It stays short."""
    [trouble] = read(field(v="2" * 1000)).trouble
    assert len(trouble) < 150


def test_of_many_signatures_the_first_five_are_read():
    """And trouble says that there are more."""
    one = read(*[field()] * 6)
    assert len(one.dkim_signatures) == 5
    assert "over 5 DKIM-Signature fields: only these are read" in one.trouble


@pytest.mark.parametrize(
    "octets", [b"", b"=", b";", b"v", b"\xff=\xfe", b"\0", b"b==;h=:;d", b";" * 70_000]
)
def test_hostile_fields_do_not_raise(octets):
    """Whatever they are."""
    one = read(b"DKIM-Signature: " + octets + b"\r\n")
    assert one.dkim_signatures == ()
    assert any(trouble.startswith("DKIM-Signature: ") for trouble in one.trouble)
