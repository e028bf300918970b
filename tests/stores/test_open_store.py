"""The text that names a store."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.model.session import Session
from lazr_smtptest.stores import (
    MaildirStore,
    MboxStore,
    MemoryStore,
    SessionBounds,
    Spec,
    SQLiteStore,
    TagRules,
    check_spec,
    open_store,
)

from .envelopes import make_envelope

BAD = [
    *("", "memory:", "memory:x", "Memory", "maildir", "maildir:", "mbox:", "sql:x"),
    *("sqlite", "sqlite:", "sqlite:?max-count=1", "?max-count=1"),
]

SETTINGS = [
    ("memory?max-count=10", {"max_count": 10}),
    ("mbox:m?max-count=5", {"max_count": 5}),
    ("memory?max-count=0&full=refuse", {"max_count": None, "full": "refuse"}),
    ("maildir:m?max-bytes=500", {"max_bytes": 500}),
    ("maildir:m?max-bytes=5K", {"max_bytes": 5 * 1024}),
    ("sqlite:m?max-bytes=5M", {"max_bytes": 5 * 1024**2}),
    ("sqlite:m?max-bytes=5G", {"max_bytes": 5 * 1024**3}),
    ("sqlite:m?max-age=90", {"max_age": 90}),
    ("sqlite:m?max-age=90s", {"max_age": 90}),
    ("sqlite:m?max-age=30m", {"max_age": 1800}),
    ("sqlite:m?max-age=12h", {"max_age": 43200}),
    ("sqlite:m?max-age=7d", {"max_age": 604800}),
    ("sqlite:m?max-age=0", {"max_age": None}),
    ("sqlite:m?synchronous=NORMAL", {"synchronous": "NORMAL"}),
    ("memory?sessions=yes", {}),
    ("memory?sessions=no&max-sessions=5", {"sessions": None}),
    ("mbox:m?max-sessions=5", {"sessions": SessionBounds(max_count=5)}),
    ("sqlite:m?max-session-bytes=1M", {"sessions": SessionBounds(max_bytes=1 << 20)}),
    ("maildir:m?x-tags=no", {"tag_rules": TagRules(header=False)}),
    ("memory?plus-tags=no", {"tag_rules": TagRules(plus_addresses=False)}),
    ("memory?user-tags=yes", {"tag_rules": TagRules(user=True)}),
]

WRONG = [
    ("memory?colour=red", "a store of kind memory has no setting 'colour', use: max-c"),
    ("memory?", "has no setting ''"),
    ("memory?max-count", "max-count is a number, 0 for no bound, not ''"),
    ("memory?max-count=-1", "max-count is a number, 0 for no bound, not '-1'"),
    ("memory?max-count=5K", "max-count is a number, 0 for no bound, not '5K'"),
    ("memory?max-bytes=5T", "max-bytes is a number of bytes such as 500M"),
    ("memory?max-age=5w", "max-age is a time such as 90s, 30m, 12h or 7d"),
    ("memory?full=ignore", "full is drop or refuse, not 'ignore'"),
    ("sqlite:m?full=drop", "a store of kind sqlite has no setting 'full'"),
    ("sqlite:m?synchronous=OFF", "synchronous is FULL or NORMAL, not 'OFF'"),
    ("memory?sessions=off", "sessions is yes or no, not 'off'"),
    ("memory?x-tags=", "x-tags is yes or no, not ''"),
    ("memory?max-sessions=many", "max-sessions is a number, 0 for no bound"),
    ("mbox:m?full=drop", "a store of kind mbox has no setting 'full', use: max-count"),
]


def test_memory_opens_a_memory_store() -> None:
    """``memory`` is the memory store."""
    assert isinstance(open_store("memory"), MemoryStore)


def test_maildir_opens_that_directory(tmp_path: Path) -> None:
    """``maildir:DIR`` is a Maildir at DIR."""
    store = open_store(f"maildir:{tmp_path / 'm'}")
    assert isinstance(store, MaildirStore)
    assert store.path == tmp_path / "m"


def test_mbox_opens_that_file(tmp_path: Path) -> None:
    """``mbox:FILE`` is an mbox file at FILE."""
    store = open_store(f"mbox:{tmp_path / 'm'}")
    assert isinstance(store, MboxStore)
    assert store.path == tmp_path / "m"


def test_sqlite_opens_that_file(tmp_path: Path) -> None:
    """``sqlite:FILE`` is an SQLite database at FILE."""
    with closing(open_store(f"sqlite:{tmp_path / 'm'}")) as store:
        assert isinstance(store, SQLiteStore)
        assert store.path == tmp_path / "m"


@pytest.mark.parametrize("path", ["mail.db", "./mail", "/var/Mail:1", "a/b.c:d"])
def test_a_path_alone_is_that_of_an_sqlite_store(path: str) -> None:
    """If it looks like a path: a word may be a mistyped kind."""
    assert check_spec(path) == Spec("sqlite", path)
    assert check_spec(f"{path}?max-count=5") == Spec("sqlite", path, {"max_count": 5})


def test_a_path_may_hold_a_colon(tmp_path: Path) -> None:
    """Only the first colon separates."""
    store = open_store(f"mbox:{tmp_path / 'a:b'}")
    assert isinstance(store, MboxStore)
    assert store.path == tmp_path / "a:b"


@pytest.mark.parametrize("kind", ["maildir", "mbox", "sqlite"])
def test_a_relative_path_stays_where_it_was_opened(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later change of the working directory does not move the store."""
    monkeypatch.chdir(tmp_path)
    store = open_store(f"{kind}:box")
    monkeypatch.chdir("/")
    assert len(store) == 0
    assert repr(store) == f"{kind}:{tmp_path / 'box'}"
    store.close()


