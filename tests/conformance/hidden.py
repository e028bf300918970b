"""Extensions that a listener hides, and values that it announces."""

from __future__ import annotations

from lazr_smtptest.auth.login import Auth

from .row import CLEAR, DATA, HELLO, MAIL, MESSAGE, RCPT, Row, Step, listener, row

__all__ = ["HIDDEN", "ROWS"]

SENDER = "MAIL FROM:<from@example.com>"
RECIPIENT = "RCPT TO:<to@example.com>"

# What a client that uses a hidden extension all the same is answered; None: there
# is nothing to use.
HIDDEN: dict[str, tuple[str, tuple[Step, ...]]] = {
    "PIPELINING": ("2920 3.2", ((b"RSET\r\nRSET\r\n", "250 + 250"),)),
    "SIZE": ("1870 3", ((f"{SENDER} SIZE=5", "555 5.5.4"),)),
    # BINARYMIME is there still, and has a BODY of its own.
    "8BITMIME": ("6152 2", ((f"{SENDER} BODY=8BITMIME", "501 5.5.4"),)),
    "SMTPUTF8": ("6531 3.1", ((f"{SENDER} SMTPUTF8", "555 5.5.4"),)),
    "ENHANCEDSTATUSCODES": ("2034 4", (("NOOP", "250 -"),)),
    "CHUNKING": ("3030 2", (MAIL, RCPT, ("BDAT 0 LAST", "500 5.5.2"))),
    "BINARYMIME": ("3030 3", ((f"{SENDER} BODY=BINARYMIME", "501 5.5.4"),)),
    "DSN": (
        "3461 4",
        (
            (f"{SENDER} RET=FULL", "555 5.5.4"),
            (f"{SENDER} ENVID=1", "555 5.5.4"),
            MAIL,
            (f"{RECIPIENT} NOTIFY=NEVER", "555 5.5.4"),
            (f"{RECIPIENT} ORCPT=rfc822;a@example.com", "555 5.5.4"),
        ),
    ),
    "STARTTLS": ("3207 2", (("STARTTLS", "500 5.5.2"),)),
    "AUTH": (
        "4954 3",
        (("AUTH PLAIN", "500 5.5.2"), (f"{SENDER} AUTH=<>", "555 5.5.4")),
    ),
    "REQUIRETLS": ("8689 2", ((f"{SENDER} REQUIRETLS", "555 5.5.4"),)),
    "LIMITS": ("9422 3", ()),
    "DELIVERBY": ("2852 2", ((f"{SENDER} BY=60;R", "555 5.5.4"),)),
    "FUTURERELEASE": (
        "4865 4",
        (
            (f"{SENDER} HOLDFOR=60", "555 5.5.4"),
            (f"{SENDER} HOLDUNTIL=2026-12-24T18:00:00Z", "555 5.5.4"),
        ),
    ),
    "MT-PRIORITY": ("6710 3", ((f"{SENDER} MT-PRIORITY=1", "555 5.5.4"),)),
    "XCLIENT": ("- XCLIENT", (("XCLIENT ADDR=192.0.2.1", "500"),)),
    "VRFY": ("5321 3.5.2", (("VRFY anna", "502 5.5.1"), ("EXPN list", "502 5.5.1"))),
    "EXPN": ("5321 3.5.2", (("EXPN list", "502 5.5.1"), ("VRFY a", "252"))),
    "HELP": ("5321 4.1.1.8", (("HELP", "500"),)),
}


def _hidden(keyword: str, rfc: str, steps: tuple[Step, ...]) -> Row:
    """Make the row of one hidden extension, on a listener that has all the others."""
    absent = (HELLO[0], rf"250 - ~ ^((?!\n{keyword}( |\n|$))[\s\S])*$")
    hiding = listener(
        hidden=[keyword.lower()],
        xclient=True,
        tls=True,
        implicit_tls=keyword == "REQUIRETLS",
        auth=Auth.any(),
    )
    only = CLEAR if keyword == "STARTTLS" else ("memory", "tcp")
    return row(f"hidden-{keyword.lower()}", rfc, absent, *steps, on=hiding, only=only)


def _announced(
    id: str, values: dict[str, str | None], pattern: str, *steps: Step
) -> Row:
    answer = (HELLO[0], f"250 - ~ {pattern}")
    return row(
        f"announced-{id}", "5321 4.1.1.1", answer, *steps, on=listener(values=values)
    )


ROWS = (
    *(_hidden(keyword, rfc, steps) for keyword, (rfc, steps) in HIDDEN.items()),
    row(
        "hidden-others-stay",
        "5321 2.2.2",
        (HELLO[0], r"250 - ~ \nSIZE [\s\S]*\nDSN(\n|$)"),
        on=listener(hidden=["PIPELINING", "CHUNKING"]),
    ),
    row(
        "hidden-chunking-hides-binarymime",
        "3030 3",
        (HELLO[0], r"250 - ~ ^((?!BINARYMIME|CHUNKING)[\s\S])*$"),
        ("MAIL FROM:<a@example.com> BODY=BINARYMIME", "501 5.5.4"),
        on=listener(hidden=["CHUNKING"]),
    ),
    row(
        "hidden-binarymime-keeps-8bitmime",
        "6152 2",
        HELLO,
        ("MAIL FROM:<a@example.com> BODY=8BITMIME", "250"),
        on=listener(hidden=["BINARYMIME"]),
    ),
    row(
        "hidden-everything",
        "5321 4.1.1.1",
        (HELLO[0], r"250 - ~ ^\S+$"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=listener(hidden=list(HIDDEN)),
    ),
    row(
        "hidden-help-does-not-name-bdat",
        "5321 4.1.1.8",
        ("HELP", r"214 ~ ^((?!BDAT)[\s\S])*$"),
        on=listener(hidden=["CHUNKING"]),
    ),
    _announced(
        "size-changed",
        {"SIZE": "1000"},
        r"\nSIZE 1000(\n|$)",
        ("MAIL FROM:<a@example.com> SIZE=5000", "250 2.1.0"),
    ),
    _announced("size-without-number", {"SIZE": None}, r"\nSIZE(\n|$)"),
    _announced("invented-keyword", {"X-TEST": None}, r"\nX-TEST(\n|$)"),
    _announced("invented-value", {"X-TEST": "a b c"}, r"\nX-TEST a b c(\n|$)"),
    _announced(
        "limits-changed",
        {"LIMITS": "RCPTMAX=1 MAILMAX=5"},
        r"\nLIMITS RCPTMAX=1 MAILMAX=5(\n|$)",
    ),
    _announced(
        "auth-that-is-not-there",
        {"AUTH": "GSSAPI"},
        r"\nAUTH GSSAPI(\n|$)",
        ("AUTH GSSAPI", "502"),
    ),
)
