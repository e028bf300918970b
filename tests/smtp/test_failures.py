"""Errors of user code, wherever it is called: 451, kept, and raised by `check`."""

from __future__ import annotations

import asyncio
import base64
import signal
import smtplib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.mail.interfaces import (
    IMessageDelivery,
    IMessageDeliveryFactory,
    IMessageSMTP,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest import (
    Auth,
    CaptureServer,
    Controller,
    HandlerError,
    PolicyError,
    Server,
    SMTPServerFactory,
    SMTPService,
    StoreServer,
    open_store,
)
from lazr_smtptest._failures import Failures
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.stores._group_commit import Writer

from ..harness import STORES_ON_DISK, Peer, codes_of

PATIENCE = 60

Raise = Callable[..., Any]
MAIL = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
CONTENT = b"Subject: Hi\r\n\r\nHello.\r\n.\r\n"

KINDS = [
    pytest.fail.Exception,
    pytest.skip.Exception,
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    AssertionError,
]


@pytest.fixture
def handler_in_place() -> Iterator[None]:
    """A handler of SIGINT that is not Python's own, as a reactor's is."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def error(request: pytest.FixtureRequest, handler_in_place: None) -> BaseException:
    """An error for user code to raise."""
    made: BaseException = request.param("no good")
    return made


@pytest.fixture
def fails(error: BaseException) -> Raise:
    """User code that raises."""

    def fails(*arguments: Any, **keywords: Any) -> Any:
        raise error

    return fails


class Client(Peer):
    """A client of a server in memory, in the thread of the test."""

    def __init__(self, factory: Any) -> None:
        super().__init__(factory)
        self.say(b"EHLO client.example.com\r\n")

    def say(self, octets: bytes) -> list[str]:
        """Send bytes; return the codes of the replies."""
        self.heard()
        return codes_of(self.send(octets))

    def mail(self) -> str:
        """Send a message; return the code of its reply."""
        assert self.say(MAIL) == ["250", "250", "354"]
        return self.say(CONTENT)[-1]


def connect(server: Server, **options: Any) -> Client:
    return Client(server.factory(Clock(), **options))


def raised_by(server: Server) -> BaseException:
    """Return what `check` raises."""
    with pytest.raises(BaseException, match="no good") as caught:
        server.check()
    server.check()
    return caught.value


# Hooks


def coroutine_of(fails: Raise) -> Raise:
    async def hook(*arguments: Any) -> None:
        fails()

    return hook


def deferred_of(fails: Raise) -> Raise:
    def hook(*arguments: Any) -> Deferred[Any]:
        return succeed(None).addCallback(fails)

    return hook


@pytest.mark.parametrize("name", ["handle_envelope", "handle_message"])
@pytest.mark.parametrize("how", [lambda it: it, coroutine_of, deferred_of])
def test_what_a_handler_raises_refuses_the_message(
    fails: Raise, error: BaseException, name: str, how: Callable[[Raise], Raise]
) -> None:
    """At once, in a coroutine, or in a Deferred."""
    server = type("Failing", (Server,), {name: staticmethod(how(fails))})()
    client = connect(server)
    assert client.mail() == "451"
    assert client.say(b"NOOP\r\n") == ["250"]
    assert raised_by(server) is error


def test_what_reset_raises_refuses_rset(fails: Raise, error: BaseException) -> None:
    """The session goes on."""
    server = Server()
    server.reset = fails  # type: ignore[method-assign]
    assert connect(server).say(b"RSET\r\nNOOP\r\n") == ["451", "250"]
    assert raised_by(server) is error


def test_what_handle_session_raises_is_kept(fails: Raise, error: BaseException) -> None:
    """Nobody waits for a reply then."""
    server = Server()
    server.handle_session = fails  # type: ignore[method-assign]
    connect(server).leave()
    assert raised_by(server) is error
    assert server.sessions.counters.open == 0


def test_what_stopped_raises_is_kept(fails: Raise, error: BaseException) -> None:
    """The sessions are ended all the same."""
    server = Server()
    server.stopped = fails  # type: ignore[method-assign]
    with (
        pytest.raises(BaseException, match="no good") as caught,
        Controller(server) as controller,
    ):
        client = smtplib.SMTP("127.0.0.1", controller.port, timeout=PATIENCE)
    assert caught.value is error
    assert client.file is not None
    assert client.file.readline().startswith(b"421")
    client.close()


# Stores


def test_what_a_store_raises_refuses_the_message(
    fails: Raise, error: BaseException
) -> None:
    """A store of the user's own may raise anything."""
    store = MemoryStore()
    store.add = fails  # type: ignore[method-assign]
    server = StoreServer(store)
    assert connect(server).mail() == "451"
    assert raised_by(server) is error


def test_what_a_stores_deferred_fails_with_refuses_the_message(
    error: BaseException,
) -> None:
    """It is no answer that the store gave later."""
    store = MemoryStore()
    store.add = lambda envelope: fail(error)  # type: ignore[method-assign,assignment]
    server = StoreServer(store)
    assert connect(server).mail() == "451"
    assert raised_by(server) is error


@pytest.mark.parametrize("make", [CaptureServer, lambda: StoreServer(MemoryStore())])
def test_what_a_subscriber_raises_is_answered(
    fails: Raise, error: BaseException, make: Callable[[], StoreServer]
) -> None:
    """The message is kept, and the other subscribers hear of it."""
    server = make()
    heard: list[Envelope] = []
    server.store.subscribe(fails)
    server.store.subscribe(heard.append)
    assert connect(server).mail() == "451"
    assert len(server.store) == len(heard) == 1
    assert raised_by(server) is error


@pytest.mark.parametrize("spec", STORES_ON_DISK)
def test_a_store_on_a_disk_outlives_its_subscribers(
    fails: Raise, error: BaseException, spec: str, tmp_path: Path
) -> None:
    """Its thread goes on, and no client waits for ever."""
    store: Any = open_store(spec.format(tmp_path / "mail"))
    server = StoreServer(store)
    with Controller(server) as controller:
        unsubscribe = store.subscribe(fails)
        assert status(controller) == 451
        unsubscribe()
        assert status(controller) == 250
        with pytest.raises(BaseException, match="no good") as caught:
            controller.check()
    assert caught.value is error
    assert len(store) == 2
    store.close()


def status(controller: Controller) -> int:
    """Send a message; return the code of its reply."""
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=PATIENCE) as client:
        try:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\n\n")
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


