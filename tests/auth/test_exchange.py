"""A SASL exchange line by line, without a protocol."""

from __future__ import annotations

import base64
from collections.abc import Coroutine
from typing import Any

import pytest
from twisted.cred.error import UnauthorizedLogin
from twisted.mail.imap4 import IllegalClientResponse

from lazr_smtptest.auth.exchange import (
    CancelledExchangeError,
    authenticate,
    decode_response,
)
from lazr_smtptest.auth.mechanisms import CramMD5, Login, Mechanism, Plain
from lazr_smtptest.auth.oauth import XOAuth2

PLAIN = base64.b64encode(b"\0bob\0secret")


class Exchange:
    """A client that answers challenges, and a portal.

    Attributes:
        asked: the challenges, in base64.
        logouts: how many users were logged out.
    """

    def __init__(self, *answers: bytes, refuses: bool = False) -> None:
        self.asked: list[bytes] = []
        self.logouts = 0
        self._answers = list(answers)
        self._refuses = refuses

    async def ask(self, challenge: bytes) -> bytes:
        self.asked.append(challenge)
        return self._answers.pop(0)

    async def log_in(self, mechanism: Mechanism) -> Any:
        if self._refuses:
            raise UnauthorizedLogin("no")
        return None, mechanism.username, self._log_out

    def _log_out(self) -> None:
        self.logouts += 1

    def run(self, mechanism: Mechanism, initial: bytes | None = None) -> bytes:
        """Run it; return the name of the user."""
        login = finish(authenticate(mechanism, initial, self.ask, self.log_in))
        assert self._answers == []
        name: bytes = login[1]
        return name


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    return stopped.value.value


class Proving(Plain):
    """A mechanism whose server proves something at the end, as SCRAM does."""

    def last_challenge(self, *, accepted: bool) -> bytes | None:
        return b"proof" if accepted else None


def test_a_response_answers_a_challenge() -> None:
    """That of PLAIN is empty."""
    exchange = Exchange(PLAIN)
    assert (exchange.run(Plain()), exchange.asked) == (b"bob", [b""])


def test_an_initial_response_answers_it_before_it_is_sent() -> None:
    """RFC 4422 section 3.3."""
    exchange = Exchange()
    assert (exchange.run(Plain(), PLAIN), exchange.asked) == (b"bob", [])


def test_an_equals_sign_is_an_empty_initial_response() -> None:
    """RFC 5034 section 4."""
    with pytest.raises(IllegalClientResponse, match="three parts"):
        Exchange().run(Plain(), b"=")


def test_a_mechanism_may_ask_again() -> None:
    """LOGIN asks for the name and the password."""
    exchange = Exchange(base64.b64encode(b"bob"), base64.b64encode(b"secret"))
    assert exchange.run(Login()) == b"bob"
    prompts = [base64.b64decode(each) for each in exchange.asked]
    assert prompts == [b"Username:", b"Password:"]


def test_no_initial_response_answers_a_server_that_speaks_first() -> None:
    """RFC 4422 section 3.3."""
    with pytest.raises(IllegalClientResponse, match="takes no initial response"):
        Exchange().run(CramMD5(), PLAIN)


def test_a_refusal_is_raised() -> None:
    """As the portal raised it."""
    exchange = Exchange(refuses=True)
    with pytest.raises(UnauthorizedLogin):
        exchange.run(Plain(), PLAIN)
    assert exchange.asked == []


def test_a_refusal_may_have_a_reason() -> None:
    """The client answers it before it is refused (RFC 7628 section 3.2.3)."""
    exchange = Exchange(b"", refuses=True)
    token = base64.b64encode(b"user=bob\1auth=Bearer x\1\1")
    with pytest.raises(UnauthorizedLogin):
        exchange.run(XOAuth2(), token)
    [reason] = exchange.asked
    assert b"401" in base64.b64decode(reason)


def test_a_proof_of_the_server_is_answered_with_nothing() -> None:
    """RFC 5802 section 5."""
    exchange = Exchange(b"")
    assert exchange.run(Proving(), PLAIN) == b"bob"
    assert exchange.asked == [base64.b64encode(b"proof")]
    assert exchange.logouts == 0


def test_a_client_that_answers_a_proof_with_more_is_logged_out() -> None:
    """It does not accept the proof."""
    exchange = Exchange(b"eA==")
    with pytest.raises(IllegalClientResponse, match="an empty response"):
        exchange.run(Proving(), PLAIN)
    assert exchange.logouts == 1


@pytest.mark.parametrize("line", [b"?", b"a", b"aaa", b"a=", b"eA", b"eA==x", b"e A="])
def test_what_is_no_base64_is_refused(line: bytes) -> None:
    """Padding and alphabet are those of RFC 4648 section 4."""
    with pytest.raises(IllegalClientResponse, match="not base64"):
        decode_response(line)


def test_a_star_cancels_the_exchange() -> None:
    """RFC 4422 section 3.5."""
    with pytest.raises(CancelledExchangeError):
        Exchange(b"*").run(Plain())
