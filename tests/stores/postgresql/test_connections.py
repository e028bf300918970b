"""How many connections a server has to its database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from lazr_smtptest.stores import open_store

from ..envelopes import make_envelope

# Those of the table in doc/scale.rst: a server that takes mail, its spool, and changes
# that somebody waits for; without fault rules and settings, which are none of a store.
MOST = 8 + 1 + 1


def test_a_store_has_no_more_than_the_manual_says(
    postgresql: str, tmp_path: Path
) -> None:
    """However many threads read it."""
    url = f"{postgresql}&application_name=counted&spool={tmp_path}"
    store: Any = open_store(url)
    with (
        closing(store),
        psycopg.connect(postgresql, autocommit=True) as connection,
        ThreadPoolExecutor(16) as pool,
    ):
        store.join()
        store.watch(lambda change: None)
        for number in range(3):
            store.add(make_envelope(number))
        read = [
            pool.submit(store.counts, "subject:message", timeout=60) for _ in range(100)
        ]
        assert all(each.result().matching == 3 for each in read)
        (count,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
        ).fetchone() or (0,)
    # The threads have shared four connections.
    assert 4 < count <= MOST
