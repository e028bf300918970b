"""The next number of a store, as clients are told it."""

from __future__ import annotations

__all__ = ["NextNumber"]


class NextNumber:
    """Remembers the highest number that a client has seen, so that UIDNEXT never falls.

    A store does not tell the numbers of messages that it has no more.
    """

    def __init__(self) -> None:
        self._highest = 0

    def after(self, last: int) -> int:
        """Return UIDNEXT (RFC 3501 section 2.3.1.1); 1 or more.

        Args:
            last: the number of the last message of a mailbox; 0 if it is empty.
        """
        self._highest = max(self._highest, last)
        return self._highest + 1
