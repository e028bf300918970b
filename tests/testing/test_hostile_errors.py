"""Errors of tests whose own methods raise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lazr_smtptest import HandlerError
from lazr_smtptest.errors import error_text
from lazr_smtptest.mailbox.unoffered import refused_by_client
from lazr_smtptest.server.controller import _note

from ..commands import environment_of_pytest

HOSTILE = """
class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__

def test_fails(smtptest):
    raise HostileError

def test_passes(smtptest):
    pass
"""


class HostileError(Exception):
    """An error without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_an_error_whose_str_raises_has_no_text() -> None:
    """And nothing is raised."""
    assert error_text(HostileError()) == ""


def test_a_handler_error_names_the_type_of_an_error_whose_repr_raises() -> None:
    """It has no other text."""
    assert "an object of type HostileError" in str(HandlerError([HostileError()]))


def test_an_error_whose_str_raises_is_not_taken_for_a_missing_extension() -> None:
    """Its text is empty then."""
    assert refused_by_client(HostileError(), []) == ""


def test_an_error_whose_str_raises_is_noted_at_a_failure() -> None:
    """With its type."""
    failure = AssertionError()
    _note(failure, [HostileError()])
    notes = getattr(failure, "__notes__", None)
    assert notes is None or "HostileError" in notes[0]


@pytest.mark.slow
def test_an_error_whose_str_raises_does_not_end_the_run(tmp_path: Path) -> None:
    """It fails its test only."""
    (tmp_path / "test_hostile.py").write_text(HOSTILE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-p", "no:randomly", "test_hostile.py"],
        cwd=tmp_path,
        env=environment_of_pytest(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
