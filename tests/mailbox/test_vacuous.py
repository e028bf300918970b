"""`assert_none` is an error where no message could have come."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable

import pytest

from lazr_smtptest import CaptureController, CaptureServer, Mailbox, StateError
from lazr_smtptest.mailbox.asserting import Asserting
from lazr_smtptest.model.envelope import Envelope

PARTS: dict[str, Callable[[CaptureController], Asserting]] = {
    "controller": lambda controller: controller,
    "mailbox": lambda controller: controller.mailbox,
    "recipient": lambda controller: controller.for_recipient("b@example.com"),
    "user": lambda controller: controller.for_user("ann"),
    "part of a part": lambda controller: controller.for_recipient("*").for_user("ann"),
}
each_part = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
each_wait = pytest.mark.parametrize("within", [0, 0.01])


class Lossy(CaptureServer):
    """Keeps only mail to keep@, because its hook is overridden."""

    def handle_envelope(self, envelope: Envelope) -> object:
        if envelope.rcpt_tos == ("keep@example.com",):
            return super().handle_envelope(envelope)
        return None


def send(controller: CaptureController, to: str = "b@example.com") -> None:
    with smtplib.SMTP(controller.host, controller.port) as client:
        client.sendmail("a@example.com", to, "Subject: Hello\r\n\r\nHi.\r\n")


@each_part
@each_wait
def test_a_server_that_was_never_started_is_an_error(
    part: Callable[[CaptureController], Asserting], within: float
) -> None:
    """Nothing can arrive in it."""
    with pytest.raises(StateError, match=r"^the server was not started: use a with"):
        part(CaptureController()).assert_none(within=within)


@each_part
def test_a_server_that_stopped_before_a_client_connected_is_an_error(
    part: Callable[[CaptureController], Asserting],
) -> None:
    """Mail that the program sends later cannot arrive."""
    controller = CaptureController()
    with controller:
        pass
    with pytest.raises(StateError, match=r"^no client connected before the server"):
        part(controller).assert_none(within=0)


def test_the_error_is_raised_on_an_event_loop_too() -> None:
    """It does not depend on the thread."""

    async def check() -> None:
        CaptureController().assert_none(within=0)

    with pytest.raises(StateError, match="not started"):
        asyncio.run(check())


def test_a_server_that_a_client_connected_to_may_be_stopped() -> None:
    """The client sent nothing, and was able to."""
    controller = CaptureController()
    with controller, smtplib.SMTP(controller.host, controller.port) as client:
        client.noop()
    controller.assert_none(within=0)


def test_a_server_that_got_other_mail_may_be_stopped() -> None:
    """Its messages are still there."""
    controller = CaptureController()
    with controller:
        send(controller)
    controller.assert_none(recipient="c@example.com", within=0)


def test_a_running_server_needs_no_client() -> None:
    """A program that sends nothing need not connect."""
    with CaptureController() as controller:
        controller.assert_none(within=0)


def test_a_mailbox_needs_no_server() -> None:
    """A test may add messages itself."""
    Mailbox().assert_none(within=0)


def test_the_mailbox_of_a_server_can_be_filled_by_hand(
    make: Callable[..., Envelope],
) -> None:
    """Then it needs no start."""
    controller = CaptureController()
    controller.mailbox.add(make())
    controller.assert_none(recipient="nobody@example.com", within=0)


@pytest.mark.parametrize(
    "part", [PARTS["controller"], PARTS["recipient"]], ids=["whole", "recipient"]
)
@each_wait
def test_a_hook_that_keeps_nothing_is_an_error(
    part: Callable[[CaptureController], Asserting], within: float
) -> None:
    """The message came, and the mailbox does not have it."""
    with CaptureController(server=Lossy()) as controller:
        send(controller)
        with pytest.raises(
            StateError,
            match=r"but Lossy\.handle_envelope did not keep it: call super\(\)",
        ):
            part(controller).assert_none(within=within)


def test_a_hook_of_the_object_that_keeps_nothing_is_an_error() -> None:
    """Set in the test, such as by monkeypatch."""
    with CaptureController() as controller:
        controller.server.handle_envelope = lambda envelope: None  # type: ignore[method-assign]
        send(controller)
        with pytest.raises(StateError, match=r"server\.handle_envelope did not keep"):
            controller.assert_none()


def test_a_message_that_a_hook_lost_for_another_recipient_is_no_error() -> None:
    """The assertion is not about it."""
    with CaptureController(server=Lossy()) as controller:
        send(controller)
        controller.assert_none(recipient="c@example.com", within=0)


def test_a_hook_that_keeps_some_messages_is_no_error() -> None:
    """It chooses."""
    with CaptureController(server=Lossy()) as controller:
        send(controller)
        send(controller, "keep@example.com")
        controller.assert_none(recipient="b@example.com", within=0)
