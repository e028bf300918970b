"""The SQLite store reads a large message into a temporary file, in pieces."""

from __future__ import annotations

import io
import os
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _codec, _reader
from lazr_smtptest.stores._codec import Compressor, decompress_from
from lazr_smtptest.stores.sqlite import SQLiteStore

from ..memory import peak_of
from .reading_helpers import wait_for_index

in_pieces = pytest.mark.skipif(
    not hasattr(sqlite3.Connection, "blobopen"),
    reason="sqlite3 reads in pieces since Python 3.11",
)

# One that is compressed, and one that cannot be.
CONTENTS = [b"Subject: x\r\n\r\n" + b"abc\r\n" * 300_000, os.urandom(1_200_000)]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStore]:
    """A store whose temporary files have a directory of their own."""
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(files))
    store = SQLiteStore(tmp_path / "mail.db", synchronous="OFF")
    yield store
    store.close()


def add(store: SQLiteStore, content: bytes) -> Envelope:
    """Keep a message, and return it as the store reads it."""
    store.add(Envelope(mail_from="a@x", rcpt_tos=("b@x",), content=content, id="one"))
    found = store.envelope("one")
    assert found is not None
    return found


@pytest.mark.parametrize("content", CONTENTS, ids=["compressed", "as it is"])
@pytest.mark.parametrize("zstandard", [True, False])
def test_a_large_message_is_the_one_that_was_kept(
    store: SQLiteStore,
    content: bytes,
    zstandard: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However it is compressed."""
    if not zstandard:
        monkeypatch.setattr(_codec, "zstandard", None)
        monkeypatch.setattr(store, "_compressor", Compressor())
    assert add(store, content).content == content


@in_pieces
def test_a_large_message_is_in_a_file(store: SQLiteStore) -> None:
    """Whoever reads a part of it needs no memory for the rest."""
    assert isinstance(add(store, CONTENTS[0]).kept, SpooledContent)


def test_a_small_message_is_in_memory(store: SQLiteStore) -> None:
    """A file for each would take time."""
    assert isinstance(add(store, b"Subject: x\r\n\r\n").kept, bytes)


def test_a_python_without_blobs_reads_it_as_a_whole(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.10."""
    monkeypatch.setattr(_reader, "hasattr", lambda *given: False, raising=False)
    assert isinstance(add(store, CONTENTS[0]).kept, bytes)


@pytest.mark.slow
@in_pieces
def test_reading_a_large_message_takes_little_memory(store: SQLiteStore) -> None:
    """Only some pieces of it."""
    add(store, os.urandom(12_000_000))
    wait_for_index(store)  # it reads messages, too
    bound = 6_000_000
    assert peak_of(lambda: store.envelope("one"), bound) < bound


@in_pieces
def test_a_large_message_that_goes_meanwhile_is_gone(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes it between two statements."""
    add(store, CONTENTS[0])
    tables: Any = _reader._tables
    small = tables.small_message

    def removed(*given: Any) -> Any:
        row = small(*given)
        store.clear()
        return row

    monkeypatch.setattr(tables, "small_message", removed)
    assert store.envelope("one") is None


def test_a_content_that_is_cut_off_is_an_error() -> None:
    """It is not taken for the whole one."""
    source = io.BytesIO(zlib.compress(os.urandom(5000))[:-100])
    with pytest.raises(StoreError, match="is cut off"):
        list(decompress_from(1, source))


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message was compressed with it."""
    monkeypatch.setattr(_codec, "zstandard", None)
    with pytest.raises(StoreError, match=r"install lazr\.smtptest\[sqlite\]"):
        list(decompress_from(2, io.BytesIO(b"x")))


def test_a_bomb_is_decoded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is longer than the others."""
    source = io.BytesIO(zlib.compress(bytes(9_000_000)))
    assert max(map(len, decompress_from(1, source))) <= 1 << 20
