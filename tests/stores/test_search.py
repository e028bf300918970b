"""Lists of messages, and finding them by their words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.errors import SearchTimeoutError, StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import SQLiteStore, _sql_reader, _sql_store
from lazr_smtptest.stores._compiler import compile_query
from lazr_smtptest.stores._migrations import MIGRATIONS
from lazr_smtptest.stores._sqlite_dialect import completions

from ..chance import some
from .envelopes import make_envelope


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """Open a new store."""
    store = SQLiteStore(tmp_path / "mail.db")
    yield store
    store.close()


def subjects(summaries: list[Any]) -> list[str]:
    """Say which messages these are."""
    return [summary.subject for summary in summaries]


def mail(subject: str, text: str = "Hi.", **changes: Any) -> Any:
    content = f"Subject: {subject}\r\n\r\n{text}\r\n".encode()
    return make_envelope(content=content, **changes)


# Pages


def steps_of_a_page(store: SQLiteStore) -> int:
    """Return how many steps SQLite takes for the newest five messages."""
    steps: list[None] = []

    def count(connection: sqlite3.Connection) -> None:
        connection.set_progress_handler(lambda: steps.append(None), 1)

    store._catalog.read_with(count)
    assert len(store.page(limit=5)) == 5
    return len(steps)


def test_a_page_takes_no_longer_with_more_messages_before_it(
    store: SQLiteStore,
) -> None:
    """Only those of the page are read."""
    taken = []
    for number in (20, 200):
        store.clear()
        store._write([mail("hi", id=f"{number}-{each}") for each in range(number)])
        store.search("hi")
        taken.append(steps_of_a_page(store))
    few, many = taken
    assert many < few + 50


def test_a_page_is_newest_first(store: SQLiteStore) -> None:
    """As people want it."""
    for number in range(5):
        store.add(make_envelope(number))
    assert subjects(store.page(limit=3)) == ["message 4", "message 3", "message 2"]


def test_the_next_page_begins_behind_the_last_message(store: SQLiteStore) -> None:
    """Whatever has come meanwhile."""
    for number in range(5):
        store.add(make_envelope(number))
    last = store.page(limit=3)[-1].id
    store.add(make_envelope(5))
    assert subjects(store.page(after=last)) == ["message 1", "message 0"]


def test_a_page_behind_the_last_message_is_empty(store: SQLiteStore) -> None:
    """That is the end."""
    store.add(make_envelope())
    assert store.page(after=store.page()[-1].id) == []


def test_a_page_behind_an_unknown_message_is_an_error(store: SQLiteStore) -> None:
    """It may have been deleted."""
    with pytest.raises(KeyError, match="unknown"):
        store.page(after="unknown")


def test_a_summary_says_what_a_list_shows(store: SQLiteStore) -> None:
    """Without the content."""
    store.add(make_envelope(7, id="id-7"))
    (summary,) = store.page()
    assert (summary.id, summary.mail_from, summary.rcpt_tos) == (
        "id-7",
        "sender7@example.com",
        ("one@example.com", "two@example.com"),
    )
    assert summary.size == len(make_envelope(7).content)


def test_the_subject_is_there_before_and_after_it_was_read(store: SQLiteStore) -> None:
    """It is read on the spot, if need be."""
    store.add(mail("=?utf-8?q?Gr=C3=BC=C3=9Fe?="))
    store.search("anything")
    assert subjects(store.page()) == ["Grüße"]


# Words


@pytest.fixture
def invoice(store: SQLiteStore) -> Any:
    """A message with something to look for, between two others."""
    message = EmailMessage()
    message["Subject"] = "Your invoice, Grüße"
    message["From"] = "Shop <orders@shop.example>"
    message.set_content("The number is 4711, and not 4712.")
    message.add_attachment(b"%PDF-", "application", "pdf", filename="bill.pdf")
    content = message.as_bytes().replace(b"\n", b"\r\n")
    store.add(make_envelope(1))
    store.add(
        make_envelope(2, content=content, rcpt_tos=("anna@example.org",), id="wanted")
    )
    store.add(make_envelope(3))
    return store


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *("invoice", "INVOICE", "your invoice", "invoice your", "gruße"),
        *("inv*", "INV*", "invoice*", "your inv*", "num* ord* 47*", "grü*", "gru*"),
        *(
            "anna@exam*",
            "anna@example.org",
            "orders@shop.example",
            "shop",
            "sender2@example.com",
        ),
        *("4711", "4711 anna invoice", "bill.pdf", "bill"),
    ],
)
def test_a_message_is_found_by_its_words(invoice: SQLiteStore, text: str) -> None:
    """Of the subject, the addresses, the text, and the names of attachments."""
    assert [each.id for each in invoice.search(text)] == ["wanted"]


@pytest.mark.parametrize(
    "text",
    [
        *("nothing", "invoice nothing", "nvoice", "anna@example.com"),
        *("nothing*", "voic*", "invoices*", "inv* nothing*", "example@anna*"),
        *("invoice NOT 4713", "invoice OR nothing", "subject:invoice", "NEAR(a b)"),
    ],
)
def test_what_has_not_all_of_the_words_is_not_found(
    invoice: SQLiteStore, text: str
) -> None:
    """There are no operators: every word is a word."""
    assert invoice.search(text) == []


@pytest.mark.parametrize("text", ["", " ", '"', "* @ .", "\0"])
def test_a_text_without_a_word_is_an_error(invoice: SQLiteStore, text: str) -> None:
    """Everything, or nothing, would be found."""
    with pytest.raises(ValueError, match="there is no word to look for in"):
        invoice.search(text)


def test_what_is_found_comes_newest_first_and_in_pages(store: SQLiteStore) -> None:
    """As in the list of all."""
    for number in range(6):
        store.add(mail(f"{number}", "even" if number % 2 == 0 else "odd"))
    first = store.search("even", limit=2)
    assert subjects(first) == ["4", "2"]
    assert subjects(store.search("even", after=first[-1].id, limit=2)) == ["0"]


@pytest.mark.parametrize("words", [1, 256, 257, 300])
def test_what_begins_so_is_found_however_many_words_that_are(
    store: SQLiteStore, words: int
) -> None:
    """Few are looked for one by one, many all together; the answer is the same."""
    store.add(mail("another"))
    for number in range(words):
        store.add(mail(f"word{number}"))
    store.add(mail("wor d"))
    found = subjects(store.search("WORD*", limit=500))
    assert found == [f"word{number}" for number in reversed(range(words))]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteStore]:
    """A hundred messages with a word each, and four hundred and one newer ones."""
    store = SQLiteStore(
        tmp_path_factory.mktemp("crowded") / "mail.db", synchronous="NORMAL"
    )
    for number in range(100):
        store.add(mail(f"word{number}"))
    for number in range(401):
        store.add(mail(f"thing{number}"))
    yield store
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beginning", "count", "limit"),
    [
        *(("thing", 401, limit) for limit in (7, 50, 100, 101, 400)),
        *(("word", 100, limit) for limit in (1, 7, 50, 100, 101)),
    ],
)
def test_pages_of_what_many_words_begin_with_are_whole(
    crowded: SQLiteStore, beginning: str, count: int, limit: int
) -> None:
    """Whether the newest messages have enough of them or all have to be searched."""
    found: list[str] = []
    after = None
    while page := crowded.search(f"{beginning}*", after=after, limit=limit):
        found += subjects(page)
        after = page[-1].id
    assert found == [f"{beginning}{number}" for number in reversed(range(count))]


def test_a_search_among_the_newest_leaves_nothing_behind(crowded: SQLiteStore) -> None:
    """It can be done once more, and the database stays as it was."""
    first = crowded.search("thing*", limit=10)
    assert crowded.search("thing*", limit=10) == first
    assert len(crowded) == 501


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 2, 50, 100])
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("hi thing*", 401),
        ("word* hi", 100),
        ("t* word*", 100),
        ("thing* thing7", 1),
        ("word* word7", 1),
        ("thing* word7", 0),
        ("thing* nothing", 0),
        ("thing* word*", 0),
        ("word* hi* sender*", 100),
    ],
)
def test_the_newest_that_have_all_of_the_words_are_found(
    crowded: SQLiteStore, text: str, count: int, limit: int
) -> None:
    """As among all: for more than 400 all of them are searched at once."""
    among_all = crowded.search(text, limit=501)
    assert len(among_all) == count
    assert crowded.search(text, limit=limit) == among_all[:limit]


@pytest.mark.parametrize("words", [1, 100])
def test_what_begins_so_is_gone_when_the_store_is_cleared(
    tmp_path: Path, words: int
) -> None:
    """By itself or by another process; and what comes then is found."""
    stores = [SQLiteStore(tmp_path / "mail.db") for _ in range(2)]
    for clearing in stores:
        for number in range(words):
            clearing.add(mail(f"word{number}"))
        found = [len(store.search("word*", limit=200)) for store in stores]
        clearing.clear()
        gone = [store.search("word*") for store in stores]
        assert (found, gone) == ([words, words], [[], []])
    for store in stores:
        store.close()


def test_what_begins_so_comes_in_pages(store: SQLiteStore) -> None:
    """A message with two such words is there once."""
    for number in range(4):
        store.add(mail(f"word{number} words"))
    first = store.search("word*", limit=2)
    second = store.search("word*", after=first[-1].id, limit=2)
    assert subjects(first + second) == [f"word{n} words" for n in (3, 2, 1, 0)]


@pytest.mark.parametrize("beginning", ["word", "w", "woods", "x", "word1"])
def test_the_words_that_begin_so_are_found_one_by_one(
    beginning: str, tmp_path: Path
) -> None:
    """Each once, in order, wherever and however often it stands."""
    words = ["word", "wor", "word1", "word12", "wood", "wordé", "xylophone"]
    store = SQLiteStore(tmp_path / "mail.db")
    for word in words * 2:
        store.add(mail(word))
    store.search("nothing")
    store.close()
    with closing(sqlite3.connect(tmp_path / "mail.db")) as connection:
        found = completions(connection, beginning, 10)
    # The index knows no accents.
    known = sorted(word.replace("é", "e") for word in words)
    assert found == [word for word in known if word.startswith(beginning)]


def test_more_words_than_wanted_are_none(tmp_path: Path) -> None:
    """Some of them would be a wrong answer."""
    store = SQLiteStore(tmp_path / "mail.db")
    for number in range(3):
        store.add(mail(f"word{number}"))
    store.search("nothing")
    store.close()
    with closing(sqlite3.connect(tmp_path / "mail.db")) as connection:
        assert completions(connection, "word", 3) == ["word0", "word1", "word2"]
        assert completions(connection, "word", 2) is None


def test_a_message_of_html_alone_is_found_by_its_text(store: SQLiteStore) -> None:
    """And not by its tags."""
    content = b"Content-Type: text/html\r\n\r\n<p class='x'>Hello <b>Anna</b></p>\r\n"
    store.add(make_envelope(content=content))
    assert len(store.search("hello anna")) == 1
    assert store.search("class") == []


def html_mail(html: str) -> Envelope:
    """Make a message that has HTML and no text."""
    head = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    return make_envelope(content=head + html.encode())


@pytest.mark.parametrize(
    ("html", "word"),
    [
        ("<p>Ihr Gesch&auml;ft</p>", "geschäft"),
        ("<p>Caf&#233;</p>", "café"),
        ("<p>pass<b>word</b></p>", "password"),
        ("<p>every<wbr>where</p>", "everywhere"),
        ("<p>one</p><p>two</p>", "two"),
        ("<table><td>left<td>right</table>", "right"),
        ("<p title='a>b'>shown</p>", "shown"),
        ("<p>1 < 2 but great</p>", "great"),
    ],
)
def test_a_word_that_the_html_shows_is_found(
    store: SQLiteStore, html: str, word: str
) -> None:
    """Entities are characters, and an element within a line divides no word."""
    store.add(html_mail(html))
    assert len(store.search(word)) == 1


@pytest.mark.parametrize(
    "html",
    [
        "<style>.hidden {}</style>",
        "<script>var hidden;</script>",
        "<!-- hidden -->",
        "<!-- <p>a</p> hidden -->",
        "<title>hidden</title>",
        "<p title='a>hidden'>b</p>",
        "<p class=hidden>",
    ],
)
def test_a_word_that_the_html_does_not_show_is_not_found(
    store: SQLiteStore, html: str
) -> None:
    """It is in a style sheet, a script, a comment or a tag."""
    store.add(html_mail(f"{html}<p>text</p>"))
    assert store.search("hidden") == []
    assert len(store.search("text")) == 1


def test_a_deleted_message_is_not_found(store: SQLiteStore) -> None:
    """Nor is it in a list."""
    store.add(mail("one", id="id-1"))
    store.search("one")
    store.delete("id-1")
    assert store.search("one") == store.page() == []


@pytest.fixture
def unread(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> SQLiteStore:
    """A store with three messages, none of which is indexed until somebody waits."""
    with monkeypatch.context() as patch:
        patch.setattr(_sql_store.Indexer, "wake", lambda self: None)
        for number in range(3):
            store.add(mail(f"unread {number}"))
    return store


def test_an_answer_says_how_many_messages_it_does_not_cover(
    unread: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that does not wait looks at what is indexed."""
    # It gets the indexer going, which may be quicker.
    monkeypatch.setattr(_sql_store.Indexer, "wake", lambda self: None)
    found = unread.search("unread", wait=False)
    assert (found, found.complete, found.missing) == ([], False, 3)


