"""`lazr_smtptest.server.unchecked`: errors of hooks of servers that are not stopped."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from lazr_smtptest import Controller, Server
from lazr_smtptest.server.unchecked import forget, watch

PROGRAM = """
import smtplib
from lazr_smtptest import Controller, Server

class Broken(Server):
    def handle_message(self, message):
        raise ValueError("oops")

controller = Controller(Broken())
controller.start()
client = smtplib.SMTP(controller.host, controller.port, "client.example", timeout=60)
try:
    client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\\n\\n")
except smtplib.SMTPDataError:
    pass
"""


class Controlling:
    """Stands for a controller, which nothing else refers to."""


@pytest.fixture
def failed() -> Iterator[Server]:
    """Return a server with an error of a hook."""
    server = Server()
    server._failures.keep(ValueError("oops"))
    yield server
    # Nothing is told at the end of the run.
    with pytest.raises(ValueError, match="oops"):
        server.check()


@pytest.fixture
def strict() -> Iterator[None]:
    """Make every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_deleted_controller_warns_of_an_error(failed: Server) -> None:
    """Nothing can raise the error any more."""
    controllers = [Controlling()]
    watch(controllers[0], failed)
    with pytest.warns(ResourceWarning, match=r"ValueError: oops; use a with block"):
        controllers.clear()


def test_a_stopped_controller_does_not_warn(failed: Server, strict: None) -> None:
    """Its stop has raised the error."""
    controller = Controlling()
    forget(failed, watch(controller, failed))
    del controller
    gc.collect()


def test_a_controller_without_an_error_does_not_warn(strict: None) -> None:
    """A program may end without stopping it."""
    controller, server = Controlling(), Server()
    watch(controller, server)
    del controller
    gc.collect()


def test_a_controller_that_was_stopped_is_forgotten() -> None:
    """A stop, and a start after it, work as before."""
    controller = Controller(Server())
    for _ in range(2):
        controller.start()
        controller.stop()
    assert not controller._unchecked.alive


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "is_told"),
    [("", True), ("\ntry: controller.stop()\nexcept ValueError: 0", False)],
)
def test_the_end_of_a_program_tells_of_the_error(end: str, is_told: bool) -> None:
    """One line on standard error, unless `stop` has raised it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + end],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert ("was not stopped" in done.stderr) is is_told
