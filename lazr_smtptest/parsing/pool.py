"""A pool of child processes that read messages."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lazr_smtptest.errors import StateError
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing import functions
from lazr_smtptest.parsing.child import DONE, ENDS, FAILED
from lazr_smtptest.parsing.worker import Bounds, ChildError, Worker

__all__ = ["ParsingPool"]

log = logging.getLogger("lazr.smtptest")

# The most messages, and bytes of them, that a child is sent at once: a process that
# waits for another one may wait for long on a busy machine.
_MESSAGES = 64
_OCTETS = 256 * 1024

# A function, and the id and the size of a message: ids of other programs may repeat.
_Key = tuple[str, str, int]


class ParsingPool:
    """Runs functions for messages in child processes, and keeps their results.

    A message for which the child process ends, because it exceeds a bound or for any
    other reason, gets the result of `Function.failed`; another child takes over.
    Where no child can be started, the functions run in the calling thread. Any thread
    may use it but the reactor's, because a call waits for its result.

    Args:
        processes: the most child processes. Each is started when it is first needed.
        bounds: the bounds for each message.
        kept: the most bytes of results that are kept, as JSON.
        registry: the module whose ``FUNCTIONS`` can be run.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        bounds: Bounds | None = None,
        kept: int = 16 << 20,
        registry: Any = functions,
    ) -> None:
        self._most = processes
        self._bounds = bounds or Bounds()
        self._registry = registry
        self._kept = _Kept(kept)
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        # The idle ones, too; ``None`` stands for one that is being started.
        self._workers: list[Worker | None] = []
        self._is_interrupted = self._is_closed = False
        self._is_alone = False  # no child can be started

    def document(self, envelope: Envelope) -> Document:
        """Return the document of a message, as `read_document` does.

        Raises:
            OSError: the file that holds the content cannot be read.
            StateError: the pool is closed, or was interrupted.
        """
        return self.documents([envelope])[0]

    def documents(self, envelopes: Sequence[Envelope]) -> list[Document]:
        """Return the documents of messages, see `document`."""
        return self.call_all("document", envelopes)

    def call(self, name: str, envelope: Envelope, *arguments: str) -> Any:
        """Return the result of a function for a message, see `call_all`.

        Args:
            name: a key of the registry's ``FUNCTIONS``.
            envelope: the message.
            arguments: the argument of the function, if it has one; such a result is
                not kept.
        """
        if arguments:
            return next(self._run(name, [envelope], arguments))
        return self.call_all(name, [envelope])[0]

    def call_all(self, name: str, envelopes: Sequence[Envelope]) -> list[Any]:
        """Return the result of a function for each of some messages.

        Args:
            name: a key of the registry's ``FUNCTIONS``.
            envelopes: the messages.

        Raises:
            OSError: the file that holds a content cannot be read.
            StateError: the pool is closed, or was interrupted.
        """
        function = self._registry.FUNCTIONS[name]
        results: list[Any] = [None] * len(envelopes)
        unknown: list[int] = []
        for at, envelope in enumerate(envelopes):
            octets = self._kept.get((name, envelope.id, envelope.size))
            if octets is None:
                unknown.append(at)
            else:
                results[at] = _result(function, envelope, octets)
        for some in _batches(unknown, envelopes):
            batch = [envelopes[at] for at in some]
            for at, result in zip(some, self._run(name, batch), strict=True):
                results[at] = result
        return results

    def interrupt(self) -> None:
        """End the calls that wait for a child, with a `StateError`; return at once.

        A process that stops may still keep messages that arrive, and look at them:
        small ones are read in the calling thread from now on, large ones not at all.
        """
        with self._changed:
            self._is_interrupted = True
            for worker in self._workers:
                if worker is not None and worker not in self._idle:
                    worker.kill()
            self._changed.notify_all()

    def close(self) -> None:
        """End the child processes, and the calls that wait for them."""
        self._is_closed = True
        self.interrupt()
        with self._changed:
            idle, self._idle = self._idle, []
        for worker in idle:
            self._remove(worker)
        with self._changed:
            self._changed.wait_for(lambda: not self._workers)

    def _run(
        self, name: str, batch: list[Envelope], arguments: tuple[str, ...] = ()
    ) -> Iterator[Any]:
        """Yield the results for messages that were not kept."""
        function = self._registry.FUNCTIONS[name]
        is_small = sum(each.size for each in batch) <= _OCTETS
        if self._is_interrupted and is_small and not self._is_closed:
            yield from _run_here(function, batch, arguments)
            return
        worker = self._take()
        if worker is None:
            yield from _run_here(function, batch, arguments)
            return
        answers = self._ask(worker, name, batch, arguments)
        if answers is None:
            # One of them ended the child: each is tried alone.
            for envelope in batch:
                yield from self._run(name, [envelope])
            return
        for envelope, octets in zip(batch, answers, strict=True):
            if not octets.startswith(DONE):
                reason = json.loads(octets[1:])
                log.warning("message %r cannot be read: %s", envelope.id, reason)
            if envelope.id and not arguments:
                self._kept.add((name, envelope.id, envelope.size), octets)
            yield _result(function, envelope, octets)

    def _ask(
        self,
        worker: Worker,
        name: str,
        batch: list[Envelope],
        arguments: tuple[str, ...],
    ) -> list[bytes] | None:
        """Return the answers of a child, which is idle again or has ended.

        ``None``: it ended at one of several messages.
        """
        ends = True
        try:
            answers = worker.ask(name, batch, *arguments)
            ends = answers[-1].startswith(ENDS)
        except ChildError as error:
            if self._is_interrupted:
                raise StateError("the server stops, and reads no messages") from error
            answers = [FAILED + json.dumps(str(error)).encode("ascii")]
        finally:
            self._give_back(worker, ends)
        return None if ends and len(batch) > 1 else answers

    def _take(self) -> Worker | None:
        """Return a child that is alive; ``None`` if none can be started."""
        with self._changed:
            while True:
                self._changed.wait_for(self._can_take)
                if self._is_interrupted:
                    raise StateError("the server stops, and reads no messages")
                if self._is_alone:
                    return None
                if not self._idle:
                    self._workers.append(None)
                    break
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                self._workers.remove(worker)
                worker.close()
        return self._start()

    def _can_take(self) -> bool:
        has_room = len(self._workers) < self._most
        return self._is_interrupted or self._is_alone or bool(self._idle) or has_room

    def _start(self) -> Worker | None:
        """Start a child in the place that was reserved for it."""
        worker = None
        try:
            worker = Worker(self._registry.__name__, self._bounds)
        except ChildError as error:
            log.warning("messages are read without a process of their own: %s", error)
        with self._changed:
            self._workers.remove(None)
            if worker is None:
                self._is_alone = True
            else:
                self._workers.append(worker)
                if self._is_interrupted:
                    worker.kill()
            self._changed.notify_all()
        return worker

    def _give_back(self, worker: Worker, ends: bool) -> None:
        with self._changed:
            if not ends and not self._is_interrupted:
                self._idle.append(worker)
                self._changed.notify()
                return
        self._remove(worker)

    def _remove(self, worker: Worker) -> None:
        worker.close()
        with self._changed:
            self._workers.remove(worker)
            self._changed.notify_all()


