"""Debian's Firefox, as tests drive it by WebDriver BiDi."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue
from typing import Any

from .bidi import BiDi, BiDiError
from .browser import PATIENCE, elsewhere, missing

__all__ = ["Firefox", "Tab"]

_EVENTS = [
    "network.beforeRequestSent",
    "network.fetchError",
    "log.entryAdded",
    "browsingContext.userPromptOpened",
]

# What Firefox itself asks for goes to a port at which nothing listens; those of the
# tests have a proxy of their own. It sets further preferences by itself when it is
# driven by a program.
_PREFERENCES = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("intl.accept_languages", "en");
user_pref("ui.prefersReducedMotion", 1);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.ipc.processCount", 1);
user_pref("dom.ipc.processPrelaunch.enabled", false);
"""

# What Firefox says of a frame that a policy forbids. A request that was sent before it
# was stopped has arrived at the proxy.
_STOPPED = "NS_BINDING_ABORTED"

# A browser ends with the process of the tests, whatever ends that.
_WITH_ITS_PARENT = ["setpriv", "--pdeathsig", "KILL"]

# How WebDriver writes the keys that are no letters.
_KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowDown": "\ue015"}

# Calls a function until it returns something true; false if it does not in time.
_UNTIL = """async (...args) => {
  const condition = %s;
  const end = performance.now() + %d;
  for (;;) {
    const isTrue = Boolean(condition(...args));
    if (isTrue || performance.now() > end) return isTrue;
    await new Promise((done) => setTimeout(done, 20));
  }
}"""

_HAS_TEXT = """(selector, text) =>
  document.querySelector(selector)?.textContent.includes(text)"""

_HAS_NUMBER = """(selector, number) =>
  document.querySelectorAll(selector).length === Number(number)"""

_IS_IN_VIEW = """(selector) => {
  const found = document.querySelector(selector);
  found?.scrollIntoView({ block: "nearest" });
  return Boolean(found?.checkVisibility());
}"""


def _attempts() -> Iterator[None]:
    """Yield until the time is over, and fail then."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        yield
    raise AssertionError("the frame has not become what it should be")


class Firefox:
    """One Firefox for all tests of a process.

    Args:
        folder: an empty one, for the profile.
    """

    def __init__(self, folder: Path) -> None:
        path = os.environ.get("LAZR_SMTPTEST_FIREFOX") or shutil.which("firefox-esr")
        if path is None:
            missing("firefox-esr, Debian's package of that name, is not here")
        (folder / "user.js").write_text(_PREFERENCES)
        words = [*_WITH_ITS_PARENT, path, "--headless", "--no-remote"]
        words += ["--remote-debugging-port=0", "--profile", os.fspath(folder)]
        self._process = subprocess.Popen(
            [*words, "about:blank"],
            env={
                **os.environ,
                "HOME": os.fspath(folder),
                "MOZ_CRASHREPORTER_DISABLE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Its own processes end with it.
            start_new_session=True,
        )
        self._addresses: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self._tab: Tab | None = None
        try:
            url = self._addresses.get(timeout=4 * PATIENCE / 1000)
            self.bidi = BiDi(f"{url}/session", self._notice)
            self.bidi.command("session.new", capabilities={})
        except BaseException:
            self.close()
            raise

    def _read_errors(self) -> None:
        """Find the address, and read on: a full pipe would stop the browser."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            _, found, url = line.partition("WebDriver BiDi listening on ")
            if found:
                self._addresses.put(url.strip())

    def _notice(self, method: str, parameters: Any) -> None:
        if self._tab is not None:
            self._tab.notice(method, parameters)

    @contextmanager
    def tab(self, proxy: str, width: int = 1280, height: int = 800) -> Iterator[Tab]:
        """Open a tab that shares nothing with others.

        Args:
            proxy: host and port of the proxy for all other machines.
            width: pixels.
            height: pixels.
        """
        settings = {
            "proxyType": "manual",
            "httpProxy": proxy,
            "sslProxy": proxy,
            "noProxy": ["127.0.0.1", "localhost"],
        }
        made = self.bidi.command("browser.createUserContext", proxy=settings)
        user_context = made["userContext"]
        try:
            self.bidi.command(
                "session.subscribe", events=_EVENTS, userContexts=[user_context]
            )
            made = self.bidi.command(
                "browsingContext.create", type="tab", userContext=user_context
            )
            tab = self._tab = Tab(self.bidi, made["context"])
            size = {"width": width, "height": height}
            tab.command("browsingContext.setViewport", viewport=size)
            yield tab
        finally:
            self._tab = None
            self.bidi.command("browser.removeUserContext", userContext=user_context)

    def close(self) -> None:
        """End the browser."""
        if hasattr(self, "bidi"):
            self.bidi.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()


