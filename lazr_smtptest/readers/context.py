"""The process that a reader runs in: its store, its server and its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from lazr_smtptest.checks.service import Checks, CheckSettings
from lazr_smtptest.errors import Error
from lazr_smtptest.interfaces import IMessageReader, ISharedStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import Findings, read_findings
from lazr_smtptest.parsing.functions import FINDINGS, LARGE
from lazr_smtptest.readers.imap.functions import FUNCTIONS
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.stores.deferred_reader import DeferredReader

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from lazr_smtptest.auth.login import Auth
    from lazr_smtptest.faults import Faults
    from lazr_smtptest.interfaces import IMessageHandler
    from lazr_smtptest.outbound.client import Mail
    from lazr_smtptest.outbound.releases.attempt import Result
    from lazr_smtptest.outbound.releases.service import ReleaseService
    from lazr_smtptest.outbound.webhooks.service import WebhookService
    from lazr_smtptest.readers.shared import Shared
    from lazr_smtptest.smtp.settings import Settings
    from lazr_smtptest.stores.sampler import Sampler
    from lazr_smtptest.stores.session_log import SessionLog
    from lazr_smtptest.tls.context import TLS

__all__ = ["AbsentError", "ReaderContext", "reader_of", "run_here"]


_Part = TypeVar("_Part")


class AbsentError(Error):
    """A part of the server is not in the process that was asked for it.

    Attributes:
        what: the part, such as ``"fault rules"``.
        reason: why it is not there.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"there are no {self.what} here: {self.reason}"


def run_here(name: str, envelope: Envelope, *arguments: str) -> Any:
    """Return the result of a function for a message, run in the calling thread.

    Args:
        name: a key of `FUNCTIONS` of `lazr_smtptest.readers.imap.functions`.
        envelope: the message.
        arguments: the argument of the function, if it has one.
    """
    return FUNCTIONS[name].run(envelope, *arguments)


def _no_events() -> DeliveryEvents:
    return DeliveryEvents(log=None)


def _no_sessions() -> SessionLog:
    from lazr_smtptest.stores.session_log import SessionLog

    return SessionLog(is_numbered=True)


def _listeners_of(server: Any) -> dict[str, str]:
    """Return the address of a server; none before it is bound."""
    if not server.port:
        return {}
    host = f"[{server.host}]" if ":" in server.host else server.host
    return {"smtp": f"{host}:{server.port}"}


def _shared_of(context: ReaderContext) -> Shared | None:
    if not ISharedStore.providedBy(context.store):
        return None
    from lazr_smtptest.readers.shared import Shared

    return Shared(context.store, context.faults, context.live_settings)


def reader_of(server: Any) -> Any:
    """Return the read side of what a server keeps, an `IMessageReader`.

    Raises:
        TypeError: it keeps nothing that can be read.
    """
    reader = getattr(server, "reader", None)
    if reader is None:
        raise TypeError(
            f"{server!r:.100} keeps no messages that can be read: use a "
            "CaptureServer, or a StoreServer with a store of open_store()"
        )
    return reader


def _reader_of(context: ReaderContext) -> DeferredReader:
    return DeferredReader(context.store, context.reactor, pool=context.pool)


def _checks_of(context: ReaderContext) -> Checks:
    return Checks(
        context.reactor,
        context.parse,
        context.reader.call,
        context.check_settings,
    )


