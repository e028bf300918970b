"""The SQL of the ended sessions."""

from __future__ import annotations

from collections.abc import Sequence

from lazr_smtptest.model.session import Session
from lazr_smtptest.stores._session_codec import pack_session, unpack_session
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["get", "keep", "page"]


def keep(
    connection: Database, sessions: Sequence[Session], bounds: SessionBounds
) -> None:
    """Add sessions, and drop the oldest ones beyond the bounds."""
    for session in sessions:
        packed = pack_session(session)
        connection.execute(
            "INSERT INTO session (id, failed, size, packed) VALUES (?, ?, ?, ?)",
            (session.id, int(session.failed), len(packed), packed),
        )
    count, size = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM session"
    ).fetchone()
    surplus = []
    for number, octets in connection.execute(
        "SELECT number, size FROM session ORDER BY number"
    ):
        if not bounds.exceeded(count, size):
            break
        surplus.append((number,))
        count, size = count - 1, size - octets
    connection.executemany("DELETE FROM session WHERE number = ?", surplus)


def page(
    connection: Database, after: str | None, limit: int, failed: bool | None
) -> list[Session]:
    """Return a page; see `IMessageReader.sessions`."""
    condition, values = "", []
    if after is not None:
        number = _number(connection, after)
        if number is None:
            raise KeyError(after)
        condition, values = "number < ? AND ", [number]
    rows = connection.execute(
        f"SELECT packed FROM session WHERE {condition}coalesce(?, failed) = failed "
        "ORDER BY number DESC LIMIT ?",
        (*values, None if failed is None else int(failed), limit),
    ).fetchall()
    return [unpack_session(packed) for (packed,) in rows]


def get(connection: Database, id: str) -> Session | None:
    """Return the latest session with an id; ``None`` if there is none."""
    number = _number(connection, id)
    if number is None:
        return None
    (packed,) = connection.execute(
        "SELECT packed FROM session WHERE number = ?", (number,)
    ).fetchone()
    return unpack_session(packed)


def _number(connection: Database, id: str) -> int | None:
    row = connection.execute(
        "SELECT number FROM session WHERE id = ? ORDER BY number DESC LIMIT 1", (id,)
    ).fetchone()
    return None if row is None else int(row[0])