def make_envelope() -> Envelope:
    return Envelope(mail_from="a@b", rcpt_tos=("c@d",), content=b"x")


def test_a_writers_thread_outlives_what_its_disk_raises(
    fails: Raise, error: BaseException
) -> None:
    """The message gets that for an answer, and the next one its own."""
    failing = [True]
    writer = Writer(lambda batch: failing and fails(), lambda envelope: None)
    with pytest.raises(BaseException, match="no good") as caught:
        writer.add(make_envelope())
    failing.clear()
    writer.add(make_envelope())
    writer.close()
    assert caught.value is error


def test_a_writers_thread_outlives_what_a_call_raises(
    fails: Raise, error: BaseException
) -> None:
    """It is raised where the call came from."""
    writer = Writer(lambda batch: None, lambda envelope: None)
    with pytest.raises(BaseException, match="no good") as caught:
        writer.call(fails)
    assert writer.call(lambda: 7) == 7
    writer.close()
    assert caught.value is error


def test_a_writers_thread_outlives_what_is_told_of_a_message(fails: Raise) -> None:
    """The next message of the batch is answered."""
    answered = threading.Event()
    writer = Writer(lambda batch: None, lambda envelope: None)
    writer.submit(make_envelope(), fails)
    writer.submit(make_envelope(), lambda error: answered.set())
    assert answered.wait(PATIENCE)
    writer.close()


def test_a_writers_thread_outlives_what_looking_around_raises(fails: Raise) -> None:
    """It is tried again after the next message."""
    writer = Writer(lambda batch: None, lambda envelope: None, idle=fails)
    writer.add(make_envelope())
    writer.add(make_envelope())
    writer.close()


@pytest.mark.parametrize("wait", ["wait_for", "find"])
def test_what_a_predicate_raises_is_raised_in_its_test(
    fails: Raise, error: BaseException, wait: str
) -> None:
    """It is no error of the server's, which accepts the message."""
    server = CaptureServer()
    client = connect(server)
    waiting = server.mailbox.when(fails, reactor=Clock())
    found: list[Failure] = []
    waiting.addErrback(found.append)
    assert client.mail() == "250"
    assert found[0].value is error
    with pytest.raises(BaseException, match="no good") as caught:
        getattr(server.mailbox, wait)(fails)
    assert caught.value is error
    server.check()


# Faults


