"""The delivery of a message to its recipients, in one transaction or several."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping, Sequence

from lazr_smtptest.cli.smtp_client import message_options, reason
from lazr_smtptest.model.envelope import Envelope

__all__ = ["deliver"]

# The replies to one recipient more than a transaction takes: that of today, and that of
# older servers (RFC 5321 section 4.5.3.1.10).
_TOO_MANY = (452, 552)
_CLOSING = 421

Refused = Mapping[str, tuple[int, bytes]]


def deliver(
    client: smtplib.SMTP,
    envelope: Envelope,
    options: Sequence[str] = (),
    recipient_options: Sequence[str] = (),
) -> Refused:
    """Send a message; return the recipients that did not get it, with the replies.

    Those that are too many for a transaction of the server get the message in further
    ones (RFC 5321 section 4.5.3.1.10).

    Args:
        client: the connection.
        envelope: the message and its envelope.
        options: parameters of MAIL, beside those that the message needs.
        recipient_options: parameters of each RCPT.

    Raises:
        OSError: the connection is lost; nobody got the message.
        smtplib.SMTPException: the server refuses it; nobody got it.
        ValueError: an address is not ASCII, and the server does not take such.
        KeyboardInterrupt: the first transaction was interrupted. Later it is the reply
            to those that are left.
    """
    addresses = [envelope.mail_from, *envelope.rcpt_tos]
    needed = message_options(client, addresses, envelope.content)

    def send(recipients: Sequence[str]) -> Refused:
        return client.sendmail(
            envelope.mail_from,
            recipients,
            envelope.content,
            [*needed, *options],
            recipient_options,
        )

    refused = dict(send(envelope.rcpt_tos))
    while waiting := [name for name in refused if refused[name][0] in _TOO_MANY]:
        try:
            again = send(waiting)
        except (OSError, smtplib.SMTPException, KeyboardInterrupt) as error:
            # Some have the message: the error is theirs who do not have it.
            refused |= _replies(waiting, error)
            if isinstance(error, KeyboardInterrupt):
                # In the middle of a transaction the server may not expect QUIT.
                client.close()
            break
        for name in waiting:
            del refused[name]
        refused |= again
    return refused


def _replies(recipients: Sequence[str], error: BaseException) -> Refused:
    """Return the reply to each recipient of a transaction that failed."""
    reply = _CLOSING, reason(error).encode()
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # After 421 it has not all of them.
        last = list(error.recipients.values())[-1]
        return {name: error.recipients.get(name, last) for name in recipients}
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        reply = error.smtp_code, text if isinstance(text, bytes) else text.encode()
    return dict.fromkeys(recipients, reply)
