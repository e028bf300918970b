"""Processes that get a part of a processor, by a control group of Linux."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

__all__ = ["limited"]

_ROOT = Path("/sys/fs/cgroup")

# Microseconds in which a group may use its part: short, so that it is like a slower
# processor, and not one that stands still for a while.
_PERIOD = 10_000


@contextmanager
def limited(part: float, root: Path = _ROOT) -> Iterator[Callable[[int], None] | None]:
    """Make a group for processes; those in it must have ended when it is left.

    Args:
        part: of a processor.
        root: where groups are.

    Yields:
        what adds a process, by its id, to the group; ``None`` where groups cannot be
        made.
    """
    try:
        folder = _make(part, root)
    except OSError:
        yield None
        return
    try:
        yield lambda pid: _write(folder / "cgroup.procs", pid)
    finally:
        folder.rmdir()


def _make(part: float, root: Path) -> Path:
    quota = round(part * _PERIOD)
    if (root / "cpu").is_dir():
        folder = Path(mkdtemp(prefix="benchmark-", dir=root / "cpu"))
        _write(folder / "cpu.cfs_period_us", _PERIOD)
        _write(folder / "cpu.cfs_quota_us", quota)
        return folder
    _write(root / "cgroup.subtree_control", "+cpu")
    folder = Path(mkdtemp(prefix="benchmark-", dir=root))
    _write(folder / "cpu.max", f"{quota} {_PERIOD}")
    return folder


def _write(path: Path, value: object) -> None:
    with path.open("w") as file:
        file.write(f"{value}\n")
