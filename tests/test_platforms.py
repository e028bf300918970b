"""The package on macOS and on Windows, as far as Linux can show it.

`tests.platforms` hides what is missing there, in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .platforms import PLATFORMS, hide

ROOT = Path(__file__).parents[1]

BEGIN = """
import importlib, pkgutil, smtplib
from tests.platforms import hide

hide({platform!r})

"""


def run(platform: str, program: str) -> str:
    """Run a program of Python where names are hidden; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN.format(platform=platform) + program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_module_is_imported_but_the_epoll_reactor(platform: str) -> None:
    """Nothing is looked up at the import that is missing on the platform."""
    program = """
import lazr_smtptest
for module in pkgutil.walk_packages(lazr_smtptest.__path__, "lazr_smtptest."):
    if module.name.endswith(".__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        print(module.name, error)
"""
    # The package of an extra, which not every version of Python has.
    absent = "lazr_smtptest.readers.mcp No module named 'mcp"
    lines = run(platform, program).splitlines()
    (line,) = (line for line in lines if not line.startswith(absent))
    assert line.startswith("lazr_smtptest.net.batching there is no twisted.internet.")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_test_receives_a_message(platform: str) -> None:
    """The controller, the mailbox, the faults and the end of a server work."""
    program = """
from lazr_smtptest import CaptureController

with CaptureController() as controller:
    controller.faults.on("RCPT", times=1).reply(450)
    with smtplib.SMTP(controller.host, controller.port) as client:
        for number in range(2):
            try:
                client.sendmail("a@example.com", "b@example.com", "Subject: hi")
            except smtplib.SMTPRecipientsRefused:
                print("refused")
    print(controller.mailbox.assert_received(subject="hi").rcpt_tos)
"""
    assert run(platform, program).splitlines() == ["refused", "('b@example.com',)"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_server_uses_the_reactor_that_every_platform_has(platform: str) -> None:
    """There is no epoll."""
    program = """
from lazr_smtptest.net.reactor import PrivateReactor
print(PrivateReactor.__mro__[1].__name__)
"""
    assert run(platform, program) == "SelectReactor\n"


def test_names_are_not_hidden_too_late() -> None:
    """Modules of the package would keep the names that they have looked up."""
    with pytest.raises(RuntimeError, match="before lazr_smtptest is imported"):
        hide("macos")