@pytest.mark.parametrize("spec", BAD)
def test_anything_else_is_an_error_that_names_it(spec: str) -> None:
    """An unknown store is named, with the forms that there are, on one line."""
    with pytest.raises(ValueError, match="use memory, sqlite:FILE,") as caught:
        open_store(spec)
    assert repr(spec) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("spec", "settings"), SETTINGS)
def test_settings_stand_behind_a_question_mark(
    spec: str, settings: dict[str, object]
) -> None:
    """They are the keywords of the class."""
    assert check_spec(spec).settings == settings


@pytest.mark.parametrize(("spec", "words"), WRONG)
def test_a_wrong_setting_is_named(spec: str, words: str) -> None:
    """With what it could be, on one line."""
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        check_spec(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["memory", "maildir", "mbox", "sqlite"])
def test_the_settings_reach_the_store(kind: str, tmp_path: Path) -> None:
    """What is beyond the bound is not there."""
    place = "" if kind == "memory" else f":{tmp_path / 'm'}"
    store = open_store(f"{kind}{place}?max-count=2&max-bytes=1M&max-age=1d")
    for number in range(3):
        store.add(make_envelope(number))
    assert list(store) == [make_envelope(1), make_envelope(2)]
    store.close()


def test_check_spec_touches_nothing(tmp_path: Path) -> None:
    """A text can be checked without making the store."""
    check_spec(f"maildir:{tmp_path / 'm'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["memory", "sqlite:box", "maildir:box", "mbox:box"])
def test_every_kind_takes_the_settings_of_sessions_and_tags(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And obeys them."""
    monkeypatch.chdir(tmp_path)
    store: Any = open_store(f"{kind}?sessions=no&x-tags=no&plus-tags=no")
    with closing(store):
        store.keep_session(Session(id="a", ended=1.0))
        store.add(
            make_envelope(content=b"X-Tags: a\r\n\r\n", rcpt_tos=("a+b@example.com",))
        )
        assert (store.sessions(), dict(store.tags())) == ([], {})


@pytest.mark.parametrize("kind", ["memory", "sqlite:box", "maildir:box", "mbox:box"])
def test_every_kind_takes_queries_for_tags(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the other rules."""
    monkeypatch.chdir(tmp_path)
    store: Any = open_store(f"{kind}?x-tags=no", tag_queries={"bill": "subject:b"})
    with closing(store):
        store.add(make_envelope(content=b"X-Tags: a\r\nSubject: b\r\n\r\n"))
        assert dict(store.tags()) == {"bill": 1}
