"""Chromium, as tests drive it by Playwright."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

__all__ = [
    "LOOPBACK",
    "PATIENCE",
    "Chromium",
    "RequestLog",
    "ReusableContext",
    "elsewhere",
    "missing",
    "until",
    "without_websockets",
]

# Milliseconds that anything may take: far more than it does, on a busy machine too.
PATIENCE = 60_000

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

# What Chromium says of a request that it has not sent: a policy, or the rule that
# SVG uses nothing of other sites.
_STOPPED = ("csp", "origin")

# The processes of its pages are used again: to start one takes as long as a test.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--renderer-process-limit=1",
]


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; on a CI machine that is a failure."""
    message = f"{what}; .ci/programs DIR installs the programs of the tests"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def elsewhere(urls: list[str]) -> list[str]:
    """Return those of the URLs that are of other machines."""
    local = {"data", "blob", "about", "file"}
    parts = [(url, urlsplit(url)) for url in urls]
    return [
        url
        for url, part in parts
        if part.scheme not in local and part.hostname not in LOOPBACK
    ]


class Chromium:
    """One Chromium of Debian, for all tests of a process.

    The synchronous API of Playwright leaves its event loop marked as running in the
    thread that started it, and then no other test of this process could run one. So
    the mark is removed except in `entered`.
    """

    def __init__(self) -> None:
        # The one without windows takes two thirds of the processor time.
        path = (
            os.environ.get("LAZR_SMTPTEST_CHROMIUM")
            or shutil.which("chromium-headless-shell")
            or shutil.which("chromium")
        )
        if path is None:
            missing("chromium, Debian's package of that name, is not here")
        try:
            from playwright.sync_api import expect, sync_playwright
        except ImportError:
            missing("the Python package playwright is not here")
        expect.set_options(timeout=PATIENCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._depth = 0
        with self.entered():
            self._driver = sync_playwright().start()
            self.browser: Any = self._driver.chromium.launch(
                executable_path=path, args=_ARGUMENTS, timeout=4 * PATIENCE
            )

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let Playwright be used; blocks may be within each other."""
        if self._depth == 0:
            asyncio._set_running_loop(self._loop)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._loop = asyncio._get_running_loop()
                asyncio._set_running_loop(None)

    def new_context(self, proxy: str, **options: Any) -> Any:
        """Return a browser context whose requests to other machines go to a proxy.

        Args:
            proxy: its URL.
            options: keywords of Playwright's ``new_context``.
        """
        context = self.browser.new_context(
            proxy={"server": proxy, "bypass": "127.0.0.1,localhost,[::1]"}, **options
        )
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        return context

    def close(self) -> None:
        """End the browser."""
        with self.entered():
            self.browser.close()
            self._driver.stop()


class ReusableContext:
    """A browser context that tests use one after the other.

    Its cache and its processes stay, with the files of the page: to load these anew is
    most of the work of a test.

    Args:
        context: the context.
    """

    def __init__(self, context: Any) -> None:
        self.context = context
        # It stays open, for its connection to the storage.
        self._first = context.new_page()
        self._storage = context.new_cdp_session(self._first)

    def clear(self) -> None:
        """Remove what a test has left: pages, routes, cookies, stored texts."""
        self.context.unroute_all(behavior="ignoreErrors")
        for page in self.context.pages:
            if page is not self._first:
                page.unroute_all(behavior="ignoreErrors")
                page.close()
        self.context.clear_cookies()
        self.context.clear_permissions()
        self._storage.send(
            "Storage.clearDataForOrigin",
            {"origin": "*", "storageTypes": "local_storage,indexeddb,cache_storage"},
        )


class RequestLog:
    """The requests of a browser context, and what its pages complained of.

    Attributes:
        urls: the URL of each request, in order, of all its pages and frames, without
            those that the browser has stopped.
        errors: the exceptions that no script caught.
        dialogs: the texts of the dialogs that were opened.
        console: the errors in the console.
    """

    def __init__(self, context: Any) -> None:
        self.urls: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.console: list[str] = []
        self._context = context
        self._listeners = {
            "request": lambda request: self.urls.append(request.url),
            "requestfailed": self._forget_stopped,
            "weberror": lambda error: self.errors.append(str(error.error)),
            "dialog": self._dismiss,
            "console": self._note,
        }
        for name, listener in self._listeners.items():
            context.on(name, listener)

    def close(self) -> None:
        """Listen no more."""
        for name, listener in self._listeners.items():
            self._context.remove_listener(name, listener)

    def _forget_stopped(self, request: Any) -> None:
        if request.failure in _STOPPED:
            self.urls.remove(request.url)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.console.append(message.text)

    @property
    def elsewhere(self) -> list[str]:
        """The URLs of requests to other machines."""
        return elsewhere(self.urls)


def until(page: Any, condition: str) -> None:
    """Wait until a function in JavaScript returns true in a page.

    A page has no `eval`, which Playwright's ``wait_for_function`` needs.

    Args:
        page: the page.
        condition: the function, without arguments.
    """
    came = page.evaluate(_UNTIL.format(condition), PATIENCE)
    assert came, f"this never became true in the page: {condition}"


_UNTIL = """async (patience) => {{
  const condition = {};
  const end = performance.now() + patience;
  while (!condition()) {{
    if (performance.now() > end) return false;
    await new Promise((done) => setTimeout(done, 10));
  }}
  return true;
}}"""


def without_websockets(make_context: Callable[..., Any]) -> Any:
    """Return a page of a browser behind a proxy that takes no websockets."""
    page = make_context(locale="en").new_page()
    page.add_init_script(
        "window.WebSocket = class { constructor() {"
        " setTimeout(() => this.onclose()); } close() {} }"
    )
    return page
