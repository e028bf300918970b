"""`lazr_smtptest._spool`: octets in a temporary file."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest import _spool as spool
from lazr_smtptest._spool import SpooledContent, blocks_of, start_of

from .leaks import Opened
from .test_excerpt import excerpt


def spooled(*pieces: bytes) -> SpooledContent:
    content = SpooledContent()
    for piece in pieces:
        content.append(piece)
    return content


def test_what_is_appended_is_read(temporary: Path) -> None:
    """In the same order."""
    content = spooled(b"one", b"", b"two")
    assert content.read() == b"onetwo"
    assert content.path.parent == temporary


def test_its_length_is_that_of_the_octets(temporary: Path) -> None:
    """Without looking at the file."""
    content = spooled(b"one", b"two")
    content.path.unlink()
    assert len(content) == 6


def test_only_its_owner_may_read_it(temporary: Path) -> None:
    """Mail is nobody else's business."""
    assert spooled(b"x").path.stat().st_mode & 0o777 == 0o600


def test_its_file_goes_with_it(temporary: Path) -> None:
    """Nobody has to close anything."""
    content = spooled(b"x")
    assert list(temporary.iterdir()) == [content.path]
    del content
    assert list(temporary.iterdir()) == []


def test_its_file_may_be_gone_before(temporary: Path) -> None:
    """Something that cleans up was faster."""
    content = spooled(b"x")
    content.path.unlink()
    with pytest.raises(FileNotFoundError):
        content.read()
    del content


def test_a_child_of_a_fork_leaves_the_file(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is its parent's."""
    content = spooled(b"x")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    del content
    assert len(list(temporary.iterdir())) == 1


def test_no_descriptor_is_held(temporary: Path) -> None:
    """There may be many of them."""
    opened = Opened()
    kept = [spooled(b"x") for _ in range(10)]
    assert opened.left() == []
    assert len(kept) == 10


def test_its_beginning_can_be_read_alone(temporary: Path) -> None:
    """As much as there is."""
    assert spooled(b"onetwo").start(3) == b"one"
    assert start_of(spooled(b"onetwo"), 10) == b"onetwo"
    assert start_of(b"onetwo", 3) == b"one"


def test_its_excerpt_is_in_memory(temporary: Path) -> None:
    """Its first and last octets."""
    octets = b"a" * 1000 + b"b" * 1000
    content = spooled(octets)
    content.path.unlink()
    assert content.excerpt == excerpt(octets).octets


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"\r", b"\n", b"x"])).map(b"".join))
def test_blocks_end_between_no_cr_and_lf(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes
) -> None:
    """Together they are all of it."""
    monkeypatch.setattr(spool, "_BLOCK", 2)
    blocks = list(blocks_of(spooled(octets)))
    assert b"".join(blocks) == octets
    assert sum(block.count(b"\r\n") for block in blocks) == octets.count(b"\r\n")


def test_bytes_are_one_block() -> None:
    """They are in memory as it is."""
    assert list(blocks_of(b"a\r\nb")) == [b"a\r\nb"]


def test_it_equals_the_same_octets(temporary: Path) -> None:
    """Wherever these are."""
    content, octets = spooled(b"one"), b"one"
    assert content == spooled(b"o", b"ne")
    assert content == octets
    assert octets == content
    assert content != spooled(b"two")
    assert content != b"two"
    assert content != b"ones"
    assert content != "one"


def test_a_copy_is_the_same(temporary: Path) -> None:
    """It does not change any more."""
    content = spooled(b"one")
    assert copy.copy(content) is content
    assert copy.deepcopy(content) is content


def test_it_is_bytes_to_another_process(temporary: Path) -> None:
    """Which has no part in the file."""
    assert pickle.loads(pickle.dumps(spooled(b"one"))) == b"one"
    assert type(pickle.loads(pickle.dumps(spooled(b"one")))) is bytes
