"""`lazr_smtptest.smtp.body_buffer`: contents in memory or in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.smtp import body_buffer as collector
from lazr_smtptest.smtp.body_buffer import Collector
from lazr_smtptest.smtp.content_reader import Content
from lazr_smtptest.smtp.framing import Framer, Item

from .test_chunking import cut
from .test_framing import TRICKY, drain


@pytest.fixture
def small_blocks(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every few octets are written; the folder with the files."""
    monkeypatch.setattr(collector, "BLOCK", 1)
    return temporary


def read(*pieces: bytes, limit: int | None = None, spool: int | None) -> list[Item]:
    """What a framer makes of pieces, the first item being a content."""
    framer = Framer(20)
    framer.read_content(limit, spool, 1000)
    return [item for piece in pieces for item in drain(framer, piece)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    octets=TRICKY,
    places=st.lists(st.integers(0, 200)),
    spool=st.integers(0, 20),
    block=st.sampled_from([1, 10, 30]),
    limit=st.sampled_from([None, 40]),
)
def test_a_file_makes_no_difference(
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    octets: bytes,
    places: list[int],
    spool: int,
    block: int,
    limit: int | None,
) -> None:
    """Whatever the octets are, and in whatever pieces they come."""
    monkeypatch.setattr(collector, "BLOCK", block)
    octets += b"\r\n.\r\n"
    plain = read(octets, limit=limit, spool=None)
    found = read(*cut(octets, places), limit=limit, spool=spool)
    assert found == plain
    assert [_content(item) for item in found] == [
        (item.data, item.size, isinstance(item.data, bytes) and len(item.data) > spool)
        if isinstance(item, Content)
        else None
        for item in plain
    ]


def _content(item: Item) -> object:
    """The content of an item, its size, and whether it is in a file."""
    if not isinstance(item, Content):
        return None
    return item.data, item.size, isinstance(item.data, SpooledContent)


def test_a_content_of_the_threshold_stays_in_memory(temporary: Path) -> None:
    """The first octet above it makes the file."""
    (content,) = read(b"12345678\r\n.\r\n", spool=10)
    assert isinstance(content, Content)
    assert content.data == b"12345678\r\n"
    assert list(temporary.iterdir()) == []
    (content,) = read(b"123456789\r\n.\r\n", spool=10)
    assert len(list(temporary.iterdir())) == 1


def test_a_short_content_is_written_at_its_end(temporary: Path) -> None:
    """In one piece: there is no more than a block of it."""
    framer = Framer(20)
    framer.read_content(None, 0)
    drain(framer, b"x" * 1000)
    assert list(temporary.iterdir()) == []


def test_a_long_content_is_not_in_memory(small_blocks: Path) -> None:
    """It is in the file as it comes."""
    collected = Collector(spool=0)
    for _ in range(100):
        collected.add(b"x" * 100)
    (file,) = small_blocks.iterdir()
    assert file.stat().st_size == 10_000
    assert collected.start() == b"x" * 200


def test_a_content_that_is_abandoned_leaves_no_file(small_blocks: Path) -> None:
    """Also in the midst of it."""
    framer = Framer(20)
    framer.read_content(None, 0)
    drain(framer, b"x" * 1000)
    assert len(list(small_blocks.iterdir())) == 1
    framer.abandon()
    assert list(small_blocks.iterdir()) == []


def test_a_content_over_its_limit_leaves_no_file(small_blocks: Path) -> None:
    """As soon as it is certain that it is too big."""
    framer = Framer(20)
    framer.read_content(300, 0)
    drain(framer, b"x" * 300)
    assert len(list(small_blocks.iterdir())) == 1
    drain(framer, b"x" * 300)
    assert list(small_blocks.iterdir()) == []
    assert drain(framer, b"\r\n.\r\nNOOP\r\n") == [Content(None), b"NOOP"]


def test_a_content_that_proves_too_big_at_its_end_leaves_no_file(
    small_blocks: Path,
) -> None:
    """The limit is exact."""
    (content,) = read(b"x" * 99 + b"\r\n.\r\n", limit=100, spool=0)
    assert content == Content(None)
    assert list(small_blocks.iterdir()) == []


def test_a_line_that_is_too_long_leaves_no_file(small_blocks: Path) -> None:
    """It is lost at once, and its end found."""
    framer = Framer(20)
    framer.read_content(None, 0, 100)
    drain(framer, b"x" * 101)
    assert list(small_blocks.iterdir()) == []
    (content,) = drain(framer, b"\r\n.\r\n")
    assert isinstance(content, Content)
    assert (content.data, content.size, content.lost) == (None, 103, "long line")


def test_what_cannot_be_written_is_lost(
    small_blocks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end is found all the same, and why it was lost is said."""
    error = OSError(28, "No space left on device")

    def fail(self: SpooledContent, octets: bytes) -> None:
        raise error

    framer = Framer(20)
    framer.read_content(None, 0)
    drain(framer, b"x" * 100)
    monkeypatch.setattr(SpooledContent, "append", fail)
    assert drain(framer, b"x" * 100) == []
    assert list(small_blocks.iterdir()) == []
    content, line = drain(framer, b"x\r\n.\r\nNOOP\r\n")
    assert isinstance(content, Content)
    assert (content.data, content.lost, line) == (None, error, b"NOOP")
