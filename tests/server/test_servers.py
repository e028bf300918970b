"""`lazr_smtptest.server.servers`: the classes that users subclass."""

from __future__ import annotations

import socket
from email.message import Message
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.mail.smtp import SMTPServerError

from lazr_smtptest import (
    Envelope,
    HandlerError,
    ListenError,
    QueueServer,
    Server,
    StoreServer,
    open_store,
)
from lazr_smtptest.server.seed_message import seed_message


def envelope_of(content: bytes, **changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "mail_from": "a@example.com",
        "rcpt_tos": ("b@example.com", "c@example.com"),
        "content": content,
        "peer": ("127.0.0.1", 4000),
        **changes,
    }
    return Envelope(**values)


HELLO = envelope_of(b"Subject: Hi\r\nX-Peer: first\r\n\r\none\r\ntwo\r\n")


# The message of the seed


def test_three_headers_are_appended() -> None:
    """Behind those that the message has."""
    assert seed_message(HELLO).items() == [
        ("Subject", "Hi"),
        ("X-Peer", "first"),
        ("X-Peer", "127.0.0.1:4000"),
        ("X-MailFrom", "a@example.com"),
        ("X-RcptTo", "b@example.com, c@example.com"),
    ]


def test_an_ipv6_peer_is_written_without_brackets() -> None:
    """As version 2 did."""
    message = seed_message(envelope_of(b"", peer=("::1", 4000)))
    assert message["X-Peer"] == "::1:4000"


def test_lines_end_in_lf_and_the_last_one_not_at_all() -> None:
    """As version 2 did."""
    assert seed_message(HELLO).get_payload() == "one\ntwo"


def test_a_bare_cr_stays_where_it_is() -> None:
    """Only CRLF is a line's end."""
    message = seed_message(envelope_of(b"\r\na\rb\r\n"))
    assert message.get_payload() == "a\rb"


def test_eight_bit_octets_survive() -> None:
    """The message is parsed from bytes."""
    message = seed_message(envelope_of("\r\nü\r\n".encode("latin-1")))
    assert message.get_payload(decode=True) == b"\xfc"


def test_what_cannot_be_parsed_is_a_message_all_the_same() -> None:
    """Its payload is the whole of it."""
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n)
        for n in range(3000)
    )
    message = seed_message(envelope_of(nested + b"\xff"))
    assert message["X-MailFrom"] == "a@example.com"
    expected = nested.replace(b"\r\n", b"\n") + b"\xff"
    assert message.get_payload(decode=True) == expected


# Hooks


class Noting(Server):
    """Notes what is called, and may raise."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[object] = []
        self.fail: Exception | None = None

    def handle_envelope(self, envelope: Envelope) -> None:
        self.said.append(envelope)

    def handle_message(self, message: Message) -> None:
        self.said.append(message["subject"])
        if self.fail:
            raise self.fail


@pytest.fixture
def server() -> Noting:
    return Noting()


def outcome(server: Server) -> list[object]:
    """What the hooks of a server come to, once they have."""
    found: list[Any] = []
    maybeDeferred(server.envelope_received, HELLO).addBoth(found.append)
    return found


def test_the_envelope_comes_before_the_message(server: Noting) -> None:
    """Both hooks are called."""
    assert outcome(server) == [None]
    assert server.said == [HELLO, "Hi"]


def test_a_message_nobody_wants_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes envelopes pays for nothing else."""
    monkeypatch.setattr(
        "lazr_smtptest.server.servers.seed_message", lambda envelope: 1 / 0
    )
    store = open_store("memory")
    assert outcome(StoreServer(store)) == [None]
    assert list(store) == [HELLO]


def test_a_hook_may_return_a_deferred() -> None:
    """The client's reply waits for it."""
    waiting: Deferred[bool] = Deferred()

    class Slow(Server):
        def handle_message(self, message: Message) -> Deferred[bool]:
            return waiting

    found = outcome(Slow())
    assert found == []
    waiting.callback(True)
    assert found == [True]


def test_a_hook_may_be_a_coroutine() -> None:
    """Async methods are awaited."""

    class Async(Server):
        async def handle_message(self, message: Message) -> None:
            raise ZeroDivisionError

    server = Async()
    outcome(server)
    with pytest.raises(ZeroDivisionError):
        server.check()


# What the hooks raised


def test_check_is_silent_when_all_is_well(server: Noting) -> None:
    """Nothing was raised."""
    server.envelope_received(HELLO)
    server.check()


def test_check_raises_the_very_exception_once(server: Noting) -> None:
    """And forgets it."""
    server.fail = ZeroDivisionError("oops")
    outcome(server)
    with pytest.raises(ZeroDivisionError) as caught:
        server.check()
    assert caught.value is server.fail
    server.check()


def test_check_raises_several_as_one(server: Noting) -> None:
    """With each of them in its text."""
    for text in ("one", "two"):
        server.fail = ValueError(text)
        outcome(server)
    with pytest.raises(HandlerError, match="2 messages") as caught:
        server.check()
    assert [str(error) for error in caught.value.exceptions] == ["one", "two"]
    assert "ValueError('one'); ValueError('two')" in str(caught.value)


