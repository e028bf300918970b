"""The messages of a session, and those that are marked as deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lazr_smtptest.readers.pop3.commands import CommandError, number_of

__all__ = ["Marks", "count_of"]


class Marks:
    """The sizes of the messages, by index, and the marks of DELE.

    Args:
        sizes: bytes of each message; none before the login.

    Attributes:
        sizes: bytes of each message.
        deleted: the indexes of the messages that are marked.
    """

    def __init__(self, sizes: Sequence[int] = ()) -> None:
        self.sizes = sizes
        self.deleted: set[int] = set()

    def index_of(self, word: bytes) -> int:
        """Return the index of a message that is there and not marked.

        Args:
            word: the number of the message, which begins at 1.

        Raises:
            CommandError: there is no such message.
        """
        number = number_of(word, "a message", 1)
        if number > len(self.sizes):
            raise CommandError(f"there is no message {number}: {len(self.sizes)} here")
        if number - 1 in self.deleted:
            raise CommandError(f"message {number} is marked as deleted")
        return number - 1

    def present(self) -> Iterator[int]:
        """Return the indexes of the messages that are not marked."""
        return (each for each in range(len(self.sizes)) if each not in self.deleted)

    def totals(self) -> tuple[int, int]:
        """Return the number and the bytes of the messages that are not marked."""
        present = [self.sizes[index] for index in self.present()]
        return len(present), sum(present)

    def lines(self, fact_of: Callable[[int], object]) -> Iterator[str]:
        """Return a line for each message that is not marked: its number and a fact.

        Args:
            fact_of: returns the fact, by the index of the message.
        """
        return (f"{index + 1} {fact_of(index)}" for index in self.present())


def count_of(messages: int) -> str:
    """Return a number of messages in words."""
    return "1 message" if messages == 1 else f"{messages} messages"
