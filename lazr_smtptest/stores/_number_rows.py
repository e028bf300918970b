"""The SQL of the numbers of all messages."""

from __future__ import annotations

from collections.abc import Sequence

from lazr_smtptest.model.runs import Runs
from lazr_smtptest.stores._sql import Database

__all__ = ["all_numbers"]

# The numbers that are looked at together.
_WINDOW = 1024

_ENDS = (
    "SELECT (SELECT min(number) FROM message), (SELECT max(number) FROM message), "
    "messages, indexed FROM state"
)


def all_numbers(connection: Database) -> Runs:
    """Return the numbers of all messages; no row is read where none is missing."""
    least, greatest, messages, indexed = connection.execute(_ENDS).fetchone()
    if least is None:
        return Runs()
    if greatest - least + 1 == messages:
        return Runs(range(least, greatest + 1))
    found = Runs()
    low: int | None = least
    while low is not None and low <= greatest:
        high = min(low + _WINDOW - 1, greatest)
        # The rows of facts are short, so that many are read at once.
        table = "facts" if high <= indexed else "message"
        some = _numbers_between(connection, table, low, high)
        found.extend(some)
        low = high + 1 if some else _number_after(connection, high)
    return found


def _numbers_between(
    connection: Database, table: str, low: int, high: int
) -> Sequence[int]:
    """Return the numbers in a window; they are counted, and read if one is missing."""
    (count,) = connection.execute(
        f"SELECT count(*) FROM {table} WHERE number BETWEEN ? AND ?", (low, high)
    ).fetchone()
    if count == high - low + 1:
        return range(low, high + 1)
    rows = connection.execute(
        f"SELECT number FROM {table} WHERE number BETWEEN ? AND ? ORDER BY number",
        (low, high),
    )
    return [number for (number,) in rows]


def _number_after(connection: Database, number: int) -> int | None:
    """Return the least number of a message above another one; ``None`` for none."""
    found: int | None
    (found,) = connection.execute(
        "SELECT min(number) FROM message WHERE number > ?", (number,)
    ).fetchone()
    return found
