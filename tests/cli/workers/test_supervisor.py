"""The process that looks after the workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import defer
from twisted.logger import LogLevel, capturedLogs, formatEvent

from lazr_smtptest.cli.tap import Options, StartError, makeService
from lazr_smtptest.cli.workers.assignment import (
    ASSIGNMENT,
    FIRST_SOCKET,
    ORDERS,
    REPORTS,
    Assignment,
)
from lazr_smtptest.cli.workers.supervisor import Supervisor
from lazr_smtptest.model.delivery_event import MailEvent

from .conftest import Reactor, Transport

LOOPBACK = "--smtp=tcp:0:interface=127.0.0.1"
EVENT = MailEvent(seconds=0, session="7", outcome="aborted", sender="a@b")


class Running:
    """A supervisor that runs, and its workers."""

    def __init__(self, *arguments: str) -> None:
        options = Options()
        options.parseOptions([LOOPBACK, "--workers=2", *arguments])
        self.reactor = Reactor()
        service = makeService(options, self.reactor)
        assert isinstance(service, Supervisor)
        self.service = service

    def start(self) -> None:
        self.service.privilegedStartService()
        self.service.startService()
        self.reactor.run()

    def stop(self) -> defer.Deferred[None]:
        """Begin to stop; the workers are yet to end."""
        return defer.maybeDeferred(self.service.stopService)

    def close(self) -> None:
        """Stop, and end the workers."""
        self.stop()
        for process in self.processes:
            if not process.gone:
                process.end()

    @property
    def processes(self) -> list[Transport]:
        return [process for process, _ in self.reactor.spawned]

    def report(self, process: Transport, kind: str, what: Any = None) -> None:
        line = json.dumps([kind, what]).encode() + b"\n"
        process._child.childDataReceived(REPORTS, line)

    def count(self, process: Transport, **counted: int) -> None:
        usual = {"connections": 0, "open": 0, "messages": 0, "refusals": 0}
        self.report(process, "counters", {**usual, **counted})


class Log:
    """What Twisted's log gets."""

    def __init__(self, events: list[Any]) -> None:
        self._events = events

    def lines(self, level: Any = None) -> list[str]:
        return [
            formatEvent(event)
            for event in self._events
            if level in (None, event["log_level"])
        ]

    def having(self, text: str) -> list[str]:
        return [line for line in self.lines() if text in line]


@pytest.fixture
def log() -> Iterator[Log]:
    """Capture the log."""
    with capturedLogs() as events:
        yield Log(events)  # type: ignore[arg-type]


@pytest.fixture
def running(log: Log) -> Iterator[Running]:
    """Give a supervisor with two workers, which were started."""
    running = Running()
    running.start()
    yield running
    running.close()


