"""The thread of a server, with a reactor of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, gatherResults, succeed

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest.activity import unobserved
from lazr_smtptest.errors import StateError
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.net.stop import stop
from lazr_smtptest.server.listener import tls_first
from lazr_smtptest.server.servers import Server

if TYPE_CHECKING:
    from lazr_smtptest.server.hosted_reader import HostedReader

__all__ = ["ServerThread"]


class ServerThread:
    """One run of a server, from the start to the stop.

    Args:
        server: the server.
        readers: what others read its mail by.

    Raises:
        ListenError: an address cannot be bound.
    """

    def __init__(self, server: Server, readers: Sequence[HostedReader]) -> None:
        self._process = os.getpid()
        self._server, self._readers = server, readers
        self._lock = threading.Lock()
        self._calls: set[Future[object]] = set()
        self._ended = False
        # Bound and listening in this thread: an address that cannot be bound raises
        # at once, and the kernel accepts connections from now on.
        listener = server.bind()
        self._reactor = PrivateReactor()
        try:
            for each in readers:
                each.bind()
            self._factory = server.factory(self._reactor, self._stop_reactor)
            self._port = self._reactor.listen(listener, tls_first(self._factory))
            for each in readers:
                each.listen(self._reactor)
        except BaseException:
            # An error of the server's hooks must not leave a port open.
            listener.close()
            for each in readers:
                each.unbind()
            self._reactor.close()
            raise
        self._shared = server.shared_with_nodes
        if self._shared is not None:
            self._shared.start(self._reactor)
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
        """Return whether it runs in this process."""
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
        if self._readers:
            closed = [each.close() for each in self._readers]
            ended = gatherResults([*closed, ended or succeed(None)])
        shared = self._shared
        if shared is not None:
            ended = (ended or succeed(None)).addCallback(lambda _: shared.stop())
        hooks = self._server.hooks_ended
        if ended is None:
            return hooks(self._reactor)
        return ended.addCallback(lambda _: hooks(self._reactor))

    def _stop_reactor(self) -> None:
        # EXIT and stop() may both ask.
        stop(self._reactor)
