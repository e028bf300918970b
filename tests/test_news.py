"""The news of changes, which `towncrier` gathers from newsfragments/ into NEWS.rst."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.once, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
FRAGMENTS = ROOT / "newsfragments"
LINE = ".. The news of newsfragments/ come after this line.\n"


def towncrier(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "towncrier", *words, "--version=1"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def gathered(tmp_path: Path) -> str:
    """What NEWS.rst is after another fragment was written and all were gathered."""
    for name in ("pyproject.toml", "NEWS.rst"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(FRAGMENTS, tmp_path / "newsfragments")
    fragment = tmp_path / "newsfragments" / "+elephants.new.rst"
    fragment.write_text("Elephants are kept,\nand counted.\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    towncrier(tmp_path, "build", "--yes")
    assert not fragment.exists()
    return (tmp_path / "NEWS.rst").read_text(encoding="utf-8")


def test_a_fragment_becomes_an_item_of_the_news(gathered: str) -> None:
    """Its further lines are indented as those of the others."""
    item = "\n* Elephants are kept,\n  and counted.\n"
    assert item in gathered[gathered.index(LINE) :]


def test_no_item_of_before_is_lost(gathered: str) -> None:
    """Only items come in between."""
    before, after = (ROOT / "NEWS.rst").read_text(encoding="utf-8").split(LINE)
    assert gathered.startswith(before + LINE)
    assert gathered.endswith(after.lstrip("\n"))


def test_every_fragment_has_a_name_that_is_gathered() -> None:
    """Another one would stay behind, unseen."""
    names = {file.name for file in FRAGMENTS.iterdir()}
    fragments = names - {"README.rst", "template.jinja"}
    assert [each for each in fragments if not each.endswith(".new.rst")] == []
