"""The reply that decided on a message, in the record of its transaction."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.model.session import Transaction
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS

START = "MAIL FROM:<a@b.c>", "RCPT TO:<x@y.z>"


class Sessions:
    """Keeps the sessions of a server."""

    def __init__(self) -> None:
        self.latest: Any = None

    def session_began(self, session: Any) -> None:
        self.latest = session

    def session_ended(self, session: Any) -> None:
        pass


def after(new_wire: Any, octets: bytes, seconds: float = 0, **limits: Any) -> Any:
    """Send bytes within a transaction; return its record."""
    sessions = Sessions()
    wire = new_wire(limits=Limits(**limits), observer=sessions)
    wire.say("EHLO client.example.com", *START)
    wire.send(octets)
    wire.clock.advance(seconds)
    wire.disconnect()
    found: Transaction = sessions.latest.transactions[-1]
    return found.outcome, found.reply and found.reply.code


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"BDAT x\r\n", 501),
        (b"BDAT 9\r\n" + b"x" * 9, 552),
        (b"BDAT 9 LAST\r\n" + b"x" * 9, 552),
        (b"BDAT 99\r\n", 552),
    ],
)
def test_a_refused_chunk_refuses_the_message(
    new_wire: Any, octets: bytes, code: int
) -> None:
    """With the reply of the chunk."""
    refused = after(new_wire, octets, message_size=8, chunk_size=20)
    assert refused == ("refused", code)


@pytest.mark.parametrize("limit", ["idle", "session"])
def test_a_421_of_the_server_ends_the_message(new_wire: Any, limit: str) -> None:
    """It is the last reply of the transaction."""
    assert after(new_wire, b"", 10, **{limit: 5.0}) == ("aborted", 421)


@pytest.mark.parametrize("line", ["FOO", "FOO bar", "EXIT", "XCLIENT NAME=a"])
def test_an_unknown_command_before_tls_gets_530(new_wire: Any, line: str) -> None:
    """As every command but those of RFC 3207 section 4."""
    wire = new_wire(settings=Settings(tls=TLS.auto(), require_tls=True))
    assert wire.codes(line) == ["530"]


def test_lhlo_without_a_name_is_told_of_lhlo(new_wire: Any) -> None:
    """LMTP has no EHLO."""
    wire = new_wire(protocol=LMTPServerProtocol)
    assert wire.say("LHLO") == ["501 5.5.4 say who you are: LHLO name"]
