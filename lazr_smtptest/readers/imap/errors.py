"""The error of a command that is refused."""

from __future__ import annotations

__all__ = ["CommandError"]


class CommandError(Exception):
    """A command is malformed, or cannot be carried out.

    The session turns it into the tagged reply to the command.

    Args:
        text: the text of the reply.
        status: ``BAD`` for a command that is malformed, ``NO`` for one that fails.
        code: the response code, without its brackets; ``""`` for none.
    """

    def __init__(self, text: str, *, status: str = "BAD", code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.code = code
