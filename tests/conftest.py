"""Fixtures that several test modules share."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SEED_PORT = 9025


@pytest.fixture
def port_9025() -> Iterator[int]:
    """The fixed port of the seed document; one test of the machine has it."""
    lock = Path(tempfile.gettempdir(), f"lazr.smtptest-{SEED_PORT}.lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield SEED_PORT
