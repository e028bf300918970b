"""A program that opens a database, asks it, and writes how long that took.

Times are in seconds. The questions are about messages of `load.letters`, and the
time of one is the median of several.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore

from .queries import QUERIES, TAG, TAGGED

_TIMES = 7


def main() -> None:
    """Ask the database of the command line, which has so many messages."""
    file, messages = Path(sys.argv[1]), int(sys.argv[2])
    begun = perf_counter()
    store = SQLiteStore(file)
    len(store)
    opened = perf_counter() - begun
    indexed = _time(lambda: store.search("nothing", timeout=1e6))
    times = {
        name: median(_time(ask) for _ in range(_TIMES))
        for name, ask in _questions(store, messages).items()
    }
    changed = _change(store)
    language = _ask_language(store, messages)
    store.close()
    print(
        json.dumps(
            {"opened": opened, "indexed": indexed, **times, **changed, **language}
        ),
        flush=True,
    )


def _change(store: SQLiteStore) -> dict[str, float]:
    """Time flags and a tag of the newest messages."""
    newest = [each.number for each in store.page(limit=TAGGED)]
    numbers = Selection(numbers=newest)
    store.change(numbers, clear_flags=["seen"], remove_tags=[TAG])
    return {
        "flags": _time(lambda: store.change(numbers, set_flags=["seen"])),
        "tags": _time(lambda: store.change(numbers, add_tags=[TAG])),
    }


def _ask_language(store: SQLiteStore, messages: int) -> dict[str, float]:
    """Time a page and a count of each query; count the answers in part."""
    answers: dict[str, float] = {}
    worst = parts = surprises = 0.0
    for query in QUERIES:
        text = query.text.format(middle=messages // 2)
        pages = [_time(lambda text=text: store.page(text)) for _ in range(_TIMES)]
        counts = [_time(lambda text=text: store.counts(text)) for _ in range(_TIMES)]
        answers[query.key] = median(pages)
        answers[f"{query.key}-count"] = median(counts)
        worst = max(worst, *pages, *counts)
        is_part = bool(store.page(text).missing or store.counts(text).missing)
        parts += is_part
        surprises += is_part and not query.in_part
    return {**answers, "worst": worst, "parts": parts, "surprises": surprises}


def _questions(store: SQLiteStore, messages: int) -> dict[str, Callable[[], object]]:
    number = messages // 2
    (middle,) = store.search(f"u{number}@example.com")
    return {
        "page": lambda: store.page(),
        "next": lambda: store.page(after=middle.id),
        "one": lambda: store.search(f"u{number}@example.com"),
        "thousandth": lambda: store.search("shelf 500"),
        "eighth": lambda: store.search("invoice"),
        "all": lambda: store.search("about"),
        "two": lambda: store.search("about invoice"),
        "beginning": lambda: store.search("invo*"),
        "wide": lambda: store.search("abou*"),
        "letter": lambda: store.search("u*"),
        "none": lambda: store.search("nothing"),
        "recipient": lambda: store.find(recipient=f"recipient-{number}-0@example.com"),
        "count": lambda: len(store),
    }


def _time(ask: Callable[[], object]) -> float:
    begun = perf_counter()
    ask()
    return perf_counter() - begun


if __name__ == "__main__":
    main()
