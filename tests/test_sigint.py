"""The tests where SIGINT is ignored, as by ``nohup`` and in jobs of a script."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .commands import ROOT, inherited_sigint

# Modules with tests of SIGINT, and the tests in them.
TESTS = {
    "cli/test_serve.py": "signal_ends_it and 2",
    "cli/test_twistd.py": "ctrl_c",
    "cli/workers/test_processes.py": "signal_to_all and 2",
    "parsing/test_pool.py": "test_pool and interrupt",
    "smtp/test_failures.py": "ctrl_c",
}


@pytest.mark.slow
@pytest.mark.once
def test_the_tests_of_signals_pass_where_sigint_is_ignored() -> None:
    """Neither their handlers nor the programs that they start depend on it."""
    chosen = " or ".join(f"({words})" for words in TESTS.values())
    modules = [f"tests/{name}" for name in TESTS]
    words = ["-q", "-n0", "-rp", "-p", "no:cacheprovider", "-k", chosen]
    with inherited_sigint(signal.SIG_IGN):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *modules],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    for module in modules:
        assert f"PASSED {module}::" in done.stdout


def test_a_program_inherits_that_sigint_is_ignored() -> None:
    """Else the test above would show nothing."""
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    with inherited_sigint(signal.SIG_IGN):
        printed = subprocess.check_output([sys.executable, "-Ic", program], text=True)
    assert printed == "True\n"
