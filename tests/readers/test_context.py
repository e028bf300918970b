"""The context of a reader: the parts of its server, or why they are absent."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureServer, QueueServer, StoreServer
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.document import read_document
from lazr_smtptest.readers.context import AbsentError, ReaderContext
from lazr_smtptest.stores import MemoryStore

REACTOR = Clock()
MESSAGE = Envelope(mail_from="a@x", rcpt_tos=(), content=b"Subject: Hello\r\n\r\n")


class Threads:
    """A pool whose thread is this one, and its reactor."""

    def seconds(self) -> float:
        return 0.0

    def callInThread(self, function: Any) -> None:
        function()

    def callFromThread(self, function: Any, *arguments: Any) -> None:
        function(*arguments)


@pytest.mark.parametrize("make", [CaptureServer, lambda: StoreServer(MemoryStore())])
def test_a_server_gives_its_parts(make: Any) -> None:
    """They are the same objects, so what is changed there holds for the wire."""
    server = make()
    context = ReaderContext.of(server, REACTOR)
    assert context.store is server.reader
    assert context.needed_faults() is server.faults
    assert context.needed_sessions() is server.sessions
    assert context.needed_settings() is server.file_settings
    assert context.delivery_events is server.delivery_events
    assert context.handler is server


def test_a_store_alone_is_read() -> None:
    """Without a server."""
    store = MemoryStore()
    assert ReaderContext.of(store, REACTOR).store is store


@pytest.mark.parametrize("name", ["faults", "sessions", "settings"])
def test_a_part_that_is_elsewhere_is_one_line(name: str) -> None:
    """It says why."""
    context = ReaderContext(
        store=MemoryStore(), reactor=REACTOR, absence="they are far away"
    )
    with pytest.raises(AbsentError, match=r"^there are no [\w ]+ here: they are far"):
        getattr(context, f"needed_{name}")()


def test_a_copy_has_a_reader_of_its_own() -> None:
    """The first one may be closed."""
    context = ReaderContext(store=MemoryStore(), reactor=REACTOR)
    copy = ReaderContext.of(context, REACTOR)
    assert copy.store is context.store
    assert copy.reader is not context.reader


@pytest.mark.parametrize("source", [QueueServer(), object()])
def test_what_cannot_be_read_is_refused(source: Any) -> None:
    """A server without a store among them."""
    with pytest.raises(TypeError, match="CaptureServer"):
        ReaderContext.of(source, REACTOR)


def test_a_message_is_parsed_in_a_thread_of_the_reader() -> None:
    """Where there are no child processes for it."""
    threads = Threads()
    context = ReaderContext(store=MemoryStore(), reactor=threads, pool=threads)
    results: list[Any] = []
    context.parse("document", MESSAGE).addCallback(results.append)
    assert results == [read_document(MESSAGE)]


def test_a_message_is_parsed_where_the_process_says() -> None:
    """In its child processes."""
    threads = Threads()
    context = ReaderContext(
        store=MemoryStore(),
        reactor=threads,
        pool=threads,
        parsing=lambda name, envelope: (name, envelope),
    )
    results: list[Any] = []
    context.parse("document", MESSAGE).addCallback(results.append)
    assert results == [("document", MESSAGE)]
