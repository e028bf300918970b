"""`lazr_smtptest.net.reactor`: what a private reactor must not touch."""

from __future__ import annotations

import socket
import threading

import pytest
from twisted.internet import reactor as the_reactor
from twisted.internet.selectreactor import SelectReactor
from twisted.python import threadable

from lazr_smtptest import Limits, QueueController, QueueServer
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.smtp.settings import Settings
from tests.leaks import Opened, delayed_calls


def run(reactor: PrivateReactor) -> threading.Thread:
    thread = threading.Thread(target=reactor.run_in_thread)
    thread.start()
    return thread


def test_it_does_not_claim_to_be_the_io_thread() -> None:
    """``isInIOThread`` keeps its meaning for the application's reactor."""
    before = threadable.ioThread
    reactor = PrivateReactor()
    reactor.callWhenRunning(reactor.stop)
    run(reactor).join()
    reactor.close()
    assert threadable.ioThread == before


def test_it_is_not_the_global_reactor() -> None:
    """Nothing is installed."""
    reactor = PrivateReactor()
    reactor.close()
    assert reactor is not the_reactor


def test_it_closes_its_descriptors() -> None:
    """The poller's and the waker's."""
    opened = Opened()
    reactor = PrivateReactor()
    assert opened.now() != []
    reactor.close()
    assert opened.left() == []


def test_a_closed_reactor_may_still_be_called() -> None:
    """A late ``callFromThread`` writes to no descriptor."""
    reactor = PrivateReactor()
    reactor.close()
    reactor.callFromThread(lambda: None)


class Connection:
    """Something that a reactor reads from."""

    def __init__(self, socket: socket.socket) -> None:
        self.socket = socket
        self.fileno = socket.fileno


@pytest.mark.skipif(
    issubclass(PrivateReactor, SelectReactor), reason="it has no numbers of descriptors"
)
def test_a_child_forked_while_a_connection_is_added_closes_the_others() -> None:
    """Twisted knows the number of its descriptor then, and not yet the connection."""
    reactor = PrivateReactor()
    ours, theirs = socket.socketpair()
    with theirs:
        reactor.addReader(Connection(ours))
        reactor._writes.add(theirs.fileno())
        reactor.close_after_fork()
    assert ours.fileno() == -1


def test_an_idle_timeout_fires() -> None:
    """Time is that of the reactor that runs, not of the global one."""
    server = QueueServer()
    server.settings = Settings(limits=Limits(idle=0.05))
    with (
        Controller(server) as controller,
        socket.create_connection(("127.0.0.1", controller.port), 60) as client,
        client.makefile("rb") as said,
    ):
        lines = said.readlines()
    assert [line[:3] for line in lines] == [b"220", b"421"]


def test_a_server_adds_no_call_to_the_global_reactor() -> None:
    """Connections neither."""
    import smtplib

    before = delayed_calls()
    with QueueController() as controller:
        smtplib.SMTP("127.0.0.1", controller.port, timeout=60).close()
        assert delayed_calls() <= before
