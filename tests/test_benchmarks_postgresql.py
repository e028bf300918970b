"""The benchmark of servers that share a database; see `test_benchmarks`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import attrs
import pytest

pytest.importorskip("psycopg_pool", reason="psycopg is not installed")

import psycopg

from benchmarks.postgresql import filling, limits
from lazr_smtptest.stores.postgresql import PostgreSQLStore

from .test_benchmarks import TINY, missing, run_benchmarks
from .test_benchmarks import pytestmark as pytestmark


@pytest.fixture
def filled(postgresql: str) -> str:
    """Fill a schema with twelve messages; return its name."""
    filling.fill(postgresql, "filled", 12)
    return "filled"


def test_servers_of_a_database_are_measured() -> None:
    """A server of its own is started; each question and each goal has a line."""
    done = run_benchmarks("--scenario", "postgresql", *TINY)
    assert done.returncode == 0, done.stderr
    if " is left out; to include it: " in done.stderr:
        missing(done.stderr)
    _, head, _, *lines = done.stdout.split("\n\n")[1].splitlines()
    assert head.split() == ["ours"]
    assert lines[0].split() == ["messages", "3"]
    measured = [line for line in lines if line.startswith("x one node  ")]
    assert len(measured) == 1
    for goal in (
        "wanted: ours <= 50 ms for a page: ",
        "wanted: ours >= 3000 msg/s kept by a node: ",
        "wanted: ours >= 2.7 x one node: ",
        "wanted: ours <= 300 ms to the answer at another node: ",
    ):
        assert [line for line in lines if line.startswith(goal)]


def test_what_is_filled_is_what_a_store_keeps(postgresql: str, filled: str) -> None:
    """A message of it that is added to another store has the same summary there."""
    with (
        closing(PostgreSQLStore(postgresql, schema=filled)) as source,
        closing(PostgreSQLStore(postgresql, schema="added")) as target,
    ):
        [kept] = source.page(limit=1)
        envelope = source.get(kept.id)
        assert envelope is not None
        target.add(envelope)
        [added] = target.search("about", timeout=60)
        assert attrs.evolve(added, number=12, flags=kept.flags) == kept


def test_a_filled_store_counts_what_it_has(postgresql: str, filled: str) -> None:
    """Each fourth message is unread, and all can be searched."""
    with closing(PostgreSQLStore(postgresql, schema=filled)) as store:
        counts = store.counts("about")
        assert (counts.messages, counts.unread, counts.matching) == (12, 3, 12)
        assert len(store.page("is:unread")) == 3
        assert filling.is_filled(postgresql, filled, 12)


def test_a_filled_store_has_the_indexes_of_another(
    postgresql: str, filled: str
) -> None:
    """But for that of three adjacent characters; partitions have theirs, too."""
    with closing(PostgreSQLStore(postgresql, schema="empty")):
        pass
    with psycopg.connect(postgresql) as connection:

        def indexes(schema: str) -> set[tuple[str, str]]:
            rows = connection.execute(
                "SELECT tablename, split_part(indexdef, ' USING ', 2) "
                "FROM pg_indexes WHERE schemaname = %s "
                "AND indexdef NOT LIKE '%%gin_trgm_ops%%'",
                (schema,),
            )
            return set(rows.fetchall())

        assert indexes(filled) == indexes("empty")


def test_a_group_of_the_first_version_has_its_part(tmp_path: Path) -> None:
    """A fifth of each period."""
    (tmp_path / "cpu").mkdir()
    folder = limits._folder(tmp_path)
    limits._limit(folder, 0.2)
    assert (folder / "cpu.cfs_period_us").read_text() == "5000\n"
    assert (folder / "cpu.cfs_quota_us").read_text() == "1000\n"


def test_a_group_of_the_second_version_has_its_part(tmp_path: Path) -> None:
    """The controller is switched on for it."""
    folder = limits._folder(tmp_path)
    limits._limit(folder, 0.2)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu\n"
    assert (folder / "cpu.max").read_text() == "1000 5000\n"


def test_where_no_group_can_be_made_nothing_is_limited(tmp_path: Path) -> None:
    """The comparison is by processor time then."""
    with limits.limited(0.2, tmp_path / "none") as add:
        assert add is None


def test_a_group_that_gets_no_part_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the part is too small for the kernel."""

    def refuse(folder: Path, part: float) -> None:
        raise OSError(22, "Invalid argument")

    (tmp_path / "cpu").mkdir()
    monkeypatch.setattr(limits, "_limit", refuse)
    with limits.limited(0.2, tmp_path) as add:
        assert add is None
    assert list((tmp_path / "cpu").iterdir()) == []
