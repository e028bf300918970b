"""Corrects the records of a session where a fault has sent another reply."""

from __future__ import annotations

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session, Transaction

__all__ = ["Records"]


class Records:
    """The records of a session as they are before a command is handled.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._latest = session.latest
        self._was_open = _is_open(self._latest)
        self._refused = _last_refused(self._latest)

    def correct(self, sent: Reply | None) -> None:
        """Replace the server's reply in newer records by the reply that was sent.

        Args:
            sent: the reply; ``None``: the bytes that were sent are not a reply.
        """
        latest = self._session.latest
        if latest is None:
            return
        if not _is_open(latest):
            if self._was_open or latest is not self._latest:
                latest.reply = sent
            return
        refused = _last_refused(latest)
        if refused is not None and refused is not self._refused:
            latest.refused = (*latest.refused[:-1], (refused[0], sent))


def _is_open(transaction: Transaction | None) -> bool:
    return transaction is not None and transaction.outcome == "open"


def _last_refused(transaction: Transaction | None) -> tuple[str, Reply | None] | None:
    return transaction.refused[-1] if transaction and transaction.refused else None
