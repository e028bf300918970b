"""One attempt to send a message on."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import attrs

from lazr_smtptest.errors import ReleaseError, SendError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.client import Mail, send_mail
from lazr_smtptest.outbound.release import loop_in, released
from lazr_smtptest.outbound.settings import Relay, Server

__all__ = ["Result", "attempt", "check_loop", "content_for"]


@attrs.frozen(kw_only=True)
class Result:
    """The end of an attempt.

    Attributes:
        code: the code of the reply that decided it; 0 for none.
        reply: that reply, or why there was none.
        transcript: the session, see `Release`.
        error: the error; ``None`` if the server has taken the message.
    """

    code: int
    reply: str
    transcript: str
    error: SendError | None = None


async def attempt(reactor: Any, server: Server, mail: Mail) -> Result:
    """Send a message to a server, once.

    Args:
        reactor: connects, and measures the time.
        server: the server.
        mail: the message.
    """
    lines: list[str] = []
    try:
        reply = await send_mail(reactor, server, mail, lines)
    except SendError as error:
        return Result(
            code=error.code,
            reply=str(error),
            transcript="\n".join(lines),
            error=error,
        )
    return Result(code=reply.code, reply=str(reply), transcript="\n".join(lines))


def check_loop(content: bytes, marker: str) -> None:
    """Check that a message does not loop.

    Raises:
        ReleaseError: it does.
    """
    if reason := loop_in(content, marker):
        raise ReleaseError("loop", reason)


def content_for(
    relay: Relay, envelope: Envelope, marker: str, *, by_rule: bool
) -> bytes:
    """Return what is sent of a message; it may wait for a disk.

    Args:
        relay: says what changes on the way.
        envelope: the message.
        marker: see `released`.
        by_rule: whether it is a copy, which keeps its Date and its Message-ID.

    Raises:
        ReleaseError: the message loops.
    """
    content = envelope.content
    check_loop(content, marker)
    return released(
        content,
        now=None if by_rule else datetime.now(timezone.utc),
        return_path=relay.return_path,
        override_from=relay.override_from,
        preserves_message_id=by_rule or relay.preserves_message_ids,
        marker=marker,
    )
