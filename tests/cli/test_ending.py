"""`lazr_smtptest.cli.ending`: a process ends once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from lazr_smtptest.cli.ending import end_once


class SignalledReactor:
    """What a reactor does about signals."""

    def __init__(self) -> None:
        self.ended_by: list[int] = []
        self.interrupted_by: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """End because of a signal."""
        if self.interrupted_by is not None:
            signal.raise_signal(self.interrupted_by)
        self.ended_by.append(number)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def reactor() -> SignalledReactor:
    """Return a reactor that handles SIGINT and SIGTERM."""
    reactor = SignalledReactor()
    signal.signal(signal.SIGINT, reactor.handle)
    signal.signal(signal.SIGTERM, reactor.handle)
    return reactor


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_reaches_the_reactor(
    reactor: SignalledReactor, number: int
) -> None:
    """It stops, as without this."""
    end_once(reactor)
    signal.raise_signal(number)
    assert reactor.ended_by == [number]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_further_signal_does_nothing(reactor: SignalledReactor, number: int) -> None:
    """A terminal has sent it to the whole group, or somebody is impatient."""
    end_once(reactor)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(number)
    assert reactor.ended_by == [signal.SIGTERM]


def test_a_signal_while_another_is_handled_does_nothing(
    reactor: SignalledReactor,
) -> None:
    """Python handles signals between any two steps, also those of a handler."""
    reactor.interrupted_by = signal.SIGINT
    end_once(reactor)
    signal.raise_signal(signal.SIGTERM)
    assert reactor.ended_by == [signal.SIGTERM]


def test_a_handler_of_another_stays(reactor: SignalledReactor) -> None:
    """A shell lets jobs in the background ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_once(reactor)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
