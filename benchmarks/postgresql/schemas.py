"""Schemas of a database: a store each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

__all__ = ["of_its_own", "url_of"]


def url_of(url: str, schema: str) -> str:
    """Return the URL of a store."""
    return f"{url}{'&' if '?' in url else '?'}schema={schema}"


@contextmanager
def of_its_own(url: str) -> Iterator[str]:
    """Yield the name of an unused schema, which is removed."""
    schema = f"benchmark_{uuid4().hex}"
    try:
        yield schema
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(statement.format(sql.Identifier(schema)))
