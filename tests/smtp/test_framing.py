"""`lazr_smtptest.smtp.framing`: lines and contents out of a stream of bytes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from lazr_smtptest.smtp.content_reader import Chunk, Content
from lazr_smtptest.smtp.framing import BadLine, Framer

Item = bytes | BadLine | Content | Chunk


def items(*pieces: bytes, limit: int = 20) -> list[Item]:
    """What a framer in line mode makes of pieces."""
    framer = Framer(limit)
    return [item for piece in pieces for item in drain(framer, piece)]


def drain(framer: Framer, piece: bytes) -> list[Item]:
    framer.feed(piece)
    found = []
    while (item := framer.next()) is not None:
        found.append(item)
    return found


def content_of(*pieces: bytes, limit: int | None = None) -> list[Item]:
    """What a framer makes of pieces, the first item being a content."""
    framer = Framer(20)
    framer.read_content(limit)
    return [item for piece in pieces for item in drain(framer, piece)]


def test_a_line_comes_without_its_crlf() -> None:
    """NOOP CRLF is the line NOOP."""
    assert items(b"NOOP\r\n") == [b"NOOP"]


def test_lines_of_one_piece_come_in_order() -> None:
    """Pipelined commands are lines of their own."""
    assert items(b"A\r\nB\r\n\r\nC") == [b"A", b"B", b""]


def test_a_line_may_come_in_pieces() -> None:
    """A line is complete when its LF is there."""
    assert items(b"NO", b"OP\r", b"\n") == [b"NOOP"]


def test_a_line_of_the_limit_is_taken() -> None:
    """The limit counts the CRLF."""
    assert items(b"x" * 18 + b"\r\n") == [b"x" * 18]


def test_a_line_over_the_limit_is_one_bad_line() -> None:
    """An over-long line is thrown away up to its CRLF, and no further."""
    assert items(b"x" * 19 + b"\r\nNOOP\r\n") == [BadLine("too long"), b"NOOP"]


def test_a_line_that_never_ends_is_not_kept() -> None:
    """A client that sends no newline costs no memory."""
    framer = Framer(20)
    found = [item for _ in range(50) for item in drain(framer, b"x" * 1000)]
    assert found == [BadLine("too long")]
    assert framer.pending <= 1


def test_a_bare_lf_ends_no_line() -> None:
    """What stands behind a bare LF is no command (RFC 5321 section 2.3.8)."""
    assert items(b"A\nB\r\nC\r\n") == [BadLine("bare LF"), b"C"]


def test_a_bare_lf_is_told_at_once() -> None:
    """A client that ends its lines in LF need not wait for a timeout."""
    assert items(b"A\n") == [BadLine("bare LF")]


def test_each_bare_lf_is_told() -> None:
    """A client that ends all its lines in LF gets an answer to each."""
    assert items(b"A\nB\n\n") == [BadLine("bare LF")] * 3


def test_the_crlf_of_a_line_with_a_bare_lf_is_its_end() -> None:
    """The next line is a command again."""
    assert items(b"A\nB\nC\r\nD\r\n") == [BadLine("bare LF")] * 2 + [b"D"]


def test_a_bare_lf_behind_a_long_line_is_told() -> None:
    """The long part was told of; the next one is another."""
    assert items(b"x" * 30 + b"\nA\n") == [BadLine("too long"), BadLine("bare LF")]


def test_a_long_part_behind_a_bare_lf_is_not_kept() -> None:
    """It is told of, and thrown away."""
    framer = Framer(20)
    drain(framer, b"A\n")
    found = [item for _ in range(50) for item in drain(framer, b"x" * 1000)]
    assert found == [BadLine("too long")]
    assert framer.pending <= 1


def after_bare_lf(*pieces: bytes) -> list[Item]:
    """Feed pieces to a framer after a line that a bare LF has ended."""
    framer = Framer(20)
    drain(framer, b"A\n")
    framer.end_line()
    return [item for piece in pieces for item in drain(framer, piece)]


def test_a_line_behind_one_that_is_over_is_a_line() -> None:
    """It was sent when the client had its answer."""
    assert after_bare_lf(b"B\r\n") == [b"B"]


def test_a_crlf_behind_a_line_that_is_over_belongs_to_it() -> None:
    """LF CR LF is one odd line end, in whatever pieces."""
    assert after_bare_lf(b"\r\nB\r\n") == [b"B"]
    assert after_bare_lf(b"\r", b"\nB\r\n") == [b"B"]


def test_another_bare_lf_behind_a_line_that_is_over_is_told() -> None:
    """As the first one was."""
    assert after_bare_lf(b"B\n", b"C\n") == [BadLine("bare LF")] * 2


def test_a_line_that_has_no_bare_lf_cannot_be_over() -> None:
    """The rest of a long line is no command."""
    framer = Framer(20)
    drain(framer, b"x" * 30)
    framer.end_line()
    assert drain(framer, b"A\r\nB\r\n") == [b"B"]


def test_a_bare_cr_stays_in_the_line() -> None:
    """A CR alone is for the command's parser to refuse."""
    assert items(b"A\rB\r\n") == [b"A\rB"]