def test_an_answer_that_was_waited_for_is_complete(unread: SQLiteStore) -> None:
    """It covers all that was kept when the search began."""
    found = unread.search("unread")
    assert (len(found), found.complete, found.missing) == (3, True, 0)


def test_the_progress_of_the_index_can_be_asked_for(unread: SQLiteStore) -> None:
    """Before and after the messages are indexed."""
    before = unread.index_progress()
    unread.search("unread")
    after = unread.index_progress()
    assert (before.messages, before.missing, before.complete) == (3, 3, False)
    assert (after.messages, after.missing, after.complete) == (3, 0, True)


def test_a_search_raises_when_the_index_is_not_ready_in_time(
    unread: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how many messages are missing."""
    monkeypatch.setattr(
        _sql_store.Indexer, "catch_up", lambda self, done, timeout: None
    )
    with pytest.raises(SearchTimeoutError) as caught:
        unread.search("unread", timeout=0.25)
    error = caught.value
    assert (error.missing, error.messages, error.timeout) == (3, 3, 0.25)
    assert str(error) == (
        "3 of 3 messages are not indexed after 0.25 s: "
        "use a longer timeout, or wait=False to search without them"
    )


def test_a_search_that_times_out_is_a_timeout_and_a_store_error() -> None:
    """Whichever of the two a test catches."""
    error = SearchTimeoutError(1, 2, 3.0)
    assert isinstance(error, TimeoutError)
    assert isinstance(error, StoreError)


def test_a_search_raises_why_messages_cannot_be_indexed(
    unread: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and not after its timeout."""

    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(_sql_store._summary_rows, "add", fail)
    with pytest.raises(StoreError, match="cannot be made searchable: MemoryError"):
        unread.search("unread", timeout=600)


def test_messages_that_come_during_a_search_do_not_prolong_it(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for those that were kept when it was called."""
    store.add(mail("first"))
    monkeypatch.setattr(_sql_store.Indexer, "wake", lambda self: None)
    assert store.search("first").complete
    newest = store._catalog.newest
    monkeypatch.setattr(store._catalog, "newest", lambda: newest() - 1)
    store.add(mail("second"))
    assert subjects(store.search("first", timeout=0)) == ["first"]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_an_answer_says_how_many_messages_are_indexed_in_part(
    store: SQLiteStore, kind: str
) -> None:
    """Of a long text the first 65,536 characters are indexed."""
    store.add(mail("short"))
    text = "first " + "x" * 70_000 + " last"
    content = f"Subject: long\r\nContent-Type: text/{kind}\r\n\r\n{text}\r\n"
    store.add(make_envelope(content=content.encode(), id="long"))
    assert (len(store.search("first")), store.search("last")) == (1, [])
    assert store.search("first").shortened == 1
    assert store.index_progress().shortened == 1


@pytest.mark.parametrize("how", ["delete", "clear"])
def test_a_deleted_message_is_not_indexed_in_part(store: SQLiteStore, how: str) -> None:
    """Nothing is left of it."""
    store.add(make_envelope(content=b"Subject: a\r\n\r\n" + b"x" * 70_000, id="long"))
    assert store.search("hello").shortened == 1
    store.delete("long") if how == "delete" else store.clear()
    assert store.index_progress().shortened == 0


@pytest.mark.slow
def test_a_search_waits_for_what_was_kept_before_it(store: SQLiteStore) -> None:
    """Words are read after the message is kept."""
    for number in range(200):
        store.add(mail(f"message {number}"))
    assert len(store.search("message", limit=500)) == 200


@pytest.fixture
def left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStore]:
    """A store with a message that another run has kept, and not indexed.

    That may have come to a sudden end.
    """
    with monkeypatch.context() as patch:
        patch.setattr(_sql_store.Indexer, "wake", lambda self: None)
        before = SQLiteStore(tmp_path / "mail.db")
        before.add(mail("left over"))
        before.close()
    store = SQLiteStore(tmp_path / "mail.db")
    yield store
    store.close()


def is_indexed_soon(store: SQLiteStore) -> bool:
    """Return whether the indexer has begun, and has left nothing at its end."""
    thread = store._indexer._thread
    if thread is not None:
        thread.join(60)
    return store.index_progress().missing == 0


def test_what_another_run_has_not_indexed_is_found(left_over: SQLiteStore) -> None:
    assert subjects(left_over.search("left over")) == ["left over"]


def test_it_is_indexed_once_somebody_watches(left_over: SQLiteStore) -> None:
    """So do the readers of a server, from their start."""
    stop = left_over.watch(lambda change: None)
    assert is_indexed_soon(left_over)
    stop()


@pytest.mark.parametrize("ask", ["page", "counts", "numbers"])
def test_it_is_indexed_once_somebody_asks_who_does_not_wait(
    left_over: SQLiteStore, ask: str
) -> None:
    """Who asks again gets a complete answer."""
    getattr(left_over, ask)("subject:left")
    assert is_indexed_soon(left_over)


def test_it_is_not_indexed_for_who_only_lists(left_over: SQLiteStore) -> None:
    """A command should not begin work that it does not need."""
    assert subjects(left_over.page()) == ["left over"]
    assert left_over._indexer._thread is None


@pytest.fixture
def ahead(unread: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> SQLiteStore:
    """A store that has indexed one of three messages, and has read the second one."""
    monkeypatch.setattr(_sql_store.Indexer, "wake", lambda self: None)
    monkeypatch.setattr(_sql_store, "_STEP", 1)
    assert unread._index_some()
    assert [row.number for row in unread._ahead[1]] == [2]
    return unread


def index_the_rest(store: SQLiteStore) -> list[int]:
    """Index what is left; return the numbers of all messages that are indexed."""
    while store._index_some():
        pass
    return [
        number
        for (number,) in store._catalog.read_with(
            lambda connection: connection.execute(
                "SELECT rowid FROM words ORDER BY rowid"
            ).fetchall()
        )
    ]


def test_what_was_read_ahead_is_written(ahead: SQLiteStore) -> None:
    """And what comes after it."""
    ahead.add(mail("another"))
    assert index_the_rest(ahead) == [1, 2, 3, 4]
    ahead.add(mail("one more"))
    assert index_the_rest(ahead) == [1, 2, 3, 4, 5]


def test_a_message_that_was_removed_after_it_was_read_is_not_indexed(
    ahead: SQLiteStore,
) -> None:
    """It was read ahead."""
    assert ahead.delete(ahead.page()[1].id)
    assert index_the_rest(ahead) == [1, 3]


def test_nothing_that_was_read_ahead_survives_a_clear(ahead: SQLiteStore) -> None:
    """The messages after it are indexed."""
    ahead.clear()
    ahead.add(mail("another"))
    assert index_the_rest(ahead) == [4]


def test_what_another_store_has_indexed_is_not_indexed_again(
    ahead: SQLiteStore,
) -> None:
    """It was read ahead by both."""
    other = SQLiteStore(ahead.path)
    assert index_the_rest(other) == [1, 2, 3]
    other.close()
    assert index_the_rest(ahead) == [1, 2, 3]


def test_what_was_read_ahead_is_kept_when_it_cannot_be_written(
    ahead: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another attempt succeeds."""
    with monkeypatch.context() as patch:
        patch.setattr(_sql_store._summary_rows, "add", None)
        with pytest.raises(TypeError):
            ahead._index_some()
    assert index_the_rest(ahead) == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 63, 64, 65, 200, 500])
