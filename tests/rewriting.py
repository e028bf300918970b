"""The compiled modules of tests, which the processes of pytest-xdist share.

All of them collect the same modules at the same time. Of a fresh checkout each would
rewrite the assertions of each module for itself, which takes as long as a tenth of the
tests. So each module is rewritten by one of them, and the others read it from the disk.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

__all__ = ["compiled_file", "modules_below", "rewrite_together"]


def modules_below(places: Iterable[str]) -> list[Path]:
    """Return the modules of tests in folders, in a certain order.

    A run of some files is short.
    """
    folders = [path for place in places if (path := Path(place).absolute()).is_dir()]
    return sorted({path for each in folders for path in each.rglob("test_*.py")})


def compiled_file(path: Path) -> Path:
    """Return the file in which pytest keeps a compiled module of tests."""
    return rewrite.get_cache_dir(path) / (path.stem + rewrite.PYC_TAIL)


def rewrite_together(config: pytest.Config, modules: list[Path]) -> None:
    """Rewrite those of `modules` that no other process rewrites; wait for the rest.

    It does nothing where no process of pytest-xdist runs.
    """
    if not hasattr(config, "workerinput") or sys.dont_write_bytecode:
        return
    missing = [path for path in modules if not _is_compiled(path)]
    others = [path for path in missing if not _rewrite(config, path, fcntl.LOCK_NB)]
    for path in others:
        _rewrite(config, path)


def _is_compiled(path: Path) -> bool:
    """Return whether a module was compiled after its last change."""
    file = compiled_file(path)
    return file.exists() and file.stat().st_mtime >= path.stat().st_mtime


def _rewrite(config: pytest.Config, path: Path, flags: int = 0) -> bool:
    """Keep a module on the disk as pytest does, unless it is there.

    Args:
        config: that of this process.
        path: the module.
        flags: `fcntl.LOCK_NB` not to wait for another process that rewrites it; then
            the result is whether there is none.
    """
    with path.open() as module:
        try:
            fcntl.flock(module, fcntl.LOCK_EX | flags)
        except BlockingIOError:
            return False
        if not _is_compiled(path):
            file = compiled_file(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            key, code = rewrite._rewrite_test(path, config)
            state = config.stash[rewrite.assertstate_key]
            rewrite._write_pyc(state, code, key, file)
    return True
