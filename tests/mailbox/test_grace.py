"""A message that comes too late: the failure waits a moment longer, to name it."""

from __future__ import annotations

import asyncio
import re
import smtplib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.python import threadable

from lazr_smtptest import CaptureController, Envelope, Mailbox, NotReceived
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.mailbox.blame import delayed
from lazr_smtptest.model.session import Session

Make = Callable[..., Envelope]
Wait = Callable[..., Any]

# Longer than anything takes; nothing waits for it to pass.
PATIENCE = 60.0


class ReactorLike(Clock):
    """A clock that is taken for a reactor."""

    callFromThread = staticmethod(lambda function, *arguments: function(*arguments))


def in_a_thread(mailbox: Mailbox, **criteria: Any) -> Any:
    return mailbox.wait_for(timeout=0, **criteria)


def at_once(mailbox: Mailbox, **criteria: Any) -> Any:
    return mailbox.assert_received(**criteria)


def on_a_loop(mailbox: Mailbox, **criteria: Any) -> Any:
    return asyncio.run(mailbox.wait_for_async(timeout=0, **criteria))


def on_a_reactor(mailbox: Mailbox, **criteria: Any) -> Any:
    clock = ReactorLike()
    waiting = mailbox.when(timeout=5, reactor=clock, **criteria)
    clock.advance(5)
    clock.advance(PATIENCE)
    results: list[Any] = []
    waiting.addBoth(results.append)
    results[0].raiseException()


WAYS = pytest.mark.parametrize("wait", [in_a_thread, at_once, on_a_loop, on_a_reactor])


def first_line(wait: Wait, mailbox: Mailbox, **criteria: Any) -> str:
    """Return the first line of a failure, with N for the seconds in it."""
    with pytest.raises(NotReceived) as caught:
        wait(mailbox, **criteria)
    line = str(caught.value).splitlines()[0]
    seconds = re.search(r"(\d+\.\d) s after", line)
    assert seconds is None or float(seconds[1]) < PATIENCE
    return re.sub(r"\d+\.\d s after", "N s after", line)


