"""The SQL of the marks, times and sizes of messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from lazr_smtptest.model.marks import MessageFacts
from lazr_smtptest.stores._changes import EACH
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores._tag_rows import flags_of, tags_of

__all__ = ["facts"]

# The most messages to read by one statement.
_AT_A_TIME = 1000


def facts(connection: Database, numbers: Sequence[int]) -> list[MessageFacts]:
    """Return the marks, times and sizes of messages, without those that are gone.

    Args:
        connection: the database.
        numbers: the numbers of the messages, ascending.
    """
    found = []
    for start in range(0, len(numbers), _AT_A_TIME):
        some = json.dumps(numbers[start : start + _AT_A_TIME])
        rows = connection.execute(
            "SELECT number, id, flags, change, size, fields FROM message "
            f"WHERE number IN {EACH} ORDER BY number",
            (some,),
        ).fetchall()
        tags = tags_of(connection, some)
        # At once: a call for each takes longer than the decoding.
        envelopes = json.loads(f"[{','.join([row[-1] for row in rows])}]")
        for row, envelope in zip(rows, envelopes, strict=True):
            number, id, bits, change, size, _ = row
            time = envelope.get("received_at")
            found.append(
                MessageFacts(
                    number,
                    id,
                    flags_of(bits),
                    tuple(tags.get(number, ())),
                    change,
                    None if time is None else datetime.fromisoformat(time),
                    size,
                )
            )
    return found
