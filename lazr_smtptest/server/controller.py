"""A server beside the test, on a private reactor in its own thread."""

from __future__ import annotations

import contextlib
import logging
import os
import smtplib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, Queue
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.error import ReactorNotRunning

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._guesses import Guessable
from lazr_smtptest.activity import unobserved
from lazr_smtptest.errors import StateError, error_text
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.server.listener import tls_first
from lazr_smtptest.server.options import check_server
from lazr_smtptest.server.servers import QueueServer, Server
from lazr_smtptest.server.unchecked import forget, watch

if TYPE_CHECKING:
    from lazr_smtptest.server.http_thread import HTTPThread

__all__ = ["Controller", "QueueController"]

log = logging.getLogger("lazr.smtptest")

_Self = TypeVar("_Self", bound="Controller")


# Errors of hooks that are noted at a failure.
_NOTES = 3


class Controller:
    """Starts, stops and resets a server; a context manager too.

    Call its methods in any thread but the server's own. The server runs in a daemon
    thread: a program may end without stopping it. Errors of hooks that nothing has
    checked then cause a ResourceWarning, if the controller is deleted, and a line on
    standard error at the end. After ``os.fork`` the child process has a copy of the
    controller that does not run; that of the parent goes on.

    Attributes:
        server: the server.
    """

    server: Server

    def __init__(self, server: Server, *, http: bool = False) -> None:
        """Set the server, without starting it.

        Args:
            server: an instance of `Server` or of a subclass.
            http: whether others can read the mail over HTTP, at `url`. The server is
                one that keeps mail, a `StoreServer` or `CaptureServer`.

        Raises:
            TypeError: `server` is a class, or no server; or `http`, and it keeps no
                mail that can be read.
        """
        check_server(server)
        self.server = self._server = server
        self._thread: _ServerThread | None = None
        self._http: HTTPThread | None = None
        if http:
            from lazr_smtptest.server.http_thread import HTTPThread

            self._http = HTTPThread(server)

    @property
    def host(self) -> str:
        """The address that the server listens on."""
        return self._server.host

    @property
    def port(self) -> int:
        """The port that it listens on; 0 before the first start for any free port."""
        return self._server.port

    @property
    def url(self) -> str:
        """The URL of its HTTP side, such as ``"http://127.0.0.1:41234/"``.

        It does not change once the server was started.

        Raises:
            StateError: the controller was made without ``http=True``, or has not been
                started yet.
        """
        if self._http is None:
            raise StateError(
                f"the server has no HTTP: {type(self).__name__}(..., http=True)"
            )
        return self._http.url

    @property
    def running(self) -> bool:
        """True while the server runs in this process."""
        return self._thread is not None and self._thread.is_running()

    def start(self) -> None:
        """Start the server; it accepts connections when this returns.

        Raises:
            StateError: it is already running.
            ListenError: the address cannot be bound.
        """
        if self.running:
            raise StateError(
                f"the server on {self.host}:{self.port} is already running"
            )
        self._discard_thread()
        log.info("starting the SMTP server thread")
        self._thread = _ServerThread(self._server, self._http)
        self._unchecked = watch(self, self._server)
        log.info("listening on %s:%s", self.host, self.port)

    def stop(self) -> None:
        """Stop the server; connections are refused when this returns.

        Connected clients get ``421``, and the thread has ended when this returns. A
        server that does not run is only checked.

        Raises:
            Exception: see `check`.
        """
        self._stop()
        self.check()

    def _stop(self) -> None:
        if self._thread is None:
            return
        log.info("stopping the SMTP server thread")
        self._discard_thread()
        log.info("SMTP server stopped")

    def _discard_thread(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
            forget(self._server, self._unchecked)

    def reset(self) -> None:
        """Call the server's ``reset`` in the server's thread, and wait for it.

        Raises:
            StateError: the server does not run.
            Exception: raised by ``reset``.
        """
        log.info("resetting the SMTP server.")
        self._call(self._server.reset)

    def _call(self, function: Callable[[], object]) -> None:
        """Call a function in the server's thread, and wait for it."""
        if self._thread is None or not self.running:
            raise StateError("the server does not run")
        self._thread.call(function)

    def check(self) -> None:
        """Raise the errors of the server's hooks since the last check.

        Raises:
            Exception: the exception itself, if there was one.
            HandlerError: if there were several.
        """
        self._server.check()

    def _connect(self) -> smtplib.SMTP:
        """Connect to the server, for subclasses that talk to it."""
        client = smtplib.SMTP()
        client.connect(self.host, self.port)
        return client

    def __enter__(self: _Self) -> _Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            # The test fails for its own reason: the handler's error may be the cause.
            try:
                self._stop()
            finally:
                _note(error, self._server.errors)


def _note(error: BaseException, causes: Sequence[BaseException]) -> None:
    """Add the errors of the server's hooks to the error of a test, as notes."""
    causes = [each for each in causes if each is not error]
    if not causes:
        return
    if hasattr(error, "add_note"):
        for each in causes[:_NOTES]:
            error.add_note(
                f"In the server: {type(each).__name__}: {error_text(each):.500}"
            )
    elif error.__cause__ is None and error.__context__ is None:
        # Python before 3.11 has no notes.
        error.__context__ = causes[0]


_WITH_MAILBOX = "a CaptureController, which has {}"

_GUESSES = {
    name: _WITH_MAILBOX.format(f".{name}")
    for name in (
        *("wait_for", "wait_for_async", "when", "assert_received", "assert_sent"),
        *("assert_none", "find", "find_all", "latest", "faults", "clear", "sessions"),
        *("mailbox", "for_recipient", "for_user", "client_context"),
    )
} | dict.fromkeys(
    ("messages", "emails", "mails", "inbox", "outbox"),
    "list(controller), which takes the messages out of the queue",
)


class QueueController(Guessable, Controller):
    """Controls a `QueueServer`; iteration takes the messages out of its queue.

    Attributes:
        queue: the `queue.Queue` of the messages.
    """

    guesses = _GUESSES

    def __init__(self, host: str = "localhost", port: int = 0) -> None:
        """Create the queue and the server.

        Args:
            host: see `Server`.
            port: see `Server`.
        """
        self.queue: Queue[Any] = Queue()
        self._make_server(host, port)
        super().__init__(self.server)

    def _make_server(self, host: str, port: int) -> None:
        """Set ``self.server``; subclasses may set another server."""
        self.server = QueueServer(host, port, self.queue)

    def __bool__(self) -> bool:
        """Return true, with an empty queue too."""
        return True

    def __len__(self) -> NoReturn:
        """Raise a TypeError that names the objects with a length."""
        raise TypeError(
            "a QueueController has no len(): use .queue.qsize(), or "
            + _WITH_MAILBOX.format("len()")
        )

    def __getitem__(self, index: object) -> NoReturn:
        """Raise a TypeError that names the objects with items."""
        raise TypeError(
            "a QueueController has no items: use list(controller), which takes the "
            "messages out of the queue, or " + _WITH_MAILBOX.format("[0]")
        )

    def __iter__(self) -> Iterator[Any]:
        """Take the messages out of the queue and yield them; never wait."""
        while True:
            try:
                message = self.queue.get_nowait()
            except Empty:
                return
            yield message


class _ServerThread:
    """One run of a server, from the start to the stop."""

    def __init__(self, server: Server, http: HTTPThread | None) -> None:
        self._process = os.getpid()
        self._server, self._http = server, http
        self._lock = threading.Lock()
        self._calls: set[Future[object]] = set()
        self._ended = False
        # Bound and listening in this thread: an address that cannot be bound raises
        # at once, and the kernel accepts connections from now on.
        listener = server.bind()
        self._reactor = PrivateReactor()
        try:
            if http is not None:
                http.bind()
            self._factory = server.factory(self._reactor, self._stop_reactor)
            self._port = self._reactor.listen(listener, tls_first(self._factory))
            if http is not None:
                http.listen(self._reactor)
        except BaseException:
            # An error of the server's hooks must not leave a port open.
            listener.close()
            if http is not None:
                http.unbind()
            self._reactor.close()
            raise
        self._reactor.addSystemEventTrigger("before", "shutdown", self._shut_down)
        self._thread = threading.Thread(
            target=self._run, name="lazr.smtptest", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        try:
            with unobserved():
                self._reactor.run_in_thread()
        finally:
            with self._lock:
                self._ended = True
            for future in tuple(self._calls):
                future.set_exception(StateError("the server has stopped"))

    def is_running(self) -> bool:
        return self._process == os.getpid() and self._thread.is_alive()

    def call(self, function: Callable[[], object]) -> object:
        """Call `function` in the thread, and return its result."""
        self._check_thread()
        future: Future[object] = Future()
        with self._lock:
            if self._ended:
                raise StateError("the server has stopped")
            self._calls.add(future)
        self._reactor.callFromThread(self._answer, future, function)
        return future.result()

    def _answer(self, future: Future[object], function: Callable[[], object]) -> None:
        """Call a function for `call`, and wait for a Deferred or a coroutine."""
        try:
            result = function()
        except BaseException as error:
            self._end_call(future, future.set_exception, error)
            return
        if not is_pending(result):
            self._end_call(future, future.set_result, result)
            return
        pending(result).addCallbacks(
            lambda value: self._end_call(future, future.set_result, value),
            lambda failure: self._end_call(future, future.set_exception, failure.value),
        )

    def _end_call(
        self, future: Future[object], end: Callable[[Any], object], value: object
    ) -> None:
        # A Deferred may fire after the thread has ended, which has ended the call.
        if future in self._calls:
            self._calls.discard(future)
            end(value)

    def stop(self) -> None:
        """End the thread; in a child process, close the inherited sockets."""
        if self._process != os.getpid():
            self._reactor.close_after_fork()
            return
        self._check_thread()
        if self._thread.is_alive():
            self._reactor.callFromThread(self._stop_reactor)
        self._thread.join()
        self._reactor.close()

    def _check_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise StateError("called in the server's own thread, which it waits for")

    def _shut_down(self) -> Deferred[Any]:
        self._port.close()
        # Most servers have no client left: nothing to wait for.
        ended: Deferred[Any] | None
        ended = self._factory.end_sessions() if self._factory.connections else None
        if self._http is not None:
            ended = gatherResults([self._http.close(), ended or succeed(None)])
        hooks = self._server.hooks_ended
        if ended is None:
            return hooks(self._reactor)
        return ended.addCallback(lambda _: hooks(self._reactor))

    def _stop_reactor(self) -> None:
        # EXIT and stop() may both ask.
        with contextlib.suppress(ReactorNotRunning):
            self._reactor.stop()
