"""Servers that keep messages: in a store, or in the mailbox of a test."""

from __future__ import annotations

import logging
import socket
from email.message import Message
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IReactorTime
from twisted.mail.smtp import SMTPServerError
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.faults import Faults
from lazr_smtptest.interfaces import IMessageReader, IMessageStore, ISharedStore
from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, ReceivedMail
from lazr_smtptest.model.session import Session
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.delivering import Keep
from lazr_smtptest.smtp.errors import refusal_in
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.store_writer import StoreWriter
from lazr_smtptest.stores.sampler import Sampler

if TYPE_CHECKING:
    from lazr_smtptest.readers.shared import Shared

__all__ = ["CaptureServer", "StoreServer"]

log = logging.getLogger("lazr.smtptest")


class StoreServer(Server):
    """A server that keeps its messages and their envelopes in a store.

    A store that provides `IMessageReader` gets each session that has ended, too, also
    one without a message.

    A client cannot reset or stop it, unless `rset_clears` or `exit_stops` is set.

    Attributes:
        store: the `IMessageStore` of the messages.
        sampler: chooses the messages that are kept, and counts them; by default it
            keeps all. Set another one before the start.
    """

    rset_clears = False
    exit_stops = False

    def __init__(
        self, store: IMessageStore, host: str = "localhost", port: int = 0
    ) -> None:
        """Set the store and the address.

        Args:
            store: an `IMessageStore`.
            host: see `Server`.
            port: see `Server`.
        """
        super().__init__(host, port)
        self.store = store
        self.sampler = Sampler()
        self._writer = StoreWriter(kept=self.sampler.count_kept)
        self._shared: Shared | None = None

    @property
    def shared_with_nodes(self) -> Shared | None:
        """The rules and settings of all that share the store; ``None``: none do."""
        if self._shared is None and ISharedStore.providedBy(self.store):
            from lazr_smtptest.readers.shared import Shared

            # A policy of the user's own has no rules.
            faults = self.faults if isinstance(self.faults, Faults) else None
            self._shared = Shared(self.store, faults, self.file_settings)
        return self._shared

    @property
    def reader(self) -> Any:
        """The read side of the store, an `IMessageReader`; ``None`` if it has none."""
        return self.store if IMessageReader.providedBy(self.store) else None

    def factory(
        self, reactor: IReactorTime, *arguments: Any, **options: Any
    ) -> SMTPServerFactory:
        """Return the factory; see `Server`."""
        self._writer = StoreWriter(reactor, self.sampler.count_kept)
        return super().factory(reactor, *arguments, **options)

    def handle_envelope(self, envelope: Envelope) -> object:
        """Store the message; the client gets its reply when it is durable.

        Raises:
            ServerError: it was not stored: 452 4.3.1 if there is no room for it,
                otherwise 451 4.3.0.
        """
        return self._keep_chosen(envelope)

    def _keep_chosen(self, mail: Mail) -> object:
        """Store what the sampler chooses of a message."""
        chosen = self.sampler.choose(mail)
        return None if chosen is None else self._writer.keep(self.store, chosen)

    def keeper(self) -> Keep | None:
        """Return the function that keeps a message; see `Server`."""
        own, attributes = type(self), self.__dict__
        # Asked for each message: written out.
        if (
            own.handle_envelope is StoreServer.handle_envelope
            and own.handle_message is Server.handle_message
            and own.envelope_received is Server.envelope_received
            and "handle_envelope" not in attributes
            and "handle_message" not in attributes
            and "envelope_received" not in attributes
        ):
            return self._keep_mail
        return None

    def _keep_mail(self, mail: ReceivedMail) -> object:
        """Store a message as `envelope_received` does where no hook is overridden."""
        self._failures.expect()
        try:
            if self.sampler.keeps_all:
                result = self._writer.keep(self.store, mail)
            else:
                result = self._keep_chosen(mail)
        except BaseException as error:
            self._keep(error)
            raise
        if result is None:
            return None
        return pending(result).addErrback(self._keep_failure)

    def session_ended(self, session: Session) -> None:
        """Hand a session to the hook and to the store; see `ISessionObserver`."""
        super().session_ended(session)
        if IMessageReader.providedBy(self.store):
            try:
                self.store.keep_session(session)
            except BaseException as error:
                raise_interrupt(error)
                log.exception("keep_session raised")
                self._keep(error)

    def reset(self) -> None:
        """Clear the store."""
        self.store.clear()


class CaptureServer(StoreServer):
    """A server that keeps its messages in a `Mailbox`, where a test can wait for them.

    Attributes:
        mailbox: the mailbox. Waits that are open when the server stops end with a
            StateError.
    """

    def __init__(
        self, host: str = "localhost", port: int = 0, mailbox: Mailbox | None = None
    ) -> None:
        """Set the address and the mailbox.

        Args:
            host: see `Server`.
            port: see `Server`.
            mailbox: the mailbox; a new one by default.
        """
        self.mailbox = Mailbox() if mailbox is None else mailbox
        super().__init__(self.mailbox, host, port)
        # A server that has started already may share it.
        self.mailbox.unstarted = not self.mailbox.address
        self.sessions = self.mailbox.sessions
        # Not the server itself, which its mailbox would keep alive.
        self.mailbox.errors = self._failures.all
        self._take_faults(self.mailbox.faults)
        self._threaded = False

    def factory(
        self, reactor: IReactorTime, *arguments: Any, **options: Any
    ) -> SMTPServerFactory:
        """Return the factory; see `Server`."""
        self.mailbox.unstarted = False
        self._threaded = isinstance(reactor, PrivateReactor)
        return super().factory(reactor, *arguments, **options)

    @property
    def reader(self) -> Any:
        """The read side of the mailbox, an `IMessageReader`; see `Mailbox.reader`."""
        return self.mailbox.reader

    def _call_hook(
        self, name: str, argument: Envelope | Message, envelope: Envelope
    ) -> object:
        hook = getattr(self, name)
        if getattr(hook, "__func__", None) in _OF_LIBRARY:
            return hook(argument)
        # A hook of the test: a failure names it if it does not keep the message.
        owner = "server" if name in vars(self) else type(self).__name__
        handling, mailbox = self.mailbox.handling, self.mailbox
        call = handling.begin(f"{owner}.{name}", envelope, mailbox.added)

        def ended(result: object) -> object:
            error = result.value if isinstance(result, Failure) else None
            refused = error is not None or refusal_in(result) is not None
            keeps = name == "handle_envelope" and not refused
            wrong = None if isinstance(error, SMTPServerError) else error
            handling.end(call, wrong, lost=keeps and mailbox.added == call.added)
            return result

        try:
            result = super()._call_hook(name, argument, envelope)
        except BaseException as error:
            ended(Failure(error))
            raise
        if is_pending(result):
            return pending(result).addBoth(ended)
        return ended(result)

    def bind(self) -> socket.socket:
        """Bind the address, and note it in the mailbox; see `Server`."""
        bound = super().bind()
        self.mailbox.address = f"{self.host} port {self.port}".strip()
        self.mailbox.activity.address = str(bound.getsockname()[0])
        return bound

    def started(self) -> None:
        """Open the mailbox, if it was closed by a stop."""
        self.mailbox.reopen()
        self.mailbox.threaded = self._threaded
        if self._threaded:
            self.mailbox.activity.start(self.host, self.port)

    def stopped(self) -> None:
        """Close the mailbox, which ends its waits."""
        self.mailbox.threaded = None
        self.mailbox.activity.stop()
        self.mailbox.close()


# These hooks of the library keep the message.
_OF_LIBRARY = (StoreServer.handle_envelope, Server.handle_message)
