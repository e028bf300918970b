"""The states of a session (RFC 3501 section 3)."""

from __future__ import annotations

from enum import Enum

__all__ = ["State"]


class State(Enum):
    """The states of a session; the text completes an error."""

    NOT_AUTHENTICATED = "before the login"
    AUTHENTICATED = "while no mailbox is selected"
    SELECTED = "while a mailbox is selected"
    LOGOUT = "after LOGOUT"
