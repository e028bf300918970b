"""The time of the sessions in which mail is read."""

from __future__ import annotations

import re
import time

import pytest
from twisted.internet.base import ReactorBase
from twisted.internet.task import Clock

from lazr_smtptest.readers.imap.connection import IMAPConnection
from lazr_smtptest.readers.line_connection import LineConnection
from lazr_smtptest.readers.pop3.connection import POP3Connection


class Connection(LineConnection):
    protocol = "imap"
    masked = re.compile(b"")


class Reactor(ReactorBase):
    """A real reactor, whose clock began when the machine did."""

    def __init__(self) -> None:
        """Install no waker."""

    def seconds(self) -> float:  # type: ignore[override]
        return 46_674.0


def test_a_session_begins_at_the_time_of_day() -> None:
    """The clock of a real reactor need not be that."""
    connection = Connection(Reactor(), 60.0, 30.0)
    assert abs(connection.session.started - time.time()) < 3600
    assert connection.session.started <= connection.seconds()


def test_without_a_real_reactor_time_is_that_of_the_clock() -> None:
    clock = Clock()
    clock.advance(1000.0)
    connection = Connection(clock, 60.0, 30.0)
    assert (connection.session.started, connection.seconds()) == (1000.0, 1000.0)


@pytest.mark.parametrize("kind", [IMAPConnection, POP3Connection])
def test_the_protocols_are_such_connections(kind: type) -> None:
    assert issubclass(kind, LineConnection)
