"""`lazr_smtptest.model.ids`: names for sessions and messages."""

from __future__ import annotations

import subprocess
import sys

import attrs
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import is_name, new_name, with_id

ENVELOPE = Envelope(mail_from="", rcpt_tos=("a@b",), content=b"")


def test_no_two_are_alike() -> None:
    """Each is fit for a file."""
    names = {new_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(map(is_name, names))


def test_a_child_process_has_names_of_its_own() -> None:
    """It does not go on with those of its parent."""
    code = (
        "import os\n"
        "from lazr_smtptest.model.ids import new_name\n"
        "reading, writing = os.pipe()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os.write(writing, new_name().encode())\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print(new_name(), os.read(reading, 100).decode())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    ours, theirs = run.stdout.split()
    assert ours.partition("-")[0] != theirs.partition("-")[0], run.stderr


def test_an_envelope_without_a_name_gets_one() -> None:
    """The rest of it stays as it was."""
    envelope = with_id(ENVELOPE)
    assert is_name(envelope.id)
    assert envelope == ENVELOPE


def test_a_name_is_kept() -> None:
    """The very envelope."""
    envelope = attrs.evolve(ENVELOPE, id="a-1")
    assert with_id(envelope) is envelope


@pytest.mark.parametrize("id", ["../a", "A", "a b", "a" * 65])
def test_what_is_no_name_is_refused(id: str) -> None:
    """A store may make a file of it."""
    with pytest.raises(ValueError, match="the id of an envelope"):
        with_id(attrs.evolve(ENVELOPE, id=id))
