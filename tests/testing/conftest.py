"""Runs of pytest, trial and the like in a process of their own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from ..commands import environment_of_pytest

Python = Callable[..., str]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Runs a suite by a module of Python's, and gives back what was printed."""

    def run(suite: str, module: str, *arguments: str) -> str:
        (tmp_path / "test_suite.py").write_text(textwrap.dedent(suite))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", module, *arguments],
            cwd=tmp_path,
            env=environment_of_pytest(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        return done.stdout

    return run


@pytest.fixture
def needs() -> Callable[[str], None]:
    """Skips the test for want of a package; on a CI machine that is a failure."""

    def need(package: str) -> None:
        if importlib.util.find_spec(package) is None:
            message = f"{package} is not here; pip install -e '.[test]' gets it"
            if os.environ.get("CI"):
                pytest.fail(message, pytrace=False)
            pytest.skip(message)

    return need