def test_content_ends_at_the_dot() -> None:
    """What follows the dot is a line again."""
    assert content_of(b"one\r\ntwo\r\n.\r\nQUIT\r\n") == [
        Content(b"one\r\ntwo\r\n"),
        b"QUIT",
    ]


def test_content_may_be_empty() -> None:
    """A dot right after DATA ends an empty message."""
    assert content_of(b".\r\n") == [Content(b"")]


def test_the_transparency_dot_is_removed() -> None:
    """One leading dot goes, wherever the line stands (RFC 5321 section 4.5.2)."""
    assert content_of(b"..a\r\n..\r\n.b\r\nc.\r\n.\r\n") == [
        Content(b".a\r\n.\r\nb\r\nc.\r\n")
    ]


def test_only_crlf_dot_crlf_ends_a_content() -> None:
    """No other line end makes an end of data: that is how mail is smuggled."""
    inside = b"a\n.\r\nb\r\n.\nc\r.\rd\n.\ne\r.\r\n"
    kept = b"a\n.\r\nb\r\n\nc\r.\rd\n.\ne\r.\r\n"
    assert content_of(inside + b".\r\n") == [Content(kept)]


def test_a_content_over_its_limit_is_not_kept() -> None:
    """It is read to its true end all the same."""
    assert content_of(b"x" * 100, b"\r\n.\r\nNOOP\r\n", limit=50) == [
        Content(None),
        b"NOOP",
    ]


def test_transparency_does_not_count_against_the_limit() -> None:
    """SIZE is without the stuffed dots (RFC 1870 section 5)."""
    stuffed = b"..\r\n" * 10
    assert content_of(stuffed + b".\r\n", limit=30) == [Content(b".\r\n" * 10)]


def test_one_octet_over_the_limit_is_too_big() -> None:
    """The limit is exact."""
    assert content_of(b"12345678\r\n.\r\n", limit=10) == [Content(b"12345678\r\n")]
    assert content_of(b"123456789\r\n.\r\n", limit=10) == [Content(None)]


def test_single_octets_are_put_together() -> None:
    """A content that comes octet by octet is the same."""
    octets = b"one\r\n.\r.\n..two\r\n.\r\n"
    pieces = [octets[index : index + 1] for index in range(len(octets))]
    assert content_of(*pieces) == content_of(octets)


TRICKY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\r\n.\r\n", b"x" * 30])
).map(b"".join)


@example(b"\n" + b"x" * 30 + b"\n", [21], False)
@example(b"\n" + b"x" * 30 + b"\r\n", [21], False)
@given(TRICKY, st.lists(st.integers(0, 200)), st.booleans())
def test_cuts_make_no_difference(octets: bytes, cuts: list[int], data: bool) -> None:
    """What comes out depends on the bytes, never on the pieces."""
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    pieces = [octets[a:b] for a, b in pairwise(edges)]
    if data:
        assert content_of(*pieces, limit=40) == content_of(octets, limit=40)
    else:
        assert items(*pieces) == items(octets)


@example([b"\n"], "line")
@example([b"x" * 30, b"\r\n"], "line")
@given(st.lists(TRICKY), st.sampled_from(["line", "content", "chunk"]))
def test_a_line_between_others_is_taken_whole(pieces: list[bytes], mode: str) -> None:
    """Whatever came before: so it need not be looked for in the bytes."""
    framer = Framer(20)
    if mode == "content":
        framer.read_content(None)
    elif mode == "chunk":
        framer.read_chunk(3, keep=True)
    for piece in pieces:
        drain(framer, piece)
        if framer.is_between:
            assert framer.pending == 0
            assert drain(framer, b"NOOP\r\n") == [b"NOOP"]
            assert framer.is_between


def test_a_line_is_between_others_after_a_bad_one() -> None:
    framer = Framer(20)
    drain(framer, b"x" * 30 + b"\r\n")
    drain(framer, b"NOOP\r\n")
    assert framer.is_between


def chunk_of(octets: bytes, *, keep: bool) -> list[Item]:
    """What a framer makes of a chunk that comes in two pieces."""
    framer = Framer(20)
    framer.read_chunk(len(octets), keep=keep)
    half = len(octets) // 2
    return drain(framer, octets[:half]) + drain(framer, octets[half:])


def test_of_a_long_chunk_both_ends_are_shown() -> None:
    """Its octets are where the message is collected."""
    octets = b"a" * 300 + b"b" * 300
    assert chunk_of(octets, keep=True) == [Chunk(b"a" * 200 + b"b" * 200)]


def test_a_chunk_that_is_not_kept_is_counted() -> None:
    """It ends where it has to."""
    (chunk,) = chunk_of(b"x" * 600, keep=False)
    assert isinstance(chunk, Chunk)
    assert (chunk.data, chunk.size) == (None, 600)
