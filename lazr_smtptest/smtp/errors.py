"""Refusals as exceptions, by who is to blame.

A hook or a delivery may raise one or return one; either way it is the reply.
"""

from __future__ import annotations

from twisted.mail import smtp

from lazr_smtptest.errors import Error
from lazr_smtptest.model.reply import Reply

__all__ = ["ClientError", "PolicyError", "ReplyError", "ServerError", "refusal_in"]


class ReplyError(Error, smtp.SMTPServerError):
    """A refusal with a reply of its own.

    Attributes:
        reply: what the client is told.
    """

    def __init__(self, code: int, text: str, enhanced: str = "") -> None:
        """Make the reply.

        Args:
            code: 400 to 599.
            text: may begin with an enhanced code, ``"4.2.2 mailbox full"``.
            enhanced: the enhanced code, if `text` does not have it.

        Raises:
            ValueError: `code` refuses nothing.
        """
        if not 400 <= code <= 599:
            raise ValueError(f"a refusal has a code from 400 to 599, not {code}")
        smtp.SMTPServerError.__init__(self, code, text)
        self.reply = (
            Reply(code, text, enhanced) if enhanced else Reply.from_text(code, text)
        )

    def __str__(self) -> str:
        return str(self.reply)


class ClientError(ReplyError):
    """The client broke the protocol: its author has to act."""


class PolicyError(ReplyError):
    """The server does not want this sender, recipient or message."""


class ServerError(ReplyError):
    """The server cannot do it, now or ever: whoever runs it has to act."""


def refusal_in(result: object) -> Reply | None:
    """Give the reply in what a hook or a delivery returned, if that refuses."""
    if result is None:
        return None
    if isinstance(result, ReplyError):
        return result.reply
    if isinstance(result, Reply) and result.code >= 400:
        return result
    return None
