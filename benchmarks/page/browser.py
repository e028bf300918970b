"""Debian's Chromium, driven by Playwright; LAZR_SMTPTEST_CHROMIUM is another one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..program import PATIENCE, ProgramError

__all__ = ["Tab", "browser", "remedy"]

_STOPWATCH = Path(__file__).with_name("stopwatch.js")
_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
# Milliseconds for which a key is pressed.
_BETWEEN = 50
_VIEWPORT = {"width": 1280, "height": 800}


def remedy() -> str:
    """Return how the browser gets onto this machine; empty if it is there."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "pip install playwright"
    return "" if _path() else "apt-get install chromium"


def _path() -> str | None:
    return os.environ.get("LAZR_SMTPTEST_CHROMIUM") or shutil.which("chromium")


class Tab:
    """A page of the browser, with a stopwatch in it.

    Attributes:
        page: the page, as Playwright has it.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)

    def seconds(self, expression: str) -> float:
        """Return a time that an expression with ``stopwatch`` has in the page."""
        return float(self.page.evaluate(expression)) / 1000

    def seconds_to(self, condition: str, *keys: str) -> float:
        """Press keys; return the seconds from the last one to its effect.

        Args:
            condition: a function in JavaScript; the first frame in which it returns
                true has the effect.
            keys: names of keys, pressed as fast as people type.
        """
        *before, last = keys
        for each in before:
            self.page.keyboard.press(each, delay=_BETWEEN)
        self.page.evaluate(f"() => stopwatch.start({condition})")
        self.page.keyboard.press(last)
        return self.seconds("() => stopwatch.lap()")

    def seconds_until(self, condition: str) -> float:
        """Return the seconds until a function in JavaScript returns true."""
        return self.seconds(
            "async () => { const begun = performance.now();"
            f" return await stopwatch.when({condition}) - begun; }}"
        )

    def until(self, condition: str) -> None:
        """Wait until a function in JavaScript returns true."""
        self.page.evaluate(f"() => stopwatch.when({condition})")

    def heap(self) -> int:
        """Return the bytes of the objects of its scripts that are still used."""
        self._devtools.send("HeapProfiler.collectGarbage")
        used: int = self._devtools.send("Runtime.getHeapUsage")["usedSize"]
        return used


class Browser:
    """The browser, while it runs."""

    def __init__(self, launched: Any) -> None:
        self._launched = launched

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """Open a page as somebody does who was never there: nothing is cached."""
        context = self._launched.new_context(locale="en", viewport=_VIEWPORT)
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(path=_STOPWATCH)
        try:
            yield Tab(context.new_page())
        finally:
            context.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Run the browser, without a window.

    Raises:
        ProgramError: what was waited for did not come.
    """
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=_path(), args=_ARGUMENTS)
        try:
            yield Browser(launched)
        except Error as error:
            raise ProgramError(f"Chromium: {error}") from error
        finally:
            launched.close()
