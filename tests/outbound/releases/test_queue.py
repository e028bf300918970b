"""The queue of releases: in a file, and in a database that nodes share."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest.outbound.releases.file_queue import FileQueue
from lazr_smtptest.outbound.releases.queue import ReleaseQueue
from lazr_smtptest.outbound.releases.release import Release
from lazr_smtptest.outbound.releases.shared_queue import SharedQueue
from lazr_smtptest.stores import open_store

LEASE = 60.0

Open = Callable[..., ReleaseQueue]


@pytest.fixture
def open_shared(postgresql: str) -> Iterator[Open]:
    """Open the queue of a database, as another node each time."""
    store: Any = open_store(postgresql)
    opened = []

    def open_shared(validity: int = 1) -> ReleaseQueue:
        opened.append(SharedQueue(store.connect(), validity))
        return opened[-1]

    yield open_shared
    for queue in opened:
        queue.close()
    store.close()


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Open]:
    """Open the queue of a file; it is closed first, for one process has it."""
    opened: list[FileQueue] = []

    def open_file(validity: int = 1) -> ReleaseQueue:
        for queue in opened:
            queue.close()
        opened.append(FileQueue(tmp_path / "mail.db.releases", validity))
        return opened[-1]

    yield open_file
    for queue in opened:
        queue.close()


@pytest.fixture(
    params=[
        "file",
        pytest.param("shared", marks=[pytest.mark.slow, pytest.mark.twice]),
    ]
)
def open_queue(request: pytest.FixtureRequest) -> Open:
    """Open the queue of the test, of each kind."""
    opened: Open = request.getfixturevalue(f"open_{request.param}")
    return opened


@pytest.fixture
def queue(open_queue: Open) -> ReleaseQueue:
    """An empty queue, of each kind."""
    return open_queue()


def release(message: str = "id-1", *, due_in: float = 0.0, **values: Any) -> Release:
    """Return a release of the route `relay`, whose attempt is due in some seconds."""
    given: dict[str, Any] = {
        "route": "relay",
        "sender": "a@x",
        "recipients": ("b@x", "c@x"),
        "created": 1000.0,
        "changed": 1000.0,
        "next_try": 1000.0 + due_in,
    }
    return Release(message=message, **{**given, **values})


def claimed(queue: ReleaseQueue, route: str = "relay", **options: Any) -> str:
    """Claim a release; return the id of its message, ``""`` for none."""
    found = queue.claim(route, LEASE, **options)
    return "" if found is None else found.message


def ended(release: Release, state: Any, delay: float = 0.0) -> Release:
    """Return a release after an attempt."""
    next_try = 2000.0 + delay if state == "queued" else None
    return attrs.evolve(release, state=state, changed=2000.0, next_try=next_try)


def test_only_its_owner_reads_the_file_of_a_queue(tmp_path: Path) -> None:
    """It has addresses and replies, as the messages."""
    file = tmp_path / "mail.db.releases"
    FileQueue(file, 1).close()
    assert file.stat().st_mode & 0o777 == 0o600


# Of each kind


def test_a_release_comes_back_as_it_was_added(queue: ReleaseQueue) -> None:
    added = queue.add(release(reply="é", transcript="S: 220 \N{SNOWMAN}"))
    found = queue.release(added.number)
    assert found is not None
    assert attrs.evolve(found, next_try=added.next_try) == added


def test_characters_that_a_database_does_not_keep_are_escaped(
    queue: ReleaseQueue,
) -> None:
    added = queue.add(release(reply="550 \0\udc80"))
    found = queue.release(added.number)
    assert found is not None
    assert found.reply == r"550 \x00\udc80"


def test_numbers_are_not_used_again(queue: ReleaseQueue) -> None:
    numbers = [queue.add(release()).number for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_the_newest_are_found_first(queue: ReleaseQueue) -> None:
    for name in "abc":
        queue.add(release(name, state="sent" if name == "b" else "queued"))
    assert [each.message for each in queue.find()] == ["c", "b", "a"]
    assert [each.message for each in queue.find(limit=1)] == ["c"]
    assert [each.message for each in queue.find(state="sent")] == ["b"]
    assert [each.message for each in queue.find(message="a")] == ["a"]


def test_what_is_due_first_is_claimed_first(queue: ReleaseQueue) -> None:
    queue.add(release("late", due_in=-1.0))
    queue.add(release("early", due_in=-2.0))
    assert claimed(queue) == "early"


def test_what_is_not_due_is_not_claimed(queue: ReleaseQueue) -> None:
    queue.add(release(due_in=1000.0))
    assert claimed(queue) == ""


def test_another_route_has_releases_of_its_own(queue: ReleaseQueue) -> None:
    queue.add(release(route="forward"))
    assert claimed(queue) == ""
    assert queue.count("relay") == 0
    assert claimed(queue, "forward") == "id-1"


def test_an_attempt_that_has_ended_is_not_due(queue: ReleaseQueue) -> None:
    queue.add(release())
    found = queue.claim("relay", LEASE)
    assert found is not None
    assert queue.end_attempt(ended(found, "sent"))
    assert claimed(queue) == ""
    assert [each.state for each in queue.find()] == ["sent"]


def test_a_further_attempt_is_due_after_its_delay(queue: ReleaseQueue) -> None:
    queue.add(release())
    found = queue.claim("relay", LEASE)
    assert found is not None
    queue.end_attempt(ended(found, "queued", delay=1000.0))
    assert claimed(queue) == ""
    found = queue.release(found.number)
    assert found is not None
    queue.end_attempt(ended(found, "queued"))
    assert claimed(queue) == "id-1"


def test_a_pause_holds_for_all_claims_of_a_route(queue: ReleaseQueue) -> None:
    queue.add(release("a"))
    queue.add(release("b"))
    assert claimed(queue, pause=1000.0) == "a"
    assert claimed(queue, pause=1000.0) == ""


def test_a_claim_that_finds_nothing_begins_no_pause(queue: ReleaseQueue) -> None:
    assert claimed(queue, pause=1000.0) == ""
    queue.add(release())
    assert claimed(queue, pause=1000.0) == "id-1"


def test_what_is_due_is_not_waited_for(queue: ReleaseQueue) -> None:
    queue.add(release())
    assert queue.wait("relay") == 0.0


def test_what_was_canceled_is_not_claimed(queue: ReleaseQueue) -> None:
    number = queue.add(release()).number
    canceled = queue.cancel(number)
    assert canceled is not None
    assert (canceled.state, canceled.next_try) == ("canceled", None)
    assert claimed(queue) == ""
    assert queue.cancel(number) is None


def test_what_was_canceled_in_an_attempt_stays_so_unless_it_was_sent(
    queue: ReleaseQueue,
) -> None:
    queue.add(release())
    found = queue.claim("relay", LEASE)
    assert found is not None
    queue.cancel(found.number)
    assert not queue.end_attempt(ended(found, "queued"))
    assert queue.end_attempt(ended(found, "sent"))


def test_what_was_refused_is_due_when_it_is_tried_again(queue: ReleaseQueue) -> None:
    number = queue.add(release(state="refused", next_try=None)).number
    retried = queue.retry(number)
    assert retried is not None
    assert retried.state == "queued"
    assert claimed(queue) == "id-1"


def test_what_was_sent_is_not_tried_again(queue: ReleaseQueue) -> None:
    number = queue.add(release(state="sent", next_try=None)).number
    assert queue.retry(number) is None


def test_a_rule_begins_where_it_was(open_queue: Open) -> None:
    queue = open_queue()
    assert queue.begin(["rule"], 5) == {"rule": 5}
    assert queue.advance("rule", 5, 7, [release(by_rule=True)]) == 7
    queue.close()
    assert open_queue().begin(["rule"], 9) == {"rule": 7}


def test_a_rule_that_has_moved_since_adds_nothing(queue: ReleaseQueue) -> None:
    """Even if what it would add has ended and is forgotten."""
    queue.begin(["rule"], 5)
    queue.advance("rule", 5, 7, [])
    assert queue.advance("rule", 5, 6, [release(by_rule=True)]) == 7
    assert queue.find() == []


def test_a_rule_that_others_have_forgotten_goes_on_where_it_was(
    queue: ReleaseQueue,
) -> None:
    """It does not begin with mail from before."""
    assert queue.advance("rule", 5, 7, [release(by_rule=True)]) == 7
    assert queue.advance("rule", 7, 8, []) == 8


def test_a_rule_releases_a_message_once(queue: ReleaseQueue) -> None:
    queue.begin(["rule"], 5)
    queue.advance("rule", 5, 6, [release(by_rule=True)])
    queue.advance("rule", 6, 7, [release(by_rule=True)])
    assert len(queue.find()) == 1
    queue.add(release())
    assert len(queue.find()) == 2


def test_in_another_store_all_messages_are_new_to_a_rule(open_queue: Open) -> None:
    queue = open_queue(validity=1)
    queue.begin(["rule"], 5)
    queue.close()
    assert open_queue(validity=2).begin(["rule"], 9) == {"rule": 0}


def test_the_marker_stays(open_queue: Open) -> None:
    marker = open_queue(validity=1).marker
    assert open_queue(validity=2).marker == marker


# The file


def test_what_waits_in_a_file_says_when_it_is_due(open_file: Open) -> None:
    queue = open_file()
    assert queue.wait("relay") is None
    queue.add(release(due_in=1000.0))
    wait = queue.wait("relay")
    assert wait is not None
    assert 900.0 < wait <= 1000.0


def test_a_file_forgets_rules_that_are_not_in_use(open_file: Open) -> None:
    queue = open_file()
    queue.begin(["one"], 5)
    queue.begin(["other"], 6)
    assert queue.begin(["one"], 7) == {"one": 7}


def test_a_file_of_before_is_taken_over(tmp_path: Path) -> None:
    """With its marker, the positions of rules, and the releases."""
    path = tmp_path / "mail.db.releases"
    FileQueue(path, 1).close()
    database = sqlite3.connect(path)
    database.executescript(
        """
        DROP TABLE release_about; DROP TABLE release_rule; DROP TABLE release_pace;
        CREATE TABLE about (marker TEXT NOT NULL, validity INTEGER NOT NULL);
        INSERT INTO about VALUES ('mark', 1);
        CREATE TABLE position (rule TEXT PRIMARY KEY, number INTEGER NOT NULL);
        INSERT INTO position VALUES ('rule', 5);
        """
    )
    database.close()
    queue = FileQueue(path, 1)
    assert (queue.marker, queue.begin(["rule"], 9)) == ("mark", {"rule": 5})
    queue.close()


# The database


def shared(function: Callable[..., None]) -> Any:
    return pytest.mark.slow(pytest.mark.twice(function))


@shared
def test_two_nodes_never_claim_the_same(open_shared: Open) -> None:
    """However their claims meet."""
    queues = [open_shared() for _ in range(3)]
    names = {f"id-{number}" for number in range(30)}
    for name in names:
        queues[0].add(release(name))
    found: list[str] = []

    def claim(queue: ReleaseQueue) -> None:
        # None: another node has locked what is left at this moment.
        while queue.count("relay"):
            claimed = queue.claim("relay", LEASE)
            if claimed is not None:
                found.append(claimed.message)
                queue.end_attempt(ended(claimed, "sent"))

    threads = [threading.Thread(target=claim, args=(each,)) for each in queues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(names)


@shared
def test_what_a_dead_node_had_is_claimed_when_its_lease_ends(
    open_shared: Open,
) -> None:
    dead, alive = open_shared(), open_shared()
    dead.add(release())
    dead.claim("relay", LEASE)
    assert claimed(alive) == ""
    found = dead.claim("relay", 0.0)
    assert found is not None
    assert claimed(alive) == "id-1"


@shared
def test_an_attempt_after_the_end_of_its_lease_does_not_count_unless_it_was_sent(
    open_shared: Open,
) -> None:
    slow, quick = open_shared(), open_shared()
    slow.add(release())
    found = slow.claim("relay", 0.0)
    assert found is not None
    assert claimed(quick) == "id-1"
    assert not slow.end_attempt(ended(found, "refused"))
    assert slow.end_attempt(ended(found, "sent"))


@shared
def test_a_node_that_ends_leaves_what_it_had_to_the_others(open_shared: Open) -> None:
    first, second = open_shared(), open_shared()
    first.add(release())
    assert claimed(first) == "id-1"
    first.leave()
    assert claimed(second) == "id-1"


@shared
def test_what_is_asked_for_at_a_node_is_sent_there(open_shared: Open) -> None:
    """Where somebody waits for the result."""
    here, there = open_shared(), open_shared()
    number = here.add(release(), LEASE).number
    assert claimed(there) == ""
    assert claimed(here) == "id-1"
    here.cancel(number)
    here.retry(number, LEASE)
    assert claimed(there) == ""
    assert claimed(here) == "id-1"


@shared
def test_a_node_looks_again_for_what_others_leave(open_shared: Open) -> None:
    queue = open_shared()
    assert queue.wait("relay") == queue.polling
    queue.add(release(due_in=1000.0))
    assert queue.wait("relay") == queue.polling


@shared
def test_a_rate_holds_for_all_nodes_together(open_shared: Open) -> None:
    first, second = open_shared(), open_shared()
    first.add(release("a"))
    first.add(release("b"))
    assert claimed(first, pause=1000.0) == "a"
    assert claimed(second, pause=1000.0) == ""


@shared
def test_the_rule_of_another_node_is_not_forgotten(open_shared: Open) -> None:
    first, second = open_shared(), open_shared()
    first.begin(["one"], 5)
    second.begin(["other"], 6)
    assert first.begin(["one"], 7) == {"one": 5}


@shared
def test_a_rule_that_no_node_has_had_for_an_hour_is_forgotten(
    open_shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = open_shared()
    queue.begin(["one"], 5)
    now = SharedQueue._now
    monkeypatch.setattr(
        SharedQueue, "_now", lambda self, database: now(self, database) + 3601.0
    )
    queue.begin(["other"], 6)
    assert queue.begin(["one"], 7) == {"one": 7}


@shared
def test_a_rule_in_use_that_selects_nothing_is_not_forgotten(
    open_shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = open_shared()
    queue.begin(["one"], 5)
    now = SharedQueue._now
    monkeypatch.setattr(
        SharedQueue, "_now", lambda self, database: now(self, database) + 3601.0
    )
    queue.advance("one", 5, 5, [])
    queue.begin(["other"], 6)
    assert queue.begin(["one"], 7) == {"one": 5}
