"""The list and a message in Debian's Firefox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from . import firefox as module
from .firefox import Firefox, Tab
from .hostile import HTML, WORLD
from .proxy import World
from .views import mail

ROW = "[role=listbox] [role=option]"
CURSOR = ".row[data-cursor=true]"


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    """The browser of this process."""
    # The profile is large, and nobody wants it afterwards.
    with TemporaryDirectory("-firefox", ignore_cleanup_errors=True) as folder:
        firefox = Firefox(Path(folder))
        yield firefox
        firefox.close()


@pytest.fixture
def tab(firefox: Firefox, world: World) -> Iterator[Tab]:
    """An empty tab, with nothing in it of other tests."""
    with firefox.tab(world.address.removeprefix("http://")) as tab:
        yield tab


@pytest.fixture
def clean(tab: Tab, world: World) -> Iterator[Tab]:
    """A tab that must not complain, nor ask for anything of other machines."""
    yield tab
    assert tab.console == tab.dialogs == []
    assert tab.elsewhere == world.asked == []
    # The log has something in it.
    assert any(url.endswith("/app.js") for url in tab.urls)


@pytest.fixture
def three(clean, site):
    """A tab with three messages: a, b and c, the newest."""
    for name in "abc":
        site.send(f"Subject: {name}\n\nHello.\n", recipients=[f"{name}@example.com"])
    clean.goto(site.url)
    clean.wait_for_count(ROW, 3)
    return clean


class TestList:
    """The list of mail."""

    def test_it_shows_what_was_sent(self, three):
        """The newest message first, with its recipient and subject."""
        texts = three.evaluate(
            "(rows) => [...document.querySelectorAll(rows)].map((row) =>"
            " row.querySelector('.to').textContent.trim())",
            ROW,
        )
        assert [each.split("@")[0] for each in texts] == ["c", "b", "a"]

    def test_it_shows_what_arrives(self, three, site):
        """Without a reload."""
        site.send("Subject: the fourth\n\nHello.\n")
        three.wait_for_text(ROW, "the fourth")
        three.wait_for_count(ROW, 4)

    def test_it_shows_what_a_search_finds(self, three):
        """As it is typed, from the key that goes there."""
        three.press("/", *"subject:b")
        three.wait_for_count(ROW, 1)
        three.wait_for_text(ROW, "b@example.com")

    def test_the_keyboard_opens_a_message(self, three):
        """Down, down, and Enter."""
        three.press("j", "j", "Enter")
        three.wait_for_text(CURSOR, "b@example.com")
        three.wait_for_text("main h1", "b")

    def test_a_click_opens_a_message(self, three):
        """The list stays beside it."""
        three.click(f"{ROW}:nth-child(3)")
        three.wait_for_text("main h1", "a")
        three.wait_for_count(ROW, 3)

    def test_the_keys_are_shown(self, three):
        """And go away again."""
        three.press("?")
        three.wait_for("() => document.querySelector('dialog[open]')")
        three.press("Escape")
        three.wait_for("() => !document.querySelector('dialog[open]')")


class TestMessage:
    """A message with HTML."""

    def test_its_html_is_in_a_sandbox(self, clean, site):
        """The text is there, and the page cannot be reached from it."""
        sent = site.send(mail("Hello", "Hello.\n", "<h1>Hello Anna</h1>"))
        clean.goto(f"{site.url}#/messages/{sent.id}/html")
        frame = clean.frame()
        clean.wait_for_text("h1", "Hello Anna", frame=frame)
        assert clean.evaluate("() => window.origin", frame=frame) == "null"
        sandbox = clean.evaluate(
            "() => document.querySelector('iframe.mail').sandbox.value"
        )
        assert sandbox == "allow-popups allow-popups-to-escape-sandbox"

    def test_hostile_html_does_nothing(self, tab, site, world):
        """No script runs, nothing is loaded, and the page stays."""
        sent = site.send(mail("Hello", "Hello.\n", HTML))
        tab.goto(f"{site.url}#/messages/{sent.id}/html")
        tab.wait_for("() => document.querySelector('#end')", frame=tab.frame())
        assert tab.evaluate("() => window.pwned ?? null") is None
        assert tab.dialogs == tab.elsewhere == world.asked == []
        assert tab.evaluate("() => location.href").startswith(site.url)

    def test_its_images_are_loaded_when_asked_for(self, tab, site, world):
        """So a request to another machine would be seen."""
        html = f'<h1>Hello</h1><img src="{WORLD}/logo.png">'
        sent = site.send(mail("Hello", "Hello.\n", html))
        tab.goto(f"{site.url}#/messages/{sent.id}/html")
        tab.frame()
        assert world.asked == []
        tab.click(".strip > button.btn")
        tab.wait_for(
            "() => document.querySelector('iframe.mail')?.src.includes('images=')"
        )
        tab.wait_for("() => document.images[0]?.naturalWidth > 0", frame=tab.frame())
        assert world.asked == [f"GET {WORLD}/logo.png"]
        assert tab.elsewhere == [f"{WORLD}/logo.png"]


class TestWithout:
    """A machine without Firefox."""

    @pytest.fixture(autouse=True)
    def none(self, monkeypatch):
        """Take it away."""
        monkeypatch.delenv("LAZR_SMTPTEST_FIREFOX", raising=False)
        monkeypatch.setenv("PATH", "")

    def test_a_test_fails_under_ci(self, monkeypatch, tmp_path):
        """The failure says what is missing, and what installs it."""
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match=r"firefox-esr.*\.ci/programs"):
            module.Firefox(tmp_path)

    def test_a_test_is_skipped_elsewhere(self, monkeypatch, tmp_path):
        """On a machine of a developer."""
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match="firefox-esr"):
            module.Firefox(tmp_path)
