"""The replies to EHLO and LHLO, which most sessions of a listener share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.extensions import listed

if TYPE_CHECKING:
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["HelloReplies"]

# The states of sessions; the value of FUTURERELEASE changes every second.
_MOST = 64


class HelloReplies:
    """The replies of one listener, by the state of the session.

    To find out which extensions work, and their values, takes longer than all other
    work at EHLO.
    """

    def __init__(self) -> None:
        # With the objects whose identity is part of the state, so that they live.
        self._replies: dict[tuple[Any, ...], tuple[Reply, tuple[Any, ...]]] = {}

    def to(self, session: SMTPServerProtocol) -> Reply:
        """Return the reply with the extensions that a session offers now."""
        owners = session.settings, session.limits, session.challengers, session.portal
        state = (
            *map(id, owners),
            *(session.host, session.secure, session.authenticated),
            *(session.client_certificate, int(session.seconds())),
        )
        known = self._replies.get(state)
        if known is not None:
            return known[0]
        announced = session.offered().announced(session)
        text = session.host + b"\n" + listed(announced)
        reply = Reply(250, text.decode())
        if len(self._replies) >= _MOST:
            self._replies.clear()
        self._replies[state] = reply, owners
        return reply
