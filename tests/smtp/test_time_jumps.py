"""A jump of the wall clock ends nothing: durations are measured by another clock."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.faults.rules import Faults
from lazr_smtptest.smtp import connections, factory
from lazr_smtptest.smtp.limits import Limits
from tests.wire import Wire

HOUR = 3600.0


class Jumping:
    """A connection on a reactor whose wall clock is set, as that of a service is.

    Attributes:
        wire: the client.
    """

    def __init__(self, **options: Any) -> None:
        self.wire = Wire(**options)

    def jump(self) -> None:
        """Set the wall clock forward by an hour."""
        self.wire.clock.advance(HOUR)

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.monotonic.advance(seconds)
        self.wire.clock.advance(seconds)

    # Set by the fixture.
    monotonic: Clock


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that nobody sets, for reactors that are taken for real."""
    clock = Jumping.monotonic = Clock()
    for module in (factory, connections):
        monkeypatch.setattr(module, "duration_clock", lambda reactor: clock.seconds)
    return clock


@pytest.mark.usefixtures("monotonic")
class TestJump:
    """The wall clock jumps forward by an hour."""

    def test_an_idle_session_goes_on(self) -> None:
        """RFC 5321 section 4.5.3.2.7 is about minutes that went by."""
        client = Jumping(limits=Limits(idle=300))
        client.jump()
        assert client.wire.heard() == []
        assert client.wire.say("NOOP") == ["250 2.0.0 OK"]

    def test_an_idle_session_ends_in_its_time(self) -> None:
        """The jump does not make it longer either."""
        client = Jumping(limits=Limits(idle=300))
        client.jump()
        client.wait(299)
        assert client.wire.heard() == []
        client.wait(2)
        assert client.wire.heard()[0].startswith("421 4.4.2")

    def test_the_limit_of_a_session_is_not_reached(self) -> None:
        """It counts the seconds that the session lasts."""
        client = Jumping(limits=Limits(session=100))
        client.jump()
        assert client.wire.say("NOOP") == ["250 2.0.0 OK"]
        client.wait(101)
        assert client.wire.heard()[0].startswith("421 4.4.2")

    def test_a_message_on_its_way_is_not_too_slow(self) -> None:
        """Its rate is taken over seconds that went by."""
        client = Jumping(limits=Limits(data_rate=500, data_grace=60))
        client.wire.begin()
        client.wire.send(b"Subject: x\r\n")
        client.wire.send(b"\r\n")
        client.jump()
        client.jump()
        assert client.wire.heard() == []
        assert client.wire.say("hello", ".") == ["250 2.0.0 message accepted"]

    def test_a_delay_of_a_fault_lasts_as_long(self) -> None:
        """A test that travels in time still waits for a slow server."""
        faults = Faults()
        faults.on("NOOP").delay(5)
        client = Jumping(faults=faults)
        assert client.wire.say("NOOP") == []
        client.jump()
        assert client.wire.heard() == []
        client.wait(5)
        assert client.wire.heard() == ["250 2.0.0 OK"]

    def test_clients_have_their_time_when_the_server_stops(self) -> None:
        """`Limits.closing` seconds, to take the last reply."""
        client = Jumping(limits=Limits(closing=1))
        client.wire.factory.end_sessions()
        client.jump()
        assert not client.wire.transport.disconnected
        client.wait(1)
        assert client.wire.transport.disconnected

    def test_a_transcript_says_the_seconds_that_went_by(self) -> None:
        """Not those of the jump."""
        client = Jumping()
        client.jump()
        client.wait(2)
        client.wire.say("NOOP")
        session = client.wire.protocol.session
        assert session.transcript.end()[0] == 2

    def test_time_stamps_are_of_the_wall_clock(self) -> None:
        """A message that comes after the jump is an hour younger."""
        client = Jumping()
        client.jump()
        client.wire.begin()
        client.wire.say(".")
        (envelope,) = client.wire.envelopes
        assert envelope.received_at.timestamp() == HOUR


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_clock_of_a_test_is_the_only_one(new_wire: Any, seconds: float) -> None:
    """A `Clock` is no real reactor: its seconds are durations and time stamps."""
    wire = new_wire(limits=Limits(idle=300))
    wire.clock.rightNow += seconds
    wire.clock.advance(0)
    ended = any(line.startswith("421") for line in wire.heard())
    assert ended is (seconds > 0)
