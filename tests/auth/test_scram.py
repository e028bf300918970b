"""`lazr_smtptest.auth.scram` and `lazr_smtptest.auth.saslprep`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from twisted.cred.error import UnauthorizedLogin
from twisted.mail.imap4 import IllegalClientResponse

from lazr_smtptest.auth.saslprep import saslprep
from lazr_smtptest.auth.scram import ScramSHA256

# RFC 7677 section 3.
FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
FINAL = b"c=biws,r=" + NONCE + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
PROOF = b",p=" + b"A" * 43 + b"="


class Client:
    """The client's side of RFC 5802, written for these tests."""

    def __init__(self, password: bytes, header: bytes = b"n,,") -> None:
        self.password = password
        self.header = header
        self.bare = b"n=anna,r=fyko"
        self.server_signature = b""

    def first(self) -> bytes:
        return self.header + self.bare

    def final(self, challenge: bytes) -> bytes:
        nonce, salt, iterations = (part[2:] for part in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac(
            "sha256", self.password, base64.b64decode(salt), int(iterations)
        )
        without_proof = b"c=" + base64.b64encode(self.header) + b",r=" + nonce
        messages = b",".join([self.bare, challenge, without_proof])
        key = hmac.digest(salted, b"Client Key", "sha256")
        stored = hashlib.sha256(key).digest()
        signature = hmac.digest(stored, messages, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        self.server_signature = hmac.digest(server_key, messages, "sha256")
        return without_proof + b",p=" + base64.b64encode(proof)


def of_the_rfc() -> ScramSHA256:
    nonce = NONCE.removeprefix(b"rOprNGfwEbeRWgbNEkqO")
    return ScramSHA256(nonce=nonce, salt=base64.b64decode(SALT))


def said(scram: ScramSHA256, *responses: bytes) -> ScramSHA256:
    for response in responses:
        scram.getChallenge()
        scram.setResponse(response)
    return scram


def exchanged(client: Client, **options: Any) -> ScramSHA256:
    scram = said(ScramSHA256(**options), client.first())
    scram.setResponse(client.final(scram.getChallenge()))
    return scram


def test_scram_challenges_as_the_rfc_does() -> None:
    """RFC 7677 section 3; at first the client speaks."""
    scram = of_the_rfc()
    assert scram.getChallenge() == b""
    scram.setResponse(FIRST)
    assert scram.moreChallenges()
    assert scram.getChallenge() == b"r=" + NONCE + b",s=" + SALT.encode() + b",i=4096"


def test_scram_takes_the_proof_of_the_rfc() -> None:
    """RFC 7677 section 3."""
    scram = said(of_the_rfc(), FIRST, FINAL)
    assert not scram.moreChallenges()
    assert scram.username == b"user"
    assert scram.checkPassword(b"pencil")


def test_scram_proves_what_the_rfc_proves() -> None:
    """RFC 7677 section 3: the server's signature."""
    scram = said(of_the_rfc(), FIRST, FINAL)
    scram.checkPassword(b"pencil")
    signature = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert scram.last_challenge(accepted=True) == signature


def test_scram_refuses_another_password() -> None:
    """The proof depends on it."""
    assert not said(of_the_rfc(), FIRST, FINAL).checkPassword(b"Pencil")


def test_scram_proves_nothing_after_a_refusal() -> None:
    """The reply says it all."""
    scram = said(of_the_rfc(), FIRST, FINAL)
    assert scram.last_challenge(accepted=False) is None


def test_scram_takes_a_checker_that_checks() -> None:
    """Without a password there is no signature for the client."""
    scram = said(of_the_rfc(), FIRST, FINAL)
    with pytest.raises(RuntimeError, match="checker"):
        scram.last_challenge(accepted=True)


def test_nonce_and_salt_are_new_each_time() -> None:
    """RFC 5802 section 5.1."""
    first, second = (said(ScramSHA256(), FIRST).getChallenge() for _ in range(2))
    assert not set(first.split(b",")[:2]) & set(second.split(b",")[:2])


@pytest.mark.parametrize("header", [b"n,,", b"y,,", b"n,a=anna,", b"y,a=anna,"])
def test_a_client_logs_in(header: bytes) -> None:
    """RFC 5802 section 6: ``y`` is right too, for no channel binding is offered."""
    client = Client(b"secret", header)
    scram = exchanged(client)
    assert scram.checkPassword(b"secret")
    proof = b"v=" + base64.b64encode(client.server_signature)
    assert scram.last_challenge(accepted=True) == proof


def test_a_password_is_prepared() -> None:
    """RFC 5802 section 2.2: the Roman numeral is four letters for the client."""
    assert exchanged(Client(b"IV-secret")).checkPassword("Ⅳ\u00ad-secret".encode())


@pytest.mark.parametrize("password", ["se\u0007cret".encode(), b"se\xffcret"])
def test_a_password_that_cannot_be_prepared_is_taken_as_it_is(password: bytes) -> None:
    """Some clients prepare nothing."""
    assert exchanged(Client(password)).checkPassword(password)


def test_a_user_may_not_act_as_another_one() -> None:
    """RFC 5802 section 5.1: the attribute ``a``."""
    with pytest.raises(UnauthorizedLogin):
        said(ScramSHA256(), b"n,a=bob,n=anna,r=abc")


def test_a_user_may_act_as_another_one_if_the_server_lets_him() -> None:
    """The comma in the name is escaped."""
    scram = said(ScramSHA256(any_identity=True), b"n,a=b=2Cob,n=anna,r=abc")
    assert (scram.identity, scram.username) == (b"b,ob", b"anna")


def test_extensions_that_need_not_be_known_are_passed_over() -> None:
    """RFC 5802 section 5.1."""
    scram = said(ScramSHA256(), b"n,,n=anna,r=abc,x=1,y=2")
    assert scram.username == b"anna"


@pytest.mark.parametrize(
    "first",
    [
        b"n,,m=needed,n=anna,r=abc",
        b"p=tls-unique,,n=anna,r=abc",
        b"p=tls-exporter,a=anna,n=anna,r=abc",
    ],
)
def test_what_is_asked_for_and_not_there_fails(first: bytes) -> None:
    """RFC 5802 sections 5.1 and 6: mandatory extensions, channel binding."""
    with pytest.raises(UnauthorizedLogin):
        said(ScramSHA256(), first)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n,,",
        b"n=anna,r=abc",
        b"x,,n=anna,r=abc",
        b"n,,n=anna",
        b"n,,n=anna,r=",
        b"n,,n=,r=abc",
        b"n,,n=an=na,r=abc",
        b"n,,n=an\0na,r=abc",
        b"n,,n=\xff,r=abc",
        b"n,,n=anna,r=a c",
        b"n,,r=abc,n=anna",
        b"n,a=,n=anna,r=abc",
        b"n,,n=anna,r=abc,",
    ],
)
def test_a_malformed_first_message_is_refused(first: bytes) -> None:
    """RFC 5802 section 7."""
    with pytest.raises(IllegalClientResponse):
        said(ScramSHA256(any_identity=True), first)


