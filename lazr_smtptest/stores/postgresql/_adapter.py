"""A connection to PostgreSQL, for statements that are written for every database."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg

from lazr_smtptest.stores._queries import ENDS, NEWEST
from lazr_smtptest.stores._sql import Rows

__all__ = ["Adapter"]

# Statements, and parts of statements, that PostgreSQL says in another way.
_OTHERWISE = {
    NEWEST: "SELECT newest FROM state",
    ENDS: "SELECT (SELECT min(number) FROM message), newest, indexed FROM state",
    "SELECT seq FROM sqlite_sequence WHERE name = 'folder'": (
        "SELECT folders FROM state"
    ),
    # What is read from then on belongs together.
    "BEGIN": "BEGIN ISOLATION LEVEL REPEATABLE READ",
}
_LIST = re.compile(r"\(SELECT value( AS id)? FROM json_each\((\?|:\w+)\)\)")
_NAME = re.compile(r"(?<!:):([a-z]\w*)")

# PostgreSQL has no NUL in texts. This stands for it, which is in no text that is kept:
# Unicode leaves it to programs, for what they never send.
_NUL = "\ufdd0"


@lru_cache(maxsize=2000)
def _translated(statement: str, is_named: bool) -> str:
    statement = _OTHERWISE.get(statement, statement)
    statement = _LIST.sub(_list, statement)
    if is_named:
        return _NAME.sub(r"%(\1)s", statement)
    return statement.replace("?", "%s")


def _list(found: re.Match[str]) -> str:
    type = "text" if found[1] else "bigint"
    return f"(SELECT CAST(value AS {type}) FROM json_array_elements_text({found[2]}))"


class Adapter:
    """A connection with the methods of `lazr_smtptest.stores._sql.Database`.

    Args:
        connection: the connection.

    Attributes:
        inserted: the number and the id of each message that was inserted by this.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.inserted: Sequence[tuple[int, str]] = ()
        self._connection = connection

    def execute(self, statement: str, values: Any = (), /) -> Rows:
        """Execute a statement."""
        text = _translated(statement, isinstance(values, dict))
        # psycopg takes only literals as text, for it cannot know what is safe.
        rows: Rows = self._connection.execute(text.encode(), _without_nul(values))
        return rows

    def run(self, statement: str, values: dict[str, Any]) -> Rows:
        """Execute a statement in the words of PostgreSQL and psycopg."""
        rows: Rows = self._connection.execute(statement.encode(), values)
        return rows

    def executemany(self, statement: str, rows: Iterable[Any], /) -> Rows:
        """Execute a statement for each of some rows of values."""
        cursor = self._connection.cursor()
        statement = _translated(statement, False)
        cursor.executemany(statement.encode(), [_without_nul(row) for row in rows])
        changed: Rows = cursor
        return changed

    def blobopen(
        self, table: str, column: str, row: int, *, readonly: bool = True
    ) -> Blob:
        """Open one value of bytes; see `sqlite3.Connection.blobopen`."""
        return Blob(
            self,
            f"SELECT substring({column} FROM ? FOR ?) FROM {table} WHERE number = ?",
            row,
        )


def _without_nul(values: Any) -> Any:
    """Return the values of a statement with none that PostgreSQL refuses."""
    if not values:
        return None
    if isinstance(values, dict):
        return {name: _accepted(value) for name, value in values.items()}
    return [_accepted(value) for value in values]


def _accepted(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if "\\u0000" in value and value.startswith("["):
        # A list of values is JSON.
        with contextlib.suppress(ValueError):
            return json.dumps([_accepted(each) for each in json.loads(value)])
    return value.replace("\0", _NUL)


class Blob:
    """A value of bytes that is read in pieces.

    Args:
        adapter: the connection.
        statement: selects a piece: its first byte, from 1 on, the length, the row.
        row: the number of the row.
    """

    def __init__(self, adapter: Adapter, statement: str, row: int) -> None:
        self._adapter = adapter
        self._statement = statement
        self._row = row
        self._at = 1

    def __enter__(self) -> Blob:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, size: int) -> bytes:
        """Return the next bytes; none at the end."""
        found = self._adapter.execute(
            self._statement, (self._at, size, self._row)
        ).fetchone()
        octets: bytes = found[0] if found else b""
        self._at += len(octets)
        return octets