class TestStart:
    """The ports and the workers."""

    def test_it_listens_before_there_are_workers(self, log: Log) -> None:
        """A port that is taken ends the command itself."""
        running = Running()
        running.service.privilegedStartService()
        assert len(log.having("listening on 127.0.0.1:")) == 1
        assert running.processes == []
        running.service.startService()
        assert len(log.having("listening on 127.0.0.1:")) == 1
        running.close()

    def test_each_worker_is_a_python_that_finds_the_same(
        self, running: Running
    ) -> None:
        """Where the command was started, and with its modules."""
        assert len(running.processes) == 2
        for _, how in running.reactor.spawned:
            assert how["args"] == [sys.executable, "-m", "lazr_smtptest.cli.workers"]
            assert how["path"] == str(Path.cwd())
            assert set(sys.path) - {""} == set(
                how["env"]["PYTHONPATH"].split(os.pathsep)
            )

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is one socket")
    def test_each_worker_has_a_socket_of_its_own(self, running: Running) -> None:
        """Bound to one port."""
        descriptors = [
            how["childFDs"][FIRST_SOCKET] for _, how in running.reactor.spawned
        ]
        assert len(set(descriptors)) == 2
        ports = set()
        for descriptor in descriptors:
            with socket.socket(fileno=os.dup(descriptor)) as shared:
                ports.add(shared.getsockname())
        assert len(ports) == 1

    def test_they_are_told_the_options_and_the_sockets(self) -> None:
        """As descriptors of their own, in the order of the endpoints."""
        running = Running("--lmtp=tcp6:0:interface=\\:\\:1", "--hostname=mx")
        running.start()
        for process in running.processes:
            told = Assignment.from_json(process.written[ASSIGNMENT])
            assert told.options["hostname"] == "mx"
            assert told.sockets == (FIRST_SOCKET, FIRST_SOCKET + 1)
            assert told.reactor == Reactor.__module__
        running.close()

    def test_they_share_one_certificate(self) -> None:
        """A client trusts one CA, whichever worker it gets."""
        running = Running("--tls=auto", "--smtps=tcp:0:interface=127.0.0.1")
        running.start()
        first, second = (
            Assignment.from_json(process.written[ASSIGNMENT]).tls
            for process in running.processes
        )
        assert first is not None
        assert first == second
        running.close()

    def test_it_is_ready_when_all_workers_are(self, running: Running, log: Log) -> None:
        """Scripts wait for that line; it comes once."""
        first, second = running.processes
        running.report(second, "ready")
        assert log.having("ready, ") == []
        running.report(first, "ready")
        assert log.having("ready, ") == [
            "ready, keeping messages in memory, by 2 workers"
        ]
        first.kill()
        running.report(running.processes[-1], "ready")
        assert len(log.having("ready, ")) == 1

    def test_the_processes_are_named(self, running: Running, log: Log) -> None:
        """Whoever wants to look at one needs its number."""
        for process in running.processes:
            running.report(process, "ready")
        assert log.having(" is process ") == [
            "worker 1 is process 1000",
            "worker 2 is process 1001",
        ]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--hide=NOPE"], "--hide knows no extension"),
            (["--store=mbox:/nowhere/box"], "'/nowhere/box'"),
            (["--transcripts=/nowhere/x"], "--transcripts: "),
            (["--auth=nope"], "--auth: "),
            (["--tls=none,none"], "--tls: "),
            (["--smtp=nope:1"], "bad endpoint"),
        ],
    )
    def test_what_is_wrong_is_found_before_there_are_workers(
        self, arguments: list[str], named: str
    ) -> None:
        """It is one line, not one for each worker."""
        with pytest.raises(StartError, match=named):
            Running(*arguments)

    def test_an_endpoint_that_cannot_be_shared_is_one_line(self, log: Log) -> None:
        """And the others are free again."""
        running = Running("--smtp=unix:/nowhere/socket")
        with pytest.raises(StartError, match="workers can share TCP ports only"):
            running.service.privilegedStartService()
        (line,) = log.having("listening on")
        port = int(line.split()[2].rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)):
            pass
        running.service.stopService()

    def test_a_worker_that_cannot_be_started_ends_it(self, log: Log) -> None:
        """There may be no room for another process."""
        running = Running()
        running.reactor.error = BlockingIOError(11, "Resource temporarily unavailable")
        running.start()
        assert len(log.lines(LogLevel.critical)) == 1
        assert "cannot start worker 1: " in log.lines(LogLevel.critical)[0]
        assert running.reactor.stops == 1
        running.close()
        assert running.reactor._exitSignal == signal.SIGTERM


class TestReports:
    """What workers tell."""

    def test_what_a_worker_logs_has_its_number(
        self, running: Running, log: Log
    ) -> None:
        """Its level and its text are kept."""
        running.report(running.processes[1], "log", ["warn", "a.b", "50 % {of} it"])
        assert log.lines(LogLevel.warn) == ["worker 2: 50 % {of} it"]

    def test_mail_is_shown_with_the_worker(self, running: Running) -> None:
        """Each worker counts its sessions for itself."""
        shown: list[MailEvent] = []
        running.service._events.subscribe(shown.append)
        running.report(running.processes[1], "mail", EVENT.as_fields())
        assert [event.session for event in shown] == ["2.7"]

    def test_the_messages_that_all_keep_are_counted(self, running: Running) -> None:
        """And those that they leave out."""
        running.report(running.processes[0], "kept", [3, 1])
        running.report(running.processes[1], "kept", [2, 5])
        sampler = running.service._sampler
        assert (sampler.kept, sampler.left_out) == (5, 6)

    def test_a_subscriber_that_raises_stops_nothing(
        self, running: Running, log: Log
    ) -> None:
        """The others get the mail, and the log has the error."""
        shown: list[MailEvent] = []
        running.service._events.subscribe(lambda event: 1 / 0)
        running.service._events.subscribe(shown.append)
        running.report(running.processes[0], "mail", EVENT.as_fields())
        assert len(shown) == 1
        assert log.having("a subscriber to delivery events raised")

    def test_the_sum_is_logged_when_all_have_counted(
        self, running: Running, log: Log
    ) -> None:
        """On SIGUSR2."""
        os.kill(os.getpid(), signal.SIGUSR2)
        running.reactor.advance(0)
        first, second = running.processes
        assert first.written[ORDERS] == b"count\n"
        running.count(first, connections=2, open=1, messages=3)
        assert log.having("counted: ") == []
        running.count(second, connections=1, refusals=4)
        assert log.having("counted: ") == [
            "counted: connections=3 open=1 messages=3 refusals=4"
        ]


