"""The results of handlers: what they may return, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lazr_smtptest._checks import brief
from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import ReplyError

__all__ = ["ACCEPTED", "checked", "reply_of_envelope", "reply_of_lines"]

ACCEPTED = Reply(250, "message accepted", "2.0.0")

_ALLOWED = "None, a Reply, a ReplyError, or a dict of these by recipient"


def checked(name: str, result: object, envelope: Envelope) -> object:
    """Return the result of a handler of messages, after a check.

    Args:
        name: the name of the handler, for the error.
        result: the result, or a Deferred or a coroutine; ``True`` is the same as
            ``None``.
        envelope: the message.

    Returns:
        the result, or a Deferred; a mapping by recipients of the message.

    Raises:
        TypeError: it is no result of a handler.
        ValueError: it is a reply that no message gets, or for another recipient.
    """
    if is_pending(result):
        return pending(result).addCallback(
            lambda value: _check_result(name, value, envelope)
        )
    return _check_result(name, result, envelope)


def reply_of_lines(result: object) -> Reply:
    """Return the reply for the result of Twisted's ``eomReceived``."""
    return result if isinstance(result, Reply) else ACCEPTED


def reply_of_envelope(result: object) -> Reply:
    """Return the reply for the result of ``envelope_received`` of an `IMessage`.

    Raises:
        TypeError: it is no reply.
        ValueError: it is a reply that no message gets.
    """
    if isinstance(result, ReplyError):
        return result.reply
    _check_reply("envelope_received", result)
    return reply_of_lines(result)


def _check_result(name: str, result: object, envelope: Envelope) -> object:
    if not isinstance(result, Mapping):
        _check_reply(name, result)
        return result
    recipients = _recipients(envelope)
    known = {_key(each) for each in recipients}
    found: dict[str, object] = {}
    for recipient, reply in result.items():
        key = _key(recipient) if isinstance(recipient, str) else ""
        if key not in known:
            raise ValueError(
                f"{name} returned a reply for {brief(recipient)}, which is not a "
                f"recipient of the message: use {', '.join(recipients)}"
            )
        _check_reply(name, reply)
        found.update({each: reply for each in recipients if _key(each) == key})
    return found


def _recipients(envelope: Envelope) -> Sequence[str]:
    """Return the recipients, also those for whom a fault discards the message."""
    session, number = envelope.session, envelope.transaction
    records = () if session is None else session.transactions
    found = (each.rcpt_tos for each in records if each.number == number)
    return next(found, envelope.rcpt_tos)


def _key(address: str) -> str:
    """Return an address with its domain in lower case (RFC 5321 section 2.4)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}" if at else address.lower()


def _check_reply(name: str, result: object) -> None:
    """Check a result that is no mapping; raise `TypeError` or `ValueError` if wrong."""
    if result is None or result is True or isinstance(result, ReplyError):
        return
    if not isinstance(result, Reply):
        raise TypeError(f"{name} must return {_ALLOWED}, not {brief(result)}")
    # RFC 5321 section 4.2.1: 25z speaks of mail; the others of the connection, of
    # logins, or of a message whose content has yet to come.
    if result.code < 400 and not 250 <= result.code <= 259:
        raise ValueError(
            f"{name} must return a Reply with a code of 250 to 259 or 400 to 599, "
            f"not {brief(str(result))}"
        )
