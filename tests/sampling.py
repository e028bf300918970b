"""The rows of tables that run on each Python, and in ``nox -s quick``.

``LAZR_SMTPTEST_SHARE=5`` chooses one of five rows, at least five of a table;
``LAZR_SMTPTEST_LEAST=1`` at least one.
"""

from __future__ import annotations

from zlib import crc32

import pytest

# A test of so few rows runs all of them on every Python.
SHORT_TABLE = 5


def choose(ids: list[str], share: int, least: int = SHORT_TABLE) -> set[str]:
    """Return the rows of a table that stand for all: one of `share`, at least `least`.

    They are those whose ids have the lowest checksums: the same in every process and on
    every Python.
    """
    count = max(least, -(-len(ids) // share))
    return set(sorted(ids, key=lambda each: crc32(each.encode()))[:count])


def leave_out_rows(
    config: pytest.Config, items: list[pytest.Item], share: int, least: int
) -> None:
    """Deselect the rows of long tables that are not chosen."""
    tables: dict[str, list[str]] = {}
    for item in items:
        tables.setdefault(item.nodeid.partition("[")[0], []).append(item.nodeid)
    chosen = set().union(*(choose(ids, share, least) for ids in tables.values()))
    left_out = [each for each in items if each.nodeid not in chosen]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each.nodeid in chosen]
