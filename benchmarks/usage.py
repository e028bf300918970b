"""What a server has used of the machine, from Linux's ``/proc``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from attrs import frozen

_TICKS = os.sysconf("SC_CLK_TCK")


@frozen
class Usage:
    """What a process and its children have used so far.

    Attributes:
        user: seconds of processor time outside of the kernel.
        system: seconds within.
        peak: bytes of memory at the most, the sum of the processes' own.
        resident: bytes of memory now.
    """

    user: float
    system: float
    peak: int
    resident: int


def usage(pid: int) -> Usage:
    """Look at a process that leads a session, and at all others of its session."""
    family = list(_session(pid))
    return Usage(
        user=sum(int(fields[13]) for fields, _ in family) / _TICKS,
        system=sum(int(fields[14]) for fields, _ in family) / _TICKS,
        peak=sum(memory["VmHWM"] for _, memory in family),
        resident=sum(memory["VmRSS"] for _, memory in family),
    )


def resident(pid: int) -> int:
    """Give the bytes of memory that a process has now."""
    return _memory(pid)["VmRSS"]


def _session(leader: int) -> Iterator[tuple[list[str], dict[str, int]]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        # Of the other processes any may end meanwhile.
        with suppress(OSError):
            fields = _stat(path)
            if int(fields[5]) == leader:
                yield fields, _memory(int(fields[0]))


def _stat(path: Path) -> list[str]:
    """Give the fields; the second, a name in parentheses, may have spaces."""
    pid, _, rest = path.read_text(errors="replace").partition(" (")
    return [pid, "", *rest.rpartition(") ")[2].split()]


def _memory(pid: int) -> dict[str, int]:
    """Give the bytes of the fields that say how much memory."""
    lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {
        name: int(fields[name].split()[0]) * 1024 if name in fields else 0
        for name in ("VmHWM", "VmRSS")
    }
