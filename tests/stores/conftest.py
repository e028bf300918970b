"""What the tests of the stores on disk share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WRITER = """
import sys
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import open_store
store = open_store(sys.argv[1])
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
for number in range(40):
    content = f"{sys.argv[2]}/{number} ".encode() * 1000
    store.add(Envelope(mail_from="", rcpt_tos=(), content=content + b"\\r\\n"))
"""


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """Give up the superuser's rights for a test; yield a directory to read in."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield base
    finally:
        os.seteuid(user)
        shutil.rmtree(base)


def write_from_two_processes(spec: str) -> list[str]:
    """Let two processes write at the same moment; list what each wrote."""
    command = [sys.executable, "-c", WRITER, spec]
    writers = [
        subprocess.Popen(
            [*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("left", "right")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    return sorted(f"{name}/{n}" for name in ("left", "right") for n in range(40))


@pytest.fixture
def two_writers() -> Callable[[str], list[str]]:
    """Have two processes add to one store at once; get what they wrote, sorted."""
    return write_from_two_processes
