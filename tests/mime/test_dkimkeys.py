"""The keys that a test may give."""

from __future__ import annotations

from base64 import b64encode

import pytest

from lazr_smtptest.model.envelope import Envelope

SMALL = b"\x30\x48\x02\x41\x00" + b"\xff" * 64 + b"\x02\x03\x01\x00\x01"
NAME = "mail._domainkey.example.com"


def read(content: bytes) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=(), content=content)


@pytest.fixture
def signed(rsa) -> Envelope:
    return read(rsa.sign())


def test_a_key_may_be_a_txt_record(signer):
    """As it is in the DNS."""
    assert read(signer.sign()).verify_dkim(signer.record)


def test_a_key_may_be_pem(signer):
    """In bytes, as cryptography gives it."""
    assert read(signer.sign()).verify_dkim(signer.pem)


def test_a_key_may_be_pem_in_text(signer):
    """As openssl prints it, perhaps with something before it."""
    assert read(signer.sign()).verify_dkim("A key:\n" + signer.pem.decode())


def test_a_record_need_not_say_what_it_is(rsa, signed):
    """RFC 6376 section 3.6.1: version and kind have a default."""
    assert signed.verify_dkim(rsa.record.replace("v=DKIM1; k=rsa; ", ""))


def test_a_record_may_have_white_space(rsa, signed):
    """RFC 6376 section 3.2."""
    assert signed.verify_dkim(rsa.record.replace("; ", " ;\r\n ") + " ;")


def test_keys_may_be_given_by_their_names(rsa, other_rsa, signed):
    """In any case, with a dot at the end or without."""
    other = {"other._domainkey.example.com": other_rsa.record}
    assert signed.verify_dkim({f"{NAME.upper()}.": rsa.record, **other})


def test_a_name_without_a_key_is_a_reason(rsa, signed):
    """No DNS is asked for it."""
    result = signed.verify_dkim({"other._domainkey.example.com": rsa.record})
    assert result.reason == f"{NAME}: no key is given for this name"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("h=sha1", "the key's h= does not allow sha256"),
        ("s=tlsrpt", "the key's s= does not allow email"),
        ("t=y:s", "the key's t=s does not allow i=@news.example.com"),
    ],
)
def test_a_record_may_forbid_the_signature(rsa, more, reason):
    """RFC 6376 section 3.6.1."""
    signed = read(rsa.sign(identity=b"@news.example.com"))
    result = signed.verify_dkim(f"{rsa.record}; {more}")
    assert result.reason == f"{NAME}: {reason}"


@pytest.mark.parametrize("more", ["h=sha1:sha256", "s=email", "s=tlsrpt : *", "t=y:s"])
def test_a_record_may_allow_the_signature(rsa, signed, more):
    """RFC 6376 section 3.6.1."""
    assert signed.verify_dkim(f"{rsa.record}; {more}")


def test_a_revoked_key_is_a_reason(signed):
    """RFC 6376 section 3.6.1: its ``p=`` is empty."""
    result = signed.verify_dkim("v=DKIM1; p=")
    assert result.reason == f"{NAME}: the key is revoked: its p= is empty"


def test_a_key_of_another_kind_is_a_reason(ed25519, signed):
    """It is told apart from a wrong key."""
    result = signed.verify_dkim(ed25519.record)
    assert result.reason == f"{NAME}: the key is for ed25519, the signature rsa-sha256"


def test_a_short_rsa_key_is_a_reason(signed):
    """RFC 8301 section 3.2."""
    result = signed.verify_dkim("p=" + b64encode(SMALL).decode())
    assert result.reason == (
        f"{NAME}: the key has less than 1024 bits (RFC 8301 section 3.2)"
    )


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("", "DKIM key: no p= tag in ''"),
        ("nonsense", "DKIM key: 'nonsense' is no tag"),
        ("v=DKIM2; p=QUJD", "DKIM key: v= is 'DKIM2', not 'DKIM1'"),
        ("k=dsa; p=QUJD", "DKIM key: k= is 'dsa', neither 'rsa' nor 'ed25519'"),
        ("p=QUJ", "DKIM key: 'QUJ' is not base64"),
        ("p=QUJD", "DKIM key: no RSA key: UnparsableKeyError"),
        ("k=ed25519; p=QUJD", "DKIM key: an Ed25519 key of 3 bytes, not 32"),
        (b"\xff", "DKIM key: '\ufffd' is no tag"),
        (
            "-----BEGIN PUBLIC KEY-----\nQUJD\n",
            "DKIM key: a block of PEM without its end",
        ),
        ({"example.com": "p="}, "'example.com' is not like selector._domainkey.domain"),
        ({NAME: "k=x; p="}, f"{NAME}: k= is 'x', neither 'rsa' nor 'ed25519'"),
    ],
)
def test_a_key_that_is_none_is_a_value_error(signed, key, wrong):
    """At the call, and it says which."""
    with pytest.raises(ValueError, match="^" + wrong.replace(".", r"\.")) as raised:
        signed.verify_dkim(key)
    assert raised.type is ValueError


def test_a_private_key_is_a_value_error(rsa, signed):
    """It is not shown."""
    with pytest.raises(ValueError, match="a RSA PRIVATE KEY, not a PUBLIC KEY"):
        signed.verify_dkim(rsa.private)


def test_a_key_of_another_type_is_a_type_error(signed):
    """Such as a key object of cryptography."""
    with pytest.raises(TypeError, match="DKIM key: int is neither text nor bytes"):
        signed.verify_dkim(1)
