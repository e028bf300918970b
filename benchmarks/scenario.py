"""What a scenario is: who plays it, and what is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import attrs

Sample = Mapping[str, float]
# Whether a server of that name is to take part.
Wanted = Callable[[str], bool]


@attrs.frozen(kw_only=True)
class Budget:
    """How much a turn may take.

    Attributes:
        seconds: how long its load should last.
        messages: how many messages, whatever that takes; 0: as many as fit into
            the seconds.
        database: the file of the scenario ``million``: it is filled if it does not
            exist, and stays; ``None`` for a temporary one.
    """

    seconds: float = 2.0
    messages: int = 0
    database: Path | None = None


@attrs.frozen
class Column:
    """Something that is measured.

    Attributes:
        key: its name in samples.
        heading: its name in the table, and its unit.
        unit: how much of what is in the sample is one of that unit.
        digits: decimals that are shown.
        better: which of two is better, where two are compared.
    """

    key: str
    heading: str
    unit: float = 1
    digits: int = 0
    better: Literal["", "more", "less"] = ""


@attrs.frozen
class Entry:
    """Who takes part.

    Attributes:
        name: what the row is called.
        version: of the server.
        play: takes one turn; `None` where a server does not have what it takes.
        missing: how it gets onto this machine, if it is not there.
    """

    name: str
    version: str
    play: Callable[[Budget], Sample] | None
    missing: str = ""


@attrs.frozen
class Goal:
    """How good one should be beside another.

    Attributes:
        column: the key of what is compared.
        against: the name of the other's entry.
        least: how many times as good it should be at least.
        of: the name of the entry.
    """

    column: str
    against: str
    least: float
    of: str = "ours"


@attrs.frozen
class Ceiling:
    """How much of something there should be at most.

    Attributes:
        column: the key of what is measured.
        most: how much, in the unit of the column.
        of: the name of the entry.
    """

    column: str
    most: float
    of: str = "ours"


@attrs.frozen
class Floor:
    """How much of something there should be at least; see `Ceiling`."""

    column: str
    least: float
    of: str = "ours"


@attrs.frozen(kw_only=True)
class Scenario:
    """Something to be measured, the same for all.

    Attributes:
        name: one word, for the command line.
        title: what it is.
        columns: what is looked at.
        enter: gives the entries of those that are wanted; the others are compared
            with the first.
        goals: what we want.
        once: whether one round is enough: nothing is timed.
        heavy: whether it runs only when it is asked for.
        upright: whether its table has a line for each column: there are many.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    enter: Callable[[Wanted], list[Entry]]
    goals: tuple[Goal | Ceiling | Floor, ...] = ()
    once: bool = False
    heavy: bool = False
    upright: bool = False