def _run_here(
    function: Any, batch: Iterable[Envelope], arguments: tuple[str, ...]
) -> Iterator[Any]:
    """Run a function in the calling thread."""
    return (function.run(envelope, *arguments) for envelope in batch)


def _batches(numbers: list[int], envelopes: Sequence[Envelope]) -> Iterator[list[int]]:
    """Group the positions of messages that a child is sent at once."""
    batch: list[int] = []
    octets = 0
    for at in numbers:
        size = envelopes[at].size
        if batch and (len(batch) >= _MESSAGES or octets + size > _OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(at)
        octets += size
    if batch:
        yield batch


def _result(function: Any, envelope: Envelope, octets: bytes) -> Any:
    """Return the result of a function from the answer of a child."""
    value = json.loads(octets[1:])
    if octets.startswith(DONE):
        return function.decode(value)
    return function.failed(envelope, value)


class _Kept:
    """The results that were used latest; any thread may use it."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._results: OrderedDict[_Key, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: _Key) -> bytes | None:
        with self._lock:
            octets = self._results.get(key)
            if octets is not None:
                self._results.move_to_end(key)
            return octets

    def add(self, key: _Key, octets: bytes) -> None:
        with self._lock:
            if key in self._results:
                return
            self._results[key] = octets
            self._size += len(octets)
            while self._size > self._bound:
                self._size -= len(self._results.popitem(last=False)[1])
