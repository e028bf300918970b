"""Use the page: open it, read, search, and watch mail arrive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ..load import send
from ..load.letters import letter
from ..load.plan import Plan
from ..program import PATIENCE, Program
from ..scenario import Budget, Column, Entry, Sample, Wanted
from ..web.pace import Sender, pacing
from ..web.smtptest import Smtptest, entry, smtptest
from . import bundle
from .browser import Browser, Tab, browser
from .browser import remedy as browser_remedy

# What is searched, with the condition that its matches are shown.
SEARCHES = {
    "invoice": "() => stopwatch.every('.sub', 'invoice')",
    "subject:ticket": "() => stopwatch.every('.sub', 'ticket')",
    "u2@example.com": (
        "() => stopwatch.rowCount() === 1 && stopwatch.every('.sub', ' 2')"
    ),
    "zeppelin": "() => stopwatch.rowCount() === 0",
}

# The stores, and the messages in them. What is in memory has no index, and a search for
# a rare word parses all of it.
STORES = {"sqlite": ("sqlite:{}/mail.db", 100_000), "memory": ("memory", 5000)}

COLUMNS = (
    Column("messages", "messages"),
    Column("first", "ms to the first paint", 1e-3),
    Column("rows", "ms to the first rows", 1e-3),
    Column("again", "ms to the first rows, loaded again", 1e-3),
    Column("text", "ms to a message, text", 1e-3),
    Column("html", "ms to a message, HTML", 1e-3),
    *(Column(text, f"ms to the matches of {text}", 1e-3) for text in SEARCHES),
    Column("rate", "msg/s arrive"),
    Column("longest", "ms, the longest frame", 1e-3),
    Column("late", "frames of more than 50 ms"),
    Column("behind", "ms until the last message is shown", 1e-3),
    Column("grown", "MB more in its heap", 1e6, 1),
    Column("bundle", "kB of files at first, minified and gzip", 1e3, 1),
    Column("whole", "kB of all files", 1e3, 1),
)

_PLAN = Plan(distinct=True, varied=True)
_FILLING = 3600
# How often each thing is done in a turn.
_TIMES = 5
_PACE = 500
# Messages that arrive before the memory is looked at, and those that follow.
_WARMING, _WATCHED = 5 * _PACE, 30 * _PACE
# Milliseconds of a frame that is counted.
_LATE = 50

# The document in the frame is that of the message in the address.
_SHOWS_FRAME = (
    "(event) => event?.target.localName === 'iframe'"
    " && event.target.src.includes(location.hash.split(/[/?]/)[2])"
)
_HAS_ROWS = "() => stopwatch.rowCount() > 0"


def entries(wanted: Wanted) -> list[Entry]:
    """Let somebody use the page of ours, with each kind of store."""
    missing = browser_remedy() or bundle.remedy()
    made = [
        entry(f"ours, {name}", partial(_play, *each)) for name, each in STORES.items()
    ]
    if not missing:
        return made
    return [Entry(each.name, each.version, None, missing) for each in made]


def _play(store: str, number: int, budget: Budget) -> Sample:
    number = budget.messages or number
    times = _TIMES
    if budget.messages:
        # Of so few messages this is no measurement, but a trial.
        times = min(_TIMES, max(1, budget.messages // 10))
    with TemporaryDirectory() as folder:
        arguments = ("--store", store.format(Path(folder)), "--quiet")
        with smtptest(*arguments) as server, browser() as chromium:
            send(server.port, _PLAN, number, _FILLING)
            server.until_indexed()
            sample = {
                "messages": number,
                **_open_page(chromium, server, times),
                **_search(chromium, server, times),
                **_read(chromium, server, times),
                **_watch(chromium, server, number, budget),
            }
    at_first, whole = _bundles()
    return {**sample, "bundle": at_first, "whole": whole}


def _open_page(chromium: Browser, server: Smtptest, times: int) -> Sample:
    """Open the page for the first time, and load it again, from the cache."""
    first, rows, again = [], [], []
    for _ in range(times):
        with _opened(chromium, server) as tab:
            rows.append(tab.seconds("() => stopwatch.rows"))
            first.append(tab.seconds("() => stopwatch.firstPaint"))
            tab.page.reload()
            again.append(tab.seconds("() => stopwatch.rows"))
    return {"first": median(first), "rows": median(rows), "again": median(again)}


@contextmanager
def _opened(chromium: Browser, server: Smtptest) -> Iterator[Tab]:
    """Open the page, and wait for its first rows."""
    with chromium.tab() as tab:
        tab.page.goto(f"http://127.0.0.1:{server.http}/")
        tab.until(_HAS_ROWS)
        yield tab


def _search(chromium: Browser, server: Smtptest, times: int) -> Sample:
    """Type queries into the search field; between them it is emptied."""
    seconds: dict[str, list[float]] = {text: [] for text in SEARCHES}
    with _opened(chromium, server) as tab:
        for _ in range(times):
            for text, condition in SEARCHES.items():
                seconds[text].append(tab.seconds_to(condition, "/", *text))
                field = tab.page.locator("input[type=search]")
                field.fill("")
                field.blur()
                tab.until(f"() => stopwatch.rowCount() > 1 && !({condition})()")
    return {text: median(each) for text, each in seconds.items()}


def _read(chromium: Browser, server: Smtptest, times: int) -> Sample:
    """Open one message after the other by the keyboard; text and HTML take turns."""
    seconds: dict[str, list[float]] = {"text": [], "html": []}
    sender = Sender(server.port)
    for number in reversed(range(times)):
        sender.send_content(_html(number))
        sender.send_content(letter(number, 2000))
    with _opened(chromium, server) as tab:
        for number in range(times):
            text = f"() => stopwatch.every('mail-source', ' number {number},')"
            seconds["text"].append(tab.seconds_to(text, "j", "Enter"))
            seconds["html"].append(tab.seconds_to(_SHOWS_FRAME, "j", "Enter"))
    return {kind: median(each) for kind, each in seconds.items()}


def _html(number: int) -> bytes:
    head = (
        f"From: Shop <shop@example.com>\r\nTo: u{number}@example.com\r\n"
        f"Subject: HTML {number}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=utf-8\r\n\r\n"
    )
    row = '<tr><td><a href="https://shop.example/p">Item</a></td><td>1.00</td></tr>\r\n'
    return f"{head}<h1>Order {number}</h1>\r\n<table>{row * 100}</table>\r\n".encode()


def _watch(chromium: Browser, server: Smtptest, number: int, budget: Budget) -> Sample:
    """Measure frames while messages arrive; those before let the heap grow first."""
    warming, watched = budget.messages or _WARMING, budget.messages or _WATCHED
    with _opened(chromium, server) as tab, pacing(server.port, _PACE) as sender:
        _arrive(sender, number, warming)
        tab.until(_shows(number + warming - 1))
        before = tab.heap()
        tab.page.evaluate("() => stopwatch.startFrames()")
        took = _arrive(sender, number + warming, watched)
        behind = tab.seconds_until(_shows(number + warming + watched - 1))
        frames = tab.page.evaluate("() => stopwatch.stopFrames()")
        grown = tab.heap() - before
    return {
        "rate": watched / took,
        "longest": max(frames) / 1000,
        "late": sum(each > _LATE for each in frames),
        "behind": behind,
        "grown": grown,
    }


def _arrive(sender: Program, first: int, number: int) -> float:
    """Let messages arrive; return the seconds that it took."""
    return float(sender.ask(f"{first} {number}", PATIENCE + number / 10))


def _shows(number: int) -> str:
    """Return the condition that a message is in the first row."""
    return (
        f"() => document.querySelector('.row .sub').textContent.endsWith(' {number}')"
    )


@cache
def _bundles() -> tuple[int, int]:
    command = [sys.executable, "-m", "benchmarks.page.bundle"]
    with Program("bundle", command) as program:
        return int(program.hear()), int(program.hear())
