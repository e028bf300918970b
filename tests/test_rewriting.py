"""`tests.rewriting`: who compiles which module of tests."""

from __future__ import annotations

import fcntl
import importlib.util
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.assertion import rewrite

from .rewriting import compiled_file, modules_below, rewrite_together


@pytest.fixture
def worker(pytestconfig: pytest.Config) -> Any:
    """The settings of this pytest as a process of pytest-xdist has them."""
    return SimpleNamespace(
        workerinput={}, stash=pytestconfig.stash, getini=pytestconfig.getini
    )


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Modules of tests of which none is compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for number in range(3):
        text = "def test_it():\n    assert [1] == [2]\n"
        (tmp_path / f"test_{number}.py").write_text(text)
    return modules_below([str(tmp_path)])


def compiled(modules: list[Path]) -> list[str]:
    """Return the names of those that pytest would not compile again."""
    return [
        path.stem for path in modules if rewrite._read_pyc(path, compiled_file(path))
    ]


def test_modules_in_folders_are_found(modules: list[Path]) -> None:
    """Those of tests alone."""
    folder = modules[0].parent
    (folder / "helper.py").touch()
    (folder / "inner").mkdir()
    (folder / "inner" / "test_inner.py").touch()
    names = [path.stem for path in modules_below([str(folder)])]
    assert names == ["test_inner", "test_0", "test_1", "test_2"]


def test_each_module_is_compiled(modules: list[Path], worker: Any) -> None:
    """Whoever is the first does it."""
    rewrite_together(worker, modules)
    assert compiled(modules) == ["test_0", "test_1", "test_2"]


def test_a_module_that_another_process_compiles_is_waited_for(
    modules: list[Path], worker: Any
) -> None:
    """The others are compiled meanwhile."""
    with modules[0].open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=rewrite_together, args=(worker, modules))
        thread.start()
        while len(compiled(modules)) < 2:
            thread.join(0.01)
            assert thread.is_alive()
        assert compiled(modules) == ["test_1", "test_2"]
    thread.join(60)
    assert compiled(modules) == ["test_0", "test_1", "test_2"]


def test_who_is_alone_compiles_nothing_before(
    modules: list[Path], pytestconfig: pytest.Config
) -> None:
    """Each module is compiled when it is imported."""
    alone = SimpleNamespace(stash=pytestconfig.stash)
    rewrite_together(alone, modules)  # type: ignore[arg-type]
    assert compiled(modules) == []


def test_a_compiled_module_is_left_as_it_is(modules: list[Path], worker: Any) -> None:
    """It is written once."""
    rewrite_together(worker, modules)
    before = [compiled_file(path).stat().st_ino for path in modules]
    rewrite_together(worker, modules)
    assert [compiled_file(path).stat().st_ino for path in modules] == before


def test_a_compiled_module_explains_its_assertions(
    modules: list[Path], worker: Any, pytestconfig: pytest.Config
) -> None:
    """As one that pytest has compiled itself."""
    rewrite_together(worker, modules[:1])
    hook: Any = pytestconfig.pluginmanager.rewrite_hook
    spec = hook.find_spec(modules[0].stem, [str(modules[0].parent)])
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    hook.exec_module(module)
    with pytest.raises(AssertionError, match=r"assert \[1\] == \[2\]"):
        module.test_it()


def test_nothing_is_written_where_python_writes_nothing(
    modules: list[Path], worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could read it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rewrite_together(worker, modules)
    assert compiled(modules) == []
