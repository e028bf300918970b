"""What failures say, to the letter: ``doc/failures.rst`` has it, and it is true."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest import NotReceived

from ..commands import environment_of_pytest
from .failures import CASES, INTRO, PAGE, failure, section, wrong_recipient

WRITE = "python tests/mailbox/failures.py"

MODULE = """\
import unittest
from lazr_smtptest import Mailbox

class Tests(unittest.TestCase):
    def test_mail(self):
        Mailbox().wait_for(recipient="bob@example.com", timeout=0)
"""
SAID = """\
no client connected
no message arrived within 0 s

wanted:
  recipient  'bob@example.com'

Possible causes: it was not sent yet, it went to another host or port, or nothing \
was sent."""


@pytest.fixture(scope="module")
def page() -> str:
    """Give the page."""
    return PAGE.read_text()


# The thread of a case ends with an exception.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_page_shows_what_a_failure_says(
    case: Callable[[], None], page: str
) -> None:
    """Its code, and the text that this gives now."""
    assert f"\n\n{section(case)}" in page, f"to write it anew: {WRITE}"


def test_the_page_shows_nothing_else(page: str) -> None:
    """It begins as it should, and there is a section for each case."""
    assert page.startswith(INTRO)
    assert page.count("The test says::") == len(CASES)


def test_a_case_says_the_same_each_time() -> None:
    """What is different each time has no part in the page."""
    assert failure(wrong_recipient) == failure(wrong_recipient)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runner", "module"),
    [
        ("pytest", "test_mail.py"),
        ("unittest", "test_mail"),
        ("twisted.trial", "test_mail"),
    ],
)
def test_the_text_is_whole_whatever_runs_the_test(
    runner: str, module: str, tmp_path: Path
) -> None:
    """pytest, unittest and trial show every line of it."""
    (tmp_path / "test_mail.py").write_text(MODULE)
    run = subprocess.run(
        [sys.executable, "-m", runner, module],
        cwd=tmp_path,
        env=environment_of_pytest(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    shown = [line.removeprefix("E ").strip() for line in run.stdout.splitlines()]
    first = next(n for n, line in enumerate(shown) if "no client connected" in line)
    lines = SAID.splitlines()
    assert shown[first].endswith(lines[0])
    assert shown[first + 1 : first + len(lines)] == [line.strip() for line in lines[1:]]


def test_the_name_of_the_error_is_the_one_to_import() -> None:
    """It is what the first line begins with, wherever it is shown."""
    assert f"{NotReceived.__module__}.{NotReceived.__name__}" == (
        "lazr_smtptest.NotReceived"
    )


def test_a_failure_goes_from_process_to_process() -> None:
    """Runners of parallel tests pickle it: the text gets through."""
    error = NotReceived("text", {"subject": lambda subject: True})
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.arrived) == (NotReceived, "text", ())
