"""Fault rules of several nodes, which share a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from lazr_smtptest.errors import StoreError
from lazr_smtptest.faults import FaultFileError, Faults
from lazr_smtptest.faults.shared import SharedRules
from lazr_smtptest.model.fault_context import FaultContext, NotDueError
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.shared_state import SharedState

LATER = {"on": "RCPT", "reply": [451, "Later"]}
# Seconds until a node has what another one has changed.
SOON = 1.0


class Here(Clock):
    """A clock, and a pool of threads, that are the calling thread."""

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        function(*arguments)

    def callInThread(self, function: Callable[[], Any]) -> None:
        function()


class Node:
    """A node, without a server."""

    def __init__(self, url: str) -> None:
        self.clock = Here()
        self.faults = Faults()
        self.store = open_store(url)
        self.state = SharedState(self.store)
        self.rules = SharedRules(self.faults, self.state)
        # Why a rule did not fire.
        self.reason = ""
        self.state.start(self.clock, self.clock)
        self.clock.advance(0)

    def add(self, *rules: Any, **more: Any) -> None:
        """Add rules at all nodes."""
        now(self.rules.add({"fault": [*rules], **more}))

    def listed(self) -> list[str]:
        """Return the rules that the node has soon."""
        self.clock.advance(SOON)
        return [str(rule) for rule in self.faults.rules]

    def fires(self) -> bool:
        """Return whether a rule fires for a recipient."""
        context = FaultContext(
            phase="RCPT", session=Session(id="s-1", number=1), now=0.0, to=("x@a.b",)
        )
        plan = self.faults.decide(context)
        if plan is None:
            return False
        try:
            now(plan.steps[0].run(None))
        except NotDueError as error:
            self.reason = str(error)
            return False
        return True

    def close(self) -> None:
        """End it."""
        now(self.state.stop())
        self.store.close()  # type: ignore[attr-defined]


def now(deferred: Any) -> Any:
    """Return the result of a Deferred, which it has already."""
    results: list[Any] = []
    failures: list[Any] = []
    assert isinstance(deferred, Deferred)
    deferred.addCallbacks(results.append, failures.append)
    for failure in failures:
        failure.raiseException()
    return results[0]


@pytest.fixture
def nodes(postgresql: str) -> Iterator[tuple[Node, Node]]:
    """Two nodes of one database."""
    with closing(Node(postgresql)) as one, closing(Node(postgresql)) as other:
        yield one, other


def test_what_one_node_adds_all_have(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    one.add(LATER)
    assert one.listed() == other.listed() == ["on('RCPT').reply(451, 'Later')"]
    assert other.fires()


def test_a_node_that_starts_later_has_it(postgresql: str) -> None:
    """Also when the node that added it has ended."""
    one = Node(postgresql)
    one.add(LATER)
    one.close()
    other = Node(postgresql)
    try:
        assert other.fires()
    finally:
        other.close()


def test_the_rules_of_a_personality_are_one_each(nodes: tuple[Node, Node]) -> None:
    """Each can be removed, and counts for itself."""
    one, other = nodes
    one.add(personality=[{"name": "gmail-like"}])
    all_ = one.listed()
    assert other.listed() == all_
    assert len(all_) > 1
    now(other.rules.remove(other.faults.rules[0]))
    assert one.listed() == all_[1:]


def test_they_are_asked_in_the_same_order_everywhere(
    nodes: tuple[Node, Node],
) -> None:
    """That in which they were added; a node's own rules come first."""
    one, other = nodes
    one.add({**LATER, "recipient": "a@b.c"})
    own = other.faults.on("NOOP").reply(250)
    # It has not looked yet.
    other.add({**LATER, "recipient": "d@e.f"})
    assert other.listed() == [str(own), *one.listed()]
    assert "a@b.c" in one.listed()[0]