def test_a_step_writes_all_of_its_messages(store: SQLiteStore, count: int) -> None:
    """By few statements."""
    for number in range(count):
        store._write([mail(f"message {number}", id=f"5e-{number}")])
    assert len(store.search("message", limit=1000)) == count


@pytest.mark.slow
def test_two_stores_do_not_read_a_message_twice(tmp_path: Path) -> None:
    """They may be two processes."""
    stores = [SQLiteStore(tmp_path / "mail.db") for _ in range(2)]
    for number in range(100):
        stores[number % 2].add(mail("twice"))
    for store in stores:
        assert len(store.search("twice", limit=500)) == 100
        store.close()


@pytest.mark.slow
@settings(max_examples=some(200), deadline=None)
@given(text=st.text(), beginnings=st.sampled_from([[], ["a", "b"], None]))
def test_no_text_is_a_wrong_query(text: str, beginnings: list[str] | None) -> None:
    """Whatever people type."""
    try:
        node = _sql_reader._words_of(text)
    except ValueError:
        return
    plan = compile_query(node, lambda beginning: beginnings)
    with closing(sqlite3.connect(":memory:")) as connection:
        for statements in MIGRATIONS:
            for statement in statements:
                connection.execute(statement)
        connection.execute(
            f"SELECT number FROM facts AS m WHERE {plan.condition}",
            {**plan.values, "low": 1, "high": 9},
        )
