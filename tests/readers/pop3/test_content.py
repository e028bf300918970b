"""The lines of a message as POP3 sends them."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lazr_smtptest.readers.pop3.content import Top, pieces_of

PIECE = 65_536


def sent(content: bytes) -> bytes:
    return b"".join(pieces_of(BytesIO(content)))


def received(data: bytes, end: bytes) -> bytes:
    """Return what a client makes of it that takes `end` for the end of a line."""
    lines = data.split(end)
    assert lines[-2:] == [b".", b""] or lines[-2:] == [b".\r", b""]
    kept = lines[:-2]
    assert all(line.rstrip(b"\r") != b"." for line in kept)
    return b"".join(
        (line[1:] if line.startswith(b".") else line) + end for line in kept
    )


@given(st.lists(st.binary(max_size=6).map(lambda b: b.translate(None, b"\r\n"))))
@example([b".", b"..", b"", b"a"])
def test_a_client_gets_the_message_as_it_is(lines: list[bytes]) -> None:
    """Of lines that end with CRLF."""
    content = b"".join(line + b"\r\n" for line in lines)
    assert received(sent(content), b"\r\n") == content


@given(st.lists(st.sampled_from([b".", b"a", b"\n", b"\r\n", b""]), max_size=30))
def test_a_client_that_ends_lines_with_lf_gets_it_too(parts: list[bytes]) -> None:
    """Also where a line of the message ends with LF alone."""
    content = b"".join(parts)
    got = received(sent(content), b"\n")
    has_end = not content or content.endswith(b"\r\n")
    expected = content if has_end else content.removesuffix(b"\n") + b"\r\n"
    assert got == expected


@pytest.mark.parametrize("lines", [1, 2, 9])
def test_a_beginning_that_ends_with_a_bare_lf_has_no_line_more(lines: int) -> None:
    """A client that reads lines counts those that it asked for."""
    top = Top(BytesIO(b"A: b\n\n1\n2\n"), lines)
    data = b"".join(pieces_of(top))
    assert received(data, b"\n").count(b"\n") == 2 + min(lines, 2)


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1])
def test_a_bare_lf_before_a_cut_is_kept(size: int) -> None:
    """It is not the end of the message."""
    content = b"a" * (size - 1) + b"\n.b\r\n"
    assert received(sent(content), b"\n") == content


@pytest.mark.parametrize("before", [PIECE - 2, PIECE - 1, PIECE, PIECE + 1])
def test_a_dot_behind_a_cut_is_stuffed(before: int) -> None:
    """Wherever the content is cut into pieces."""
    content = b"a" * (before - 2) + b"\r\n.\r\nb\r\n"
    assert received(sent(content), b"\r\n") == content


def test_a_large_message_is_sent_in_pieces() -> None:
    """So that a slow client does not cost its size twice."""
    assert len(list(pieces_of(BytesIO(b"a\r\n" * PIECE)))) >= 3


HEADER = b"A: b\r\nC: d\r\n\r\n"


@pytest.mark.parametrize(
    ("content", "lines", "wanted"),
    [
        (HEADER + b"1\r\n2\r\n", 0, HEADER),
        (HEADER + b"1\r\n2\r\n", 1, HEADER + b"1\r\n"),
        (HEADER + b"1\r\n2\r\n", 9, HEADER + b"1\r\n2\r\n"),
        (HEADER + b"1", 1, HEADER + b"1"),
        (b"A: b\r\n", 5, b"A: b\r\n"),
        (b"A: b\n\n1\n2\n", 1, b"A: b\n\n1\n"),
        (b"\r\n1\r\n2\r\n", 1, b"\r\n1\r\n"),
        (b"", 1, b""),
        (HEADER + b"\r\n\r\n", 1, HEADER + b"\r\n"),
    ],
)
def test_top_is_the_header_and_some_lines(
    content: bytes, lines: int, wanted: bytes
) -> None:
    """The blank line is part of the header."""
    top = Top(BytesIO(content), lines)
    assert b"".join(iter(lambda: top.read(PIECE), b"")) == wanted


@pytest.mark.parametrize("size", [2, 3, 7])
def test_top_counts_lines_and_not_pieces(size: int) -> None:
    """A long line is read in several."""
    top = Top(BytesIO(HEADER + b"a" * 20 + b"\r\nb\r\nc\r\n"), 2)
    found = b"".join(iter(lambda: top.read(size), b""))
    assert found == HEADER + b"a" * 20 + b"\r\nb\r\n"