def test_any_node_removes_it(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    one.add(LATER)
    other.listed()
    now(other.rules.remove(other.faults.rules[0]))
    assert one.listed() == other.listed() == []
    assert not one.fires()


def test_any_node_removes_all(nodes: tuple[Node, Node]) -> None:
    """But not the own rules of another one."""
    one, other = nodes
    one.add(LATER, LATER)
    own = one.faults.on("NOOP").reply(250)
    now(other.rules.clear())
    assert other.listed() == []
    assert one.listed() == [str(own)]


def test_a_wrong_rule_adds_none(nodes: tuple[Node, Node]) -> None:
    """The error names its table, as that of a file."""
    one, other = nodes
    with pytest.raises(FaultFileError, match=r"fault\[1\].reply"):
        one.add(LATER, {"on": "RCPT", "reply": "no"})
    assert one.listed() == other.listed() == []


def test_it_fires_so_many_times_at_all_nodes_together(
    nodes: tuple[Node, Node],
) -> None:
    """The next time the server behaves as it normally does."""
    one, other = nodes
    one.add({**LATER, "times": 2})
    other.listed()
    assert [each.fires() for each in (one, other, one, other)] == [
        *(True, True, False, False)
    ]


def test_its_count_is_the_same_at_all_nodes(nodes: tuple[Node, Node]) -> None:
    """Of a rule that may fire at any time, too."""
    one, other = nodes
    one.add(LATER)
    other.listed()
    for node in (one, other, other):
        node.fires()
    one.listed()
    other.listed()
    assert [node.faults.rules[0].fired for node in nodes] == [3, 3]


def test_the_journal_has_what_fired_here(nodes: tuple[Node, Node]) -> None:
    """With its number among those of all nodes; what did not fire is not in it."""
    one, other = nodes
    one.add({**LATER, "times": 2})
    other.listed()
    for node in (one, other, one):
        node.fires()
    assert [fired.nth for fired in one.faults.journal] == [1]
    assert [fired.nth for fired in other.faults.journal] == [2]


def test_what_has_fired_elsewhere_is_not_asked_any_more(
    nodes: tuple[Node, Node],
) -> None:
    """So the next rule is asked."""
    one, other = nodes
    one.add({**LATER, "times": 1}, {**LATER, "recipient": "*"})
    other.listed()
    assert one.fires()
    other.listed()
    assert other.fires()
    assert [fired.nth for fired in other.faults.journal] == [1]


def test_times_for_each_key_are_those_of_each_node(nodes: tuple[Node, Node]) -> None:
    """And the rule says so; the sum is counted by all together."""
    one, other = nodes
    one.add({**LATER, "times": 1, "per": "recipient"})
    other.listed()
    assert [each.fires() for each in (one, other, one, other)] == [
        *(True, True, False, False)
    ]
    one.listed()
    [rule] = one.faults.rules
    assert rule.fired == 2
    assert rule.counted_by_each == ("per",)


@pytest.mark.slow
def test_it_fires_exactly_so_many_times_under_load(postgresql: str) -> None:
    """Eight nodes fire at the same time."""
    nodes = [Node(postgresql) for _ in range(8)]
    nodes[0].add({**LATER, "times": 100})
    try:
        for node in nodes:
            node.listed()
        with ThreadPoolExecutor(len(nodes)) as pool:
            fired = pool.map(lambda node: sum(node.fires() for _ in range(40)), nodes)
            assert sum(fired) == 100
    finally:
        for node in nodes:
            node.close()


def test_without_its_database_a_rule_does_not_fire(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fires again when the database is back."""
    one, _ = nodes
    one.add({**LATER, "times": 1})

    def away(*values: Any) -> None:
        raise StoreError("cannot write to postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(one.state._database, "change", away)
        patched.setattr(one.state._database, "read", away)
        assert not one.fires()
        assert one.reason.endswith(": cannot write to postgresql://db/mail: no route")
        assert one.listed()
    assert one.fires()


def test_a_rule_of_another_version_is_left_out(
    nodes: tuple[Node, Node], caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once; others are used."""
    one, other = nodes
    now(one.state.change(_insert_unknown))
    one.add(LATER)
    assert len(other.listed()) == len(other.listed()) == 1
    said = [each for each in caplog.messages if "cannot be read here" in each]
    assert len(said) == 1


def _insert_unknown(database: Any) -> None:
    database.execute(
        "INSERT INTO fault (record, place) VALUES (?, 0)",
        ('{"fault": [{"on": "RCPT", "sing": true}]}',),
    )


def test_the_log_says_when_the_others_are_seen_again(
    nodes: tuple[Node, Node],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And once that they are not, however often it looks."""
    one, _ = nodes
    caplog.set_level("INFO", "lazr.smtptest")

    def away(*values: Any) -> None:
        raise StoreError("cannot read postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(one.state._database, "read", away)
        one.clock.pump([SOON] * 3)
    one.clock.pump([SOON] * 3)
    assert caplog.messages == [
        "what other nodes share is not seen: "
        "cannot read postgresql://db/mail: no route",
        "what other nodes share is seen again",
    ]
