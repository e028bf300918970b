"""Processes that get a part of a processor, by a control group of Linux."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

__all__ = ["limited"]

_ROOT = Path("/sys/fs/cgroup")

# Microseconds in which a group may use its part: short, so that it is like a slower
# processor, and not one that stands still for a while. A node that stands still within
# a commit holds the others up. Linux gives a group a millisecond at least.
_PERIOD = 5_000


@contextmanager
def limited(part: float, root: Path = _ROOT) -> Iterator[Callable[[int], None] | None]:
    """Make a group for processes; those in it must have ended when it is left.

    Args:
        part: of a processor, a fifth at least.
        root: where groups are.

    Yields:
        what adds a process, by its id, to the group; ``None`` where groups cannot be
        made.
    """
    with ExitStack() as stack:
        try:
            folder = _folder(root)
            stack.callback(folder.rmdir)
            _limit(folder, part)
        except OSError:
            yield None
        else:
            yield lambda pid: _write(folder / "cgroup.procs", pid)


def _folder(root: Path) -> Path:
    """Make a group, of the first version of groups where the kernel has it."""
    if (root / "cpu").is_dir():
        return Path(mkdtemp(prefix="benchmark-", dir=root / "cpu"))
    _write(root / "cgroup.subtree_control", "+cpu")
    return Path(mkdtemp(prefix="benchmark-", dir=root))


def _limit(folder: Path, part: float) -> None:
    quota = round(part * _PERIOD)
    if folder.parent.name == "cpu":
        _write(folder / "cpu.cfs_period_us", _PERIOD)
        _write(folder / "cpu.cfs_quota_us", quota)
    else:
        _write(folder / "cpu.max", f"{quota} {_PERIOD}")


def _write(path: Path, value: object) -> None:
    with path.open("w") as file:
        file.write(f"{value}\n")