@pytest.mark.parametrize("phase", ["NOOP", "MAIL", "RCPT", "DATA", "EOD", "KEPT"])
def test_what_a_predicate_of_a_rule_raises_refuses(
    fails: Raise, error: BaseException, phase: str
) -> None:
    """At whatever phase; and the session goes on."""
    server = CaptureServer()
    server.faults.on(phase, where=fails).reply(250)
    client = connect(server)
    codes = client.say(b"NOOP\r\n" + MAIL)
    if codes[-1] == "354":
        codes += client.say(CONTENT)
    assert "451" in codes
    assert client.say(b"RSET\r\n") == ["250"]
    assert raised_by(server) is error


@pytest.mark.parametrize("match", ["sender", "helo", "peer"])
def test_what_a_condition_of_a_rule_raises_refuses(
    fails: Raise, error: BaseException, match: str
) -> None:
    """Any value of a rule may be a function."""
    server = CaptureServer()
    server.faults.on("MAIL", **{match: fails}).reply(250)
    assert connect(server).say(b"MAIL FROM:<a@example.com>\r\n") == ["451"]
    assert raised_by(server) is error


def test_what_makes_a_reply_may_raise(fails: Raise, error: BaseException) -> None:
    """The text of a reply may be a function."""
    server = CaptureServer()
    server.faults.on("MAIL").reply(250, fails)
    client = connect(server)
    assert client.say(b"MAIL FROM:<a@example.com>\r\n") == ["451"]
    assert client.say(b"NOOP\r\n") == ["250"]
    assert raised_by(server) is error


def test_who_hears_of_a_failed_fault_may_raise(fails: Raise) -> None:
    """The client is answered all the same."""
    server = CaptureServer()
    server.faults.on_error = fails
    server.faults.on("MAIL", where=fails).reply(250)
    assert connect(server).say(b"MAIL FROM:<a@example.com>\r\n") == ["451"]


# Logins


def test_what_judges_a_login_may_raise(fails: Raise, error: BaseException) -> None:
    """454 says that it was not the client's fault (RFC 4954 section 6)."""

    @implementer(ICredentialsChecker)
    class Checker:
        credentialInterfaces = (IUsernamePassword,)
        requestAvatarId = staticmethod(fails)

    server = Server()
    server.auth = Auth.checkers(Checker(), mechanisms=["PLAIN"])
    client = connect(server)
    plain = base64.b64encode(b"\0anna\0secret")
    assert client.say(b"AUTH PLAIN " + plain + b"\r\nNOOP\r\n") == ["454", "250"]
    assert raised_by(server) is error


def test_a_wrong_password_is_no_error() -> None:
    """A refusal on purpose is not kept."""
    server = Server()
    server.auth = Auth.users({"anna": "secret"})
    plain = base64.b64encode(b"\0anna\0wrong")
    assert connect(server).say(b"AUTH PLAIN " + plain + b"\r\n") == ["535"]
    server.check()


# Deliveries, observers and protocols of the user's own


@implementer(IMessageDeliveryFactory, IMessageDelivery, IMessageSMTP)
class Delivery:
    """A delivery, its factory and its messages, one method of which may raise."""

    def getMessageDelivery(self) -> Delivery:
        return self

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b""

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return origin

    def validateTo(self, user: Any) -> Any:
        return self.make

    def make(self) -> Delivery:
        return self

    def lineReceived(self, line: bytes) -> None: ...

    def eomReceived(self) -> Deferred[None]:
        return succeed(None)

    def connectionLost(self) -> None: ...


