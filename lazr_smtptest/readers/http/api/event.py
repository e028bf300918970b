"""One event of a stream, encoded once for all clients."""

from __future__ import annotations

from functools import cached_property

from lazr_smtptest._json import encode_json
from lazr_smtptest.model.change import Change

__all__ = ["Event"]


class Event:
    """An event that clients are told of.

    Args:
        kind: the kind, such as ``"kept"``.
        data: its fields.
        number: the number of the change; ``None`` for what is no change.
    """

    def __init__(
        self, kind: str, data: dict[str, object], number: int | None = None
    ) -> None:
        self.kind = kind
        self.number = number
        self._data = data

    @classmethod
    def of(cls, change: Change) -> Event:
        """Return the event of a change."""
        data: dict[str, object] = {
            "change": change.number,
            "messages": change.messages,
            "ids": change.ids,
        }
        return cls(change.kind, data, change.number)

    @cached_property
    def as_lines(self) -> bytes:
        """The lines of a server-sent event."""
        id = "" if self.number is None else f"id: {self.number}\n"
        event = b"event: %b\n%bdata: %b\n\n"
        return event % (self.kind.encode(), id.encode(), encode_json(self._data))

    @cached_property
    def as_json(self) -> str:
        """The text of a websocket."""
        event = {"event": self.kind, "id": self.number, "data": self._data}
        return encode_json(event).decode()
