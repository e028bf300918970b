"""The PostgreSQL of the tests ends with them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ...commands import PATIENCE, ROOT

# It starts the server of a run, says where it is, and waits.
RUN = """\
import sys
from pathlib import Path
from tests.postgresql import server_in_run
with server_in_run(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_run_that_is_killed_leaves_no_server(tmp_path: Path) -> None:
    """And no folder: nobody else would end it."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CI": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert (folder / "data/postmaster.pid").exists()
        run.kill()
    limit = time.monotonic() + PATIENCE
    while folder.exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert not (tmp_path / "postgresql.json").exists()
