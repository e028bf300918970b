"""The thread in which a store writes, many messages at a time.

A disk takes milliseconds to make something durable, whether that is one message
or a hundred. So the messages that arrive while a batch is written make up the next
batch, and each client waits for its own batch only.

Clients that were answered together send their next messages nearly together. If the
first of these got a batch to itself, the others would have to wait for it. So the
writer waits briefly until all of them have sent. Where a larger batch saves little, it
waits for three quarters of them; the others send while that batch is written. A single
client never waits.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from lazr_smtptest.errors import StateError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail

__all__ = ["Done", "Writer"]

log = logging.getLogger("lazr.smtptest")

Done = Callable[["BaseException | None"], object]

_Result = TypeVar("_Result")

# Seconds after which an idle thread ends. The next message starts another one, and a
# store that nobody closes leaves no thread behind.
_PATIENCE = 5.0

# Seconds from the reply to a client to its next message, where one client is answered;
# where n are answered at once, the last of them takes n times as long.
_TURN = 0.0002

# The most seconds to wait for the clients that sent together before: they get as long
# as they take, or as long as the last batch took.
_LONGEST_GATHERING = 0.005

# Seconds without a message that count as a pause: where clients come one by one, and
# where many wait for their replies at once. On a busy machine many clients leave gaps
# of many milliseconds that are no pauses.
_PAUSE = 0.003
_PAUSE_OF_MANY = 0.25
_MANY = 4

# The most messages of a batch, and bytes of them: a batch is in memory at once, and no
# client is answered while it is written.
_BATCH = 256
_BATCH_OCTETS = 16 * 1024 * 1024


class _Message:
    """A message to be kept."""

    # Not attrs: one is made for each message in the reactor's thread.
    __slots__ = ("done", "mail")

    def __init__(self, mail: Mail, done: Done) -> None:
        self.mail = mail
        self.done = done


class Writer:
    """Runs the writes of a store in a thread that it starts when needed.

    Args:
        write: keeps a batch of messages: all of them, or it raises and keeps none.
        kept: called with each message that was kept, before its `done`; `done` gets
            the exception that this raises.
        patient: whether to wait for the messages of all clients, not of three quarters
            of them: true where the disk takes as long for one message as for a batch.
        idle: called when there is nothing to write; returns the seconds after which
            to call it again, ``None`` for after the next message only.
        name: the name of the thread.

    Attributes:
        batch: the most messages of a batch.
    """

    def __init__(
        self,
        write: Callable[[list[Mail]], object],
        kept: Callable[[Mail], Deferred[None] | None],
        *,
        patient: bool = True,
        idle: Callable[[], float | None] = lambda: None,
        name: str = "lazr.smtptest store",
    ) -> None:
        self.batch = _BATCH
        self._write = write
        self._kept = kept
        self._patient = patient
        self._idle = idle
        self._name = name
        self._changed = threading.Condition()
        self._jobs: list[_Message | Callable[[], object]] = []
        # Functions to call once no message waits: they must not divide a batch.
        self._posted: list[Callable[[], object]] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        # How many queued jobs wake the thread up; infinite while it is awake.
        self._enough = math.inf
        # The number of clients lately, and the seconds that the last batch took.
        self._crowd = 1
        self._seconds = 0.0
        # When the last batch was kept; infinite while one is written.
        self._kept_at = 0.0
        # When the first of the queued jobs came.
        self._first_at = 0.0

    # In any thread

    def submit(self, mail: Mail, done: Done) -> None:
        """Queue a message; see `IWaitingStore`."""
        self._put(_Message(mail, done))

    def add(self, envelope: Envelope) -> None:
        """Keep a message, and wait until it is kept.

        Raises:
            StateError: called by a subscriber, which would wait for itself.
            StoreError: it could not be kept.
        """
        if self._is_here():
            raise StateError("a subscriber of a store must not add messages to it")
        future: Future[None] = Future()
        self.submit(envelope, partial(_settle, future))
        future.result()

    def until_pause(self) -> float:
        """Return the seconds without a message still missing until a pause.

        0 or less: there is a pause now.
        """
        if any(isinstance(job, _Message) for job in self._jobs):
            quiet = 0.0
        else:
            quiet = max(time.monotonic() - self._kept_at, 0.0)
        return (_PAUSE_OF_MANY if self._crowd >= _MANY else _PAUSE) - quiet

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Call a function in the thread after the queued jobs; return its result."""
        return function() if self._is_here() else self.start(function).result()

    def start(self, function: Callable[[], _Result]) -> Future[_Result]:
        """Call a function in the thread after the queued jobs; return at once."""
        future: Future[_Result] = Future()
        self._put(partial(_call, future, function))
        return future

    def post(self, function: Callable[[], object]) -> None:
        """Call a function in the thread after the queued jobs; return at once.

        It is called once if it is posted again before that. Its exception is logged.
        """
        with self._changed:
            if function not in self._posted:
                self._posted.append(function)
                self._wake()

    def close(self) -> None:
        """End the thread when all queued jobs are done."""
        with self._changed:
            thread = self._thread
            self._closing = thread is not None
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _is_here(self) -> bool:
        return threading.current_thread() is self._thread

    def _put(self, job: _Message | Callable[[], object]) -> None:
        with self._changed:
            if not self._jobs:
                self._first_at = time.monotonic()
            self._jobs.append(job)
            if self._thread is None or len(self._jobs) >= self._enough:
                self._wake()

    def _wake(self) -> None:
        """Start the thread, or end its waiting; called with the lock."""
        if self._thread is None:
            # A daemon: a program may end without closing its stores.
            self._thread = threading.Thread(
                target=self._run, name=self._name, daemon=True
            )
            self._thread.start()
        else:
            self._changed.notify()

    # In the thread

    def _run(self) -> None:
        while jobs := self._take():
            for job in _batches(jobs, self.batch):
                if isinstance(job, list):
                    self._keep(job)
                else:
                    job()

    def _take(self) -> list[_Message | Callable[[], object]]:
        """Wait for jobs; return none when the thread is to end."""
        while True:
            busy = self._jobs or self._posted
            pause = None if busy else self._look_around()
            with self._changed:
                self._wait(_PATIENCE if pause is None else pause)
                jobs = [*self._jobs, *map(_logged, self._posted)]
                self._jobs, self._posted = [], []
                if not jobs and (self._closing or pause is None):
                    self._thread, self._closing = None, False
                if jobs or self._thread is None:
                    return jobs

    def _wait(self, seconds: float) -> None:
        """Wait for a job, and briefly for the clients that sent together before.

        Args:
            seconds: the longest wait for the first job.
        """
        enough = self._awaited()
        gathering = min(max(self._seconds, self._crowd * _TURN), _LONGEST_GATHERING)
        if enough > 1 and self._is_idle():
            # The first of them need not wake it up.
            self._enough = enough
            self._changed.wait(min(gathering, seconds))
        if self._is_idle():
            self._enough = 1
            self._changed.wait(seconds)
        if 0 < len(self._jobs) < enough:
            self._enough = enough
            begun = max(self._first_at, self._kept_at)
            self._changed.wait_for(
                lambda: len(self._jobs) >= enough or self._closing,
                begun + gathering - time.monotonic(),
            )
        self._enough = math.inf

    def _is_idle(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self._jobs or self._posted or self._closing)

    def _awaited(self) -> int:
        """Return how many messages to wait for before a batch is written."""
        return self._crowd if self._patient else max(self._crowd * 3 // 4, 1)

    def _look_around(self) -> float | None:
        try:
            return self._idle()
        except BaseException as error:
            # It is called again after the next message.
            log.error("%s: %s", self._name, error)
            return None

    def _keep(self, batch: list[_Message]) -> None:
        begun = time.monotonic()
        self._kept_at = math.inf
        try:
            self._write([message.mail for message in batch])
        except BaseException as error:
            # Any exception: if this thread ended, every client would wait for ever.
            self._kept_at = time.monotonic()
            if len(batch) == 1:
                self._answer(batch[0], error)
                return
            # The error may belong to one of the messages, so each is tried alone.
            for message in batch:
                self._keep([message])
            return
        self._kept_at = time.monotonic()
        self._seconds = self._kept_at - begun
        # Every client is answered now or waiting. Old values decay by half.
        self._crowd = max(len(batch) + len(self._jobs), self._crowd // 2)
        for message in batch:
            try:
                running = self._kept(message.mail)
            except BaseException as error:
                self._answer(message, error)
            else:
                self._answer_after(message, running)

    def _answer_after(self, message: _Message, running: Deferred[None] | None) -> None:
        """Answer for a message when its subscribers have ended, in their thread."""
        if running is None:
            self._answer(message, None)
        else:
            running.addCallbacks(
                lambda _: self._answer(message, None),
                lambda failure: self._answer(message, failure.value),
            )

    def _answer(self, message: _Message, error: BaseException | None) -> None:
        try:
            message.done(error)
        except BaseException:
            log.exception("%s: what waits for a message raised", self._name)


def _batches(
    jobs: list[_Message | Callable[[], object]], size: int
) -> Iterator[list[_Message] | Callable[[], object]]:
    """Group consecutive messages into batches; keep the order of the jobs."""
    batch: list[_Message] = []
    octets = 0
    for job in jobs:
        full = len(batch) >= size or octets >= _BATCH_OCTETS
        if batch and (full or not isinstance(job, _Message)):
            yield batch
            batch, octets = [], 0
        if isinstance(job, _Message):
            batch.append(job)
            octets += job.mail.size
        else:
            yield job
    if batch:
        yield batch


def _logged(function: Callable[[], object]) -> Callable[[], object]:
    """Return a function that logs the exceptions of another."""

    def call() -> None:
        try:
            function()
        except BaseException:
            log.exception("a function posted to the thread of a store raised")

    return call


def _settle(future: Future[None], error: BaseException | None) -> None:
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _call(future: Future[Any], function: Callable[[], Any]) -> None:
    try:
        future.set_result(function())
    except BaseException as error:
        future.set_exception(error)
