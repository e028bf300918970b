"""`lazr_smtptest.net.batching`: what is put off until all that came was looked at."""

from __future__ import annotations

import os
import select
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from twisted.internet.base import DelayedCall

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.net.batching import Waker
from lazr_smtptest.net.reactor import PrivateReactor


class Reader:
    """Something to read from, at which a byte has arrived."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.send(b"x")
        self._then = then
        self.fileno = self._ours.fileno

    def doRead(self) -> None:
        self._ours.recv(1)
        self._then()

    def logPrefix(self) -> str:
        return "reader"

    def connectionLost(self, reason: object) -> None:
        self.close()

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


@pytest.fixture
def reactor() -> Iterator[PrivateReactor]:
    reactor = PrivateReactor()
    yield reactor
    reactor.close()


def test_what_a_call_has_put_off_waits_for_no_client(reactor: PrivateReactor) -> None:
    """A store answers from another thread, and no socket need ever be ready."""
    said: list[str] = []

    def answer() -> None:
        reactor.call_at_batch_end(lambda: (said.append("replied"), reactor.stop()))

    reactor.callLater(0, answer)
    gives_up = reactor.callLater(5, reactor.stop)
    reactor.run_in_thread()
    assert said == ["replied"]
    assert gives_up.active()


def test_what_is_put_off_waits_for_all_that_has_come(reactor: PrivateReactor) -> None:
    """Two sockets have something to read: both are read before the first reply."""
    said: list[str] = []

    def read() -> None:
        said.append("read")
        reactor.call_at_batch_end(lambda: said.append("replied"))
        if said.count("read") == 2:
            reactor.stop()

    readers = [Reader(read), Reader(read)]
    for reader in readers:
        reactor.addReader(reader)
    reactor.run_in_thread()
    for reader in readers:
        reader.close()
    assert said == ["read", "read", "replied", "replied"]


def test_what_fails_does_not_take_others_with_it(reactor: PrivateReactor) -> None:
    """A client waits for its reply whatever happens to another."""
    said: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    def call_at_batch_end() -> None:
        reactor.call_at_batch_end(fail)
        reactor.call_at_batch_end(lambda: (said.append("replied"), reactor.stop()))

    reactor.callLater(0, call_at_batch_end)
    reactor.run_in_thread()
    assert said == ["replied"]


def test_a_socket_that_another_one_closed_is_not_read(
    reactor: PrivateReactor,
) -> None:
    """What has come for it is too late."""
    read: list[Reader] = []
    readers: list[Reader] = []

    def close_the_other() -> None:
        [this] = [each for each in readers if each not in read][:1]
        read.append(this)
        for each in readers:
            reactor.removeReader(each)
        reactor.stop()

    readers += [Reader(close_the_other), Reader(close_the_other)]
    for reader in readers:
        reactor.addReader(reader)
    reactor.run_in_thread()
    for reader in readers:
        reader.close()
    assert len(read) == 1


def test_another_thread_wakes_it(reactor: PrivateReactor) -> None:
    """It waits for nothing else; a call that were missed would be one for ever."""
    calls: list[int] = []

    def call() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            reactor.stop()
        else:
            threading.Thread(target=reactor.callFromThread, args=(call,)).start()

    reactor.callWhenRunning(call)
    reactor.run_in_thread()
    assert calls == [0, 1, 2]


def test_many_cancelled_calls_are_thrown_away(reactor: PrivateReactor) -> None:
    """A session cancels several, and nothing else need ever be due."""
    calls = [reactor.callLater(1000, print) for _ in range(200)]
    left: list[int] = []

    def read() -> None:
        for call in filter(DelayedCall.active, calls):
            call.cancel()
        left.append(len(reactor._pendingTimedCalls))
        if len(left) == 2:
            reactor.stop()
        else:
            reader._theirs.send(b"x")

    reader = Reader(read)
    reactor.addReader(reader)
    reactor.run_in_thread()
    reader.close()
    assert left == [200, 0]


def test_many_calls_wake_it_once() -> None:
    """What was written while it was awake is read at once."""
    waker = Waker()
    for _ in range(3):
        waker.wakeUp()
    waker.doRead()
    readable, _, _ = select.select([waker], [], [], 0)
    waker.connectionLost(None)
    assert not readable


def test_a_descriptor_of_a_waker_is_not_inherited() -> None:
    """Nor does it make a reactor wait that reads it too often."""
    waker = Waker()
    facts = os.get_inheritable(waker.fileno()), os.get_blocking(waker.fileno())
    waker.connectionLost(None)
    assert facts == (False, False)


def test_who_wakes_it_too_late_does_nothing() -> None:
    """Its number may be that of another descriptor by then."""
    waker = Waker()
    reading, writing = os.pipe()
    number = waker.fileno()
    waker.connectionLost(None)
    os.dup2(writing, number)
    waker.wakeUp()
    for each in (writing, number):
        os.close(each)
    assert os.read(reading, 8) == b""
    os.close(reading)


def test_a_child_process_closes_it_whoever_was_waking_it() -> None:
    """The thread that has the lock is in the parent only."""
    waker = Waker()
    acquired, done = threading.Event(), threading.Event()

    def hold() -> None:
        with waker._lock:
            acquired.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    acquired.wait(60)
    # What a fork leaves in the child, without one.
    waker.after_fork()
    waker.connectionLost(None)
    done.set()
    thread.join()
    assert waker.fileno() == -1


def test_nothing_is_put_off_for_ever() -> None:
    """A client alone has its reply without anybody else."""
    with (
        Controller(CaptureServer()) as controller,
        smtplib.SMTP("127.0.0.1", controller.port, timeout=60) as client,
    ):
        assert client.noop()[0] == 250


@pytest.mark.slow
def test_it_can_be_the_global_reactor() -> None:
    """As ``twistd --reactor=smtptest`` makes it."""
    code = (
        "from lazr_smtptest.net.batching import install; install()\n"
        "from twisted.internet import reactor; print(type(reactor).__name__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "BatchingReactor", run.stderr
