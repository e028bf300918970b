"""The state of the server: its addresses, its store, its versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import datetime

import msgspec

import twisted
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.version import __version__

__all__ = ["Status"]


class Listener(msgspec.Struct, frozen=True):
    """An address that clients connect to; ``port`` is ``null`` for a path.

    ``protocol`` is such as ``smtp``, ``lmtp`` or ``http``; a second address of one has
    a number, such as ``smtp2``.
    """

    protocol: str
    address: str
    host: str
    port: int | None


class StatusAnswer(msgspec.Struct, frozen=True):
    """The state of the server.

    ``store`` is its kind, such as ``sqlite``. ``missing`` counts the messages that are
    not indexed yet. ``accepted`` counts the messages that arrived since the server
    began, and ``kept`` those that the store has taken: fewer with ``--keep``; both are
    ``null`` where no server takes mail. ``oldest`` is when the oldest message arrived;
    ``null`` for none. ``checks`` tells why a check of messages cannot be made, by its
    name: ``html``, ``links`` or ``spam``; empty if it can.
    """

    version: str
    python: str
    twisted: str
    store: str
    listeners: list[Listener]
    messages: int
    unread: int
    missing: int
    accepted: int | None
    kept: int | None
    last_change: int
    oldest: datetime | None
    checks: dict[str, str]


class Status:
    """The part of the API that is about the server itself.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        yield operation(
            "GET",
            f"{prefix}/status",
            self.status,
            "Get the state of the server",
            answer=StatusAnswer,
        )

    async def status(self, call: Call) -> Answer:
        """Answer with the state of the server."""
        reader = self._context.reader
        counts = await reader.counts("")
        progress = await reader.index_progress()
        oldest = await reader.page("", limit=1, oldest_first=True)
        listeners = self._context.listeners()
        sampler = self._context.sampler
        return json_answer(
            StatusAnswer(
                version=__version__,
                python=platform.python_version(),
                twisted=twisted.__version__,
                store=_kind_of(self._context.store),
                listeners=[_listener(*each) for each in listeners.items() if each[1]],
                messages=counts.messages,
                unread=counts.unread,
                missing=progress.missing,
                accepted=None if sampler is None else sampler.accepted,
                kept=None if sampler is None else sampler.kept,
                last_change=await reader.last_change(),
                oldest=oldest[0].received_at if oldest else None,
                checks=self._context.checks.obstacles(),
            )
        )


def _kind_of(store: object) -> str:
    """Return the kind of a store, such as ``"sqlite"``."""
    name = type(store).__name__
    return name.removesuffix("Store").removesuffix("Reader").lower()


def _listener(protocol: str, address: str) -> Listener:
    host, _, port = address.rpartition(":")
    is_path = not port.isdecimal()
    return Listener(
        protocol=protocol,
        address=address,
        host="" if is_path else host.strip("[]"),
        port=None if is_path else int(port),
    )
