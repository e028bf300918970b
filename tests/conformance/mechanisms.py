"""The mechanisms of AUTH, but for SCRAM: what they ask, and what they take."""

from __future__ import annotations

from lazr_smtptest.auth.login import Auth

from .row import HELLO, Row, Step, kept, listener, row
from .sasl import ANY, AS_ANNA, BAD, GOOD, SENT, b64, cram, known, plain

__all__ = ["ROWS"]

CERTIFICATE = listener(
    auth=Auth.users({"anna@example.com": "secret", "bert@example.com": "x"}),
    tls=True,
    implicit_tls=True,
    asks_certificate=True,
)


def wrong_cram(challenge: str) -> str:
    return cram(challenge, "wrong")


def with_plain(id: str, response: str, reply: str) -> Row:
    return known(f"auth-plain-{id}", "4616 2", (f"AUTH PLAIN {response}", reply))


def with_token(mechanism: str, id: str, text: str, reply: str, *more: Step) -> Row:
    """Make a row of a bearer token; ``|`` in `text` stands for the octet 1."""
    rfc = "7628 3.1" if mechanism == "OAUTHBEARER" else "- XOAUTH2"
    begin = (f"AUTH {mechanism} {b64(text.replace('|', chr(1)))}", reply)
    stored = AS_ANNA if SENT[0] in more else None
    return known(f"auth-{mechanism.lower()}{id}", rfc, begin, *more, stored=stored)


def external(
    id: str, *steps: Step, certificate: str | None = "anna@example.com"
) -> Row:
    rfc = "4422 appendix A"
    on = CERTIFICATE
    return row(f"auth-external{id}", rfc, *steps, on=on, certificate=certificate)


PLAIN = (
    known("auth-plain-initial", "4616 2", GOOD, *SENT, stored=AS_ANNA),
    known(
        "auth-plain",
        "4954 4",
        ("AUTH PLAIN", "334 - ~ ^$"),
        (plain("anna", "secret"), "235 2.7.0"),
        *SENT,
        stored=AS_ANNA,
    ),
    known(
        "auth-plain-utf8",
        "4616 2",
        (f"AUTH PLAIN {plain('jörg', 'päss')}", "235 2.7.0"),
        *SENT,
        stored=(kept(user="j\u00f6rg"),),
    ),
    known("auth-plain-wrong-password", "4954 4", BAD, GOOD),
    with_plain("own-identity", plain("anna", "secret", "anna"), "235 2.7.0"),
    with_plain("foreign-identity", plain("anna", "secret", "bert"), "535 5.7.8"),
    with_plain("unknown-user", plain("nobody", "secret"), "535 5.7.8"),
    with_plain("two-parts", b64("anna\0secret"), "501 5.5.2"),
    with_plain("four-parts", b64("\0anna\0secret\0"), "501 5.5.2"),
    with_plain("empty-user", plain("", "secret"), "501 5.5.2"),
    with_plain("empty-password", plain("anna", ""), "501 5.5.2"),
    with_plain("not-utf8", b64(b"\0\xff\0secret"), "501 5.5.2"),
    with_plain("control-in-user", plain("an\x1bna", "secret"), "501 5.5.2"),
    with_plain("empty-initial", "=", "501 5.5.2"),
    row(
        "auth-plain-any-identity",
        "4422 2",
        HELLO,
        (f"AUTH PLAIN {plain('anna', 'secret', 'bert')}", "235 2.7.0"),
        *SENT,
        on=ANY,
        stored=(kept(user="bert"),),
    ),
    row(
        "auth-plain-any-password",
        "4954 4",
        HELLO,
        (f"AUTH PLAIN {plain('bert', 'whatever')}", "235 2.7.0"),
        on=ANY,
    ),
)

USERNAME: Step = ("AUTH LOGIN", "334 - ~ ^VXNlcm5hbWU6$")
PASSWORD: Step = (b64("anna"), "334 - ~ ^UGFzc3dvcmQ6$")
SECRET: Step = (b64("secret"), "235 2.7.0")
LOGIN = (
    known("auth-login", "- LOGIN", USERNAME, PASSWORD, SECRET, *SENT, stored=AS_ANNA),
    known(
        "auth-login-initial",
        "- LOGIN",
        (f"AUTH LOGIN {b64('anna')}", PASSWORD[1]),
        SECRET,
    ),
    known(
        "auth-login-wrong", "- LOGIN", USERNAME, PASSWORD, (b64("wrong"), "535 5.7.8")
    ),
    known("auth-login-empty-user", "- LOGIN", USERNAME, ("", "501 5.5.2")),
    known("auth-login-cancel", "4954 4", USERNAME, ("*", "501 5.7.0"), GOOD),
    known(
        "auth-login-cancel-at-password",
        "4954 4",
        USERNAME,
        PASSWORD,
        ("*", "501 5.7.0"),
        GOOD,
    ),
)

