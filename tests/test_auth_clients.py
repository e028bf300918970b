"""Real clients log in to a server under a controller, and to one in memory."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import aiosmtplib
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.mail.smtp import AUTHDeclinedError, ESMTPSenderFactory
from twisted.python.failure import Failure
from twisted.test.iosim import connect, makeFakeClient, makeFakeServer

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore
from lazr_smtptest.tls.context import TLS

USER, PASSWORD = "anna@example.com", "sesame, open"
FROM, TO = "from@example.com", "to@example.com"
MESSAGE = "Subject: A test\r\n\r\nHi Bart.\r\n"

OLD_MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]


class Server(StoreServer):
    """A server that asks who sends."""

    def __init__(self, auth: Auth, settings: Settings | None = None) -> None:
        super().__init__(MemoryStore())
        self.auth = auth
        self.settings = settings or Settings(require_auth=True)

    @property
    def users(self) -> list[str | None]:
        """Who sent the messages that arrived."""
        return [envelope.user for envelope in self.store]


def users(*mechanisms: str) -> Auth:
    return Auth.users({USER: PASSWORD}, mechanisms=mechanisms or None)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    with Controller(server):
        yield server


# smtplib


@contextmanager
def smtplib_client(server: Server) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        yield client


@pytest.mark.parametrize("mechanism", OLD_MECHANISMS)
def test_smtplib_logs_in(mechanism: str) -> None:
    """And what it sends then has its user's name."""
    with (
        serving(Server(users(mechanism))) as server,
        smtplib_client(server) as client,
    ):
        client.login(USER, PASSWORD)
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == [USER]


@pytest.mark.parametrize("mechanism", OLD_MECHANISMS)
def test_smtplib_logs_in_where_any_password_will_do(mechanism: str) -> None:
    """Whatever it is."""
    with (
        serving(Server(Auth.any(mechanisms=[mechanism]))) as server,
        smtplib_client(server) as client,
    ):
        client.login("whoever", "whatever")
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == ["whoever"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_smtplib_logs_in_without_an_initial_response(mechanism: str) -> None:
    """It waits for the challenges then."""
    with (
        serving(Server(users(mechanism))) as server,
        smtplib_client(server) as client,
    ):
        client.login(USER, PASSWORD, initial_response_ok=False)
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == [USER]


def test_smtplib_is_told_that_the_password_is_wrong() -> None:
    """Once for each mechanism, and then it may try again."""
    with (
        serving(Server(users())) as server,
        smtplib_client(server) as client,
    ):
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login(USER, "wrong")
        client.login(USER, PASSWORD)
    assert caught.value.smtp_code == 535


def test_smtplib_may_not_send_without_a_login() -> None:
    """530 (RFC 4954 section 6)."""
    with (
        serving(Server(users())) as server,
        smtplib_client(server) as client,
        pytest.raises(smtplib.SMTPSenderRefused) as caught,
    ):
        client.sendmail(FROM, TO, MESSAGE)
    assert caught.value.smtp_code == 530


@pytest.mark.parametrize(
    ("mechanism", "response"),
    [
        ("XOAUTH2", f"user={USER}\1auth=Bearer {{}}\1\1"),
        ("OAUTHBEARER", f"n,a={USER},\1host=127.0.0.1\1auth=Bearer {{}}\1\1"),
    ],
)
def test_smtplib_logs_in_with_a_token(mechanism: str, response: str) -> None:
    """A caller gives it the response; after a bad one it gives a dummy."""
    auth = Auth.users({USER: "ya29.token"})
    with serving(Server(auth)) as server, smtplib_client(server) as client:
        client.ehlo()
        bad = response.format("stale")
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.auth(mechanism, lambda challenge=None: "\1" if challenge else bad)
        assert caught.value.smtp_code == 535
        good = response.format("ya29.token")
        client.auth(mechanism, lambda challenge=None: good)
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == [USER]


def test_smtplib_logs_in_by_its_certificate() -> None:
    """EXTERNAL (RFC 4422 appendix A) after STARTTLS."""
    tls = TLS.auto(ask_client_certificate=True)
    settings = Settings(tls=tls, require_auth=True)
    with (
        serving(Server(users(), settings)) as server,
        smtplib_client(server) as client,
    ):
        client.ehlo()
        assert "EXTERNAL" not in client.esmtp_features["auth"]
        client.starttls(context=tls.client_context(user=USER))
        client.ehlo()
        assert "EXTERNAL" in client.esmtp_features["auth"]
        client.auth("EXTERNAL", lambda challenge=None: USER)
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == [USER]


def test_a_login_does_not_outlive_starttls() -> None:
    """RFC 3207 section 4.2: the session begins anew."""
    tls = TLS.auto()
    settings = Settings(tls=tls, require_auth=True)
    with (
        serving(Server(users(), settings)) as server,
        smtplib_client(server) as client,
    ):
        client.login(USER, PASSWORD)
        client.starttls(context=tls.client_context())
        client.ehlo()
        assert client.has_extn("auth")
        assert client.mail(FROM)[0] == 530
        client.login(USER, PASSWORD)
        client.sendmail(FROM, TO, MESSAGE)
    assert server.users == [USER]


# aiosmtplib


def aiosmtplib_sends(server: Server, user: str, password: str) -> None:
    """Log in and send."""

    async def send() -> None:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1",
            port=server.port,
            username=user,
            password=password,
            start_tls=False,
            timeout=60,
        )
        async with client:
            await client.sendmail(FROM, [TO], MESSAGE)

    asyncio.run(send())


