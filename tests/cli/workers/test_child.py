"""A worker, as its supervisor sees it."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from lazr_smtptest.cli.workers.assignment import ASSIGNMENT, ORDERS, REPORTS, Assignment
from lazr_smtptest.cli.workers.child import Child
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.stores.session_log import Counters

from .conftest import Transport

TASK = Assignment(reactor="some.reactor", options={"hostname": "mx"})
EVENT = MailEvent(seconds=0, session="1", outcome="aborted", sender="a@b")
COUNTED = {"connections": 4, "open": 1, "messages": 3, "refusals": 2}


class Parent:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def child_ready(self, child: Child) -> None:
        self.heard.append(("ready", child.number))

    def child_ended(self, child: Child, why: str) -> None:
        self.heard.append(("ended", child.number, why))

    def child_counted(self) -> None:
        self.heard.append(("counted",))

    def child_saw(self, number: int, event: MailEvent) -> None:
        self.heard.append(("saw", number, event))

    def child_kept(self, kept: int, left_out: int) -> None:
        self.heard.append(("kept", kept, left_out))

    def child_refused(self, number: int, reply: ErrorReply) -> None:
        self.heard.append(("refused", number, reply))

    def child_logged(self, number: int, *what: str) -> None:
        self.heard.append(("logged", number, *what))


class Worker:
    """A worker that is no process."""

    def __init__(self) -> None:
        self.parent = Parent()
        self.child = Child(2, TASK, self.parent)
        self.process = Transport(self.child, 1000)
        self.child.makeConnection(self.process)

    def report(self, kind: str, what: Any) -> None:
        line = json.dumps([kind, what]).encode() + b"\n"
        self.child.childDataReceived(REPORTS, line)


@pytest.fixture
def worker() -> Worker:
    """Give a worker that has been started."""
    return Worker()


def test_it_is_told_what_to_do(worker: Worker) -> None:
    """And that there is nothing more to come."""
    assert Assignment.from_json(worker.process.written[ASSIGNMENT]) == TASK
    assert worker.process.closed == [ASSIGNMENT]


@pytest.mark.parametrize(
    ("kind", "what", "heard"),
    [
        ("ready", None, ("ready", 2)),
        ("mail", EVENT.as_fields(), ("saw", 2, EVENT)),
        ("kept", [3, 4], ("kept", 3, 4)),
        ("log", ["info", "a.b", "text"], ("logged", 2, "info", "a.b", "text")),
    ],
)
def test_its_reports_are_passed_on(
    worker: Worker, kind: str, what: Any, heard: tuple[Any, ...]
) -> None:
    """With its number."""
    worker.report(kind, what)
    assert worker.parent.heard == [heard]


def test_reports_may_come_in_pieces(worker: Worker) -> None:
    """A pipe knows no lines."""
    for octet in b'["ready", null]\n["ready", null]\n':
        worker.child.childDataReceived(REPORTS, bytes([octet]))
    assert worker.parent.heard == [("ready", 2), ("ready", 2)]


def test_what_it_writes_elsewhere_is_logged(worker: Worker) -> None:
    """Python itself writes to the standard error, and it may be anything."""
    worker.child.childDataReceived(2, b"Fatal \xff\nan")
    worker.child.childDataReceived(1, b"print\n")
    worker.child.childDataReceived(2, b"d on\n")
    assert [entry[4] for entry in worker.parent.heard] == [
        "Fatal \\xff",
        "print",
        "and on",
    ]


def test_it_counts_when_it_is_asked(worker: Worker) -> None:
    """Then it is told that it did."""
    worker.child.ask()
    assert worker.process.written[ORDERS] == b"count\n"
    assert worker.child.counting
    worker.report("counters", COUNTED)
    assert worker.child.counters == Counters(**COUNTED)
    assert not worker.child.counting
    assert worker.parent.heard == [("counted",)]


def test_it_counts_unasked_when_it_ends(worker: Worker) -> None:
    """Nobody has waited for that."""
    worker.report("counters", COUNTED)
    assert worker.child.counters == Counters(**COUNTED)
    assert worker.parent.heard == []


def test_one_that_dies_while_it_counts_is_waited_for_no_more(worker: Worker) -> None:
    """The sum is of those who are there."""
    worker.child.ask()
    worker.process.kill()
    assert worker.parent.heard == [("ended", 2, "was killed by SIGKILL"), ("counted",)]


def test_a_stop_takes_its_orders_away(worker: Worker) -> None:
    """It ends by itself, and gives its clients some time."""
    worker.report("ready", None)
    worker.child.stop()
    assert ORDERS in worker.process.closed
    assert worker.process.signals == []


def test_one_that_is_not_ready_is_ended_at_once(worker: Worker) -> None:
    """It has no clients."""
    worker.child.stop()
    assert worker.process.signals == ["TERM"]


def test_one_that_is_gone_can_be_ended_again(worker: Worker) -> None:
    """Its end may not have been heard of."""
    worker.process.gone = True
    worker.child.stop()
    worker.child.kill()


@pytest.mark.parametrize(
    ("status", "killed_by", "why"),
    [
        (0, None, "ended"),
        (1, None, "ended with status 1"),
        (0, signal.SIGSEGV, "was killed by SIGSEGV"),
    ],
)
def test_its_end_is_described(
    worker: Worker, status: int, killed_by: int | None, why: str
) -> None:
    """It will stand in the log."""
    worker.process.end(status, killed_by)
    assert worker.parent.heard == [("ended", 2, why)]


def test_its_end_can_be_waited_for(worker: Worker) -> None:
    """The supervisor does when it stops."""
    ended: list[None] = []
    worker.child.ended.addCallback(ended.append)
    assert ended == []
    worker.process.kill()
    assert ended == [None]


def test_an_error_reply_is_passed_on(worker: Worker) -> None:
    """With the number of the worker."""
    reply = ErrorReply(session="1", peer="10.0.0.1", reply="550 no")
    worker.report("error", reply.as_fields())
    assert worker.parent.heard == [("refused", 2, reply)]
