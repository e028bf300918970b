"""More connections than anybody planned for."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CROWD = 5_000
HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@contextmanager
def crowd(port: int, count: int, patience: float = 60) -> Iterator[int]:
    """Have many connections open at once; give how many were greeted."""
    program = str(Path(__file__).with_name("crowd.py"))
    with subprocess.Popen(
        [sys.executable, program, str(port), str(count), str(patience)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            yield int(process.stdout.readline())
            process.stdin.close()
            process.wait(60)
        finally:
            process.kill()


@pytest.fixture
def many_descriptors() -> None:
    """The system lets a process have enough of them for the crowd."""
    if 0 <= HARD_LIMIT < CROWD + 100:
        message = f"RLIMIT_NOFILE is {HARD_LIMIT}; {CROWD + 100} are needed: ulimit -Hn"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.mark.usefixtures("many_descriptors")
def test_a_crowd_is_greeted(new_process: Callable[..., Any]) -> None:
    """5,000 connections opened at once, before any is read from."""
    process = new_process("--descriptors", str(CROWD + 100))
    with crowd(process.port, CROWD) as greeted:
        assert greeted == CROWD
        assert process.still_serves()
    assert process.still_serves()


def test_a_server_without_descriptors_serves_on_once_it_has_some(
    new_process: Callable[..., Any],
) -> None:
    """It neither dies nor ceases to accept when it has none left for a while."""
    process = new_process("--descriptors", "64")
    with crowd(process.port, 300, patience=2) as greeted:
        assert 20 < greeted < 64
    assert process.still_serves()


def test_a_server_without_descriptors_serves_those_it_knows(
    new_process: Callable[..., Any],
) -> None:
    """A session that was there before goes on."""
    process = new_process("--descriptors", "64")
    client = process.connect()
    client.begin()
    with crowd(process.port, 300, patience=2):
        assert client.say(b"DATA\r\n") == "354"
        assert client.say(b"Subject: known\r\n.\r\n") == "250"
    assert process.still_serves()


def test_a_server_without_descriptors_does_not_burn(
    new_process: Callable[..., Any],
) -> None:
    """While it can accept nobody, it does little else than sleep."""
    process = new_process("--descriptors", "64")
    with crowd(process.port, 300, patience=2):
        before = process.status()["cpu"]
        assert process.connect(patience=1).is_left_alone()
        assert process.status()["cpu"] - before < 0.5
    assert process.still_serves()
