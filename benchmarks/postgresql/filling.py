"""Fill the tables of a store in PostgreSQL by COPY, without a server.

The rows are those that the package itself writes for a letter of `load.letters`, with
another number put into them: so ten million take minutes, and not hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.document import documents_of
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores._codec import address_key, fields_of
from lazr_smtptest.stores._summary_rows import indexed
from lazr_smtptest.stores.postgresql import PostgreSQLStore
from lazr_smtptest.stores.postgresql._dialect import texts_row
from lazr_smtptest.stores.postgresql._schema import PARTITIONED

from ..load.letters import letter

__all__ = ["FIRST", "fill", "is_filled"]

# The number that the first message has in its text. All have as many digits, so a row
# for one becomes the row for another by a replacement.
FIRST = 1_000_000_000

# Bytes of a message: short, that many fit onto a disk.
_SIZE = 256

# Letters whose numbers have the same rest have the same words: 8 subjects, 977 shelves.
_KINDS = 8 * 977

# What stands in a line for the number of its row, and for its time.
_NUMBER, _TIME = "\x01", "\x02"

# When the first message arrived, in microseconds since 1970, and until the next.
_BEGUN = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp() * 1_000_000)
_PAUSE = 1000

# Three of four messages are read.
_SEEN = 1

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def is_filled(url: str, schema: str, number: int) -> bool:
    """Return whether the schema has that many messages, all of them searchable."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'state'",
            (schema,),
        ).fetchone()
        if found is None:
            return False
        statement = sql.SQL("SELECT messages, indexed FROM {}.state")
        row = connection.execute(statement.format(sql.Identifier(schema))).fetchone()
    return row == (number, number)


def fill(url: str, schema: str, number: int) -> None:
    """Make the tables anew, with so many messages.

    There is no index of every three adjacent characters, as where the extension
    ``pg_trgm`` is missing.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        with closing(PostgreSQLStore(url, schema=schema)):
            pass
        connection.execute(sql.SQL("SET search_path = {}").format(name))
        connection.execute("SET synchronous_commit = off")
        connection.execute("DROP INDEX IF EXISTS texts_trigrams")
        for table in _rows(_KINDS):
            _copy(connection, table, number)
        connection.execute(
            "UPDATE state SET messages = %(n)s, octets = %(n)s::bigint * %(size)s, "
            "indexed = %(n)s, unread = %(n)s / 4, newest = %(n)s, "
            "trigrams = FALSE",
            {"n": number, "size": _SIZE},
        )
        connection.execute("ANALYZE")


def _copy(connection: psycopg.Connection[Any], table: str, number: int) -> None:
    """Fill a table, and make its indexes after that."""
    indexes = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), conname, "
        "pg_get_constraintdef(c.oid) FROM pg_index "
        "LEFT JOIN pg_constraint c ON conindid = indexrelid "
        "WHERE indrelid = %s::regclass",
        (table,),
    ).fetchall()
    with connection.transaction():
        connection.execute(f"TRUNCATE {table}".encode())
        for index, _, constraint, _ in indexes:
            if constraint is None:
                connection.execute(f"DROP INDEX {index}".encode())
            else:
                connection.execute(
                    f"ALTER TABLE {table} DROP CONSTRAINT {constraint}".encode()
                )
        # Those with partitions cannot be frozen.
        freeze = "" if table in PARTITIONED else " (FREEZE)"
        statement = f"COPY {table} FROM STDIN{freeze}".encode()
        with connection.cursor().copy(statement) as copy:
            for lines in _lines(table, number):
                copy.write(lines)
    for _, definition, constraint, made in indexes:
        if constraint is None:
            # Of the partitions, too.
            connection.execute(definition.replace(" ON ONLY ", " ON ").encode())
        else:
            connection.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {made}".encode()
            )


def _lines(table: str, number: int, at_once: int = 1000) -> Iterator[str]:
    for start in range(1, number + 1, at_once):
        stop = min(start + at_once, number + 1)
        yield "".join([_line(table, each) for each in range(start, stop)])


def _line(table: str, number: int) -> str:
    """Return the row of a message, as COPY reads it."""
    kind = number % _KINDS
    named, model = str(FIRST + number), str(_model(kind))
    line = _rows(kind)[table]
    line = line.replace(model, named)
    if table == "body":
        line = line.replace(model.encode().hex(), named.encode().hex())
    return line.replace(_NUMBER, str(number)).replace(
        _TIME, str(_BEGUN + number * _PAUSE)
    )


def _model(kind: int) -> int:
    """Return the number of a letter of a kind, which is not among the filled ones."""
    base = 9 * FIRST // _KINDS * _KINDS
    return base + (FIRST + kind) % _KINDS


@lru_cache(maxsize=2 * _KINDS)
def _rows(kind: int) -> Mapping[str, str]:
    """Return the row of each table for a message of a kind."""
    number = _model(kind)
    envelope = Envelope(
        mail_from="sender@example.com",
        rcpt_tos=(f"recipient-{number}-0@example.com",),
        content=letter(number, _SIZE),
        peer=("127.0.0.1", 40000),
        helo="load",
        id=f"{number:032x}",
        received_at=datetime.fromtimestamp(_BEGUN / 1_000_000, timezone.utc),
    )
    [document] = documents_of([envelope])
    row = indexed(0, envelope, "", document, TagRules())
    _, words, is_cut, *texts = texts_row(row)
    key = address_key(envelope.rcpt_tos[0]).decode()
    flags = 0 if kind % 4 == 0 else _SEEN
    rows: dict[str, tuple[object, ...]] = {
        "message": (
            *(_NUMBER, str(number).rjust(32, "0"), _TIME, envelope.size),
            *(fields_of(envelope), flags, 1),
        ),
        "body": (_NUMBER, 0, f"\\x{envelope.content.hex()}"),
        "recipient": (key, _NUMBER),
        "facts": (_NUMBER, _TIME, *row.facts[1:]),
        "summary": (_NUMBER, row.shown),
        "texts": (_NUMBER, " ".join(map(_quoted, words)), is_cut, *texts),
    }
    return {table: _as_line(values) for table, values in rows.items()}


def _quoted(word: str) -> str:
    """Return a word as `tsvector` reads it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _as_line(values: tuple[object, ...]) -> str:
    cells = (
        r"\N" if each is None else str(each).translate(_ESCAPES) for each in values
    )
    return "\t".join(cells) + "\n"
