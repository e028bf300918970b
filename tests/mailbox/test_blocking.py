"""`lazr_smtptest.mailbox.blocking`, and servers that were never started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from twisted.python import threadable

from lazr_smtptest import (
    CaptureController,
    CaptureServer,
    Controller,
    Envelope,
    Mailbox,
    NotReceived,
    StateError,
)
from lazr_smtptest.mailbox.blocking import blocked

LOOP = "wait_for blocked the running event loop: use `await wait_for_async`"
REACTOR = "wait_for blocked the reactor: use `await when(...)`"


def first_line(fail: Callable[[], object]) -> str:
    with pytest.raises(NotReceived) as caught:
        fail()
    return str(caught.value).splitlines()[0]


def in_coroutine(function: Callable[[], Any]) -> Any:
    """Call a function on a running event loop."""

    async def call() -> Any:
        return function()

    return asyncio.run(call())


def mail() -> Envelope:
    return Envelope(mail_from="a@example.com", rcpt_tos=("b@example.com",), content=b"")


@pytest.mark.parametrize("part", [False, True])
def test_a_wait_that_blocked_the_event_loop_says_so(part: bool) -> None:
    """Of a mailbox and of a part of it."""
    mailbox = Mailbox()
    waited = mailbox.for_recipient("b@example.com") if part else mailbox
    line = in_coroutine(lambda: first_line(lambda: waited.wait_for(timeout=0)))
    assert line == LOOP


def test_an_assertion_that_blocked_the_event_loop_says_so() -> None:
    """It waits where it has a timeout."""
    mailbox = Mailbox()
    line = in_coroutine(
        lambda: first_line(lambda: mailbox.assert_received(timeout=0.01))
    )
    assert line == LOOP


def test_a_wait_on_the_loop_of_a_message_that_is_there_is_none() -> None:
    """It returns at once."""
    mailbox = Mailbox()
    mailbox.add(mail())
    assert in_coroutine(lambda: mailbox.wait_for(timeout=0)) == mailbox[0]


def test_where_messages_have_arrived_the_loop_was_not_the_cause() -> None:
    """The nearest one tells more."""
    mailbox = Mailbox()
    mailbox.add(mail())
    line = in_coroutine(
        lambda: first_line(lambda: mailbox.wait_for(recipient="c@x", timeout=0))
    )
    assert line.startswith("recipient is 'b@example.com'")


def test_a_wait_in_a_thread_without_a_loop_blocks_nothing() -> None:
    """It is what the method is for."""
    assert blocked(False) == ""
    assert first_line(lambda: Mailbox().wait_for(timeout=0)) == "no client connected"


def test_an_await_blocks_nothing() -> None:
    """It has a reason of its own."""

    async def wait() -> None:
        await Mailbox().wait_for_async(timeout=0)

    assert first_line(lambda: asyncio.run(wait())) == "no client connected"


@pytest.mark.parametrize("started", [False, True])
def test_a_wait_on_the_reactor_of_the_server_says_so(
    monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    """Also before that has been started."""
    thread = threadable.getThreadID() if started else None
    monkeypatch.setattr(threadable, "ioThread", thread)
    mailbox = Mailbox()
    mailbox.threaded = False
    assert first_line(lambda: mailbox.wait_for(timeout=0)) == REACTOR


def test_a_wait_beside_the_reactor_of_the_server_blocks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That runs in another thread."""
    monkeypatch.setattr(threadable, "ioThread", -1)
    mailbox = Mailbox()
    mailbox.threaded = False
    mailbox.grace = 0.0
    assert first_line(lambda: mailbox.wait_for(timeout=0)) == "no client connected"


# assert_none


@pytest.mark.parametrize("part", [False, True])
def test_no_wait_for_nothing_blocks_the_event_loop(part: bool) -> None:
    """It would always pass: the sender may run on that loop."""
    mailbox = Mailbox()
    asserted = mailbox.for_recipient("b@example.com") if part else mailbox
    with pytest.raises(StateError) as caught:
        in_coroutine(lambda: asserted.assert_none(within=0.3))
    assert str(caught.value) == (
        "assert_none(within=0.3) would block the running event loop, so that nothing "
        "could arrive: use `await asyncio.sleep(0.3)`, then assert_none(within=0)"
    )


def test_no_wait_for_nothing_blocks_the_reactor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error names what waits without blocking."""
    monkeypatch.setattr(threadable, "ioThread", threadable.getThreadID())
    mailbox = Mailbox()
    mailbox.threaded = False
    with pytest.raises(StateError) as caught:
        mailbox.assert_none()
    assert str(caught.value) == (
        "assert_none(within=0.2) would block the reactor, so that nothing could "
        "arrive: use `await deferLater(reactor, 0.2)`, then assert_none(within=0)"
    )


def test_a_message_that_is_there_fails_on_the_event_loop() -> None:
    """It need not be waited for."""
    mailbox = Mailbox()
    mailbox.add(mail())
    with pytest.raises(AssertionError, match="should not have"):
        in_coroutine(lambda: mailbox.assert_none(within=5))


def test_nothing_is_there_on_the_event_loop_if_nothing_is_waited_for() -> None:
    """``within=0`` blocks nothing."""
    assert in_coroutine(lambda: Mailbox().assert_none(within=0)) is None


# Servers that were never started

UNSTARTED = "the server was not started: use a with block or start()"


@pytest.mark.parametrize(
    "fail",
    [
        lambda server: server.wait_for(timeout=0),
        lambda server: server.assert_received(),
        lambda server: server.for_recipient("b@example.com").assert_received(),
        lambda server: server.mailbox.wait_for(timeout=0),
        lambda server: asyncio.run(server.wait_for_async(timeout=0)),
    ],
)
@pytest.mark.parametrize("port", [0, 2525])
def test_a_server_that_was_never_started_says_so(
    fail: Callable[[CaptureController], object], port: int
) -> None:
    """Whatever waits for a message."""
    controller = CaptureController("127.0.0.1", port)
    assert first_line(lambda: fail(controller)) == UNSTARTED


def test_a_server_in_a_controller_that_was_never_started_says_so() -> None:
    """So does the mailbox of any `CaptureServer`."""
    server = CaptureServer()
    Controller(server)
    assert first_line(server.mailbox.assert_received) == UNSTARTED


def test_a_server_that_was_started_does_not_say_so() -> None:
    """Nor does one that has been stopped since."""
    with CaptureController(grace=0.0) as controller:
        assert first_line(controller.assert_received) != UNSTARTED
    assert first_line(controller.assert_received) != UNSTARTED
