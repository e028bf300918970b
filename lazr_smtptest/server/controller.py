"""A server beside the test, on a private reactor in its own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, Queue
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from lazr_smtptest._guesses import Guessable
from lazr_smtptest.errors import StateError, error_text
from lazr_smtptest.server.options import check_server
from lazr_smtptest.server.queueing import QueueServer
from lazr_smtptest.server.servers import Server
from lazr_smtptest.server.thread import ServerThread
from lazr_smtptest.server.unchecked import forget, watch

if TYPE_CHECKING:
    import smtplib

    from lazr_smtptest.readers.context import ReaderContext
    from lazr_smtptest.server.account_settings import AccountSettings
    from lazr_smtptest.server.hosted_reader import HostedReader

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

    def __init__(
        self,
        server: Server,
        *,
        http: bool = False,
        pop3: bool = False,
        imap: bool = False,
    ) -> None:
        """Set the server, without starting it.

        Args:
            server: an instance of `Server` or of a subclass.
            http: whether others can read the mail over HTTP, at `url`. The server is
                one that keeps mail, a `StoreServer` or `CaptureServer`.
            pop3: whether they can read it over POP3, at `pop3_port`; likewise.
            imap: whether they can read it over IMAP, at `imap_url`; likewise.

        Raises:
            TypeError: `server` is a class, or no server; or `http`, and it keeps no
                mail that can be read.
        """
        check_server(server)
        self.server = self._server = server
        self._thread: ServerThread | None = None
        # By protocol.
        self._readers: dict[str, HostedReader] = {}
        if http:
            from lazr_smtptest.readers.http.reader import HTTPReader

            self._add_reader("http", HTTPReader)
        if pop3:
            from lazr_smtptest.readers.pop3.factory import POP3Reader

            self._add_reader("pop3", POP3Reader)
        if imap:
            from lazr_smtptest.readers.imap.factory import IMAPReader

            self._add_reader("imap", IMAPReader)

    def _add_reader(
        self, protocol: str, make_reader: Callable[[ReaderContext], object]
    ) -> None:
        from lazr_smtptest.server.hosted_reader import HostedReader

        reader = HostedReader(self._server, make_reader, self._readers)
        self._readers[protocol] = reader

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
        from lazr_smtptest.readers.http.service import local_url

        return local_url(*self._reader_address("http"))

    @property
    def pop3_port(self) -> int:
        """The port of its POP3 side, on `host`; see `url`."""
        return self._reader_address("pop3")[1]

    @property
    def imap_port(self) -> int:
        """The port of its IMAP side, on `host`; see `url`."""
        return self._reader_address("imap")[1]

    @property
    def imap_url(self) -> str:
        """The URL of its IMAP side (RFC 5092), such as ``"imap://127.0.0.1:41234/"``.

        Raises:
            StateError: see `url`.
        """
        host, port = self._reader_address("imap")
        return f"imap://{f'[{host}]' if ':' in host else host}:{port}/"

    def imap_settings(
        self, user: str = "anybody", password: str = "secret"
    ) -> AccountSettings:
        """Return what a client of IMAP has to know: host, port, login and TLS.

        Args:
            user: the name to log in with. Everybody may, unless the server has users;
                with accounts it is the address whose mail is read.
            password: the password of the user.

        Raises:
            StateError: see `url`.
        """
        return self._account_settings("imap", user, password)

    def pop3_settings(
        self, user: str = "anybody", password: str = "secret"
    ) -> AccountSettings:
        """Return what a client of POP3 has to know; see `imap_settings`."""
        return self._account_settings("pop3", user, password)

    def _account_settings(
        self, protocol: str, user: str, password: str
    ) -> AccountSettings:
        from lazr_smtptest.server.account_settings import AccountSettings

        host, port = self._reader_address(protocol)
        tls = self._server.settings.tls
        return AccountSettings(
            protocol=protocol,
            host=host,
            port=port,
            user=user,
            password=password,
            ssl_context=None if tls is None else tls.client_context(),
        )

    def _reader_address(self, protocol: str) -> tuple[str, int]:
        reader = self._readers.get(protocol)
        if reader is None:
            raise StateError(
                f"the server has no {protocol.upper()}: "
                f"{type(self).__name__}(..., {protocol}=True)"
            )
        return reader.address

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
        self._thread = ServerThread(self._server, list(self._readers.values()))
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
        import smtplib

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
