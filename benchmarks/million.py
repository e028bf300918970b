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
from .queries import QUERIES, TAGGED
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
_LANGUAGE = tuple(
    column
    for query in QUERIES
    for column in (
        Column(query.key, f"ms for a page of {query.text or 'all'!r}", 1e-3, 2),
        Column(f"{query.key}-count", "ms for their count", 1e-3, 2),
    )
)
_WORST = Column("worst", "ms for the slowest page or count", 1e-3, 1)
_CHANGES = (
    Column("flags", f"ms for a flag of {TAGGED:,}", 1e-3, 1),
    Column("tags", f"ms for a tag of {TAGGED:,}", 1e-3, 1),
)
_PARTS = Column("parts", f"of {len(QUERIES)} queries answered in part")
_SURPRISES = Column("surprises", "of these unexpectedly")
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
    *_CHANGES,
    *_LANGUAGE,
    _WORST,
    _PARTS,
    _SURPRISES,
)

GOALS = (
    Ceiling(_GROWN.key, 1.1),
    Ceiling(_OPENED.key, 50),
    *(Ceiling(question.key, 50) for question in (*_QUESTIONS, *_LANGUAGE)),
    *(Ceiling(change.key, 500) for change in _CHANGES),
    Ceiling(_WORST.key, 250),
    Ceiling(_SURPRISES.key, 0),
)

_MESSAGES = 1_000_000
# Seconds: a slow disk keeps some hundred messages in each.
_PATIENCE = 3600


def entries(wanted: Wanted) -> list[Entry]:
    """Let ours take part: the others have no database."""
    return [Ours().entry(_play)]


def _play(budget: Budget) -> Sample:
    number = budget.messages or _MESSAGES
    if budget.database is not None:
        return _kept(budget.database, number)
    with TemporaryDirectory() as folder:
        file = Path(folder, "mail.db")
        return _sample(file, number, _fill(file, number))


def _kept(file: Path, number: int) -> Sample:
    """Fill a database, unless that was done before, and ask it."""
    notes = file.with_name(f"{file.name}.json")
    if not notes.exists():
        notes.write_text(json.dumps(_fill(file, number)))
    return _sample(file, number, json.loads(notes.read_text()))


def _sample(file: Path, number: int, filled: dict[str, float]) -> Sample:
    asked = _ask(file, number)
    return {"messages": number, **filled, "size": file.stat().st_size, **asked}


def _fill(file: Path, number: int) -> dict[str, float]:
    """Measure the server when it has a tenth, and when it has all."""
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
