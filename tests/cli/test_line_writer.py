"""`lazr_smtptest.cli.line_writer`: lines that go to a descriptor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.cli.line_writer import LineWriter, end_of_turn
from lazr_smtptest.net.batching import BatchingReactor


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """A descriptor of a regular file called "log"."""
    descriptor = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def read(descriptor: int) -> bytes:
    return os.pread(descriptor, 10**6, 0)


def test_lines_are_written_at_the_end_of_the_turn(file: int) -> None:
    """All that came in it, at once."""
    waiting: list[Callable[[], object]] = []
    writer = LineWriter(file, waiting.append)
    writer.write("one")
    writer.write("two")
    assert read(file) == b""
    [flush] = waiting
    flush()
    assert read(file) == b"one\ntwo\n"


def test_the_next_turn_has_its_own_write(file: int) -> None:
    """The end of a turn is asked for again after it."""
    clock = Clock()
    writer = LineWriter(file, end_of_turn(clock))
    writer.write("one")
    clock.advance(0)
    writer.write("two")
    clock.advance(0)
    assert read(file) == b"one\ntwo\n"


def test_our_reactor_is_asked_for_the_end_of_its_batch() -> None:
    """It has a cheaper way than a delayed call."""
    reactor = BatchingReactor()
    try:
        assert end_of_turn(reactor) is reactor.call_at_batch_end
    finally:
        reactor.waker.connectionLost(None)
        reactor._poller.close()


def test_the_end_writes_what_is_left(file: int) -> None:
    """Nothing is lost."""
    writer = LineWriter(file, lambda flush: None)
    writer.write("last")
    writer.close()
    assert read(file) == b"last\n"


def test_a_pipe_gets_its_lines_in_order() -> None:
    """Whoever writes them."""
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    for number in range(100):
        writer.write(str(number))
    writer.close()
    os.close(writing)
    with os.fdopen(reading) as lines:
        assert [int(line) for line in lines] == list(range(100))


def test_a_pipe_that_nobody_reads_does_not_block() -> None:
    """What it cannot hold waits in memory, and is written when there is room."""
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    line = "x" * 999
    for _ in range(200):
        writer.write(line)
    with os.fdopen(reading) as lines:
        for _ in range(200):
            assert lines.readline() == f"{line}\n"
        writer.close()
        os.close(writing)


def test_a_pipe_that_is_broken_is_reported_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing raises."""
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    writer.write("one")
    writer.write("two")
    writer.close()
    os.close(writing)
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        "smtptest: cannot write the log: Broken pipe; mail is taken all the same"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing raises."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(descriptor)
    for _ in range(3):
        writer.write("one")
    writer.close()
    os.close(descriptor)
    [line] = capsys.readouterr().err.splitlines()
    assert "No space left on device" in line


def test_what_cannot_be_encoded_is_escaped(file: int) -> None:
    """A lone surrogate stands for a byte that was not UTF-8 (PEP 383)."""
    LineWriter(file).write("a\udcff")
    assert read(file) == b"a\\udcff\n"