@pytest.mark.parametrize("mechanism", OLD_MECHANISMS)
def test_aiosmtplib_logs_in(mechanism: str) -> None:
    """And what it sends then has its user's name."""
    with serving(Server(users(mechanism))) as server:
        aiosmtplib_sends(server, USER, PASSWORD)
    assert server.users == [USER]


def test_aiosmtplib_is_told_that_the_password_is_wrong() -> None:
    """It has tried the mechanisms that it has in common with the server."""
    with (
        serving(Server(users())) as server,
        pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught,
    ):
        aiosmtplib_sends(server, USER, "wrong")
    assert caught.value.code == 535
    assert server.users == []


def test_aiosmtplib_logs_in_with_a_token() -> None:
    """XOAUTH2."""
    with serving(Server(Auth.any(mechanisms=["XOAUTH2"]))) as server:

        async def send() -> None:
            client = aiosmtplib.SMTP(
                hostname="127.0.0.1", port=server.port, start_tls=False, timeout=60
            )
            async with client:
                await client.auth_xoauth2(USER, "ya29.token")
                await client.sendmail(FROM, [TO], MESSAGE)

        asyncio.run(send())
    assert server.users == [USER]


# Twisted


def twisted_sends(server: Server, password: str) -> list[object]:
    """Log in and send with Twisted's own sender, in memory."""
    done: Deferred[object] = Deferred()
    outcome: list[object] = []
    done.addBoth(outcome.append)
    message = BytesIO(MESSAGE.encode())
    senders = ESMTPSenderFactory(
        USER.encode(),
        password.encode(),
        FROM,
        TO,
        message,
        done,
        retries=0,
        requireTransportSecurity=False,
    )
    sender = senders.buildProtocol(None)
    receiver = server.factory(Clock()).buildProtocol(None)
    pump = connect(receiver, makeFakeServer(receiver), sender, makeFakeClient(sender))
    pump.flush()
    return outcome


@pytest.mark.parametrize("mechanism", OLD_MECHANISMS)
def test_twisted_logs_in(mechanism: str) -> None:
    """And what it sends then has its user's name."""
    server = Server(users(mechanism))
    (outcome,) = twisted_sends(server, PASSWORD)
    assert not isinstance(outcome, Failure)
    assert server.users == [USER]


def test_twisted_is_told_that_the_password_is_wrong() -> None:
    """It has tried the mechanisms that it has in common with the server."""
    server = Server(users())
    (outcome,) = twisted_sends(server, "wrong")
    assert isinstance(outcome, Failure)
    assert outcome.check(AUTHDeclinedError)
    assert server.users == []
