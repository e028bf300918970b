"""`tests.once`: folders that are made once a run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .once import once_in


def fill(folder: Path) -> None:
    folder.mkdir()
    (folder / "file").write_text("filled")


def test_a_folder_is_filled_once(tmp_path: Path) -> None:
    """Whoever comes later gets the same one, by a lock and files of their own."""
    filled = []

    def count(folder: Path) -> None:
        filled.append(folder)
        fill(folder)

    folders = [once_in(tmp_path)("name", count) for _ in range(3)]
    assert folders == [tmp_path / "name"] * 3
    assert filled == [tmp_path / "name"]


def test_a_folder_that_could_not_be_filled_is_made_again(tmp_path: Path) -> None:
    """Nothing of the first try is in it."""
    make = once_in(tmp_path)

    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise OSError("no good")

    with pytest.raises(OSError, match="no good"):
        make("name", fail)
    assert [each.name for each in make("name", fill).iterdir()] == ["file"]


def test_one_waits_for_the_other(tmp_path: Path) -> None:
    """Only one of two who need it at the same time fills it."""
    filled: list[Path] = []
    begun = threading.Barrier(2)

    def fill_slowly(folder: Path) -> None:
        filled.append(folder)
        threading.Event().wait(0.01)
        fill(folder)

    def need() -> None:
        begun.wait(60)
        assert (once_in(tmp_path)("name", fill_slowly) / "file").exists()

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(need), pool.submit(need)]:
            each.result(60)
    assert len(filled) == 1