def test_a_refusal_on_purpose_is_no_failure(server: Noting) -> None:
    """Twisted's exception asks for a reply."""
    server.fail = SMTPServerError(452, b"full")
    outcome(server)
    server.check()


def test_a_reset_of_a_client_that_raises_is_kept() -> None:
    """The client gets 451, the test the exception."""

    class Broken(Server):
        def reset(self) -> None:
            raise ZeroDivisionError

    server = Broken()
    on_rset = server.factory(Clock()).on_rset
    assert on_rset is not None
    with pytest.raises(ZeroDivisionError):
        on_rset()
    with pytest.raises(ZeroDivisionError):
        server.check()


# The wire commands of the seed


def test_a_seed_server_is_reset_by_a_client() -> None:
    """RSET empties the queue, as in version 2."""
    server = QueueServer()
    server.queue.put("old")
    on_rset = server.factory(Clock()).on_rset
    assert on_rset is not None
    on_rset()
    assert server.queue.empty()


def test_the_reset_of_clients_can_be_switched_off() -> None:
    """By a class attribute."""

    class Safe(QueueServer):
        rset_clears = False

    assert Safe().factory(Clock()).on_rset is None


def test_the_exit_of_clients_can_be_switched_off() -> None:
    """By a class attribute."""

    class Safe(Server):
        exit_stops = False

    assert Safe().factory(Clock(), on_exit=list).on_exit is None
    assert Server().factory(Clock(), on_exit=list).on_exit is list


def test_a_new_server_obeys_no_client() -> None:
    """What is new in this library has both off."""
    factory = StoreServer(open_store("memory")).factory(Clock(), on_exit=list)
    assert (factory.on_rset, factory.on_exit) == (None, None)


def test_the_default_hooks_do_nothing() -> None:
    """A bare server takes messages and forgets them."""
    server = Server()
    server.reset()
    assert server.handle_message(Message()) is None
    assert outcome(server) == [None]


# Queues and stores


def test_a_queue_of_the_callers_is_used() -> None:
    """The very object."""
    queue: Queue[Any] = Queue()
    server = QueueServer("localhost", 0, queue)
    server.envelope_received(HELLO)
    assert queue.get_nowait()["subject"] == "Hi"


def test_a_store_is_cleared_by_a_reset() -> None:
    """Of the test's, not of a client's."""
    server = StoreServer(open_store("memory"))
    server.envelope_received(HELLO)
    server.reset()
    assert len(server.store) == 0


# The address


def test_nothing_is_bound_before_it_is_needed() -> None:
    """A server that is never started costs no descriptor."""
    assert Server().port == 0


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused_at_once(port: int) -> None:
    """With its number."""
    with pytest.raises(ValueError, match=str(port)):
        Server("localhost", port)


def test_the_descriptor_is_there_before_the_start() -> None:
    """Old test suites set flags on it, by its old name."""
    server = Server()
    descriptor = server._fileno
    assert descriptor == server.fileno()
    with server.bind() as bound:
        assert bound.fileno() == descriptor
        assert bound.getsockname() == ("127.0.0.1", server.port)


def test_the_descriptor_is_not_inherited() -> None:
    """PEP 446."""
    with Server().bind() as bound:
        assert not bound.get_inheritable()


def test_an_empty_host_is_every_address() -> None:
    """As with every socket."""
    with Server("", 0).bind() as bound:
        assert bound.getsockname()[0] == "0.0.0.0"


def test_a_port_that_is_taken_is_named() -> None:
    """Host, port and reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ListenError) as caught:
            Server("localhost", port).bind()
    assert str(caught.value) == (
        f"cannot listen on 'localhost' port {port}: Address already in use"
    )


def test_an_address_that_is_not_ours_is_named() -> None:
    """192.0.2.1 is nobody's (RFC 5737)."""
    with pytest.raises(ListenError, match=r"'192\.0\.2\.1' port 0: Cannot assign"):
        Server("192.0.2.1", 0).bind()


def test_a_name_that_is_no_host_is_named() -> None:
    """The resolver's error is the reason."""
    with pytest.raises(ListenError, match="'no host'") as caught:
        Server("no host", 0).bind()
    assert isinstance(caught.value.reason, socket.gaierror)


def test_a_port_without_permission_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs this may have the right to any port: so the socket refuses."""

    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ListenError, match="port 25: Permission denied"):
        Server("localhost", 25).bind()


# Listening


class Hooked(Server):
    """Notes when it listens."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def started(self) -> None:
        self.said.append("started")

    def stopped(self) -> None:
        self.said.append("stopped")


def test_a_server_hears_when_it_listens() -> None:
    """Once, however many ports there are."""
    server = Hooked()
    factories = [server.factory(Clock()) for _ in range(2)]
    for factory in factories:
        factory.doStart()
    assert server.said == ["started"]
    for factory in factories:
        factory.doStop()
    assert server.said == ["started", "stopped"]
