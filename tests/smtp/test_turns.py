"""A client that sends very many commands at once leaves the reactor to others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

PATIENCE = 30
MANY = Limits(junk=1_000_000, recipients=1_000_000, errors=1_000_000)


@pytest.fixture
def wire(new_wire: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection on a reactor where each look at the clock takes a millisecond."""

    def tick(clock: Clock) -> float:
        clock.rightNow += 0.001
        return clock.rightNow

    monkeypatch.setattr(Clock, "seconds", tick)
    return new_wire(limits=MANY)


def finish(wire: Any) -> list[str]:
    """Let the reactor turn until nothing more is said."""
    said: list[str] = []
    while heard := turn(wire):
        said += heard
    return said


def turn(wire: Any) -> list[str]:
    """Let the reactor turn once; return what was said."""
    wire.clock.advance(0.01)
    heard: list[str] = wire.heard()
    return heard


def test_a_group_of_commands_is_answered_at_once(wire: Any) -> None:
    """Only very many have to wait."""
    assert len(wire.say(*["NOOP"] * 8)) == 8


def test_of_very_many_commands_a_part_is_answered_at_once(wire: Any) -> None:
    """So long as a turn lasts, and no longer."""
    said = wire.say(*["NOOP"] * 1000)
    assert 8 <= len(said) < 100


@pytest.mark.parametrize("command", ["NOOP", "HELP", "VRFY a", "RSET", "FOO"])
def test_all_of_very_many_commands_are_answered(wire: Any, command: str) -> None:
    """Turn by turn."""
    said = wire.say(*[command] * 1000)
    assert len(said) + len(finish(wire)) == 1000


def test_replies_keep_their_order(wire: Any) -> None:
    """RFC 2920 section 3.2."""
    said = wire.say(*["NOOP", "FOO"] * 500) + finish(wire)
    assert [line[:3] for line in said] == ["250", "500"] * 500


def test_bytes_that_come_meanwhile_wait_for_the_turn(wire: Any) -> None:
    """They are no second turn."""
    said = wire.say(*["NOOP"] * 1000)
    assert wire.say("HELP") == []
    said += finish(wire)
    assert (len(said), said[-1][:3]) == (1001, "214")


def test_a_client_that_is_far_ahead_is_not_read_from(new_wire: Any, wire: Any) -> None:
    """Beyond `Limits.backlog` its bytes stay where they are."""
    wire = new_wire(limits=Limits(junk=1_000_000, backlog=1000))
    wire.say(*["NOOP"] * 1000)
    assert wire.transport.producerState == "paused"
    finish(wire)
    assert wire.transport.producerState == "producing"


def test_bytes_over_the_backlog_stop_the_reading(new_wire: Any, wire: Any) -> None:
    """Also those that come between two turns."""
    wire = new_wire(limits=Limits(junk=1_000_000, backlog=6000))
    wire.say(*["NOOP"] * 900)
    assert wire.transport.producerState == "producing"
    wire.say(*["NOOP"] * 900)
    assert wire.transport.producerState == "paused"


def test_a_client_that_goes_leaves_no_turn(wire: Any) -> None:
    """Nothing is left in the reactor."""
    wire.say(*["NOOP"] * 1000)
    wire.disconnect()
    assert wire.clock.getDelayedCalls() == []


def test_commands_behind_the_end_of_a_session_get_no_turn(wire: Any) -> None:
    """Nothing is left to do."""
    said = wire.say(*["NOOP"] * 15, "QUIT", *["NOOP"] * 1000)
    assert said[-1][:3] == "221"
    assert finish(wire) == []


def test_a_message_in_a_flood_is_kept(wire: Any) -> None:
    """A turn may end between any two commands."""
    wire.say("EHLO a")
    commands = ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "hello", "."] * 100
    wire.say(*commands)
    finish(wire)
    assert [envelope.content for envelope in wire.envelopes] == [b"hello\r\n"] * 100


class Flood:
    """Clients that send cheap commands and read the replies, as fast as they can."""

    def __init__(self, address: tuple[str, int], clients: int) -> None:
        self._stopping = False
        self._sockets = [
            socket.create_connection(address, PATIENCE) for _ in range(clients)
        ]
        self._threads = [
            threading.Thread(target=run, args=[each])
            for each in self._sockets
            for run in (self._send, self._read)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, client: socket.socket) -> None:
        try:
            while not self._stopping:
                client.sendall(b"NOOP\r\n" * 1000)
        except OSError:
            return

    def _read(self, client: socket.socket) -> None:
        try:
            while client.recv(65536):
                pass
        except OSError:
            return

    def stop(self) -> None:
        """End all of them."""
        self._stopping = True
        for client in self._sockets:
            client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        for client in self._sockets:
            client.close()


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """The address of a server in the middle of a flood from twenty clients."""
    server = CaptureServer()
    server.settings = Settings(limits=MANY)
    with Controller(server) as controller:
        flood = Flood((controller.host, controller.port), 20)
        try:
            yield controller.host, controller.port
        finally:
            flood.stop()


def greet(address: tuple[str, int]) -> float:
    """Return the seconds until the server has greeted one more client."""
    begun = time.monotonic()
    with socket.create_connection(address, PATIENCE) as client:
        assert client.recv(100).startswith(b"220")
    return time.monotonic() - begun


def test_a_client_is_greeted_in_a_flood(address: tuple[str, int]) -> None:
    """It is to be 0.25 s on a machine of its own; the quickest of five may take 2.5."""
    assert min(greet(address) for _ in range(5)) < 2.5
