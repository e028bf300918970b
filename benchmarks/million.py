"""A database with many messages: it is filled by a server, and then it is asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from .load import send
from .load.plan import Plan
from .peers.ours import Ours
from .program import Program
from .scenario import Budget, Ceiling, Column, Entry, Sample, Wanted

PLAN = Plan(varied=True, distinct=True)

_QUESTIONS = (
    Column("page", "ms for a page", 1e-3, 2),
    Column("next", "ms for the page behind a message", 1e-3, 2),
    Column("one", "ms for a word of one", 1e-3, 2),
    Column("thousandth", "ms for two words of a thousandth", 1e-3, 2),
    Column("eighth", "ms for a word of an eighth", 1e-3, 2),
    Column("all", "ms for a word of all", 1e-3, 2),
    Column("two", "ms for a word of all and one of an eighth", 1e-3, 2),
    Column("beginning", "ms for the beginning of a word of an eighth", 1e-3, 2),
    Column("wide", "ms for the beginning of a word of all", 1e-3, 2),
    Column("letter", "ms for the letter of a million words", 1e-3, 2),
    Column("none", "ms for a word of none", 1e-3, 2),
    Column("recipient", "ms for one to a recipient", 1e-3, 2),
    Column("count", "ms for how many there are", 1e-3, 2),
)
_OPENED = Column("opened", "ms to open it", 1e-3, 1)
_GROWN = Column("grown", "x the memory at a tenth", 1, 2)

COLUMNS = (
    Column("messages", "messages"),
    Column("rate", "msg/s kept"),
    Column("early", "MB of memory at a tenth", 1e6, 1),
    Column("late", "MB of memory at the end", 1e6, 1),
    _GROWN,
    Column("size", "MB on the disk", 1e6),
    _OPENED,
    Column("indexed", "s until all can be searched"),
    *_QUESTIONS,
)

GOALS = (
    Ceiling(_GROWN.key, 1.1),
    Ceiling(_OPENED.key, 1000),
    *(Ceiling(question.key, 50) for question in _QUESTIONS),
)

_MESSAGES = 1_000_000
# Seconds: a slow disk keeps some hundred messages in each.
_PATIENCE = 3600


def entries(wanted: Wanted) -> list[Entry]:
    """Let ours take part: the others have no database."""
    return [Ours().entry(_play)]


def _play(budget: Budget) -> Sample:
    number = budget.messages or _MESSAGES
    with TemporaryDirectory() as folder:
        file = Path(folder, "mail.db")
        filled = _fill(file, number)
        asked = _ask(file, number)
        return {"messages": number, **filled, "size": file.stat().st_size, **asked}


def _fill(file: Path, number: int) -> dict[str, float]:
    """Look at the server when it has a tenth, and when it has all."""
    peer = Ours({"store": f"sqlite:{file}"})
    tenth = -(-number // 10)
    rest = attrs.evolve(PLAN, first=tenth)
    with peer.run(frozenset()) as server:
        seconds = send(server.port, PLAN, tenth, _PATIENCE)
        early = server.usage().resident
        seconds += send(server.port, rest, number - tenth, _PATIENCE)
        late = server.usage().resident
        peer.check(server, number)
    return {
        "rate": number / seconds,
        "early": early,
        "late": late,
        "grown": late / early,
    }


def _ask(file: Path, number: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.asking", str(file), str(number)]
    with Program("ours", command) as program:
        answers: dict[str, float] = json.loads(program.hear(_PATIENCE))
    return answers
