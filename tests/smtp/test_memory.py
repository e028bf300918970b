"""A server that has no memory left for a message refuses it, and goes on."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import fail

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.smtp import body_buffer
from lazr_smtptest.smtp.body_buffer import Collector
from lazr_smtptest.smtp.limits import Limits

NO_ROOM = "452 4.3.1 no room for the message"


def run_out(*arguments: object, **options: object) -> None:
    """Raise as Python does without memory."""
    raise MemoryError


class Full(list[bytes]):
    """A list that cannot grow."""

    def append(self, piece: bytes) -> None:
        raise MemoryError


def test_a_piece_that_does_not_fit_into_memory_loses_the_content() -> None:
    """The memory of its other pieces is free again, and nothing is raised."""
    collector = Collector()
    collector._pieces = Full([b"x" * 5000])
    for _ in range(3):
        collector.add(b"y" * 5000)
    assert collector.finish() is None
    assert isinstance(collector.lost, MemoryError)
    assert (collector.size, collector._pieces) == (15_000, [])


@pytest.mark.parametrize("step", ["finish", "take_back", "add"])
def test_pieces_that_cannot_be_joined_lose_the_content(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error does not keep them by its traceback."""
    monkeypatch.setattr(Collector, "_joined", run_out)
    collector = Collector(spool=0 if step == "add" else None)
    for _ in range(80):
        collector.add(b"y" * 5000)
    if step == "take_back":
        collector.take_back(2)
    assert collector.finish() is None
    assert isinstance(collector.lost, MemoryError)
    assert collector.lost.__traceback__ is None
    assert collector._pieces == []


def test_octets_are_taken_back_from_a_content_that_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its size is still counted."""
    monkeypatch.setattr(Collector, "_joined", run_out)
    collector = Collector(spool=None)
    collector.add(b"12345")
    collector.take_back(1)
    assert isinstance(collector.lost, MemoryError)
    collector.take_back(1)
    assert collector.size == 3


@pytest.fixture(params=["DATA", "BDAT"])
def send(request: pytest.FixtureRequest, new_wire: Any) -> Any:
    """Send a message in one of two ways; return the last reply."""
    wire = new_wire(limits=Limits(spool=0))
    wire.say("EHLO a")

    def send() -> str:
        wire.say("MAIL FROM:<from@example.com>", "RCPT TO:<to@example.com>")
        text = b"x" * 300_000 + b"\r\n"
        if request.param == "DATA":
            said = wire.say("DATA", text, ".")
        else:
            said = wire.send(b"BDAT %d LAST\r\n%b" % (len(text), text))
        return str(said[-1])

    return send


@pytest.mark.parametrize("step", ["_joined", "_write"])
def test_the_client_is_told_that_there_is_no_room(
    send: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The next message is taken, if there is memory for it."""
    with monkeypatch.context() as patch:
        target = Collector if step == "_joined" else SpooledContent
        patch.setattr(target, step if step == "_joined" else "append", run_out)
        assert send() == NO_ROOM
    assert send().startswith("250 2.0.0 ")


def test_the_log_has_a_line_and_no_traceback(
    send: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A traceback would not show where the memory has gone."""
    monkeypatch.setattr(Collector, "_joined", run_out)
    send()
    (record,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert record.getMessage().endswith(": there is no memory left for a message")
    assert record.exc_info is None


@pytest.mark.parametrize("late", [False, True])
def test_a_handler_without_memory_is_a_452_without_a_traceback(
    wire: Any, caplog: pytest.LogCaptureFixture, late: bool
) -> None:
    """At once, or in its Deferred."""
    wire.handler.then = (lambda: fail(MemoryError())) if late else run_out
    wire.begin()
    assert wire.say("x", ".") == [NO_ROOM]
    (record,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert record.getMessage().endswith(": there is no memory left")
    assert not record.exc_info
    wire.handler.then = lambda: None
    assert wire.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA") == [
        *("250", "250", "354")
    ]


def test_a_command_without_memory_is_a_452(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session goes on."""
    wire.say("EHLO a")
    monkeypatch.setattr(wire.protocol, "validateFrom", run_out, raising=False)
    assert wire.codes("MAIL FROM:<a@b>", "NOOP") == ["452", "250"]


def test_memory_for_a_large_content_is_looked_for_before_it_is_all_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the socket would be the first that has none."""
    monkeypatch.setattr(body_buffer, "_LARGE", 100)
    monkeypatch.setattr(body_buffer, "bytes", run_out, raising=False)
    collector = Collector()
    collector.add(b"x" * 100)
    assert collector.lost is None
    collector.add(b"x")
    assert isinstance(collector.lost, MemoryError)
    assert collector.finish() is None


@pytest.mark.parametrize("size", [1, 100, 101, 399, 1000])
@pytest.mark.parametrize("limit", [None, 1000])
def test_a_large_content_is_whole(
    size: int, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it was looked whether there is memory for it."""
    monkeypatch.setattr(body_buffer, "_LARGE", 10)
    collector = Collector(limit)
    content = bytes(number % 251 for number in range(size))
    for start in range(0, size, 7):
        collector.add(content[start : start + 7])
    assert collector.finish() == content