@attrs.frozen(kw_only=True, eq=False)
class ReaderContext:
    """The store that a reader reads, and the server that takes the mail.

    Every reader and every group of HTTP routes gets one. Its attributes are used in the
    thread of its reactor, unless they say otherwise.

    Attributes:
        store: an `IMessageReader`. It may wait for a disk: on the reactor, use
            `reader`.
        reactor: the reactor that the reader runs in.
        pool: see `DeferredReader`.
        reader: the methods of the store, each with a Deferred.
        delivery_events: the outcomes of mail, of all workers.
        faults: the fault rules of the server; ``None`` if there are none in this
            process, see `absence`. Any thread may use it.
        sessions: the sessions of the server, open ones among them; likewise.
        reader_sessions: the sessions in which clients read the mail, by IMAP or POP3;
            likewise.
        live_settings: changes limits and settings of the listeners, for later
            sessions, see `FileSettings`; likewise.
        shared: the fault rules, settings and mailboxes that the process has together
            with all that share its store, also one without a server; ``None``: the
            store has no nodes.
        settings: the settings that the server was started with; ``None`` without one.
        handler: handles a message as if it had come by SMTP; ``None`` without a
            server.
        tls: the certificates of the server; ``None`` for none.
        auth: how clients of the server log in; ``None``: they cannot.
        parsing: runs a function for a message, see `ParsingPool.call`; it waits for the
            result, so only other threads may call it. Use `parse` on the reactor.
        check_settings: what checks of messages may connect to; by default nothing.
        checks: the checks of messages.
        webhooks: the services that make requests for messages; they add themselves.
        releases: those that send messages on, at most one; likewise.
        listeners: returns the addresses that clients connect to, by protocol, such as
            ``{"smtp": "127.0.0.1:1025"}``, as far as they are known.
        mailbox_addresses: the addresses of the disposable mailboxes that have one, and
            no other condition, by their names.
        absence: why this process has no fault rules, open sessions or live settings.
        advice: where there are rules and settings that can be changed; ``""``: nowhere.
    """

    store: Any
    reactor: Any
    pool: Any = None
    delivery_events: DeliveryEvents = attrs.field(factory=_no_events)
    faults: Faults | None = None
    sessions: SessionLog | None = None
    reader_sessions: SessionLog = attrs.field(factory=_no_sessions)
    live_settings: Any = None
    shared: Shared | None = attrs.field(
        default=attrs.Factory(_shared_of, takes_self=True)
    )
    settings: Settings | None = None
    handler: IMessageHandler | None = None
    tls: TLS | None = None
    auth: Auth | None = None
    parsing: Callable[..., Any] = run_here
    webhooks: list[WebhookService] = attrs.field(factory=list)
    releases: list[ReleaseService] = attrs.field(factory=list)
    mailbox_addresses: dict[str, str] = attrs.field(factory=dict)
    listeners: Callable[[], Mapping[str, str]] = dict
    absence: str = "this process receives no mail, it only reads a store"
    advice: str = ""
    check_settings: CheckSettings = attrs.field(factory=CheckSettings)
    reader: DeferredReader = attrs.field(
        init=False, default=attrs.Factory(_reader_of, takes_self=True)
    )
    checks: Checks = attrs.field(
        init=False, default=attrs.Factory(_checks_of, takes_self=True)
    )

    @classmethod
    def of(cls, source: Any, reactor: Any) -> ReaderContext:
        """Return the context for something that has messages.

        Args:
            source: a `StoreServer` or `CaptureServer`; an `IMessageReader`, such as a
                `MemoryStore`; or a context, which is copied with a `reader` of its own.
            reactor: the reactor that the reader runs in.

        Raises:
            TypeError: `source` is something else, or the store of the server cannot be
                read.
        """
        if isinstance(source, ReaderContext):
            return attrs.evolve(source, reactor=reactor)
        if IMessageReader.providedBy(source):
            return cls(store=source, reactor=reactor)
        if not hasattr(source, "delivery_events"):
            raise TypeError(
                "expected a StoreServer, a CaptureServer or a store with a read side, "
                f"not {source!r:.100}"
            )
        return cls(
            store=reader_of(source),
            reactor=reactor,
            delivery_events=source.delivery_events,
            faults=source.faults,
            sessions=source.sessions,
            reader_sessions=source.reader_sessions,
            live_settings=source.file_settings,
            shared=source.shared_with_nodes,
            settings=source.settings,
            handler=source,
            tls=source.settings.tls,
            auth=source.auth,
            listeners=lambda: _listeners_of(source),
        )

    @property
    def sampler(self) -> Sampler | None:
        """The counts of kept messages; ``None`` if the server is none of ours."""
        return getattr(self.handler, "sampler", None)

    @property
    def marker(self) -> str:
        """The text that marks what is sent on; ``""`` if nothing keeps one."""
        return self.releases[0].marker if self.releases else ""

    async def record_release(self, message: str, mail: Mail, result: Result) -> None:
        """Keep the result of an attempt to send a message on, where it can be seen.

        Args:
            message: the id of the message.
            mail: what was sent.
            result: how that ended.
        """
        for service in self.releases:
            await service.record(message, mail, result)

    def needed_faults(self) -> Faults:
        """Return the fault rules.

        Raises:
            AbsentError: they are not in this process.
        """
        return self._needed(self.faults, "fault rules", self.advice)

    def needed_sessions(self) -> SessionLog:
        """Return the log with the open sessions.

        Raises:
            AbsentError: it is not in this process.
        """
        return self._needed(self.sessions, "open sessions")

    def needed_settings(self) -> Any:
        """Return what changes the settings of listeners.

        Raises:
            AbsentError: it is not in this process.
        """
        what = "settings that can be changed"
        return self._needed(self.live_settings, what, self.advice)

    def _needed(self, value: _Part | None, what: str, advice: str = "") -> _Part:
        if value is None:
            raise AbsentError(what, f"{self.absence}{advice and '; '}{advice}")
        return value

    def find(self, envelope: Envelope) -> Findings:
        """Return what is found in the texts of a message; any thread may call it.

        A regular expression that searches a large text holds up all other threads, the
        reactor's too: so a large message is searched in a child process, where there
        are any.
        """
        if envelope.size <= LARGE:
            return read_findings(envelope)
        found: Findings = self.parsing(FINDINGS, envelope)
        return found

    def parse(self, name: str, envelope: Envelope) -> Deferred[Any]:
        """Run a function for a message, in a child process where there are any.

        Args:
            name: a key of `FUNCTIONS` of `lazr_smtptest.readers.imap.functions`.
            envelope: the message.

        Returns:
            a Deferred with the result.
        """
        return self.reader.call(self.parsing, name, envelope)
