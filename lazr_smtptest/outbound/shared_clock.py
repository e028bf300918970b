"""The clock of the nodes that share a database."""

from __future__ import annotations

from lazr_smtptest.stores._sql import Database

__all__ = ["shared_time"]


def shared_time(database: Database) -> float:
    """Return the time of a PostgreSQL server, in seconds since 1970.

    The clocks of the machines need not agree.
    """
    (now,) = database.execute(
        "SELECT CAST(extract(epoch FROM clock_timestamp()) AS float8)"
    ).fetchone()
    return float(now)
