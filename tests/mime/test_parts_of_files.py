"""A message in a file has the same parts as one in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent, part_of
from lazr_smtptest.mime import delimiters, fields
from lazr_smtptest.mime.parts import Parts, read_parts

# What the search for the parts is sensitive to.
TOKENS = [
    *(b"--b", b"--b--", b"--c", b"--", b"b", b"\r\n", b"\r", b"\n", b" ", b"\t", b":"),
    *(b"\r\n--b\r\n", b"\r\n\r\n", b"A: b\r\n", b"long" * 5, b"From x\r\n"),
    b"\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n",
    b"\xef\xbb\xbf",
]
MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


@pytest.fixture(autouse=True, scope="module")
def small_blocks(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Blocks of a few bytes, so that short messages have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimiters, "_BLOCK", 7)
        patch.setattr(fields, "_WINDOW", 5)
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("files")))
        yield


def in_file(content: bytes) -> SpooledContent:
    """Return a content in a file."""
    file = SpooledContent()
    file.append(content)
    return file


def described(parts: Parts) -> object:
    """Return all that there is to compare of the parts of a message."""
    leaves = [
        (part.fields, part.content_type, part.path, part.start, part.stop, part.body)
        for part in parts.leaves
    ]
    return parts.fields, leaves, parts.trouble


def pure(content: bytes) -> object:
    """Return the parts of a message in memory, which is searched as a whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimiters, "_BLOCK", 1 << 20)
        return described(read_parts(content))


@given(
    head=st.sampled_from([MULTIPART, b""]),
    tokens=st.lists(st.sampled_from(TOKENS) | st.binary(max_size=2), max_size=15),
)
def test_a_file_is_read_like_bytes(head: bytes, tokens: list[bytes]) -> None:
    """However malformed the message is, and wherever a block ends."""
    content = head + b"".join(tokens)
    assert described(read_parts(in_file(content))) == pure(content)


@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=15))
def test_blocks_of_memory_are_read_like_the_whole(tokens: list[bytes]) -> None:
    """A delimiter at the end of a block is one."""
    content = MULTIPART + b"".join(tokens)
    assert described(read_parts(content)) == pure(content)


def test_a_line_may_be_longer_than_a_block() -> None:
    """It is read as a whole."""
    content = MULTIPART + b"--b\r\n\r\n" + b"x" * 999 + b"\r\n--b--\r\n"
    [part] = read_parts(in_file(content)).leaves
    assert part.body == b"x" * 999


def test_a_file_that_became_shorter_is_an_error(tmp_path: Path) -> None:
    """Its content is not taken for the whole one."""
    file = in_file(b"abc")
    file.path.write_bytes(b"a")
    with pytest.raises(EOFError, match="is too short"):
        part_of(file, 0, 3)
