"""What a worker tells its supervisor."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import ILogObserver, Logger, LogLevel
from zope.interface.verify import verifyObject

from lazr_smtptest.cli.workers.reports import Reports
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.stores.session_log import Counters


def told(tell: Callable[[Reports], object]) -> list[Any]:
    """Give what is written, a list for each report."""
    file = io.BytesIO()
    tell(Reports(file))
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_that_clients_may_come_is_a_report() -> None:
    """There is nothing more to say."""
    assert told(lambda reports: reports.ready()) == [["ready", None]]


def test_counters_are_a_report() -> None:
    """By their names."""
    counters = Counters(connections=4, open=1, messages=3, refusals=2)
    ((kind, fields),) = told(lambda reports: reports.counters(counters))
    assert kind == "counters"
    assert Counters(**fields) == counters


def test_a_mail_is_a_report() -> None:
    """With all its fields."""
    event = MailEvent(seconds=1.5, session="1", outcome="aborted", sender="a@b")
    ((kind, fields),) = told(lambda reports: reports.mail(event))
    assert kind == "mail"
    assert MailEvent.from_fields(fields) == event


def test_the_number_of_kept_messages_is_a_report() -> None:
    """And of those that are left out."""
    assert told(lambda reports: reports.kept(3, 4)) == [["kept", [3, 4]]]


def test_an_error_reply_is_a_report() -> None:
    """With all its fields."""
    reply = ErrorReply(session="1", peer="10.0.0.1", reply="550 no")
    ((kind, fields),) = told(lambda reports: reports.error(reply))
    assert (kind, ErrorReply(**fields)) == ("error", reply)


def test_a_log_event_is_a_report() -> None:
    """Its level, who says it, and its text in one piece."""
    log = Logger("lazr.smtptest")

    def tell(reports: Reports) -> None:
        log.observer = reports
        log.info("{many}\nlines", many="two")

    assert told(tell) == [["log", ["info", "lazr.smtptest", "two\nlines"]]]


def test_a_traceback_is_told() -> None:
    """It is a part of the text."""
    log = Logger("elsewhere")

    def tell(reports: Reports) -> None:
        log.observer = reports
        try:
            raise ValueError("oops")
        except ValueError:
            log.failure("it went wrong")

    ((kind, (level, namespace, text)),) = told(tell)
    assert (kind, level, namespace) == ("log", "critical", "elsewhere")
    assert text.startswith("it went wrong\nTraceback")
    assert "ValueError: oops" in text


@pytest.mark.parametrize(
    ("namespace", "level", "is_told"),
    [
        ("twisted.internet.base", LogLevel.info, False),
        ("twisted.internet.base", LogLevel.warn, True),
        ("lazr.smtptest", LogLevel.info, True),
        (None, None, False),
    ],
)
def test_what_twisted_says_of_its_own_loop_is_not_told(
    namespace: str | None, level: Any, is_told: bool
) -> None:
    """Every process has one, and the supervisor says the same."""
    event = {"log_namespace": namespace, "log_level": level, "log_format": "x"}
    assert bool(told(lambda reports: reports(event))) is is_told


def test_it_observes_twisteds_log() -> None:
    """As `globalLogBeginner` wants it."""
    verifyObject(ILogObserver, Reports(io.BytesIO()))


def test_a_supervisor_that_is_gone_is_no_failure() -> None:
    """The worker is about to end, too."""
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "wb", buffering=0) as pipe:  # noqa: PTH123
        Reports(pipe).ready()  # type: ignore[arg-type]
