"""A message is on the disk before its ``250``: the system calls say so."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from .victim import Client, Fate, Victim

# The end of the message comes in, the disk is waited for, the reply goes out.
_DOT = re.compile(r'recvfrom.*(\\n|")\.\\r\\n"')
_SYNC = re.compile(r"(fsync|fdatasync)\(.*\)\s+= 0|(fsync|fdatasync) resumed.*= 0")
_REPLY = re.compile(r'sendto\(.*"250 .*message accepted')


@pytest.mark.parametrize("kind", ["maildir", "mbox", "sqlite"])
def test_the_disk_is_waited_for_between_the_dot_and_its_250(
    kind: str, tmp_path: Path
) -> None:
    """Each message has an fsync of its own, or shares one."""
    strace = shutil.which("strace")
    if strace is None:
        missing = "strace is not on this machine"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    trace = tmp_path / "trace"
    before = [
        *(strace, "-f", "-s", "100000", "-o", str(trace)),
        *("-e", "trace=fsync,fdatasync,recvfrom,sendto"),
    ]
    fate = Fate()
    with Victim(f"{kind}:{tmp_path / 'box'}", before=before) as victim:
        client = Client(victim.port, fate, range(5), [300])
        client.start()
        client.join(60)
        victim.process.communicate(timeout=60)
    assert fate.kept == set(range(5))
    order = "".join(map(_event, trace.read_text().splitlines()))
    assert re.fullmatch("s*(ds+r)+s*", order), order
    assert order.count("r") == 5


def _event(line: str) -> str:
    if _DOT.search(line):
        return "d"
    if _SYNC.search(line):
        return "s"
    return "r" if _REPLY.search(line) else ""
