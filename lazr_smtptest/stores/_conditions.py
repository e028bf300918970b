"""Conditions in SQL for the messages that match a part of a query.

All statements are about a window, the messages whose numbers are from ``:low`` to
``:high``, so that the time of each is bounded.
"""

from __future__ import annotations

import attrs

__all__ = [
    "ALL",
    "NONE",
    "UNKNOWN",
    "WINDOW",
    "Part",
    "in_content",
    "in_words",
    "of_set",
    "quoted",
    "rows",
]

# The condition for a number, in all statements.
WINDOW = "BETWEEN :low AND :high"

# The columns of the table of words, as they are named in its contents.
_WORD_COLUMNS = ("c0", "c1", "c2", "c3")


@attrs.frozen
class Part:
    """A compiled part of a query; its row ``m`` is of a table with one a message.

    Attributes:
        condition: of the row ``m``.
        is_exact: whether it is met by no other messages.
        numbers: a statement that selects the same numbers by an index, if there is
            one.
        table: the table of text that `match` is for; ``""`` for other parts.
        match: the same in the language of `fts5`.
    """

    condition: str
    is_exact: bool = True
    numbers: str | None = None
    table: str = ""
    match: str = ""

    @property
    def is_set(self) -> bool:
        """True if `numbers` selects each number once, and is the condition."""
        return self.condition == f"m.number IN ({self.numbers})"


ALL = Part("TRUE")
UNKNOWN = Part("TRUE", is_exact=False)
NONE = Part("FALSE")


def rows(table: str, condition: str) -> Part:
    """Return the part for the messages of the rows of a table."""
    return of_set(f"SELECT number FROM {table} WHERE {condition} AND number {WINDOW}")


def of_set(numbers: str) -> Part:
    """Return the part for the numbers that a statement selects."""
    return Part(f"m.number IN ({numbers})", numbers=numbers)


def in_words(value: str) -> str:
    """Return the condition that a column of words has a text, with spaces around."""
    columns = (f"instr(' ' || {column} || ' ', {value})" for column in _WORD_COLUMNS)
    return in_content("words", " OR ".join(columns))


def in_content(table: str, condition: str) -> str:
    """Return a condition for what a table of text was made of."""
    return (
        f"EXISTS (SELECT 1 FROM {table}_content WHERE id = m.number AND ({condition}))"
    )


def quoted(words: str) -> str:
    """Return a phrase in the language of `fts5`."""
    return '"' + words.replace('"', '""') + '"'
