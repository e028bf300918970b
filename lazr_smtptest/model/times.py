"""The time at which a message was received."""

from __future__ import annotations

from datetime import datetime, timezone

import attrs

from lazr_smtptest.model.envelope import Envelope

__all__ = ["with_time"]


def with_time(envelope: Envelope, now: datetime | None = None) -> Envelope:
    """Return the envelope itself if it has a `received_at`, else a copy that has now.

    A message that a program hands over, or that is read from a file of another
    program, has none: it is received when it is kept.

    Args:
        envelope: the message.
        now: the time; ``None`` for that of the clock.
    """
    if envelope.received_at is not None:
        return envelope
    return attrs.evolve(envelope, received_at=now or datetime.now(timezone.utc))