@pytest.mark.parametrize(
    "final",
    [
        b"",
        b"c=biws",
        b"c=biws,r=" + NONCE,
        b"r=" + NONCE + b",c=biws" + PROOF,
        b"c=biw,r=" + NONCE + PROOF,
        b"c=biws,r=" + NONCE + b",p=AAAA",
        b"c=biws,r=" + NONCE + PROOF + b",x=1",
    ],
)
def test_a_malformed_final_message_is_refused(final: bytes) -> None:
    """RFC 5802 section 7."""
    with pytest.raises(IllegalClientResponse):
        said(of_the_rfc(), FIRST, final)


@pytest.mark.parametrize(
    "final",
    [
        b"c=eSws,r=" + NONCE + PROOF,
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO" + PROOF,
        b"c=,r=" + NONCE + PROOF,
    ],
)
def test_a_final_message_that_belongs_to_another_first_fails(final: bytes) -> None:
    """RFC 5802 section 5.1: header and nonce are the same."""
    with pytest.raises(UnauthorizedLogin):
        said(of_the_rfc(), FIRST, final)


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0627\u0628", "\u0627\u0628"),
    ],
)
def test_strings_are_prepared(text: str, prepared: str) -> None:
    """The examples of RFC 4013 section 3, and spaces and right-to-left text."""
    assert saslprep(text) == prepared


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\u0007", "prohibited"),
        ("\u0627\u0031", "right to left"),
        ("\u0627a\u0627", "both directions"),
        ("\u0221", "unassigned"),
    ],
)
def test_strings_may_be_refused(text: str, why: str) -> None:
    """The examples of RFC 4013 section 3, and a character of no version 3.2."""
    with pytest.raises(ValueError, match=why):
        saslprep(text)