@pytest.fixture
def late(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets something happen when the grace of a failure begins."""

    def late(*events: Callable[[], object]) -> None:
        def grace(blocking: bool) -> float:
            for event in events:
                event()
            return PATIENCE

        monkeypatch.setattr(mailbox, "_grace", grace)

    return late


@WAYS
def test_a_late_message_is_named(
    wait: Wait, mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """In the first line, with the time that was lacking."""
    late(lambda: mailbox.add(make()))
    line = first_line(wait, mailbox, subject="Hello")
    end = "assertion" if wait is at_once else "wait ended"
    assert line == f"a matching message arrived N s after the {end}"


@WAYS
def test_the_last_of_several_is_named(
    wait: Wait, mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """With them the wait would have ended well."""
    mailbox.add(make())
    late(lambda: mailbox.add(make()))
    line = first_line(wait, mailbox, count=2)
    assert "the last matching message arrived N s after the " in line


def test_some_of_several_are_counted(
    mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """They would not have been enough."""
    late(lambda: mailbox.add(make()), mailbox.close)
    line = first_line(in_a_thread, mailbox, count=3)
    assert "1 more arrived, the last of them N s after the wait ended" in line


@WAYS
def test_a_message_that_never_comes_is_no_late_one(
    wait: Wait, mailbox: Mailbox
) -> None:
    """Nothing is told of time."""
    mailbox.threaded, mailbox.grace = True, 0.01
    assert "after the" not in first_line(wait, mailbox, subject="Hello")


def test_another_message_is_no_late_one(
    mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """Only one that was waited for."""
    late(lambda: mailbox.add(make("Other")), mailbox.close)
    line = first_line(in_a_thread, mailbox, subject="Hello")
    assert line == "subject is 'Other', wanted 'Hello'"


@pytest.mark.parametrize("wait", [in_a_thread, at_once, on_a_loop])
def test_success_does_not_ask_for_grace(
    wait: Wait, mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """It never waits longer."""
    asked: list[None] = []
    late(lambda: asked.append(None))
    mailbox.add(make())
    assert wait(mailbox).subject == "Hello"
    assert not asked


def test_an_error_of_a_predicate_does_not_ask_for_grace(
    mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """The test's own error is raised at once."""
    asked: list[None] = []
    late(lambda: asked.append(None))
    mailbox.add(make())
    with pytest.raises(ZeroDivisionError):
        mailbox.wait_for(lambda envelope: 1 / 0, timeout=0)
    assert not asked


def test_a_mailbox_that_closes_in_the_grace_changes_nothing(
    mailbox: Mailbox, late: Callable[..., None]
) -> None:
    """The message was missing before."""
    late(mailbox.close)
    assert first_line(in_a_thread, mailbox) == ("no client connected")


def test_a_clock_gives_no_grace(
    mailbox: Mailbox, make: Make, late: Callable[..., None]
) -> None:
    """Its time is the test's."""
    asked: list[None] = []
    late(lambda: asked.append(None))
    clock = Clock()
    waiting = mailbox.when(timeout=5, reactor=clock)
    clock.advance(5)
    failures: list[Any] = []
    waiting.addErrback(failures.append)
    assert failures[0].check(NotReceived)
    assert not asked


# Where there is grace


def test_without_a_server_there_is_no_grace(mailbox: Mailbox) -> None:
    """Nothing would come."""
    assert mailbox._grace(blocking=True) == 0.0


def test_a_server_with_a_thread_gives_a_second(mailbox: Mailbox) -> None:
    """To every way of waiting."""
    mailbox.threaded = True
    assert mailbox._grace(blocking=True) == mailbox._grace(blocking=False) == 1.0


def test_the_thread_of_the_reactor_does_not_block_itself(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep the message away."""
    mailbox.threaded = False
    monkeypatch.setattr(threadable, "ioThread", threadable.getThreadID())
    assert mailbox._grace(blocking=True) == 0.0
    assert mailbox._grace(blocking=False) == 1.0


def test_another_thread_than_the_reactors_may_block(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reactor goes on."""
    mailbox.threaded = False
    monkeypatch.setattr(threadable, "ioThread", -1)
    assert mailbox._grace(blocking=True) == 1.0


def test_grace_can_be_switched_off() -> None:
    """Of a mailbox, when it is made or later."""
    mailbox = Mailbox(grace=0.0)
    mailbox.threaded = True
    assert mailbox._grace(blocking=True) == 0.0


def test_a_part_of_a_mailbox_has_its_grace(mailbox: Mailbox) -> None:
    """And all parts of this part."""
    mailbox.threaded, mailbox.grace = True, 7.0
    part = mailbox.for_recipient("*@example.com").for_user("ann")
    assert part._grace(blocking=True) == 7.0


def test_a_controller_takes_the_seconds() -> None:
    """For its mailbox."""
    assert CaptureController(grace=0.5).mailbox.grace == 0.5
    assert CaptureController().mailbox.grace == 1.0


def begin_late(
    monkeypatch: pytest.MonkeyPatch, controller: CaptureController
) -> threading.Thread:
    """Return a thread that sends a message as soon as a wait has ended."""
    sender = threading.Thread(target=deliver, args=(controller,))
    grace = controller.mailbox._grace

    def begin(blocking: bool) -> float:
        sender.start()
        return grace(blocking)

    monkeypatch.setattr(controller.mailbox, "_grace", begin)
    return sender


def test_a_mail_that_a_server_gets_too_late_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a client that began when the wait had ended."""
    with CaptureController(grace=PATIENCE) as controller:
        sender = begin_late(monkeypatch, controller)
        line = first_line(in_a_thread, controller.mailbox, subject="Hello")
        sender.join(PATIENCE)
    assert " s after the wait ended" in line


def test_a_server_that_stopped_gives_no_grace() -> None:
    """A failure after that has nothing to wait for."""
    with CaptureController() as controller:
        assert controller.mailbox._grace(blocking=True) == 1.0
    assert controller.mailbox._grace(blocking=True) == 0.0


@pytest.mark.parametrize("recipient", ["bob@example.com", "*@example.com"])
def test_the_rule_that_delayed_a_message_is_named(
    recipient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the reason why the message is late."""
    with CaptureController(grace=PATIENCE) as controller:
        controller.faults.on("DATA").delay(0.01)
        sender = begin_late(monkeypatch, controller)
        with pytest.raises(NotReceived) as caught:
            controller.mailbox.wait_for(recipient=recipient, timeout=0)
        sender.join(PATIENCE)
    first = str(caught.value).partition("\n")[0]
    assert first.startswith("a matching message arrived ")
    assert first.endswith(" s after the wait ended: on('DATA').delay(0.01)")


@pytest.mark.parametrize(
    ("rule", "session_id", "named"),
    [
        ("on('DATA').delay(0.5)", "1-1", True),
        ("on('DATA').trickle(100)", "1-1", True),
        ("on('DATA').delay(0.5)", "1-2", False),
        ("on('DATA').reply(451)", "1-1", False),
    ],
)
def test_only_a_delay_of_the_message_itself_is_named(
    rule: str, session_id: str, named: bool
) -> None:
    """Other rules, and those of other sessions, have not made it late."""
    fired = Fired(
        rule=rule, nth=1, phase="DATA", at=0.0, session=1, session_id=session_id
    )
    late = Envelope(
        mail_from="", rcpt_tos=(), content=b"", session=Session(id="1-1", number=1)
    )
    assert delayed([fired], [late]) == (rule if named else "")


def deliver(controller: CaptureController, recipient: str = "bob@example.com") -> None:
    """Send a message."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client.sendmail("ann@example.com", recipient, "Subject: Hello\n\nHi.\n")
