"""Messages that come by another protocol than SMTP, and are handled as if by it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from twisted.internet.defer import CancelledError
from twisted.mail.smtp import SMTPServerError

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.model.reply import LOCAL_ERROR, Reply
from lazr_smtptest.model.times import with_time
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.submission_faults import SubmissionFaults
from lazr_smtptest.smtp.errors import ReplyError, refusal_in
from lazr_smtptest.smtp.header import decoded_subject
from lazr_smtptest.smtp.store_writer import StoreWriter

__all__ = ["Submission"]

log = logging.getLogger("lazr.smtptest")


class Submission:
    """Passes messages to the handler of a server; without a server, to the store.

    Fault rules, hooks, store, tags and delivery events see them as if they had come by
    SMTP.

    Args:
        context: the server, or the store.
        session: the protocol, which delivery events and faults name as the session.
    """

    def __init__(self, context: ReaderContext, session: str = "http") -> None:
        self._context = context
        self._session = session
        self._writer = StoreWriter(context.reactor)

    async def submit(self, envelope: Envelope) -> str:
        """Handle a message, and return its id.

        Raises:
            ReplyError: the message is refused.
        """
        now = datetime.now(timezone.utc)
        envelope = with_id(with_time(envelope, now))
        refusal = await self._refusal(envelope, now)
        self._tell(envelope, now, refusal)
        if refusal is not None:
            raise ReplyError(refusal.code, refusal.text, refusal.enhanced)
        return envelope.id

    async def _refusal(self, envelope: Envelope, now: datetime) -> Reply | None:
        """Handle a message, unless a fault rule refuses it; return why it is refused.

        ``None``: it is accepted.
        """
        policy, reactor = self._context.faults, self._context.reactor
        if policy is None:
            return await self._refusal_of_handler(envelope)
        faults = SubmissionFaults(policy, reactor, self._session, envelope, now)
        refusal = await faults.before()
        if refusal is not None:
            return refusal
        for each in faults.envelopes:
            refusal = await self._refusal_of_handler(with_id(each))
            if refusal is not None:
                return refusal
        return await faults.after() if faults.envelopes else None

    async def _refusal_of_handler(self, envelope: Envelope) -> Reply | None:
        """Handle a message, and return why it is refused; ``None`` if it is kept."""
        try:
            result = self._handle(envelope)
            if is_pending(result):
                result = await pending(result)
        except CancelledError:
            raise
        except ReplyError as error:
            return error.reply
        except SMTPServerError as error:
            return Reply.from_text(error.code, error.resp)
        except Exception:
            log.exception("the handler of a message raised")
            return LOCAL_ERROR
        results: Iterable[object] = (
            result.values() if isinstance(result, Mapping) else (result,)
        )
        return next(filter(None, map(refusal_in, results)), None)

    def _handle(self, envelope: Envelope) -> object:
        if self._context.handler is not None:
            return self._context.handler.envelope_received(envelope)
        return self._writer.keep(self._context.store, envelope)

    def _tell(self, envelope: Envelope, now: datetime, refusal: Reply | None) -> None:
        events = self._context.delivery_events
        peer = envelope.peer[0]
        if refusal is not None:
            events.emit_error(
                ErrorReply(session=self._session, peer=peer, reply=str(refusal))
            )
        if not events.wanted:
            return
        events.emit(
            MailEvent(
                seconds=now.timestamp(),
                session=self._session,
                outcome="accepted" if refusal is None else "refused",
                sender=envelope.mail_from,
                recipients=envelope.rcpt_tos,
                subject=decoded_subject(envelope.kept),
                size=envelope.size,
                reply="250" if refusal is None else str(refusal),
                peer=peer,
            )
        )
