"""What the manual shows of stores holds in PostgreSQL, without a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents import blocks, python

ROOT = Path(__file__).parents[3]

# The place of the store, in the code of the page.
_PLACES = ('f"sqlite:{tmp_path}/mail.db"', 'f"{tmp_path}/mail.db"')

_BLOCKS = [
    (name, code)
    for name, code in blocks("python", (ROOT / "doc" / "stores.rst").read_text())
    if any(place in code for place in _PLACES)
]

# Each test of the page begins with an empty folder.
_CONFTEST = """\
import pytest
from tests.postgresql import empty

@pytest.fixture(autouse=True)
def empty_store():
    empty({url!r})
"""


def test_there_is_such_code() -> None:
    """Or nothing below is tested."""
    assert [name for name, _ in _BLOCKS] == ["test_store.py", "test_search.py"]


@pytest.mark.parametrize(("name", "code"), _BLOCKS, ids=[name for name, _ in _BLOCKS])
def test_its_code_passes(name: str, code: str, postgresql: str, tmp_path: Path) -> None:
    """With the place of the store alone another one."""
    for place in _PLACES:
        code = code.replace(place, repr(postgresql))
    (tmp_path / name).write_text(code)
    (tmp_path / "conftest.py").write_text(_CONFTEST.format(url=postgresql))
    run = python("-m", "pytest", "-p", "no:cacheprovider", ".", cwd=tmp_path)
    assert run.returncode == 0, run.stdout
