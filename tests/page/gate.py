"""Answers to a page that a test holds until it opens a gate."""

from __future__ import annotations

import time
from typing import Any

from .browser import PATIENCE


class Gate:
    """Holds some requests of a page, or the answers to them, until it is opened.

    Args:
        page: the page.
        pattern: the URLs, as Playwright has them.
        holds_answers: whether the server gets the requests at once, and only the
            answers are held.

    Attributes:
        urls: those that were asked for, held or not.
    """

    def __init__(self, page: Any, pattern: Any, *, holds_answers: bool = False) -> None:
        self.urls: list[str] = []
        self._page = page
        self._holds_answers = holds_answers
        self._held: list[tuple[Any, Any]] = []
        self._is_open = False
        page.route(pattern, self._handle)

    def _handle(self, route: Any) -> None:
        self.urls.append(route.request.url)
        answer = None
        if self._holds_answers and not self._is_open:
            # The gate may be opened meanwhile.
            answer = route.fetch()
        if self._is_open:
            _let_go(route, answer)
        else:
            self._held.append((route, answer))

    def wait(self) -> None:
        """Wait until something is held."""
        end = time.monotonic() + PATIENCE / 1000
        while not self._held and time.monotonic() < end:
            # Meanwhile Playwright hears of requests.
            self._page.evaluate("new Promise((done) => setTimeout(done, 10))")
        assert self._held, "the page has made no such request"

    def open(self) -> None:
        """Let the requests go on, those that come later too."""
        self._is_open = True
        for route, answer in self._held:
            _let_go(route, answer)


def _let_go(route: Any, answer: Any) -> None:
    """Let a request go on, or the answer to it."""
    if answer is None:
        route.fallback()
    else:
        route.fulfill(response=answer)