class TestDeath:
    """Workers that end by themselves."""

    def test_it_is_started_anew(self, running: Running, log: Log) -> None:
        """With the same number and the same socket."""
        first, how = running.reactor.spawned[0]
        first.kill()
        assert log.lines(LogLevel.error) == [
            "worker 1 was killed by SIGKILL: it is started anew"
        ]
        anew, how_anew = running.reactor.spawned[2]
        assert anew._child.number == 1
        assert how_anew["childFDs"] == how["childFDs"]

    def test_what_it_had_counted_stays_counted(
        self, running: Running, log: Log
    ) -> None:
        """But for its open sessions: they are gone."""
        first, second = running.processes
        running.count(first, connections=5, open=2, messages=3)
        first.kill()
        running.service.count()
        running.count(running.processes[2], connections=1, open=1)
        running.count(second)
        assert log.having("counted: ") == [
            "counted: connections=6 open=1 messages=3 refusals=0"
        ]

    def test_too_many_deaths_end_it(self, running: Running, log: Log) -> None:
        """What ends again and again does not get better."""
        for number in range(6):
            assert running.reactor.stops == 0, number
            running.processes[-1].end(1)
        assert len(running.processes) == 2 + 5
        assert log.lines(LogLevel.critical) == [
            "worker 2 ended with status 1: too many did; giving up"
        ]
        assert running.reactor.stops == 1

    def test_deaths_of_long_ago_do_not_count(self, running: Running) -> None:
        """A worker may die now and then."""
        for _ in range(20):
            running.processes[-1].kill()
            running.reactor.advance(15)
        assert running.reactor.stops == 0

    def test_giving_up_is_a_failure(self, running: Running) -> None:
        """The process ends with another status than 0."""
        for _ in range(6):
            running.processes[-1].kill()
        running.close()
        assert running.reactor._exitSignal == signal.SIGTERM


class TestStop:
    """How it ends."""

    def test_it_waits_for_all_workers(self, running: Running) -> None:
        """They say good-bye to their clients."""
        ended: list[object] = []
        running.stop().addCallback(ended.append)
        first, second = running.processes
        assert ORDERS in first.closed
        first.end()
        assert not ended
        second.end()
        assert ended

    def test_nothing_is_started_anew(self, running: Running, log: Log) -> None:
        """And no end is an error."""
        running.close()
        assert len(running.processes) == 2
        assert log.lines(LogLevel.error) == []

    def test_the_ports_are_closed_at_once(self, running: Running, log: Log) -> None:
        """Clients are refused as soon as the workers have closed theirs, too."""
        (line,) = log.having("listening on")
        running.stop()
        with socket.create_server(("127.0.0.1", int(line.split()[2][10:]))):
            pass

    def test_a_worker_that_does_not_end_is_killed(
        self, running: Running, log: Log
    ) -> None:
        """After what its clients have, and some more."""
        running.stop()
        first, second = running.processes
        first.end()
        running.reactor.advance(30.9)
        assert second.signals == ["TERM"]
        running.reactor.advance(0.2)
        assert second.signals == ["TERM", "KILL"]
        assert log.lines(LogLevel.error) == ["worker 2 does not end: it is killed"]

    def test_nothing_is_left_to_do(self, running: Running) -> None:
        """The clock can stop."""
        running.close()
        assert running.reactor.getDelayedCalls() == []

    def test_the_last_sum_is_of_all(self, running: Running, log: Log) -> None:
        """Each worker counts at its end."""
        running.stop()
        for process in running.processes:
            running.count(process, connections=2, messages=1)
            process.end()
        assert log.having("counted: ") == [
            "counted: connections=4 open=0 messages=2 refusals=0"
        ]

    def test_sigusr2_is_as_it_was(self) -> None:
        """Others may want it."""
        before = signal.getsignal(signal.SIGUSR2)
        running = Running()
        running.start()
        assert signal.getsignal(signal.SIGUSR2) != before
        running.close()
        assert signal.getsignal(signal.SIGUSR2) == before

    def test_sigusr2_on_the_way_out_asks_nobody(
        self, running: Running, log: Log
    ) -> None:
        """They will tell anyway."""
        running.stop()
        running.service.count()
        assert ORDERS not in running.processes[0].written
        assert len(log.having("counted: ")) == 1
