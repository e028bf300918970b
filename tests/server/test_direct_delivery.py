"""An envelope is made when somebody reads a message, not when it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import ReceivedMail
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.server.servers import Server
from lazr_smtptest.server.storing import CaptureServer, StoreServer
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.stores.memory import MemoryStore

from ..harness import Peer

HELLO = b"EHLO client.example.com\r\n"
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.com>\r\n"
CONTENT = b"Subject: Hi\r\n\r\nHi.\r\n.\r\n"
MESSAGE = (MAIL, RCPT, b"DATA\r\n", CONTENT)


def send(server: Server, *pieces: bytes) -> str:
    """Send pieces over a connection; return the reply to the last one."""
    peer = Peer(server.factory(Clock()))
    for piece in pieces:
        peer.heard()
        peer.protocol.dataReceived(piece)
    return peer.heard().decode()


@pytest.fixture
def made() -> Iterator[list[ReceivedMail]]:
    """The messages of which an envelope was made."""
    mails: list[ReceivedMail] = []
    make = ReceivedMail.envelope

    def envelope(mail: ReceivedMail) -> Envelope:
        mails.append(mail)
        return make(mail)

    with mock.patch.object(ReceivedMail, "envelope", envelope):
        yield mails


@pytest.fixture(params=[CaptureServer, lambda: StoreServer(MemoryStore())])
def server(request: pytest.FixtureRequest) -> Any:
    """A server that keeps its messages in memory."""
    return request.param()


# When it is made


def test_no_envelope_is_made_for_the_reply(
    server: StoreServer, made: list[ReceivedMail]
) -> None:
    """Nobody reads the message."""
    assert send(server, HELLO, *MESSAGE).startswith("250 ")
    assert (len(server.store), made) == (1, [])


def test_it_is_made_when_the_store_is_read(
    server: StoreServer, made: list[ReceivedMail]
) -> None:
    """With the facts of the session and the transaction."""
    send(server, HELLO, *MESSAGE)
    [envelope] = server.store
    [session] = server.sessions
    assert envelope.content == CONTENT.removesuffix(b".\r\n")
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "a@example.com",
        ("b@example.com",),
    )
    assert (envelope.helo, envelope.session) == ("client.example.com", session)
    assert (envelope.transaction, envelope.tls) == (1, False)


def test_whoever_reads_twice_gets_the_same_envelope(server: StoreServer) -> None:
    """One envelope is made of each message."""
    send(server, HELLO, *MESSAGE, *MESSAGE)
    first, second = list(server.store), list(server.store)
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_what_the_session_changes_later_does_not_change_it(
    server: StoreServer,
) -> None:
    """The client says another name after the message."""
    send(server, HELLO, *MESSAGE, b"EHLO other.example.com\r\n")
    [envelope] = server.store
    assert envelope.helo == "client.example.com"


@pytest.mark.parametrize(
    ("command", "options", "warnings"),
    [
        (b"MAIL FROM:<a@example.com> SIZE=9\r\n", {"SIZE": "9"}, ()),
        (b"MAIL FROM: <a@example.com>\r\n", {}, ("space-before-path",)),
    ],
)
def test_parameters_and_warnings_are_kept(
    server: StoreServer, command: bytes, options: Any, warnings: Any
) -> None:
    """Such a message has its envelope at once."""
    send(server, HELLO, command, *MESSAGE[1:])
    [envelope] = server.store
    assert (envelope.mail_options, envelope.warnings) == (options, warnings)


def test_a_search_for_a_recipient_makes_only_its_envelopes(
    made: list[ReceivedMail],
) -> None:
    """The index of a mailbox needs none."""
    server = CaptureServer()
    send(server, HELLO, *MESSAGE, MAIL, b"RCPT TO:<c@example.com>\r\n", *MESSAGE[2:])
    assert server.mailbox.find(recipient="c@example.com")
    assert [mail.rcpt_tos for mail in made] == [("c@example.com",)]


def test_a_waiter_for_another_recipient_makes_none(made: list[ReceivedMail]) -> None:
    """A waiter for this one does."""
    server = CaptureServer()
    wanted = Criteria.of(recipient="c@example.com")
    server.mailbox._watch(Waiter(wanted, 1, lambda: None))
    send(server, HELLO, *MESSAGE)
    assert made == []
    send(server, HELLO, MAIL, b"RCPT TO:<c@example.com>\r\n", *MESSAGE[2:])
    assert len(made) == 1


# Who gets an envelope at once


def test_a_subscriber_gets_the_envelope_that_is_kept(server: StoreServer) -> None:
    """It is called before the reply, and once."""
    heard: list[Envelope] = []
    server.store.subscribe(heard.append)
    send(server, HELLO, *MESSAGE)
    assert heard == list(server.store)


@pytest.mark.parametrize("hook", ["handle_envelope", "handle_message"])
def test_a_hook_set_on_the_server_is_called(server: StoreServer, hook: str) -> None:
    """Also if it is set within a transaction."""
    heard: list[object] = []
    peer = Peer(server.factory(Clock()))
    for piece in (HELLO, *MESSAGE[:-1]):
        peer.protocol.dataReceived(piece)
    setattr(server, hook, lambda subject: heard.append(subject))
    peer.protocol.dataReceived(CONTENT)
    assert len(heard) == 1


@pytest.mark.parametrize("hook", ["handle_envelope", "handle_message"])
def test_a_hook_of_a_subclass_is_called(hook: str) -> None:
    """It gets what it always gets."""
    heard: list[object] = []

    def handle(self: Any, subject: object) -> None:
        heard.append(subject)

    kind = type("Own", (StoreServer,), {hook: handle})
    send(kind(MemoryStore()), HELLO, *MESSAGE)
    assert len(heard) == 1


class _OwnStore(MemoryStore):
    """A store of a user, with its own `add`."""

    def add(self, envelope: Any) -> Any:
        assert isinstance(envelope, Envelope)
        return super().add(envelope)


class _OwnMailbox(Mailbox):
    """A mailbox of a user, with its own `add`."""

    def add(self, envelope: Any) -> Any:
        assert isinstance(envelope, Envelope)
        return super().add(envelope)


@pytest.mark.parametrize(
    "make",
    [lambda: StoreServer(_OwnStore()), lambda: CaptureServer(mailbox=_OwnMailbox())],
)
def test_a_store_of_a_user_gets_an_envelope(make: Callable[[], StoreServer]) -> None:
    """Its `add` is not passed by."""
    server = make()
    assert send(server, HELLO, *MESSAGE).startswith("250 ")
    assert len(server.store) == 1


def test_a_protocol_with_its_own_validation_is_asked() -> None:
    """And may return its own messages."""

    class Own(SMTPServerProtocol):
        def validateTo(self, user: Any) -> Any:
            asked.append(str(user))
            return super().validateTo(user)

    asked: list[str] = []
    server = CaptureServer()
    server.protocol = Own
    send(server, HELLO, *MESSAGE)
    assert (asked, len(server.mailbox)) == (["b@example.com"], 1)


# What is refused


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreFullError("full"), "452"),
        (StoreError("broken"), "451"),
        (ZeroDivisionError("a bug"), "451"),
    ],
)
def test_an_error_of_the_store_is_the_reply(error: Exception, code: str) -> None:
    """Only one that is no refusal is raised by `check`."""

    def fail(mail: object) -> None:
        raise error

    server = StoreServer(MemoryStore())
    server.store.add = fail  # type: ignore[method-assign]
    assert send(server, HELLO, *MESSAGE).startswith(code)
    assert server.errors == ((error,) if isinstance(error, ZeroDivisionError) else ())
    server._failures.check = lambda: None  # type: ignore[method-assign]


def test_the_client_waits_for_a_subscriber() -> None:
    """The reply comes when its Deferred fires."""
    ended: Deferred[None] = Deferred()
    server = CaptureServer()
    server.mailbox.subscribe(lambda envelope: ended)
    peer = Peer(server.factory(Clock()))
    for piece in (HELLO, *MESSAGE):
        peer.heard()
        peer.protocol.dataReceived(piece)
    assert peer.heard() == b""
    ended.callback(None)
    assert peer.heard().startswith(b"250 ")
