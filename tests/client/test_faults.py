"""`lazr_smtptest.client.faults`: rules of a server over HTTP."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lazr_smtptest import RemoteMailbox
from lazr_smtptest.mailbox import NotReceived
from lazr_smtptest.server.capture import CaptureController

from .conftest import Running

CASES: dict[str, Callable[[Any], Any]] = {
    "reply": lambda faults: faults.on("RCPT", recipient="x@*").reply(450, "later"),
    "keywords": lambda faults: faults.on("EOD", nth=[1, 3], per="sender").reply(
        code=554, text="no"
    ),
    "steps": lambda faults: faults.on("MAIL", times=2).delay(0.5).then.drop(),
    "regex": lambda faults: faults.on(
        "MAIL", sender=re.compile("BOB", re.IGNORECASE), optional=True
    ).drop(close_notify=False),
    "raw": lambda faults: faults.on("RCPT").raw(b"250 \xff\r\n"),
    "header": lambda faults: faults.on("EOD", header={"Subject": "A *"}).discard(),
    "phases": lambda faults: faults.on("MAIL", "RCPT").hold(),
}


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server in a thread."""
    with CaptureController(grace=0.0, activity=False) as controller:
        yield controller


@pytest.fixture
def remote(
    serve: Callable[..., Running], controller: CaptureController
) -> Iterator[RemoteMailbox]:
    """The same server over HTTP."""
    with RemoteMailbox(serve(controller.server).url, grace=0.0) as mailbox:
        yield mailbox


def send(controller: CaptureController, recipient: str) -> int:
    """Send a message; return the code of the reply to its recipient."""
    with smtplib.SMTP(controller.host, controller.port, timeout=60) as client:
        try:
            client.sendmail("ann@example.com", [recipient], b"Subject: A\r\n\r\n")
        except smtplib.SMTPRecipientsRefused as error:
            return int(error.recipients[recipient][0])
    return 250


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_rule_is_what_it_is_in_process(
    controller: CaptureController, remote: RemoteMailbox, make: Callable[[Any], Any]
) -> None:
    """Its source is the same, but for the spelling of the arguments."""
    made = make(remote.faults)
    [there] = controller.faults.rules
    assert [rule.id for rule in remote.faults.rules] == [made.id]
    written = str(there)
    controller.faults.clear()
    expected = str(make(controller.faults))
    assert (written == expected) or "code=" in expected or "re.compile" in expected


def test_a_rule_fires(controller: CaptureController, remote: RemoteMailbox) -> None:
    """Its counts and its records are there."""
    rule = remote.faults.on("RCPT", recipient="x@*", times=1).reply(450, "later")
    assert (rule.fired, rule.missing) == (0, 1)
    assert [send(controller, "x@a.test"), send(controller, "x@a.test")] == [450, 250]
    assert (rule.fired, rule.missing) == (1, 0)
    [fired] = remote.faults.journal
    assert (fired.phase, fired.to) == ("RCPT", ("x@a.test",))
    remote.faults.assert_all_fired()


def test_a_failure_names_the_rule_that_fired(
    controller: CaptureController, remote: RemoteMailbox
) -> None:
    """As in process."""
    remote.faults.on("RCPT", recipient="x@*").reply(550, "no")
    send(controller, "x@a.test")
    controller.mailbox.grace = 0.0
    texts = []
    for mailbox in (controller, remote):
        with pytest.raises(NotReceived) as caught:
            mailbox.assert_received(recipient="x@a.test")
        texts.append(str(caught.value))
    assert "on('RCPT', recipient='x@*').reply(550, 'no')" in texts[1]
    assert texts[0].splitlines()[0] == texts[1].splitlines()[0]


def test_a_rule_that_has_not_fired_is_told(remote: RemoteMailbox) -> None:
    """By the assertion, and by the text of a failure."""
    remote.faults.on("RCPT").reply(450, "later")
    with pytest.raises(AssertionError, match=r"did not fire:\n  - on\('RCPT'\)"):
        remote.faults.assert_all_fired()
    with pytest.raises(NotReceived, match="did not fire"):
        remote.assert_received()


def test_a_part_has_rules_of_its_own(
    controller: CaptureController, remote: RemoteMailbox
) -> None:
    """They are for its recipients, and are removed with it."""
    remote.faults.on("MAIL", sender="eve@*").drop()
    part = remote.for_recipient("*@a.test")
    part.faults.on("RCPT").reply(450, "later")
    assert [send(controller, "x@a.test"), send(controller, "x@b.test")] == [450, 250]
    part.faults.clear()
    assert [str(rule) for rule in remote.faults.rules] == [
        "on('MAIL', sender='eve@*').drop()"
    ]


def test_a_rule_is_removed_after_its_block(
    controller: CaptureController, remote: RemoteMailbox
) -> None:
    """And may be removed twice."""
    with remote.faults.on("RCPT").reply(450, "later") as rule:
        assert len(controller.faults.rules) == 1
    rule.remove()
    assert controller.faults.rules == ()


def test_a_personality_is_made_by_the_server(
    controller: CaptureController, remote: RemoteMailbox
) -> None:
    """With its options."""
    made = remote.faults.personality("greylisting", seconds=10)
    assert list(map(str, made)) == list(map(str, controller.faults.rules)) != []
    made[0].remove()
    remote.faults.clear()
    assert remote.faults.rules == ()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (
            lambda faults: faults.on("RCPT", where=lambda context: True),
            TypeError,
            "where is sent to a server as text",
        ),
        (lambda faults: faults.on("NOWHERE"), ValueError, "NOWHERE"),
        (lambda faults: faults.on("RCPT").reply(999, ""), ValueError, "999"),
        (
            lambda faults: faults.personality("nobody"),
            ValueError,
            "personality.*nobody",
        ),
    ],
)
def test_a_wrong_rule_is_refused_where_it_is_written(
    controller: CaptureController,
    remote: RemoteMailbox,
    make: Callable[[Any], Any],
    error: type[Exception],
    words: str,
) -> None:
    """The server gets none of it."""
    with pytest.raises(error, match=words):
        make(remote.faults)
    assert controller.faults.rules == ()


def test_a_server_without_rules_is_read_nevertheless(
    serve: Callable[..., Running], controller: CaptureController
) -> None:
    """Its rules may be in another process."""
    with (
        RemoteMailbox(serve(controller.mailbox.reader).url, grace=0.0) as mailbox,
        pytest.raises(NotReceived),
    ):
        mailbox.assert_received()
