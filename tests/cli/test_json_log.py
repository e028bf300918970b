"""A log with one JSON object on each line."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import Logger, LogLevel, globalLogPublisher
from twisted.python.failure import Failure

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.json_log import LoggedMail, file_observer, log_fields
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tap import makeService
from lazr_smtptest.model.delivery_event import MailEvent

from ..commands import LOOPBACK, Process, Start, send

JSON = "--log-format=json"


class Log:
    """The lines that were logged.

    Attributes:
        lines: the objects.
    """

    def __init__(self) -> None:
        self._file = StringIO()
        self.observer = file_observer(self._file)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file.getvalue().splitlines()]


@pytest.fixture
def log() -> Any:
    """Listens to Twisted's log."""
    log = Log()
    globalLogPublisher.addObserver(log.observer)
    yield log
    globalLogPublisher.removeObserver(log.observer)


def mail(**fields: Any) -> MailEvent:
    """Return the outcome of a mail."""
    given: dict[str, Any] = {
        "seconds": 1_769_860_800.12,
        "session": "7",
        "outcome": "refused",
        "sender": "ann@example.com",
        "recipients": ("bob@example.com",),
        "reply": "550 5.1.1 No such user",
    }
    return MailEvent(**{**given, **fields})


def test_a_mail_is_its_fields(log: Log) -> None:
    """With the time of its outcome."""
    LoggedMail().show(mail())
    assert log.lines == [
        {
            "time": "2026-01-31T12:00:00.120Z",
            "level": "info",
            "event": "refused",
            "session": "7",
            "sender": "ann@example.com",
            "recipients": ["bob@example.com"],
            "subject": None,
            "size": None,
            "reply": "550 5.1.1 No such user",
            "peer": "",
        }
    ]


@pytest.mark.parametrize("subject", ["a\nb", "\u2028", "\ud800", '"}', "\x1b[2J"])
def test_no_text_forges_a_line(log: Log, subject: str) -> None:
    """Each is one line of ASCII."""
    LoggedMail().show(mail(subject=subject, outcome="accepted"))
    [line] = log.lines
    assert line["subject"] == subject


def test_another_line_is_a_message(log: Log) -> None:
    """With the logger that it came from."""
    Logger("some.where").emit(LogLevel.warn, "{number} left", number=3)
    [line] = log.lines
    assert datetime.fromisoformat(line.pop("time").replace("Z", "+00:00"))
    assert line == {
        "level": "warn",
        "event": "log",
        "logger": "some.where",
        "message": "3 left",
    }


def test_an_error_has_its_traceback(log: Log) -> None:
    """Apart from its message."""
    try:
        raise ZeroDivisionError("none")
    except ZeroDivisionError:
        Logger("x").emit(LogLevel.critical, "failed", log_failure=Failure())
    [line] = log.lines
    assert (line["message"], line["level"]) == ("failed", "critical")
    assert "ZeroDivisionError: none" in line["traceback"]


def test_an_event_without_a_text_is_left_out(log: Log) -> None:
    """As in the text log."""
    Logger("x").emit(LogLevel.info)
    assert log.lines == []


def test_fields_that_json_does_not_know_are_texts(log: Log) -> None:
    """Nothing is lost."""
    log_fields("ready", store=Path("mail"))
    assert log.lines[0]["store"] == "mail"


def objects(process: Process) -> list[dict[str, Any]]:
    """Return the lines of a process; each has to be an object."""
    return [json.loads(line) for line in process.lines if line]


def test_the_command_writes_nothing_else(start: Start) -> None:
    """From the start to the end."""
    process = start("smtptest", "--port=0", "--no-http", JSON)
    port = process.wait_for(r'"event": "ready".*"smtp": "127\.0\.0\.1:(\d+)"')[1]
    send(int(port))
    process.wait_for(r'"event": "accepted".*"subject": "hello"')
    process.terminate()
    found = objects(process)
    assert {"time", "level", "event"} <= set.intersection(*map(set, found))


def test_twistd_writes_nothing_else(start: Start) -> None:
    """Its own lines are objects, too."""
    process = start("twistd", *LOOPBACK, JSON)
    send(process.port())
    process.terminate()
    events = [each["event"] for each in objects(process)]
    assert events.count("accepted") == 1
    assert events.count("log") > 1


def options_of(*words: str, **parent: Any) -> Options:
    """Return options of a twistd with options of its own."""
    options = Options()
    options.parseOptions(["--port=0", JSON, *words])
    options.parent = parent
    return options


@pytest.mark.parametrize("name", ["logger", "syslog"])
def test_twistd_cannot_log_elsewhere(name: str) -> None:
    """The error names the option."""
    with pytest.raises(OptionError, match=f"leave out --{name}"):
        makeService(options_of(**{name: "x"}), object())


def test_a_file_of_twistd_has_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that its options name."""
    monkeypatch.setattr("signal.getsignal", lambda number: object())
    options = options_of(logfile=str(tmp_path / "log"), nodaemon=False)
    process: Any = makeService(options, MemoryReactorClock())
    process.log_observer({"log_time": 0.0, "log_format": "hello"})
    [line] = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["message"] == "hello"
    process.log_observer._outFile.close()


def test_twist_gets_the_observer() -> None:
    """It makes its own one later, for the file of its options."""
    options = options_of(logFile=object())
    process: Any = makeService(options, MemoryReactorClock())
    parent: Any = options.parent
    assert parent["fileLogObserverFactory"] is file_observer
    assert process.log_observer is None


def test_a_quiet_command_logs_no_mail() -> None:
    """The rest it does."""
    process: Any = makeService(
        options_of("--quiet", nodaemon=True), MemoryReactorClock()
    )
    assert process.display is None
    assert process.log_observer is not None