class Delivering(Server):
    """A server with a delivery of the user's own."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__()
        self.delivery = delivery

    def factory(self, *arguments: Any, **options: Any) -> SMTPServerFactory:
        factory = super().factory(*arguments, **options)
        factory.delivery_factory = self.delivery  # type: ignore[assignment]
        return factory


@pytest.mark.parametrize(
    "name",
    [
        "getMessageDelivery",
        "receivedHeader",
        "validateFrom",
        "validateTo",
        "make",
        "lineReceived",
        "eomReceived",
    ],
)
def test_what_a_delivery_raises_refuses(
    fails: Raise, error: BaseException, name: str
) -> None:
    """Whichever of its methods it is."""
    delivery = Delivery()
    setattr(delivery, name, fails)
    server = Delivering(delivery)
    client = connect(server)
    codes = client.say(MAIL)
    if codes[-1] == "354":
        codes += client.say(CONTENT)
    assert "451" in codes
    assert client.say(b"NOOP\r\n") == ["250"]
    assert raised_by(server) is error


def test_what_an_abandoned_message_raises_is_kept(
    fails: Raise, error: BaseException
) -> None:
    """The session ends as it should."""
    delivery = Delivery()
    delivery.connectionLost = fails  # type: ignore[method-assign]
    server = Delivering(delivery)
    client = connect(server)
    client.say(MAIL)
    client.leave()
    assert server.sessions.counters.open == 0
    assert raised_by(server) is error


def test_a_message_for_a_second_copy_may_raise(
    fails: Raise, error: BaseException
) -> None:
    """The reply is that to the first one."""
    delivery = Delivery()
    server = Delivering(delivery)
    server.faults.on("EOD").duplicate()
    client = connect(server)
    client.say(MAIL)
    recipients = client.protocol.transaction.recipients
    recipients[0] = (recipients[0][0], fails)
    assert client.say(CONTENT) == ["250"]
    assert raised_by(server) is error


@pytest.mark.parametrize("name", ["session_began", "session_ended"])
def test_what_an_observer_raises_is_kept(
    fails: Raise, error: BaseException, name: str
) -> None:
    """It changes no reply, for it has no say in one."""
    server = Server()
    factory = server.factory(Clock())
    setattr(server, name, fails)
    client = Client(factory)
    assert client.mail() == "250"
    client.leave()
    assert raised_by(server) is error


def test_a_reader_of_delivery_events_may_raise(
    fails: Raise, error: BaseException
) -> None:
    """The reply does not change."""
    server = StoreServer(MemoryStore())
    server.delivery_events.subscribe(fails)
    assert connect(server).mail() == "250"
    assert raised_by(server) is error


def test_what_a_command_of_the_users_own_raises_is_answered(
    fails: Raise, error: BaseException
) -> None:
    """A protocol class may have further methods ``do_VERB``."""
    protocol = type("Own", (SMTPServerProtocol,), {"do_XOWN": fails})
    server = Server()
    client = connect(server, protocol=protocol)
    assert client.say(b"XOWN\r\nNOOP\r\n") == ["451", "250"]
    assert raised_by(server) is error


def test_what_a_greeting_of_the_users_own_raises_is_answered(
    fails: Raise, error: BaseException
) -> None:
    """The client gets a 421 in place of the greeting, and the connection ends."""
    protocol = type("Own", (SMTPServerProtocol,), {"greeting": fails})
    server = Server()
    peer = Peer(server.factory(Clock(), protocol=protocol))
    assert peer.heard() == b"421 4.3.0 local error in processing\r\n"
    assert peer.transport.disconnecting
    assert raised_by(server) is error


@pytest.mark.parametrize("text", ["a text", b"a\0b", b"a\rb", None], ids=repr)
def test_a_greeting_that_is_none_is_answered(text: object) -> None:
    """It is the text of a reply, in bytes."""
    greeting = {"greeting": lambda self: text}
    server = Server()
    protocol = type("Own", (SMTPServerProtocol,), greeting)
    peer = Peer(server.factory(Clock(), protocol=protocol))
    assert codes_of(peer.heard()) == ["421"]
    with pytest.raises((AttributeError, ValueError)):
        server.check()


def test_a_protocol_that_cannot_be_made_is_kept(
    fails: Raise, error: BaseException
) -> None:
    """Its class is the user's."""
    protocol = type("Own", (SMTPServerProtocol,), {"__init__": fails})
    server = Server()
    with pytest.raises(BaseException, match="no good") as caught:
        connect(server, protocol=protocol)
    assert caught.value is error
    assert raised_by(server) is error


def test_a_protocol_that_cannot_be_made_is_raised_without_a_server(
    fails: Raise, error: BaseException
) -> None:
    """A factory by itself has nobody to report to."""
    protocol = type("Own", (SMTPServerProtocol,), {"__init__": fails})
    factory = SMTPServerFactory(Clock(), delivery_factory=Delivery(), protocol=protocol)
    with pytest.raises(BaseException, match="no good") as caught:
        Client(factory)
    assert caught.value is error


def test_what_a_delivery_raises_without_a_server_refuses(fails: Raise) -> None:
    """It is logged, and the client is answered."""
    delivery = Delivery()
    delivery.validateTo = fails  # type: ignore[method-assign]
    client = Client(SMTPServerFactory(Clock(), delivery_factory=delivery))
    assert client.say(MAIL) == ["250", "451", "554"]


def test_what_closed_a_connection_is_kept(error: BaseException) -> None:
    """A reactor closes the connection of a protocol that raised, and says why."""
    server = Server()
    connect(server).leave(error)
    assert raised_by(server) is error


