"""Refusals as exceptions, one class for each party at fault.

A hook or a delivery may raise or return one; both determine the reply.
"""

from __future__ import annotations

from twisted.mail import smtp

from lazr_smtptest.errors import Error
from lazr_smtptest.model.reply import Reply

__all__ = ["ClientError", "PolicyError", "ReplyError", "ServerError", "refusal_in"]


class ReplyError(Error, smtp.SMTPServerError):
    """A refusal with a reply of its own.

    Attributes:
        reply: the reply that the client gets.
    """

    def __init__(self, code: int, text: str, enhanced: str = "") -> None:
        """Create the refusal and its reply.

        Args:
            code: the reply code, 400 to 599.
            text: the text; may begin with an enhanced code, ``"4.2.2 mailbox full"``.
            enhanced: the enhanced code, if `text` does not have it.

        Raises:
            TypeError: one has another type.
            ValueError: `code` is not a refusal, or `text` or `enhanced` is not that
                of a `Reply`.
        """
        if isinstance(code, int) and not 400 <= code <= 599:
            raise ValueError(f"a refusal has a code from 400 to 599, not {code}")
        self.reply = (
            Reply(code, text, enhanced) if enhanced else Reply.from_text(code, text)
        )
        smtp.SMTPServerError.__init__(self, code, text)

    def __str__(self) -> str:
        return str(self.reply)


class ClientError(ReplyError):
    """The client violated the protocol: its author has to fix it."""


class PolicyError(ReplyError):
    """The server rejects this sender, recipient or message by policy."""


class ServerError(ReplyError):
    """The server fails, for now or for good: its administrator has to fix it."""


def refusal_in(result: object) -> Reply | None:
    """Return the refusal in the result of a hook or a delivery, or ``None``."""
    if result is None:
        return None
    if isinstance(result, ReplyError):
        return result.reply
    if isinstance(result, Reply) and result.code >= 400:
        return result
    return None
