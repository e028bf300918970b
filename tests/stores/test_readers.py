"""Mail programs read what a Maildir and an mbox hold: mutt and Dovecot.

``.ci/programs`` gets them. What is not there is named, and its tests are skipped;
under CI they fail.
"""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.stores import open_store

from .envelopes import make_envelope

PATIENCE = 30
NOBODY = 65534


def program(name: str) -> str:
    """Give the path of a program; skip, or fail, if there is none."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is not None:
        return path
    missing = f"{name} is not on this machine: .ci/programs gets it"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may be given."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(params=["maildir", "mbox"])
def box(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Path]:
    """Three messages in a store: its kind, and where it is."""
    path = folder / "box"
    store = open_store(f"{request.param}:{path}")
    for number in range(3):
        store.add(make_envelope(number))
    store.close()
    return request.param, path


def run_on_a_terminal(command: list[str], folder: Path) -> None:
    """Run a program that wants a terminal; read what it shows, and throw it away."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        env={**os.environ, "TERM": "xterm", "HOME": str(folder)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    giving_up = threading.Timer(PATIENCE, process.kill)
    giving_up.start()
    # Linux has no end of file there, but an error.
    with contextlib.suppress(OSError):
        while os.read(ours, 65536):
            pass
    os.close(ours)
    giving_up.cancel()
    assert process.wait(PATIENCE) == 0


def test_mutt_reads_it(box: tuple[str, Path], folder: Path) -> None:
    """Each message, with its subject and its recipients."""
    out = folder / "out"
    keys = f"<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > {out}<enter><exit>"
    (folder / "muttrc").touch()
    command = [program("mutt"), "-n", "-F", str(folder / "muttrc"), "-f", str(box[1])]
    # It asks no questions.
    settings = f"set quit=yes wait_key=no move=no folder={folder}"
    run_on_a_terminal([*command, "-e", settings, "-e", f'push "{keys}"'], folder)
    lines = out.read_text().splitlines()
    subjects = [line for line in lines if line.startswith("Subject: ")]
    assert sorted(subjects) == [f"Subject: message {number}" for number in range(3)]
    assert lines.count("Delivered-To: two@example.com") == 3


def test_dovecot_reads_it(box: tuple[str, Path], folder: Path) -> None:
    """Each message, in order, with its subject and its recipients."""
    doveadm = program("doveadm")
    kind, path = box
    config = folder / "dovecot.conf"
    config.write_text(f"log_path = /dev/stderr\nbase_dir = {folder}/run\n")
    place = f"maildir:{path}" if kind == "maildir" else f"mbox:{folder}:INBOX={path}"
    root = os.geteuid() == 0
    if root:
        # Dovecot reads no mail as root.
        for file in (folder, *folder.rglob("*")):
            os.chown(file, NOBODY, NOBODY)
    done = subprocess.run(
        [
            *(doveadm, "-c", str(config), "-o", f"mail_location={place}:INDEX=MEMORY"),
            *("fetch", "hdr.subject hdr.delivered-to", "mailbox", "INBOX"),
        ],
        env={**os.environ, "USER": "nobody", "HOME": str(folder)},
        user=NOBODY if root else None,
        group=NOBODY if root else None,
        extra_groups=[] if root else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    subjects = [line for line in lines if line.startswith("hdr.subject: ")]
    assert subjects == [f"hdr.subject: message {number}" for number in range(3)]
    assert lines.count("two@example.com") == 3
