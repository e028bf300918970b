"""The metrics of a server in the text format of Prometheus, under ``/metrics``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred, TimeoutError

from lazr_smtptest.errors import BusyError, StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.net.clock import monotonic
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.sampler import Sampler

__all__ = ["Metrics"]

_PREFIX = "smtptest"
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"

# The most seconds that a store that is away holds up the rest: less than the ten that
# Prometheus waits.
_PATIENCE = 3.0

# Methods of requests with a count of their own; others are counted as one.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class _Kept(Collector):
    """The messages that were kept and left out since the server began."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counts."""
        yield CounterMetricFamily(
            f"{_PREFIX}_messages_kept",
            "Messages that the store has taken",
            self._sampler.kept,
        )
        yield CounterMetricFamily(
            f"{_PREFIX}_messages_left_out",
            "Messages that were accepted and not kept, because of --keep",
            self._sampler.left_out,
        )


class Metrics:
    """Answers with what is there, and with counts since the server began.

    Where nothing else follows the mail, such as a log, the counts of mail and faults
    begin with the first request for them, so that they cost nothing before it. Its
    methods are called in the reactor's thread.

    Args:
        context: the store, and the server that takes the mail.
        waits: returns how many requests wait for messages.
    """

    def __init__(self, context: ReaderContext, waits: Callable[[], int]) -> None:
        self._context = context
        self._waits = waits
        self._registry = CollectorRegistry()
        self._mail = self._counter(
            "mail", "Messages, recipients and senders, by outcome", "outcome"
        )
        self._bytes = self._counter("message_bytes", "Bytes of accepted messages")
        self._refusals = self._counter(
            "refusals", "Refused messages, recipients and senders", "code"
        )
        self._fired = self._counter("faults_fired", "Fault rules that fired")
        self._requests = self._counter(
            "http_requests", "Answers to HTTP requests", "method", "status"
        )
        # Those of the methods and statuses so far: to look one up takes time.
        self._counters: dict[tuple[str, int], Counter] = {}
        # Messages that were accepted since the last answer, and their bytes.
        self._accepted = self._octets = 0
        if context.sampler is not None:
            self._registry.register(_Kept(context.sampler))
        self._waiting = self._gauge("waits", "HTTP requests that wait for messages")
        self._messages = self._gauge("store_messages", "Messages in the store")
        self._missing = self._gauge(
            "index_missing_messages", "Messages that no search finds yet"
        )
        self._reading = self._gauge(
            "store_seconds", "Seconds that the store took to answer this request"
        )
        self._lag = self._gauge(
            "event_loop_lag_seconds", "Seconds until the reactor made a call"
        )
        self._store_lag: Gauge | None = None
        if ISharedStore.providedBy(context.store):
            self._store_lag = self._gauge(
                "store_lag_seconds",
                "Seconds for which messages have waited in the spool of this server",
            )
        # What ends the counting, once it has begun.
        self._ends: list[Callable[[], object]] = []
        if context.sessions is not None:
            self._sessions = {
                "open": self._gauge("sessions_open", "Clients that are connected"),
                "connections": self._gauge(
                    "sessions", "Clients that connected, since the log was cleared"
                ),
                "messages": self._gauge(
                    "session_messages", "Messages that were accepted, likewise"
                ),
                "refusals": self._gauge(
                    "session_refusals", "Replies that refused something, likewise"
                ),
            }
        if context.delivery_events.wanted:
            self._begin()

    def _begin(self) -> None:
        """Count mail and faults from now on, unless that has begun."""
        if self._ends:
            return
        context = self._context
        self._ends.append(context.delivery_events.subscribe(self._count_mail))
        if context.faults is not None:
            self._ends.append(context.faults.watch(lambda _: self._fired.inc()))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, registry=self._registry)

    def _count_mail(self, event: MailEvent) -> None:
        if event.outcome == "accepted":
            # Counted as a number: there is one for each message.
            self._accepted += 1
            self._octets += event.size or 0
            return
        self._mail.labels(event.outcome).inc()
        if event.outcome == "refused":
            self._refusals.labels(event.reply[:3] or "none").inc()

    def _count_accepted(self) -> None:
        """Add the messages that were accepted since the last call."""
        accepted, self._accepted = self._accepted, 0
        octets, self._octets = self._octets, 0
        if accepted:
            self._mail.labels("accepted").inc(accepted)
            self._bytes.inc(octets)

    def count_request(self, method: str, status: int) -> None:
        """Count an answer."""
        counter = self._counters.get((method, status))
        if counter is None:
            known = method if method in _METHODS else "other"
            counter = self._requests.labels(known, str(int(status)))
            if known == method:
                self._counters[method, status] = counter
        counter.inc()

    @property
    def route(self) -> Route:
        """The route of the metrics."""
        return Route(
            method="GET",
            template="/metrics",
            handler=self._answer,
            summary="Get the metrics of the server, for Prometheus",
            arguments=frozenset(),
        )

    async def _answer(self, call: Call) -> Answer:
        self._begin()
        self._count_accepted()
        sessions = self._context.sessions
        try:
            measured = Deferred.fromCoroutine(self._measure())
            await measured.addTimeout(_PATIENCE, self._context.reactor)
        except (StoreError, BusyError, TimeoutError):
            # The others matter most while the store is away.
            for gauge in (self._reading, self._messages, self._missing, self._lag):
                gauge.set(nan)
        self._waiting.set(self._waits())
        if self._store_lag is not None:
            self._store_lag.set(self._context.store.lag())
        if sessions is not None:
            counters = sessions.counters
            for name, gauge in self._sessions.items():
                gauge.set(getattr(counters, name))
        return Answer(
            status=HTTPStatus.OK,
            body=generate_latest(self._registry),
            content_type=_TEXT_FORMAT,
        )

    async def _measure(self) -> None:
        """Measure the store and the reactor, which wait for threads."""
        reader = self._context.reader
        began = monotonic()
        progress = await reader.index_progress()
        self._reading.set(monotonic() - began)
        self._messages.set(progress.messages)
        self._missing.set(progress.missing)
        # The time at which a thread asked the reactor for a call.
        asked: float = await reader.call(monotonic)
        self._lag.set(max(0.0, monotonic() - asked))

    def close(self) -> None:
        """Count no more."""
        for end in self._ends:
            end()
