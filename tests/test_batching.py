"""`lazr_smtptest.batching`: what is put off until all that came was looked at."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.reactor import PrivateReactor


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
        reactor.put_off(lambda: (said.append("replied"), reactor.stop()))

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
        reactor.put_off(lambda: said.append("replied"))
        if said.count("read") == 2:
            reactor.stop()

    readers = [Reader(read), Reader(read)]
    for reader in readers:
        reactor.addReader(reader)
    reactor.run_in_thread()
    for reader in readers:
        reader.close()
    assert said == ["read", "read", "replied", "replied"]


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


def test_nothing_is_put_off_for_ever() -> None:
    """A client alone has its reply without anybody else."""
    with (
        Controller(CaptureServer()) as controller,
        smtplib.SMTP("127.0.0.1", controller.port, timeout=20) as client,
    ):
        assert client.noop()[0] == 250


def test_it_can_be_the_global_reactor() -> None:
    """As ``twistd --reactor=smtptest`` makes it."""
    code = (
        "from lazr_smtptest.batching import install; install()\n"
        "from twisted.internet import reactor; print(type(reactor).__name__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "BatchingReactor", run.stderr
