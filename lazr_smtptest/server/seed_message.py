"""A message as version 2 of this library passed it to `Server.handle_message`."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from lazr_smtptest._guesses import Guessable
from lazr_smtptest.model.envelope import Envelope

__all__ = ["SeedMessage", "seed_message"]

_GUESSES = {
    "subject": "['Subject']",
    **dict.fromkeys(("text", "html", "body", "content"), ".get_payload()"),
    **dict.fromkeys(("mail_from", "sender", "from_email"), "['X-MailFrom']"),
    **dict.fromkeys(("rcpt_tos", "recipients", "to", "recipient"), "['X-RcptTo']"),
    **dict.fromkeys(("header", "headers"), "[name] or .get_all(name)"),
    **dict.fromkeys(
        ("code", "links", "attachments", "addresses", "message"),
        "a CaptureController, whose messages have it",
    ),
}


class SeedMessage(Guessable, Message):
    """An `email.message.Message` whose errors name the attributes of `Envelope`."""

    guesses = _GUESSES


def seed_message(envelope: Envelope) -> Message:
    """Parse a message as version 2 did: compat32, LF, three headers appended.

    It never raises: content that the parser rejects becomes the payload of a message
    without a header.
    """
    octets = envelope.content.removesuffix(b"\r\n").replace(b"\r\n", b"\n")
    try:
        message: Message = message_from_bytes(octets, SeedMessage)
    except Exception:
        # Deep nesting, for example, exceeds the recursion limit of the parser.
        message = SeedMessage()
        message.set_payload(octets.decode("ascii", "surrogateescape"))
    message["X-Peer"] = "{}:{}".format(*envelope.peer)
    message["X-MailFrom"] = envelope.mail_from
    message["X-RcptTo"] = ", ".join(envelope.rcpt_tos)
    return message
