"""Interfaces of the databases of the SQL stores: the connection and the dialect.

Most statements are the same in every database. They have ``?`` or ``:name`` for their
values; lists of values are JSON, see `_changes.EACH`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lazr_smtptest.query.tree import Node
    from lazr_smtptest.stores._compiler import Plan
    from lazr_smtptest.stores._queries import Row
    from lazr_smtptest.stores._summary_rows import Indexed

__all__ = ["Database", "Dialect", "Reading", "Rows", "Writing"]


class Rows(Protocol):
    """The result of a statement, as a cursor of the DB-API."""

    @property
    def rowcount(self) -> int:
        """The number of rows that were changed."""

    def fetchone(self) -> Any:
        """Return the next row; ``None`` if there is none."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows."""


class Database(Protocol):
    """A connection to a database, as `sqlite3.Connection`."""

    def execute(self, statement: str, values: Any = (), /) -> Rows:
        """Execute a statement."""

    def executemany(self, statement: str, rows: Iterable[Any], /) -> Rows:
        """Execute a statement for each of some rows of values."""


class Reading(Protocol):
    """A place from which the database is read."""

    def read(self, function: Callable[[Any], Any]) -> Any:
        """Return the result of a function of a connection.

        Raises:
            StoreError: the database cannot be read.
        """

    def close(self) -> None:
        """Close it; the next use opens it again."""


class Writing(Reading, Protocol):
    """A connection on which the database is changed, too."""

    def change(
        self,
        function: Callable[[Any], Any],
        synchronous: str | None = None,
        make: bool = True,
    ) -> Any:
        """Call a function in one transaction and return its result.

        Args:
            function: makes the change.
            synchronous: ``"NORMAL"`` for a change that need not be durable at once.
            make: whether to make the database anew if it was removed.

        Raises:
            StoreError: nothing was changed.
        """


class Dialect(ABC):
    """The statements that differ between databases.

    Methods that change something are called within a transaction.
    """

    @abstractmethod
    def insert(self, connection: Any, rows: Sequence[Row]) -> None:
        """Insert messages, numbered after all earlier ones."""

    @abstractmethod
    def add_texts(self, connection: Any, rows: Sequence[Indexed]) -> None:
        """Insert the texts of messages, which are searched."""

    @abstractmethod
    def remove_contents(self, connection: Any, numbers: Sequence[int]) -> None:
        """Delete the contents and the texts of messages, which take most room."""

    @abstractmethod
    def empty(self, connection: Any, tables: Sequence[str]) -> None:
        """Delete all rows of some tables, and all texts."""

    @abstractmethod
    def plan(self, connection: Any, node: Node, indexed: bool) -> Plan:
        """Compile a query; see `_compiler.compile_query`."""