class Tab:
    """A page of Firefox.

    Attributes:
        urls: the URL of each request, in order, of the page and its frames, without
            those that the browser has stopped.
        console: the errors in the console, and the exceptions that no script caught.
        dialogs: the texts of the dialogs that were opened.
    """

    def __init__(self, bidi: BiDi, context: str) -> None:
        self._bidi = bidi
        self._context = context
        self.urls: list[str] = []
        self.console: list[str] = []
        self.dialogs: list[str] = []

    def notice(self, method: str, parameters: Any) -> None:
        """Note an event."""
        if method == "network.beforeRequestSent":
            self.urls.append(parameters["request"]["url"])
        elif method == "network.fetchError":
            if parameters["errorText"] == _STOPPED:
                self.urls.remove(parameters["request"]["url"])
        elif method == "log.entryAdded":
            if parameters["level"] == "error":
                self.console.append(parameters["text"])
        else:
            self.dialogs.append(parameters["message"])

    @property
    def elsewhere(self) -> list[str]:
        """The URLs of requests to other machines."""
        return elsewhere(self.urls)

    def command(self, method: str, **parameters: Any) -> Any:
        """Run a command for this tab."""
        return self._bidi.command(method, context=self._context, **parameters)

    def goto(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.command("browsingContext.navigate", url=url, wait="complete")

    def evaluate(self, function: str, *arguments: Any, frame: str = "") -> Any:
        """Call a function of JavaScript; return the result as JSON has it.

        Args:
            function: its code.
            *arguments: strings.
            frame: the context of a frame of the page; the page itself without.
        """
        code = f"async (...args) => JSON.stringify(await ({function})(...args))"
        answer = self._bidi.command(
            "script.callFunction",
            functionDeclaration=code,
            arguments=[{"type": "string", "value": each} for each in arguments],
            target={"context": frame or self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    def wait_for(self, condition: str, *arguments: Any, frame: str = "") -> None:
        """Wait until a function of JavaScript returns something true."""
        until = _UNTIL % (condition, PATIENCE)
        for _ in _attempts():
            try:
                is_true = self.evaluate(until, *arguments, frame=frame)
            except BiDiError:
                # The document in a frame was replaced by another one meanwhile.
                if not frame:
                    raise
            else:
                assert is_true, f"never true: {condition}, of {arguments}"
                return

    def wait_for_text(self, selector: str, text: str, frame: str = "") -> None:
        """Wait until the first element of a CSS selector has a text in it."""
        self.wait_for(_HAS_TEXT, selector, text, frame=frame)

    def wait_for_count(self, selector: str, number: int) -> None:
        """Wait until there are so many elements of a CSS selector."""
        self.wait_for(_HAS_NUMBER, selector, str(number))

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector, as soon as there is one."""
        self.wait_for(_IS_IN_VIEW, selector)
        locator = {"type": "css", "value": selector}
        found = self.command("browsingContext.locateNodes", locator=locator)
        origin = {
            "type": "element",
            "element": {"sharedId": found["nodes"][0]["sharedId"]},
        }
        self._act(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        codes = [_KEYS.get(key, key) for key in keys]
        strokes = [
            {"type": kind, "value": code}
            for code in codes
            for kind in ("keyDown", "keyUp")
        ]
        self._act("key", *strokes)

    def _act(self, kind: str, *actions: Any) -> None:
        source = {"type": kind, "id": kind, "actions": actions}
        self.command("input.performActions", actions=[source])

    def frame(self) -> str:
        """Return the context of the frame of the mail, when it is loaded."""
        frame = ""
        for _ in _attempts():
            self.wait_for("() => document.querySelector('iframe.mail')")
            tree = self._bidi.command("browsingContext.getTree", root=self._context)
            children = tree["contexts"][0]["children"]
            frames = [each for each in children if "/view?" in each["url"]]
            if frames:
                frame = frames[0]["context"]
                self.wait_for("() => document.readyState === 'complete'", frame=frame)
                break
        return frame
