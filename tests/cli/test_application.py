"""The process of the command reads messages in child processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.tap import Options, makeService
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.query.document import document_of, read_document

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


def test_a_message_is_read_in_another_process(process: ServerProcess) -> None:
    """From the start on; it is started when it is needed."""
    process.startService()
    assert children_of(process) == []
    assert document_of(MESSAGE) == read_document(MESSAGE)
    assert len(children_of(process)) == 1


def test_the_end_of_the_service_ends_the_other_process(process: ServerProcess) -> None:
    """Messages are read here again."""
    process.startService()
    document_of(MESSAGE)
    [child] = children_of(process)
    process.stopService()
    assert not child.is_alive  # type: ignore[attr-defined]
    assert process._parsing is None
    assert document_of(MESSAGE) == read_document(MESSAGE)


def test_a_process_that_was_not_started_reads_messages_itself(
    process: ServerProcess,
) -> None:
    """It has nothing to end."""
    assert process._parsing is None
    assert document_of(MESSAGE) == read_document(MESSAGE)
