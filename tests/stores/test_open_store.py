"""The text that names a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazr_smtptest.stores import (
    MaildirStore,
    MboxStore,
    MemoryStore,
    check_spec,
    open_store,
)

BAD = ["", "memory:", "memory:x", "Memory", "maildir", "maildir:", "mbox:", "sql:x"]


def test_memory_opens_a_memory_store() -> None:
    """``memory`` is the memory store."""
    assert isinstance(open_store("memory"), MemoryStore)


def test_maildir_opens_that_directory(tmp_path: Path) -> None:
    """``maildir:DIR`` is a Maildir at DIR."""
    store = open_store(f"maildir:{tmp_path / 'm'}")
    assert isinstance(store, MaildirStore)
    assert store.path == tmp_path / "m"


def test_mbox_opens_that_file(tmp_path: Path) -> None:
    """``mbox:FILE`` is an mbox file at FILE."""
    store = open_store(f"mbox:{tmp_path / 'm'}")
    assert isinstance(store, MboxStore)
    assert store.path == tmp_path / "m"


def test_a_path_may_hold_a_colon(tmp_path: Path) -> None:
    """Only the first colon separates."""
    store = open_store(f"mbox:{tmp_path / 'a:b'}")
    assert isinstance(store, MboxStore)
    assert store.path == tmp_path / "a:b"


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_relative_path_stays_where_it_was_opened(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later change of the working directory does not move the store."""
    monkeypatch.chdir(tmp_path)
    store = open_store(f"{kind}:box")
    monkeypatch.chdir("/")
    assert len(store) == 0
    assert repr(store) == f"{kind}:{tmp_path / 'box'}"


@pytest.mark.parametrize("spec", BAD)
def test_anything_else_is_an_error_that_names_it(spec: str) -> None:
    """An unknown store is named, with the forms that there are, on one line."""
    with pytest.raises(ValueError, match="use memory, maildir:DIR or mbox:") as caught:
        open_store(spec)
    assert repr(spec) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_check_spec_touches_nothing(tmp_path: Path) -> None:
    """A text can be checked without making the store."""
    assert check_spec(f"maildir:{tmp_path / 'm'}") == ("maildir", f"{tmp_path / 'm'}")
    assert list(tmp_path.iterdir()) == []
