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

from lazr_smtptest.stores import SQLiteStore

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
    store.close()
    print(json.dumps({"opened": opened, "indexed": indexed, **times}), flush=True)


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
