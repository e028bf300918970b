"""Makes the tables of a store in a database, or migrates them to this version."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import psycopg
from psycopg import sql

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores._base import new_validity
from lazr_smtptest.stores.postgresql._place import Place, reason
from lazr_smtptest.stores.postgresql._schema import MIGRATIONS, TRIGRAMS

__all__ = ["prepare"]

log = logging.getLogger("lazr.smtptest")

# Of the nodes that start at the same time, one migrates: "lzst".
_LOCK = 0x6C7A7374


def prepare(place: Place, make: bool = True) -> None:
    """Make the tables if they do not exist, or migrate them to this version.

    Args:
        place: the database.
        make: whether to make them.

    Raises:
        StoreError: they belong to another program or a newer version, and are left
            unchanged; or the database cannot be used.
    """
    try:
        with contextlib.closing(place.connect()) as connection:
            version = _version(place, connection)
            if not (version or make):
                raise StoreError(
                    f"there is no store in the schema {place.schema!r} of {place}"
                )
            if version < len(MIGRATIONS):
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                    _migrate(place, connection)
            if make:
                _check_rights(place, connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(
            f"cannot use {place}: {reason(error)}; {_needed(place)}"
        ) from error
    except psycopg.Error as error:
        raise place.error("use", error) from error


def _check_rights(place: Place, connection: psycopg.Connection[Any]) -> None:
    """Check that the tables can be changed.

    Raises:
        StoreError: they cannot.
    """
    if connection.execute("SHOW transaction_read_only").fetchone() == ("on",):
        raise StoreError(
            f"cannot use {place}: it is read-only: it is a replica, or "
            "default_transaction_read_only is on"
        )
    missing = connection.execute(
        # For a partition, the rights to its table are enough.
        "SELECT relname, privilege FROM pg_class, "
        "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege "
        "WHERE relnamespace = CAST(%s AS regnamespace) AND relkind IN ('r', 'p') "
        "AND NOT relispartition AND NOT has_table_privilege(oid, privilege) "
        "ORDER BY 1, 2",
        (place.schema,),
    ).fetchone()
    if missing is not None:
        table, right = missing
        raise StoreError(
            f"cannot use {place}: the right to {right} is missing for the table "
            f"{table!r}, and perhaps others; {_needed(place)}"
        )


def _needed(place: Place) -> str:
    """Return which rights the user needs."""
    return (
        "the user needs the right to create schemas there, or has to own the schema "
        f"{place.schema!r}"
    )


def _version(place: Place, connection: psycopg.Connection[Any]) -> int:
    """Return the version of the tables, 0 if there are none."""
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (place.schema,)
        )
    ]
    if not tables:
        return 0
    if not {"smtptest_version", "state"}.issubset(tables):
        raise StoreError(
            f"schema {place.schema!r} of {place} belongs to another program: use "
            "schema=NAME"
        )
    (may_use,) = connection.execute(
        "SELECT has_schema_privilege(%s, 'USAGE')", (place.schema,)
    ).fetchone() or (False,)
    if not may_use:
        raise StoreError(
            f"cannot use {place}: the right to use the schema {place.schema!r} is "
            f"missing; {_needed(place)}"
        )
    (version,) = connection.execute(
        "SELECT max(number) FROM smtptest_version"
    ).fetchone() or (0,)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{place} was written by a newer lazr.smtptest: its version is {version}, "
            f"and this one knows {len(MIGRATIONS)}"
        )
    return int(version)


def _migrate(place: Place, connection: psycopg.Connection[Any]) -> None:
    version = _version(place, connection)
    if version == len(MIGRATIONS):
        return
    if not version:
        schema = sql.Identifier(place.schema)
        if not connection.execute(
            "SELECT 1 FROM pg_namespace WHERE nspname = %s", (place.schema,)
        ).fetchone():
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute("CREATE TABLE smtptest_version (number INTEGER NOT NULL)")
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement.encode())
    if not version:
        connection.execute("UPDATE state SET validity = %s", (new_validity(),))
        _index_trigrams(place, connection)
    connection.execute("DELETE FROM smtptest_version")
    connection.execute("INSERT INTO smtptest_version VALUES (%s)", (len(MIGRATIONS),))


def _index_trigrams(place: Place, connection: psycopg.Connection[Any]) -> None:
    """Make the indexes of three characters, if the extension can be had."""
    try:
        with connection.transaction():
            found = _extension(connection)
            if not found:
                connection.execute("CREATE EXTENSION pg_trgm SCHEMA public")
                found = _extension(connection)
            name = sql.Identifier(found).as_string(connection)
            connection.execute(TRIGRAMS.format(name).encode())
            connection.execute("UPDATE state SET trigrams = TRUE")
    except psycopg.Error as error:
        log.warning(
            "%s: the extension pg_trgm cannot be used, so parts of words and of header "
            "fields are searched without an index: %s",
            place,
            reason(error),
        )


def _extension(connection: psycopg.Connection[Any]) -> str:
    """Return the schema of the extension; ``""`` if it is not there."""
    row = connection.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace "
        "ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'"
    ).fetchone()
    return row[0] if row else ""
