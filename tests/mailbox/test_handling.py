"""`lazr_smtptest.mailbox.handling`: what the hooks of a test did with messages."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest import CaptureController, CaptureServer, NotReceived, ReplyError
from lazr_smtptest.mailbox.handling import Handling
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria

Hook = Callable[[CaptureServer, Envelope], object]

NOT_KEPT = (
    "the server accepted it, but Rec.handle_envelope did not keep it: "
    "call super().handle_envelope(envelope)"
)
# Longer than anything takes; nothing waits for it to pass.
PATIENCE = 60


def server(hook: Hook) -> CaptureServer:
    """Make a server with a hook of its own."""
    made = type("Rec", (CaptureServer,), {"handle_envelope": hook})()
    made.mailbox.grace = 0.0
    return made


@contextmanager
def running(made: CaptureServer) -> Iterator[CaptureController]:
    """Run a server, whatever its hooks raise."""
    controller = CaptureController(server=made)
    controller.start()
    try:
        yield controller
    finally:
        with suppress(BaseException):
            controller.stop()


def send(controller: CaptureController, recipient: str = "bob@example.com") -> None:
    """Send a message, and ignore that it is refused."""
    with (
        smtplib.SMTP(controller.host, controller.port) as client,
        suppress(smtplib.SMTPException),
    ):
        client.sendmail("ann@example.com", recipient, "Subject: Hello\n\nHi.\n")


def reason(controller: CaptureController, **criteria: object) -> str:
    """Return the first line of a failure."""
    with pytest.raises(NotReceived) as caught:
        controller.assert_received(**criteria)
    return str(caught.value).partition("\n")[0]


def keep_nothing(self: CaptureServer, envelope: Envelope) -> object:
    """Return without a call of the method that keeps it."""
    return None


def fail(self: CaptureServer, envelope: Envelope) -> object:
    """Raise an error."""
    raise OSError("no space left")


async def fail_later(self: CaptureServer, envelope: Envelope) -> object:
    """Raise an error in a coroutine."""
    raise OSError("no space left")


def refuse(self: CaptureServer, envelope: Envelope) -> object:
    """Refuse on purpose."""
    raise ReplyError(550, "no")


def return_refusal(self: CaptureServer, envelope: Envelope) -> object:
    """Refuse on purpose, without an error."""
    return ReplyError(550, "no")


def keep(self: CaptureServer, envelope: Envelope) -> object:
    """Keep it, as the method that is overridden does."""
    return CaptureServer.handle_envelope(self, envelope)


async def keep_later(self: CaptureServer, envelope: Envelope) -> object:
    """Keep it in a coroutine."""
    return CaptureServer.handle_envelope(self, envelope)


@pytest.mark.parametrize("criteria", [{}, {"recipient": "bob@example.com"}])
def test_a_hook_that_does_not_keep_the_message_is_named(criteria: dict) -> None:
    """The failure says which method it has to call."""
    with running(server(keep_nothing)) as controller:
        send(controller)
        assert reason(controller, **criteria) == NOT_KEPT


def test_a_hook_that_did_not_keep_another_message_is_not_named() -> None:
    """The wanted one was not sent."""
    with running(server(keep_nothing)) as controller:
        send(controller, "eve@example.com")
        assert "did not keep" not in reason(controller, recipient="bob@example.com")


@pytest.mark.parametrize("hook", [keep, keep_later])
def test_a_hook_that_keeps_the_message_is_not_named(hook: Hook) -> None:
    """The failure names the difference."""
    with running(server(hook)) as controller:
        send(controller)
        assert reason(controller, subject="Bye") == "subject is 'Hello', wanted 'Bye'"


@pytest.mark.parametrize("hook", [fail, fail_later])
def test_the_error_of_a_hook_is_in_the_first_line(hook: Hook) -> None:
    """With the name of the hook, and that of the error."""
    with running(server(hook)) as controller:
        send(controller)
        assert reason(controller, recipient="bob@example.com") == (
            "the message was refused: Rec.handle_envelope raised OSError: no space left"
        )


def test_the_error_of_a_function_in_place_of_a_hook_is_named() -> None:
    """A test may put one on the server itself."""
    made = CaptureServer()
    made.handle_envelope = lambda envelope: 1 // 0  # type: ignore[method-assign]
    made.mailbox.grace = 0.0
    with running(made) as controller:
        send(controller)
        assert "server.handle_envelope raised ZeroDivisionError" in reason(controller)


def test_the_error_of_the_second_hook_is_named() -> None:
    """The first one had kept the message by then; a further one is wanted."""

    class Second(CaptureServer):
        def handle_message(self, message: object) -> object:
            raise OSError("no space left")

    made = Second()
    made.mailbox.grace = 0.0
    with running(made) as controller:
        send(controller)
        assert "Second.handle_message raised OSError" in reason(controller, count=2)


@pytest.mark.parametrize("hook", [refuse, return_refusal])
def test_a_refusal_on_purpose_is_no_error_of_the_hook(hook: Hook) -> None:
    """The reply says it all."""
    with running(server(hook)) as controller:
        send(controller)
        assert reason(controller) == (
            "the message to bob@example.com was refused with 550 5.1.1 no"
        )


def test_a_hook_that_still_runs_is_named_with_its_time() -> None:
    """The message has come: the client and the server wait for the hook."""
    entered, left = threading.Event(), threading.Event()

    def wait(self: CaptureServer, envelope: Envelope) -> object:
        entered.set()
        left.wait(PATIENCE)
        return CaptureServer.handle_envelope(self, envelope)

    with running(server(wait)) as controller:
        sender = threading.Thread(target=send, args=(controller,))
        sender.start()
        try:
            assert entered.wait(PATIENCE)
            said = reason(controller, recipient="bob@example.com")
        finally:
            left.set()
            sender.join(PATIENCE)
    assert said.startswith(
        "the message has come; Rec.handle_envelope has been running for "
    )


def test_a_deferred_that_has_not_fired_is_a_hook_that_runs() -> None:
    """The hook has returned; its work has not ended."""
    entered = threading.Event()
    deferred: Deferred[None] = Deferred()

    def wait(self: CaptureServer, envelope: Envelope) -> object:
        entered.set()
        return deferred

    with running(server(wait)) as controller:
        sender = threading.Thread(target=send, args=(controller,))
        sender.start()
        try:
            assert entered.wait(PATIENCE)
            said = reason(controller)
        finally:
            controller._call(lambda: deferred.callback(None))
            sender.join(PATIENCE)
    assert "Rec.handle_envelope has been running for" in said


def test_the_text_of_a_session_says_it_too() -> None:
    """In the place of what the wire alone tells."""
    with running(server(fail)) as controller:
        send(controller)
        with pytest.raises(NotReceived) as caught:
            controller.assert_received(recipient="eve@example.com")
    assert "handle_envelope raised OSError" in str(caught.value)


def test_a_cleared_mailbox_has_no_ended_calls() -> None:
    """The next test did not send that mail."""
    with running(server(keep_nothing)) as controller:
        send(controller)
        controller.clear()
        assert reason(controller) != NOT_KEPT


def test_an_error_without_a_text_is_named_by_its_class() -> None:
    """Also one whose text cannot be made."""

    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    for error, name in ((KeyError(), "KeyError"), (BrokenError(), "BrokenError")):
        handling = Handling()
        envelope = Envelope(mail_from="", rcpt_tos=("bob@example.com",), content=b"")
        handling.end(handling.begin("Rec.handle_envelope", envelope, 0), error)
        said = handling.of(Criteria.of())
        assert said.endswith(f"Rec.handle_envelope raised {name}")
