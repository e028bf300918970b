"""A browser, and a server with an HTTP side whose mail it shows.

Each process of the tests has one Chromium, with a context that a test gets as if it
were new: nothing but the files of the page is in its cache. What the browser asks of
other machines arrives at the fixture `world`, and nothing leaves this machine. Waiting
is done by ``expect``, never by sleeping.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from smtplib import SMTP
from typing import Any

import attrs
import pytest

import lazr_smtptest
from lazr_smtptest import CaptureController
from lazr_smtptest.checks.service import CheckSettings
from lazr_smtptest.errors import ListenError
from lazr_smtptest.outbound.settings import Outgoing
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings

from .browser import PATIENCE, Chromium, RequestLog, ReusableContext
from .proxy import World

STATIC = Path(lazr_smtptest.__file__).parent / "readers/http/page/static"

# The pure modules are imported from here; nothing listens there.
_MODULES = "http://modules.test/"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser of this process."""
    chromium = Chromium()
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def _whole_world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def world(_whole_world: World) -> World:
    """Return what the browser asks of other machines; nothing at first."""
    _whole_world.asked = []
    return _whole_world


@pytest.fixture
def make_context(chromium: Chromium, world: World) -> Iterator[Callable[..., Any]]:
    """Make new browser contexts, with keywords of Playwright's ``new_context``."""
    with chromium.entered():
        made: list[Any] = []

        def make(**options: Any) -> Any:
            made.append(chromium.new_context(world.address, **options))
            return made[-1]

        yield make
        for context in made:
            context.close()


@pytest.fixture(scope="session")
def usual_context(chromium: Chromium, _whole_world: World) -> Iterator[ReusableContext]:
    with chromium.entered():
        usual = ReusableContext(
            chromium.new_context(
                _whole_world.address,
                locale="en",
                viewport={"width": 1280, "height": 800},
            )
        )
    yield usual
    with chromium.entered():
        usual.context.close()


@pytest.fixture
def context(
    chromium: Chromium, world: World, usual_context: ReusableContext
) -> Iterator[Any]:
    """A browser context; English, and a desktop of 1280 pixels.

    A test that sets a clock or adds scripts to a context, which cannot be undone, makes
    one with `make_context`.
    """
    with chromium.entered():
        yield usual_context.context
        usual_context.clear()


@pytest.fixture
def requests(context: Any) -> Iterator[RequestLog]:
    """The requests of the context, and what its pages complained of."""
    requests = RequestLog(context)
    yield requests
    requests.close()


@pytest.fixture
def page(context: Any, request: pytest.FixtureRequest) -> Any:
    """An empty page of the context."""
    if "requests" in request.fixturenames:
        # Before the first request; to tell of each of them takes much of a test's time.
        request.getfixturevalue("requests")
    return context.new_page()


class Site:
    """A server with an HTTP side.

    Attributes:
        controller: the server.
        url: the address of its page, with a slash at its end.
    """

    def __init__(self, controller: CaptureController) -> None:
        self.controller = controller

    @property
    def url(self) -> str:
        assert self.controller.url is not None
        return self.controller.url

    def send(
        self,
        content: str | bytes | EmailMessage = "Subject: Hi\n\nHello.\n",
        sender: str = "shop@example.com",
        recipients: list[str] | tuple[str, ...] = ("anna@example.com",),
    ) -> Any:
        """Send a message by SMTP, and return it as it was received."""
        before = len(self.controller.mailbox)
        if isinstance(content, EmailMessage):
            content = content.as_bytes(policy=SMTP_POLICY)
        elif isinstance(content, str):
            content = content.replace("\n", "\r\n").encode()
        with SMTP(self.controller.host, self.controller.port) as client:
            client.sendmail(sender, list(recipients), content)
        return self.controller.mailbox[before]


@pytest.fixture(scope="session")
def addresses() -> list[tuple[str, int]]:
    """Where the last server of a test has served its page, if there was one."""
    return []


@pytest.fixture
def make_site(addresses: list[tuple[str, int]]) -> Iterator[Callable[..., Site]]:
    """Start servers with keywords of ``CaptureController``; they end with the test.

    A server has the address of the one before, if that is still free: so the browser
    has the files of the page. To load them takes longer than most tests.
    """
    started: list[CaptureController] = []

    def make(**keywords: Any) -> Site:
        controller = CaptureController(**{"http": True, **keywords})
        reader = controller._readers["http"]
        if addresses:
            reader._address = addresses.pop()
        try:
            controller.start()
        except ListenError:
            reader._address = None
            controller.start()
        addresses[:] = [reader.address]
        started.append(controller)
        return Site(controller)

    yield make
    for controller in started:
        controller.stop()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A running server with an HTTP side."""
    return make_site()


@pytest.fixture
def make_site_with(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """Start servers whose HTTP side has settings that a controller does not take."""

    def make(**settings: Any) -> Site:
        # The reader has them, and the URL of the controller.
        for module in ("reader", "service"):
            name = f"lazr_smtptest.readers.http.{module}.HTTPSettings"
            monkeypatch.setattr(name, lambda: HTTPSettings(**settings))
        return make_site()

    return make


@pytest.fixture
def make_open_site(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """Start servers that may connect to others, for checks and releases."""

    def make(
        checks: CheckSettings | None = None, outgoing: Outgoing | None = None
    ) -> Site:
        settings = HTTPSettings(outgoing=outgoing or Outgoing())

        def make_reader(context: ReaderContext) -> HTTPReader:
            context = attrs.evolve(context, check_settings=checks or CheckSettings())
            return HTTPReader(context, settings)

        name = "lazr_smtptest.readers.http.reader.HTTPReader"
        monkeypatch.setattr(name, make_reader)
        return make_site()

    return make


class Module:
    """A pure module of the page, in the browser.

    Args:
        chromium: the browser.
        page: a page of it that can import the module.
        name: its path below ``static``.
    """

    def __init__(self, chromium: Chromium, page: Any, name: str) -> None:
        self._chromium = chromium
        self._page = page
        self._url = _MODULES + name

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function that it exports; return the result, as JSON has it."""
        return self.run(f"m[{function!r}](...args)", *arguments)

    def run(self, expression: str, *arguments: Any) -> Any:
        """Evaluate an expression in which ``m`` is the module, and ``args`` a list."""
        script = (
            "async ([url, args]) => {"
            f" const m = await import(url); return {expression}; }}"
        )
        # The test itself is not within the browser's event loop.
        with self._chromium.entered():
            return self._page.evaluate(script, [self._url, list(arguments)])


@pytest.fixture(scope="session")
def _module_page(chromium: Chromium) -> Iterator[Any]:
    """One page for all tests of pure modules, which have no state."""
    with chromium.entered():
        context = chromium.browser.new_context(locale="en")
        context.route(_MODULES + "**", _fulfil)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(_MODULES)
    yield page
    with chromium.entered():
        context.close()


def _fulfil(route: Any) -> None:
    name = route.request.url.removeprefix(_MODULES)
    if not name:
        route.fulfill(content_type="text/html", body="<!doctype html><title>m</title>")
        return
    path = STATIC / name
    if not path.is_file():
        route.fulfill(status=404, body=f"there is no {path}")
        return
    kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path)[0]
    route.fulfill(content_type=kind, body=path.read_bytes())


@pytest.fixture
def module(chromium: Chromium, _module_page: Any) -> Callable[[str], Module]:
    """Import a pure module of ``static/logic`` by its name, such as ``size.js``."""
    return lambda name: Module(chromium, _module_page, f"logic/{name}")
