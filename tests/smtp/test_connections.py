"""`lazr_smtptest.smtp.connections`: ending every connection of a server."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.smtp.limits import Limits


def test_a_connection_is_a_session_while_it_is_open(wire: Any) -> None:
    """From its making to its loss."""
    assert list(wire.factory.connections) == [wire.protocol]
    wire.disconnect()
    assert len(wire.factory.connections) == 0


def test_without_sessions_there_is_nothing_to_wait_for(wire: Any) -> None:
    """The Deferred has fired."""
    wire.disconnect()
    assert wire.factory.end_sessions().called


def test_a_server_that_stops_says_so(wire: Any) -> None:
    """RFC 5321 section 3.8: 421."""
    wire.factory.end_sessions()
    assert wire.heard() == ["421 4.3.2 the server is shutting down"]
    assert wire.transport.disconnecting


def test_the_end_is_when_the_last_one_is_lost(wire: Any) -> None:
    """No sooner."""
    ended = wire.factory.end_sessions()
    assert not ended.called
    wire.disconnect()
    assert ended.called
    assert wire.clock.getDelayedCalls() == []


def test_a_client_that_does_not_leave_is_cut_off(new_wire: Any) -> None:
    """After a time of grace."""
    wire = new_wire(limits=Limits(closing=2))
    wire.factory.end_sessions()
    assert not wire.transport.disconnected
    wire.clock.advance(2)
    assert wire.transport.disconnected
    wire.disconnect()
    assert wire.clock.getDelayedCalls() == []


def test_a_session_that_is_ending_is_told_nothing_more(wire: Any) -> None:
    """It has had its last reply."""
    wire.say("QUIT")
    wire.factory.end_sessions()
    assert wire.heard() == []
