"""SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

from __future__ import annotations

from base64 import b64decode

from .row import HELLO, Row, Step, kept, row
from .sasl import ANY, AS_ANNA, FIRST, SENT, b64, known, scram_final

__all__ = ["ROWS"]

SCRAM = "AUTH SCRAM-SHA-256"
BEGIN: Step = (f"{SCRAM} {b64('n,,' + FIRST)}", "334 -")


def wrong_password(challenge: str) -> str:
    return scram_final(challenge, "wrong")


def other_nonce(challenge: str) -> str:
    return scram_final(challenge, more="x")


def other_header(challenge: str) -> str:
    final = b64decode(scram_final(challenge)).decode()
    return b64(final.replace("c=biws", f"c={b64('y,,')}"))


PROVE: Step = (scram_final, "334 -")


def first(id: str, rfc: str, message: str, reply: str) -> Row:
    """Make a row of a first message; where the server goes on, the client cancels."""
    cancel: tuple[Step, ...] = (("*", "501"),) if reply == "334 -" else ()
    return known(f"scram-{id}", rfc, (f"{SCRAM} {b64(message)}", reply), *cancel)


ROWS = (
    known("scram", "5802 3", BEGIN, PROVE, ("", "235 2.7.0"), *SENT, stored=AS_ANNA),
    known(
        "scram-no-initial",
        "4954 4",
        (SCRAM, "334 - ~ ^$"),
        (b64("n,," + FIRST), "334 -"),
        PROVE,
        ("", "235 2.7.0"),
    ),
    known("scram-wrong", "5802 3", BEGIN, (wrong_password, "535 5.7.8")),
    known(
        "scram-again-after-wrong",
        "5802 3",
        BEGIN,
        (wrong_password, "535 5.7.8"),
        BEGIN,
        PROVE,
        ("", "235 2.7.0"),
    ),
    row("scram-not-for-anybody", "4954 4", HELLO, (SCRAM, "504 5.5.4"), on=ANY),
    first("malformed", "5802 7", "hello", "501 5.5.2"),
    first("channel-binding", "5802 6", f"p=tls-unique,,{FIRST}", "535 5.7.8"),
    first("binding-not-used", "5802 6", f"y,,{FIRST}", "334 -"),
    first("mandatory-extension", "5802 5.1", f"n,,m=x,{FIRST}", "535 5.7.8"),
    first("own-identity", "5802 5.1", f"n,a=anna,{FIRST}", "334 -"),
    first("foreign-identity", "5802 5.1", f"n,a=bert,{FIRST}", "535 5.7.8"),
    first("escaped-name", "5802 5.1", "n,,n=a=2Cb,r=x", "334 -"),
    first("bad-escape", "5802 5.1", "n,,n=a=2cb,r=x", "501 5.5.2"),
    first("empty-name", "5802 5.1", "n,,n=,r=x", "501 5.5.2"),
    first("no-nonce", "5802 5.1", "n,,n=anna", "501 5.5.2"),
    known("scram-final-malformed", "5802 7", BEGIN, (b64("c=biws"), "501 5.5.2")),
    known("scram-final-other-nonce", "5802 5.1", BEGIN, (other_nonce, "535 5.7.8")),
    known("scram-final-other-header", "5802 5.1", BEGIN, (other_header, "535 5.7.8")),
    known("scram-cancel", "4954 4", BEGIN, ("*", "501 5.7.0")),
    known(
        "scram-cancel-at-the-end",
        "4954 4",
        BEGIN,
        PROVE,
        ("*", "501 5.7.0"),
        *SENT,
        stored=(kept(user=None),),
    ),
    known("scram-response-at-the-end", "4954 4", BEGIN, PROVE, ("AAAA", "501 5.5.2")),
)
