"""Hooks that return a Deferred or a coroutine: they are waited for."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from lazr_smtptest import (
    CaptureController,
    CaptureServer,
    Controller,
    Server,
    StateError,
)
from lazr_smtptest.model.session import Session

MAIL = "Subject: Hello\n\nHello\n"


async def raise_in_coroutine(*arguments: object) -> None:
    """Raise in a coroutine."""
    raise ZeroDivisionError("in a hook")


def fail_in_deferred(*arguments: object) -> Deferred[None]:
    """Return a Deferred that has failed."""
    return fail(ZeroDivisionError("in a hook"))


failing = pytest.mark.parametrize("hook", [raise_in_coroutine, fail_in_deferred])


def server_with(name: str, hook: Callable[..., Any]) -> Server:
    """Return a server with a hook."""
    server = Server()
    setattr(server, name, hook)
    return server


def rset(controller: Controller) -> int:
    """Send RSET; return the code of its reply."""
    with smtplib.SMTP(controller.host, controller.port, timeout=30) as client:
        return client.rset()[0]


@failing
def test_a_reset_that_fails_later_is_answered_with_451(hook: Any) -> None:
    """Not with 250."""
    controller = Controller(server_with("reset", hook))
    controller.start()
    code = rset(controller)
    with pytest.raises(ZeroDivisionError):
        controller.stop()
    assert code == 451


@failing
@pytest.mark.parametrize("name", ["handle_session", "stopped"])
def test_a_hook_without_a_reply_that_fails_later_fails_the_test(
    name: str, hook: Any
) -> None:
    """``stop`` raises its exception."""
    controller = Controller(server_with(name, hook))
    controller.start()
    rset(controller)
    with pytest.raises(ZeroDivisionError):
        controller.stop()


@failing
def test_a_reset_of_the_test_raises_what_fails_later(hook: Any) -> None:
    """As a function that raises."""
    controller = Controller(server_with("reset", hook))
    with controller, pytest.raises(ZeroDivisionError):
        controller.reset()


def test_a_reset_of_the_test_waits_for_a_coroutine() -> None:
    """Its result comes before ``reset`` returns."""
    done = []

    async def reset() -> None:
        done.append(True)

    with Controller(server_with("reset", reset)) as controller:
        controller.reset()
    assert done


def test_a_client_waits_for_a_reset() -> None:
    """The reply comes when the Deferred fires."""
    server = Server()
    waiting: Deferred[None] = Deferred()
    server.reset = lambda: waiting  # type: ignore[method-assign]
    on_rset = server.factory(Clock()).on_rset
    assert on_rset is not None
    assert on_rset() is waiting


def test_the_stop_waits_for_hooks() -> None:
    """Its Deferred fires when they have ended."""
    server, waiting = Server(), Deferred[None]()
    server.handle_session = lambda session: waiting  # type: ignore[method-assign]
    server.session_ended(Session())
    ended: list[object] = []
    server.hooks_ended(Clock()).addCallback(ended.append)
    assert not ended
    waiting.callback(None)
    assert ended


def test_a_hook_that_never_ends_does_not_hang_the_stop() -> None:
    """It is cancelled after the limit ``closing``, and fails the test."""
    server, clock = Server(), Clock()
    server.handle_session = lambda session: Deferred()  # type: ignore[method-assign]
    server.session_ended(Session())
    ended: list[object] = []
    server.hooks_ended(clock).addCallback(ended.append)
    clock.advance(server.settings.limits.closing)
    assert ended
    assert isinstance(server.errors[0], StateError)


@failing
def test_a_subscriber_that_fails_later_refuses_the_message(hook: Any) -> None:
    """The client gets 451, the test the exception."""
    with CaptureController() as controller:
        controller.mailbox.subscribe(hook)
        client = smtplib.SMTP(controller.host, controller.port, timeout=30)
        with client, pytest.raises(smtplib.SMTPDataError):
            client.sendmail("a@example.com", ["b@example.com"], MAIL)
        with pytest.raises(ZeroDivisionError):
            controller.check()


def test_a_message_waits_for_its_subscribers() -> None:
    """The Deferred of ``add`` fires after those of the subscribers."""
    mailbox, waiting = CaptureServer().mailbox, Deferred[None]()
    mailbox.subscribe(lambda envelope: waiting)
    from .test_servers import envelope_of

    added = mailbox.add(envelope_of(b""))
    assert added is not None
    ended: list[object] = []
    added.addCallback(ended.append)
    assert not ended
    waiting.callback(None)
    assert ended