def test_an_end_is_none_whatever_value_others_gave_it() -> None:
    """A reactor has one failure for all connections, and a client may change it."""
    server = Server()
    client = connect(server)
    reason = Failure(ConnectionDone())
    reason.value = OverflowError("of a client")
    client.protocol.connectionLost(reason)
    server.check()


def test_a_connection_that_broke_off_is_no_error() -> None:
    """Clients may go as they like."""
    server = Server()
    connect(server).leave(ConnectionResetError())
    connect(server).leave()
    server.check()


# What is raised in the end


def test_outcomes_of_one_kind_are_raised_as_one() -> None:
    """A test whose handler skips it twice is skipped."""
    failures = Failures()
    for reason in ("one", "two"):
        failures.keep(pytest.skip.Exception(reason))
    with pytest.raises(pytest.skip.Exception, match="one"):
        failures.check()


def test_a_skip_hides_no_failure() -> None:
    """Errors of several kinds come together."""
    failures = Failures()
    failures.keep(pytest.skip.Exception("not here"))
    failures.keep(pytest.fail.Exception("wrong"))
    with pytest.raises(HandlerError, match="wrong"):
        failures.check()


def test_a_refusal_on_purpose_is_not_kept() -> None:
    """Its reply is what the client gets."""

    class Refusing(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise PolicyError(550, "no")

    server = Refusing()
    assert connect(server).mail() == "550"
    server.check()


def test_the_same_error_of_the_next_message_is_kept_again() -> None:
    """A handler may raise one object again and again."""
    error = ValueError("no good")

    class Failing(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise error

    server = Failing()
    client = connect(server)
    for _ in range(2):
        assert client.mail() == "451"
        assert raised_by(server) is error


def test_an_error_is_kept_once_for_all_recipients() -> None:
    """Each of them gets the reply, and the test one error."""

    class Failing(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise ValueError("no good")

    server = Failing()
    client = connect(server)
    client.say(b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
    assert client.say(CONTENT) == ["451"]
    assert isinstance(raised_by(server), ValueError)


def test_so_many_errors_and_no_more_are_kept() -> None:
    """A process that runs for months does not grow."""
    failures = Failures()
    for number in range(1500):
        failures.keep(ValueError(number))
    with pytest.raises(HandlerError) as caught:
        failures.check()
    assert len(caught.value.exceptions) == 1000


# Ctrl-C


def test_ctrl_c_in_a_handler_reaches_the_test(ctrl_c: None) -> None:
    """In the main thread Python's own handler raises it anywhere, also here."""

    class Interrupted(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            signal.raise_signal(signal.SIGINT)

    client = connect(Interrupted())
    client.say(MAIL)
    with pytest.raises(KeyboardInterrupt):
        client.say(CONTENT)


def test_ctrl_c_leaves_a_server_in_its_thread_alone(ctrl_c: None) -> None:
    """It is raised in the test's thread, and the server goes on."""
    with Controller(Server()) as controller:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert status(controller) == 250


def test_keyboard_interrupt_of_a_handler_is_no_ctrl_c(ctrl_c: None) -> None:
    """In another thread than the main one only a handler can have raised it."""

    class Interrupted(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise KeyboardInterrupt("no good")

    controller = Controller(Interrupted())
    controller.start()
    assert status(controller) == 451
    with pytest.raises(KeyboardInterrupt, match="no good"):
        controller.stop()


# Services


def test_a_service_fails_to_stop_with_what_a_handler_raised(
    fails: Raise, error: BaseException
) -> None:
    """It stops all the same."""
    server = type("Own", (Server,), {"handle_envelope": fails})()
    service = SMTPService(server, [], Clock())
    service.startService()
    assert connect(server).mail() == "451"
    found: list[Failure] = []
    service.stopService().addErrback(found.append)
    failed = found[0].value
    if not isinstance(error, Exception):
        # Cleanups of trial would ignore it.
        assert isinstance(failed, HandlerError)
        (failed,) = failed.exceptions
    assert failed is error
    assert not service.running


def test_a_service_that_a_client_stops_keeps_the_error() -> None:
    """It is for the test, not for the client."""

    class Failing(Server):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise ValueError("no good")

    server = Failing()
    service = SMTPService(server, ["tcp:0"], Clock())
    client = Client(service.factories[0])
    assert client.mail() == "451"
    assert client.say(b"EXIT\r\n") == ["250"]
    assert isinstance(raised_by(server), ValueError)
