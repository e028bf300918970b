"""`lazr_smtptest.testing.isolation`: nothing of a test is there for the next one."""

from __future__ import annotations

import smtplib
import unittest
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureController, Limits
from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.testing.isolation import isolate
from lazr_smtptest.testing.unittest import SMTPTestMixin

Calls = list[object]
Add = Callable[[CaptureController, Callable[[object], None]], object]


@pytest.fixture(scope="module")
def shared() -> Iterator[CaptureController]:
    """A server that several tests share."""
    with CaptureController() as controller:
        yield controller


@pytest.fixture(autouse=True)
def _clean(shared: CaptureController) -> None:
    if not shared.running:
        shared.start()
    shared.clear()


def send(controller: CaptureController, to: str = "b@example.com") -> None:
    with smtplib.SMTP(controller.host, controller.port) as client:
        client.sendmail("a@example.com", to, "Subject: Hello\r\n\r\nHi.\r\n")


def _override(name: str) -> Add:
    def override(controller: CaptureController, call: Callable[[object], None]) -> None:
        setattr(controller.server, name, call)

    return override


def _when(controller: CaptureController, call: Callable[[object], None]) -> None:
    controller.when(reactor=Clock()).addCallback(call)


ADDITIONS: dict[str, Add] = {
    "a subscriber of the mailbox": lambda c, call: c.mailbox.subscribe(call),
    "a subscriber of the store": lambda c, call: c.server.store.subscribe(call),
    "a subscriber of the reader": lambda c, call: c.server.reader.subscribe(call),
    "a watcher of the reader": lambda c, call: c.server.reader.watch(call),
    "a watcher of the sessions": lambda c, call: c.sessions.watch(call),
    "a reader of delivery events": lambda c, call: c.server.delivery_events.subscribe(
        call
    ),
    "handle_envelope": _override("handle_envelope"),
    "handle_message": _override("handle_message"),
    "handle_session": _override("handle_session"),
    "a wait": _when,
}


@pytest.mark.parametrize("what", ADDITIONS)
def test_an_addition_of_a_test_acts_until_its_end_only(
    shared: CaptureController, what: str
) -> None:
    """In its own test it does, in the next one it does not."""
    calls: Calls = []
    undo = isolate(shared)
    ADDITIONS[what](shared, calls.append)
    send(shared)
    shared.check()
    assert calls
    undo()
    calls.clear()
    send(shared)
    shared.check()
    assert not calls


def test_a_watcher_of_faults_ends_with_its_test(shared: CaptureController) -> None:
    """The rules themselves are removed by `Faults.reset`."""
    calls: Calls = []
    shared.faults.on("CONNECT").delay(0)
    undo = isolate(shared)
    shared.faults.watch(calls.append)
    undo()
    send(shared)
    shared.faults.clear()
    assert not calls


def test_a_wait_without_a_message_ends_with_its_test(
    shared: CaptureController,
) -> None:
    """The first message of the next test does not end it."""
    calls: Calls = []
    undo = isolate(shared)
    _when(shared, calls.append)
    undo()
    send(shared)
    assert not calls


def test_an_addition_of_a_wider_scope_stays(shared: CaptureController) -> None:
    """A fixture of the session added it before the test."""
    calls: Calls = []
    end = shared.mailbox.subscribe(calls.append)
    undo = isolate(shared)
    undo()
    send(shared)
    end()
    assert len(calls) == 1


def test_what_a_test_removed_stays_away(shared: CaptureController) -> None:
    """It was the test that ended the subscription of a wider scope."""
    calls: Calls = []
    end = shared.mailbox.subscribe(calls.append)
    undo = isolate(shared)
    end()
    undo()
    send(shared)
    assert not calls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", Settings(limits=Limits(recipients=1))),
        ("auth", Auth.any()),
        ("hostname", "other.example"),
        ("rset_clears", True),
        ("exit_stops", True),
        ("mood", "an attribute that the server does not have"),
    ],
)
def test_an_attribute_of_the_server_is_what_it_was(
    shared: CaptureController, name: str, value: Any
) -> None:
    """A value of the class or of the object."""
    before = getattr(shared.server, name, None)
    undo = isolate(shared)
    setattr(shared.server, name, value)
    undo()
    assert getattr(shared.server, name, None) == before
    assert name not in vars(shared.server)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grace", 17.0),
        ("conversations", False),
        ("notes", lambda: ["A note"]),
        ("appendix", lambda: "An appendix"),
    ],
)
def test_an_option_of_the_mailbox_is_what_it_was(
    shared: CaptureController, name: str, value: Any
) -> None:
    """Also where the fixture changes no option."""
    before = getattr(shared.mailbox, name)
    undo = isolate(shared)
    setattr(shared.mailbox, name, value)
    undo()
    assert getattr(shared.mailbox, name) == before


def test_a_run_with_other_settings_ends_with_its_test(
    shared: CaptureController,
) -> None:
    """The next test starts the server with its own settings."""
    undo = isolate(shared)
    shared.stop()
    shared.server.settings = Settings(limits=Limits(recipients=1))
    shared.start()
    undo()
    assert not shared.running


def test_a_server_that_was_not_started_again_runs_on(
    shared: CaptureController,
) -> None:
    """A start costs time."""
    undo = isolate(shared)
    send(shared)
    undo()
    assert shared.running


def test_a_case_of_unittest_is_isolated_from_the_next() -> None:
    """Though the class keeps its server."""
    calls: Calls = []

    class Case(SMTPTestMixin, unittest.TestCase):
        def test_1(self) -> None:
            self.smtptest.mailbox.subscribe(calls.append)
            self.smtptest.server.handle_message = calls.append  # type: ignore[method-assign]

        def test_2(self) -> None:
            send(self.smtptest)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert not calls