CHALLENGE: Step = ("AUTH CRAM-MD5", "334 - ~ ^[A-Za-z0-9+/]+=*$")
CRAM_MD5 = (
    known(
        "auth-cram-md5", "2195 2", CHALLENGE, (cram, "235 2.7.0"), *SENT, stored=AS_ANNA
    ),
    known("auth-cram-md5-wrong", "2195 2", CHALLENGE, (wrong_cram, "535 5.7.8")),
    known("auth-cram-md5-malformed", "2195 2", CHALLENGE, (b64("anna"), "501 5.5.2")),
    known("auth-cram-md5-initial", "4954 4", (f"AUTH CRAM-MD5 {b64('anna')}", "501")),
    known("auth-cram-md5-cancel", "4954 4", CHALLENGE, ("*", "501 5.7.0")),
)

# The server says in JSON why it refuses a token, and waits for the client to have
# read it (RFC 7628 section 3.2.3).
WHY = "334 - ~ ^[A-Za-z0-9+/]+=*$"
TOKENS = (
    with_token("XOAUTH2", "", "user=anna|auth=Bearer secret||", "235 2.7.0", *SENT),
    with_token(
        "XOAUTH2", "-wrong", "user=anna|auth=Bearer wrong||", WHY, ("", "535 5.7.8")
    ),
    with_token(
        "XOAUTH2", "-no-token", "user=anna|auth=Basic x||", WHY, ("", "535 5.7.8")
    ),
    with_token("XOAUTH2", "-malformed", "anna", "501 5.5.2"),
    with_token("OAUTHBEARER", "", "n,a=anna,|auth=Bearer secret||", "235 2.7.0", *SENT),
    with_token("OAUTHBEARER", "-no-user", "n,,|auth=Bearer secret||", "235 2.7.0"),
    with_token(
        "OAUTHBEARER",
        "-wrong",
        "n,a=anna,|auth=Bearer wrong||",
        WHY,
        ("AQ==", "535 5.7.8"),
    ),
    with_token("OAUTHBEARER", "-no-token", "n,,||", WHY, ("AQ==", "535 5.7.8")),
    with_token(
        "OAUTHBEARER",
        "-binding",
        "p=x,,|auth=Bearer secret||",
        WHY,
        ("AQ==", "535 5.7.8"),
    ),
    with_token("OAUTHBEARER", "-malformed", "anna", "501 5.5.2"),
)

EXTERNAL = (
    row(
        "auth-external",
        "4422 appendix A",
        (HELLO[0], r"250 - ~ \nAUTH [^\n]*\bEXTERNAL\b"),
        ("AUTH EXTERNAL =", "235 2.7.0"),
        *SENT,
        on=CERTIFICATE,
        certificate="anna@example.com",
        stored=(kept(user="anna@example.com"),),
    ),
    external("-no-initial", HELLO, ("AUTH EXTERNAL", "334 - ~ ^$"), ("", "235 2.7.0")),
    external(
        "-own-identity",
        HELLO,
        (f"AUTH EXTERNAL {b64('anna@example.com')}", "235 2.7.0"),
    ),
    external(
        "-foreign-identity",
        HELLO,
        (f"AUTH EXTERNAL {b64('bert@example.com')}", "535 5.7.8"),
    ),
    external(
        "-stranger",
        HELLO,
        ("AUTH EXTERNAL =", "535 5.7.8"),
        certificate="mallory@example.com",
    ),
    external(
        "-no-certificate",
        (HELLO[0], r"250 - ~ ^((?!EXTERNAL)[\s\S])*$"),
        ("AUTH EXTERNAL =", "504 5.5.4"),
        certificate=None,
    ),
)

ROWS = (*PLAIN, *LOGIN, *CRAM_MD5, *TOKENS, *EXTERNAL)
