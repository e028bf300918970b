"""The process of the command reads messages in child processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
from twisted.application.service import Service
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli import application
from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.tap import Options, makeService
from lazr_smtptest.errors import StateError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.query.document import document_of, read_document

# Seconds: far more than an end takes.
PATIENCE = 60.0
MESSAGE = Envelope(
    mail_from="a@x", rcpt_tos=(), content=b"Subject: Hello\r\n\r\nHi.\r\n"
)


@pytest.fixture
def process() -> Iterator[ServerProcess]:
    """A process that is about to start; its sockets are not real."""
    options = Options()
    options.parseOptions(["--smtp=unix:/nowhere/socket:lockfile=0"])
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, ServerProcess)
    yield process
    process.stopService()


def children_of(process: ServerProcess) -> list[object]:
    """The processes that it has started."""
    pool = process._parsing
    assert isinstance(pool, ParsingPool)
    return list(pool._workers)


@pytest.mark.slow
def test_a_message_is_read_in_another_process(process: ServerProcess) -> None:
    """From the start on; it is started when it is needed."""
    process.startService()
    assert children_of(process) == []
    assert document_of(MESSAGE) == read_document(MESSAGE)
    assert len(children_of(process)) == 1


@pytest.mark.slow
def test_the_end_of_the_service_ends_the_other_process(process: ServerProcess) -> None:
    """Messages are read here again."""
    process.startService()
    document_of(MESSAGE)
    [child] = children_of(process)
    process.stopService()
    assert not child.is_alive  # type: ignore[attr-defined]
    assert process._parsing is None
    assert document_of(MESSAGE) == read_document(MESSAGE)


class Reader(Service):
    """A reader that waits for what a thread reads, as it stops."""

    def __init__(self, read: Future[object]) -> None:
        self._read = read
        self.stopped: list[BaseException | None] = []

    def stopService(self) -> None:
        super().stopService()
        self.stopped.append(self._read.exception(PATIENCE))


def test_the_end_of_the_service_waits_for_no_message_that_is_read(
    process: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers wait for their threads, and those for other processes."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "parsing"))
    monkeypatch.setattr(application, "functions", import_module("hostile"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process.startService()
    endless = Envelope(mail_from=str(pipe), rcpt_tos=(), content=b"")
    with ThreadPoolExecutor(1) as threads:
        reader = Reader(threads.submit(process.parse, "wait", endless))
        reader.setServiceParent(process)
        # It is being read now.
        pipe.open("rb").close()
        process.stopService()
    assert [type(each) for each in reader.stopped] == [StateError]


def test_a_process_that_was_not_started_reads_messages_itself(
    process: ServerProcess,
) -> None:
    """It has nothing to end."""
    assert process._parsing is None
    assert document_of(MESSAGE) == read_document(MESSAGE)
