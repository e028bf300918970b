"""Lines that are read one by one, however they come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError

from lazr_smtptest.readers.lines import Lines, LineTooLongError

LONGEST = 8


@pytest.fixture
def lines() -> Lines:
    """Nothing was received."""
    return Lines()


def outcome(lines: Lines) -> bytes | str | None:
    """Read a line; return it, what was wrong with it, or nothing."""
    found: list[bytes | str] = []
    reading = lines.read(LONGEST)
    reading.addCallbacks(found.append, lambda failure: found.append("too long"))
    return found[0] if found else None


def test_a_line_that_has_come_is_read_at_once(lines: Lines) -> None:
    """Without its end."""
    lines.add(b"a\r\nb")
    assert (outcome(lines), len(lines)) == (b"a", 1)


def test_a_line_that_comes_later_is_waited_for(lines: Lines) -> None:
    """Until its end has come."""
    found: list[bytes] = []
    lines.read(LONGEST).addCallback(found.append)
    for part in (b"a", b"b\r", b"\nc"):
        assert found == []
        lines.add(part)
    assert found == [b"ab"]


def test_a_bare_lf_ends_a_line(lines: Lines) -> None:
    """As people type it into a socket."""
    lines.add(b"a\nb\n")
    assert [outcome(lines), outcome(lines)] == [b"a", b"b"]


def test_a_cr_within_a_line_is_kept(lines: Lines) -> None:
    """It ends nothing."""
    lines.add(b"a\rb\r\n")
    assert outcome(lines) == b"a\rb"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(("size", "is_read"), [(LONGEST, True), (LONGEST + 1, False)])
def test_the_longest_line(lines: Lines, end: bytes, size: int, is_read: bool) -> None:
    """Its end does not count."""
    lines.add(b"a" * size + end + b"b\r\n")
    assert outcome(lines) == (b"a" * size if is_read else "too long")
    assert outcome(lines) == b"b"


def test_of_a_line_that_is_too_long_nothing_is_kept(lines: Lines) -> None:
    """However long it becomes."""
    assert outcome(lines) is None
    for _ in range(100):
        lines.add(b"a" * 1000)
        assert len(lines) <= LONGEST + 1


def test_a_reader_that_leaves_takes_no_line(lines: Lines) -> None:
    """The next one gets it."""
    reading = lines.read(LONGEST)
    reading.addErrback(lambda failure: failure.trap(CancelledError))
    reading.cancel()
    lines.add(b"a\r\n")
    assert outcome(lines) == b"a"


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Cut octets into pieces."""
    start = 0
    for cut in sorted(each % (len(data) + 1) for each in cuts):
        yield data[start:cut]
        start = cut
    yield data[start:]


@pytest.mark.slow
@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"x"))),
    st.lists(st.integers(0, 500)),
)
def test_cuts_change_nothing(sent: list[bytes], cuts: list[int]) -> None:
    """The lines are those that were sent, without those that are too long."""
    lines = Lines()
    for piece in pieces(b"".join(line + b"\r\n" for line in sent), cuts):
        lines.add(piece)
    read = [outcome(lines) for _ in sent]
    assert read == [line if len(line) <= LONGEST else "too long" for line in sent]


def test_the_error_says_how_many_octets_are_allowed(lines: Lines) -> None:
    """For the reply."""
    errors: list[LineTooLongError] = []
    lines.add(b"a" * 99 + b"\r\n")
    lines.read(LONGEST).addErrback(lambda failure: errors.append(failure.value))
    assert errors[0].longest == LONGEST


@pytest.mark.parametrize("by", [1, 9, 100])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_the_error_of_a_long_line_has_the_end_of_the_line(
    lines: Lines, by: int, end: bytes
) -> None:
    """However it comes; so a reader knows what the client sends after it."""
    errors: list[bytes] = []
    lines.read(LONGEST).addErrback(lambda failure: errors.append(failure.value.end))
    sent = b"y" * 60 + b"x" * 32 + end
    for start in range(0, len(sent), by):
        lines.add(sent[start : start + by])
    assert errors == [b"x" * 32]


@pytest.mark.parametrize("by", [9, 100])
def test_the_error_of_a_long_line_has_the_beginning_of_the_line(
    lines: Lines, by: int
) -> None:
    """However it comes, and whatever was dropped before; so a reply has its tag."""
    errors: list[bytes] = []
    for first in (b"a", b"b"):
        lines.read(LONGEST).addErrback(lambda failed: errors.append(failed.value.begin))
        sent = first * 60 + b"x" * 60 + b"\r\n"
        for start in range(0, len(sent), by):
            lines.add(sent[start : start + by])
    assert [each[:9] for each in errors] == [b"a" * 9, b"b" * 9]


def test_some_bytes_are_read_at_once(lines: Lines) -> None:
    """The bytes that have come, up to the size that is asked for."""
    lines.add(b"a\r\nb")
    found: list[bytes] = []
    lines.read_some(3).addCallback(found.append)
    assert (found, len(lines)) == ([b"a\r\n"], 1)


def test_some_bytes_are_waited_for(lines: Lines) -> None:
    """At least one has to come; a line after them is read as ever."""
    found: list[bytes] = []
    lines.read_some(3).addCallback(found.append)
    lines.add(b"x")
    lines.add(b"y\n")
    assert (found, outcome(lines)) == ([b"x"], b"y")
