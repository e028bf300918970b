"""``smtptest list``, ``search``, ``show`` and so on, on each kind of store."""

from __future__ import annotations

import contextlib
import errno
import json
import mailbox
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest import Envelope, open_store
from lazr_smtptest.cli import read_copy
from lazr_smtptest.cli.commands import table, wait
from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.text_width import width
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.stores import MemoryStore

from ..commands import PATIENCE, ROOT

ORDER = (
    b"From: The Shop <shop@example.com>\r\nTo: anna@example.com\r\n"
    b"Subject: Your order\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\n"
    b"Thank you!\tSee https://shop.example.com/1\r\nYour code is 481516\r\n"
    b"--b\r\nContent-Type: application/pdf\r\n"
    b"Content-Disposition: attachment; filename=bill.pdf\r\n\r\n%PDF\r\n--b--\r\n"
)
NEWS = (
    b"From: news@example.com\r\nSubject: =?utf-8?b?5pel5pys6Kqe?= \x1b[31m\r\n"
    b"Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
)


def envelope(content: bytes, sender: str, second: int = 0) -> Envelope:
    """Return a message to Anna."""
    received = datetime(2024, 1, 31, 12, 0, second, tzinfo=timezone.utc)
    return Envelope(
        mail_from=sender,
        rcpt_tos=("anna@example.com",),
        content=content,
        received_at=received,
    )


@attrs.define
class Store:
    """A store on the disk, and what the last command has printed.

    Attributes:
        text: its name on the command line.
        capsys: captures the output.
        out: the standard output of the last command.
        err: its standard error.
    """

    text: str
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def add(self, *envelopes: Envelope) -> None:
        """Add messages as a server does."""
        store = open_store(self.text)
        for each in envelopes:
            store.add(each)
        store.close()

    def count(self) -> int:
        """Return the number of messages."""
        store = open_store(self.text)
        try:
            return len(store)
        finally:
            store.close()

    def run(self, command: str, *arguments: str) -> int:
        """Run a command on this store; return the exit status."""
        status = main([command, self.text, *arguments])
        self.out, self.err = self.capsys.readouterr()
        return status

    def objects(self) -> list[Any]:
        """Return the objects that the last command has printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(params=["sqlite:mail.db", "maildir:mail", "mbox:mail.mbox"])
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Store:
    """Return a store of each kind, with an order and a newsletter."""
    monkeypatch.chdir(tmp_path)
    made = Store(request.param, capsys)
    made.add(envelope(ORDER, "shop@example.com"), envelope(NEWS, "news@example.com", 1))
    return made


def run_process(*arguments: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lazr_smtptest", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )


# List and search


def test_words_after_two_dashes_are_no_options(store: Store) -> None:
    """Those of a query begin with dashes: without this one."""
    assert store.run("search", "--", "--json") == 0
    assert store.out.startswith("NUMBER")


def test_a_list_is_a_table_newest_first(store: Store) -> None:
    """It has the number, the time, the addresses, the subject and the size."""
    assert store.run("list") == 0
    titles, news, order = store.out.splitlines()
    assert titles.split() == ["NUMBER", "TIME", "FROM", "TO", "SUBJECT", "SIZE"]
    assert "news@example.com" in news
    assert "The Shop <shop@example.com>  anna@example.com  Your order" in order
    assert order.endswith(f"  {len(ORDER)}")


def test_text_of_a_message_cannot_control_the_terminal(store: Store) -> None:
    """It is escaped."""
    store.run("list")
    assert "\u65e5\u672c\u8a9e \\x1b[31m" in store.out
    assert "\x1b" not in store.out


def test_the_order_of_arrival(store: Store) -> None:
    """``--oldest-first``."""
    store.run("list", "--oldest-first", "--json")
    assert [each["mail_from"] for each in store.objects()] == [
        "shop@example.com",
        "news@example.com",
    ]


def test_a_limit_is_the_most_messages(store: Store) -> None:
    """0 is no limit."""
    store.run("list", "--limit=1", "--json")
    assert [each["mail_from"] for each in store.objects()] == ["news@example.com"]
    store.run("list", "--limit=0", "--json")
    assert len(store.objects()) == 2


def test_a_list_goes_over_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store returns a page at a time."""
    monkeypatch.setattr("lazr_smtptest.cli.commands.messages._PAGE", 1)
    store.run("list", "--json")
    assert len(store.objects()) == 2


def test_json_has_the_names_of_the_http_api(store: Store) -> None:
    """A program reads an object a line."""
    assert store.run("search", "order", "--json") == 0
    [found] = store.objects()
    assert found["subject"] == "Your order"
    assert found["from"] == [{"name": "The Shop", "address": "shop@example.com"}]
    assert (found["attachments"], found["rcpt_tos"]) == (1, ["anna@example.com"])


def test_a_search_takes_the_search_language(store: Store) -> None:
    """Its words may be several arguments."""
    store.run("search", "from:shop", "-subject:hello", "--json")
    assert [each["subject"] for each in store.objects()] == ["Your order"]


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "subject:order", "-newsletter"],
        ["subject:order", "--json", "-newsletter"],
        ["subject:order", "-newsletter", "--json"],
        ["subject:order", "--limit", "3", "-newsletter", "--json"],
    ],
)
def test_options_may_stand_anywhere(store: Store, words: list[str]) -> None:
    assert store.run("search", *words) == 0
    assert [each["subject"] for each in store.objects()] == ["Your order"]


def test_a_search_without_a_match_has_status_1(store: Store) -> None:
    """As grep has."""
    assert store.run("search", "elephant") == 1
    assert len(store.out.splitlines()) == 1


def test_a_bad_query_has_status_2(store: Store) -> None:
    """The error names the position and what was expected."""
    assert store.run("search", "(order") == 2
    assert store.err.startswith("smtptest search: bad query '(order': at character 7")
    assert len(store.err.splitlines()) == 1


# Show


@pytest.mark.parametrize("words", [["1"], ["order"], ["from:shop", "code"]])
def test_a_message_is_shown_by_number_or_query(store: Store, words: list[str]) -> None:
    """Its envelope, header, text and attachments."""
    assert store.run("show", *words) == 0
    lines = store.out.splitlines()
    assert lines[0].startswith("Message 1, 2024-01-31 ")
    assert lines[1] == "Envelope: from <shop@example.com> to <anna@example.com>"
    assert "Subject: Your order" in lines
    assert "Thank you!\tSee https://shop.example.com/1" in lines
    assert "  bill.pdf  application/pdf  4 bytes" in lines


def test_a_message_is_shown_by_its_id(store: Store) -> None:
    """The id is the one that the list has."""
    store.run("list", "--json")
    [_, order] = store.objects()
    store.run("show", order["id"], "--json")
    [shown] = store.objects()
    assert shown["summary"] == order


@pytest.mark.parametrize("words", [[], ["latest"]])
def test_the_latest_message_is_shown_by_default(store: Store, words: list[str]) -> None:
    """It is what somebody looks for after a try."""
    store.run("show", *words, "--json")
    [shown] = store.objects()
    assert shown["envelope"]["mail_from"] == "news@example.com"


def test_raw_is_exactly_what_was_received(store: Store) -> None:
    """Not a byte is changed."""
    done = run_process("show", store.text, "1", "--raw", stdout=subprocess.PIPE)
    assert done.stdout == ORDER


@pytest.mark.parametrize(
    ("number", "form", "printed"),
    [
        ("2", "--html", "<p>Hello</p>\n"),
        ("1", "--links", "https://shop.example.com/1\n"),
        ("1", "--code", "481516\n"),
    ],
)
def test_one_part_of_a_message(
    store: Store, number: str, form: str, printed: str
) -> None:
    """For a script."""
    assert store.run("show", number, form) == 0
    assert store.out == printed


def test_a_message_without_links_is_told_on_standard_error(store: Store) -> None:
    """It is no failure: standard output has as many lines as there are links."""
    assert store.run("show", "2", "--links") == 0
    assert store.out == ""
    assert store.err == "smtptest show: the message has no links\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["1", "--html"], "the message has no HTML"),
        (["2", "--code"], "the message has no code"),
        (["elephant"], "no message matches 'elephant'"),
        (["lastest"], "no message matches 'lastest'; did you mean 'latest'?"),
        (["9" * 30], f"no message matches '{'9' * 30}'"),
    ],
)
def test_what_is_not_there_has_status_1(
    store: Store, words: list[str], problem: str
) -> None:
    """One line says what."""
    assert store.run("show", *words) == 1
    assert store.err == f"smtptest show: {problem}\n"


# Wait


def test_a_message_that_is_there_is_not_waited_for(store: Store) -> None:
    """It may have come before the command was started."""
    assert store.run("wait", "subject:order", "--json") == 0
    assert [each["subject"] for each in store.objects()] == ["Your order"]


def test_a_wait_without_a_message_has_status_1(store: Store) -> None:
    """The line names the query and the time."""
    assert store.run("wait", "elephant", "--timeout=0") == 1
    first, *others = store.err.splitlines()
    assert first == "smtptest wait: no message that matches 'elephant' came within 0 s"
    # As a failing test shows it.
    assert others[:3] == [
        "nearest: it does not contain 'elephant'",
        "no message matches (2 arrived)",
        "",
    ]


def test_a_new_message_is_one_that_comes_later(store: Store) -> None:
    """Those that are there do not count."""
    assert store.run("wait", "--new", "--timeout=0") == 1
    first, *others = store.err.splitlines()
    assert first == "smtptest wait: no message came within 0 s"
    assert "note: only messages after number 2 count" in others


@pytest.mark.slow
def test_a_message_of_another_process_ends_a_wait(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server writes it."""
    opened = threading.Event()

    def opens(text: str, make: bool) -> Any:
        opened.set()
        return open_store(text, make=make)

    monkeypatch.setattr(read_copy, "open_store", opens)
    code = (
        "import sys; from lazr_smtptest import *; s = open_store(sys.argv[1]);"
        "s.add(Envelope(mail_from='', rcpt_tos=('b@c',),"
        " content=b'Subject: late\\r\\n\\r\\n')); s.close()"
    )

    def add() -> None:
        assert opened.wait(PATIENCE)
        subprocess.run(
            [sys.executable, "-c", code, store.text],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=PATIENCE,
        )

    adding = threading.Thread(target=add)
    adding.start()
    status = store.run("wait", "subject:late", "--json", f"--timeout={PATIENCE}")
    adding.join()
    assert status == 0
    assert [each["subject"] for each in store.objects()] == ["late"]


class Pauses:
    """The time of a wait, in which each pause does something.

    Args:
        action: what happens meanwhile.
    """

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action
        self._now = 0.0
        self.time = time.time

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Do something, instead of sleeping."""
        self._now += seconds
        self._action()


@pytest.mark.parametrize("new", [[], ["--new"]])
def test_a_store_that_is_made_later_is_waited_for(
    store: Store, new: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server makes it; all messages in it are new."""
    kind, _, _ = store.text.partition(":")
    late = attrs.evolve(store, text=f"{kind}:late")
    monkeypatch.setattr(
        wait, "time", Pauses(lambda: late.add(envelope(ORDER, "shop@example.com")))
    )
    assert late.run("wait", "subject:order", "--json", *new) == 0
    assert [each["subject"] for each in late.objects()] == ["Your order"]
    assert late.err == "smtptest wait: there is no 'late' yet: waiting\n"


def test_a_store_that_is_not_made_ends_a_wait_in_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line names it and the time."""
    monkeypatch.setattr(wait, "time", Pauses(lambda: None))
    missing = attrs.evolve(store, text="sqlite:missing.db")
    assert missing.run("wait", "--timeout=2m") == 1
    _, last = missing.err.splitlines()
    assert last == "smtptest wait: there is no 'missing.db' within 120 s"


# Delete


def test_messages_are_deleted_by_a_query(store: Store) -> None:
    """The others stay."""
    assert store.run("delete", "from:shop") == 0
    assert store.out == "1 message deleted\n"
    store.run("list", "--json")
    assert [each["mail_from"] for each in store.objects()] == ["news@example.com"]


def test_a_message_is_deleted_by_its_number(store: Store) -> None:
    """Not the messages that have the number in their text."""
    store.run("delete", "2")
    store.run("list", "--json")
    assert [each["mail_from"] for each in store.objects()] == ["shop@example.com"]


def test_all_messages_are_deleted_on_demand_only(store: Store) -> None:
    """``--all``; without it a query is needed."""
    with pytest.raises(SystemExit) as raised:
        store.run("delete")
    assert raised.value.code == 2
    assert store.count() == 2
    assert store.run("delete", "--all") == 0
    assert store.count() == 0
    assert "2 messages deleted\n" in store.out


def test_nothing_to_delete_has_status_1(store: Store) -> None:
    """One line names the query."""
    assert store.run("delete", "elephant") == 1
    assert store.err == "smtptest delete: no message matches 'elephant'\n"


# Export and import


def test_an_export_into_a_file_with_messages_appends(store: Store) -> None:
    """And says so; an empty file has nothing to append to."""
    Path("out.mbox").touch()
    store.run("export", "mbox:out.mbox")
    assert store.out == "2 messages exported to mbox:out.mbox\n"
    store.run("export", "mbox:out.mbox")
    assert store.out == "2 messages appended to mbox:out.mbox\n"
    with contextlib.closing(open_store("mbox:out.mbox")) as opened:
        assert len(list(opened)) == 4


@pytest.mark.parametrize("place", ["eml:out", "mbox:out.mbox"])
def test_what_is_exported_can_be_imported(store: Store, place: str) -> None:
    """With its envelope and each byte."""
    assert store.run("export", place) == 0
    assert store.out == f"2 messages exported to {place}\n"
    copy = attrs.evolve(store, text="sqlite:copy.db")
    assert copy.run("import", place) == 0
    assert copy.out == "2 messages imported into sqlite:copy.db\n"
    opened = open_store("sqlite:copy.db")
    contents = [(each.mail_from, each.content) for each in opened]
    opened.close()
    assert contents == [("shop@example.com", ORDER), ("news@example.com", NEWS)]


def test_the_matches_of_a_query_are_exported(store: Store) -> None:
    """An mbox that other programs read."""
    store.run("export", "mbox:out.mbox", "subject:order")
    with contextlib.closing(mailbox.mbox("out.mbox")) as messages:
        assert [message["Subject"] for message in messages] == ["Your order"]


def test_a_message_that_is_exported_to_an_mbox_has_its_own_time(store: Store) -> None:
    """The first line has that of receipt: mail programs sort by it."""
    store.run("export", "mbox:out.mbox", "subject:order")
    first, *_ = Path("out.mbox").read_bytes().splitlines()
    assert first == b"From shop@example.com Wed Jan 31 12:00:00 2024"


@pytest.mark.parametrize("target", ["sqlite:copy.db", "maildir:copy", "mbox:copy"])
def test_what_is_imported_twice_is_there_once(store: Store, target: str) -> None:
    """An id is unique in a store; the command says what it has left out."""
    store.run("export", "eml:mails")
    copy = attrs.evolve(store, text=target)
    copy.run("import", "eml:mails")
    assert copy.run("import", "eml:mails") == 0
    said = f"0 messages imported into {target}; 2 were there already\n"
    assert copy.out.endswith(said)
    place: Any = open_store(target)
    with contextlib.closing(place):
        assert len(place) == len(place.ids()) == 2


def test_what_is_imported_without_a_time_has_that_of_the_import(
    store: Store, tmp_path: Path
) -> None:
    """So queries by time find it."""
    (tmp_path / "a.eml").write_bytes(b"Subject: alone\n\nHello\n")
    store.run("import", "a.eml")
    store.run("search", "subject:alone", "after:1h", "--json")
    [found] = store.objects()
    assert found["received_at"] is not None


def test_one_message_is_in_the_singular(store: Store) -> None:
    """In the line of an export, and of an import twice."""
    store.run("export", "eml:one", "subject:order")
    assert store.out == "1 message exported to eml:one\n"
    copy = attrs.evolve(store, text="sqlite:copy.db")
    copy.run("import", "eml:one")
    assert copy.out == "1 message imported into sqlite:copy.db\n"
    copy.run("import", "eml:one")
    assert copy.out.endswith("into sqlite:copy.db; 1 was there already\n")


def test_what_is_imported_keeps_its_time(store: Store) -> None:
    """The header fields of an export have it."""
    envelope = Envelope(
        mail_from="",
        rcpt_tos=(),
        content=NEWS,
        received_at=datetime(2020, 2, 3, 4, 5, tzinfo=timezone.utc),
    )
    with contextlib.closing(open_store("sqlite:timed.db")) as opened:
        opened.add(envelope)
    attrs.evolve(store, text="sqlite:timed.db").run("export", "eml:timed")
    attrs.evolve(store, text="sqlite:copy.db").run("import", "eml:timed")
    with contextlib.closing(open_store("sqlite:copy.db")) as opened:
        assert [each.received_at for each in opened] == [envelope.received_at]


def test_a_file_of_another_program_is_imported(store: Store, tmp_path: Path) -> None:
    """It has no envelope."""
    (tmp_path / "a.eml").write_bytes(b"Subject: alone\n\nHello\n")
    assert store.run("import", "a.eml") == 0
    store.run("search", "subject:alone", "--json")
    assert len(store.objects()) == 1


@pytest.mark.parametrize("target", ["sqlite:copy.db", "maildir:copy", "mbox:copy"])
def test_files_of_another_program_are_imported_once(
    store: Store, target: str, tmp_path: Path
) -> None:
    """An import that failed in between is repeated, and adds the others."""
    mails = tmp_path / "mails"
    mails.mkdir()
    copy = attrs.evolve(store, text=target)
    for count in (1, 2):
        (mails / f"{count}.eml").write_bytes(b"Subject: %d\n\nHello\n" % count)
        assert copy.run("import", "eml:mails") == 0
    assert copy.out.endswith(f"1 message imported into {target}; 1 was there already\n")
    assert copy.count() == 2


@pytest.mark.parametrize(
    ("command", "arguments", "status", "problem"),
    [
        ("export", ["out"], 2, "TO is eml:DIR or mbox:FILE, not 'out'"),
        ("export", ["eml:out", "elephant"], 1, "no message matches 'elephant'"),
        ("import", ["nowhere.eml"], 1, "there is no 'nowhere.eml'"),
        ("import", ["."], 2, "FROM is a file .eml, eml:DIR or mbox:FILE, not '.'"),
        (
            "import",
            ["mbox:"],
            2,
            "FROM is a file .eml, eml:DIR or mbox:FILE, not 'mbox:'",
        ),
        (
            "import",
            ["eml:"],
            2,
            "FROM is a file .eml, eml:DIR or mbox:FILE, not 'eml:'",
        ),
        ("import", ["eml:file"], 1, "'{folder}/file' is not a folder"),
        ("export", ["eml:file"], 1, "'{folder}/file' is not a folder"),
    ],
)
def test_a_wrong_file_is_one_line(
    store: Store, command: str, arguments: list[str], status: int, problem: str
) -> None:
    """It names the file and what is allowed."""
    Path("file").touch()
    assert store.run(command, *arguments) == status
    problem = problem.format(folder=Path.cwd())
    assert store.err == f"smtptest {command}: {problem}\n"
    assert store.count() == 2


def test_a_folder_of_messages_that_cannot_be_read_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is not taken for an empty one."""

    def refuse(folder: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert main(["import", f"sqlite:{tmp_path / 'new.db'}", f"eml:{tmp_path}"]) == 1
    assert capsys.readouterr().err == (
        f"smtptest import: cannot read folder of messages '{tmp_path}': "
        "Permission denied\n"
    )


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("show", "no message matches '\\udcff'"),
        ("delete", "no message matches '\\udcff'"),
        ("transcript", "the store keeps no session '\\udcff'"),
    ],
)
def test_an_argument_that_is_no_utf_8_is_no_id(
    store: Store, command: str, problem: str
) -> None:
    """Its bytes are shown escaped."""
    assert store.run(command, os.fsdecode(b"\xff")) == 1
    assert store.err == f"smtptest {command}: {problem}\n"


@pytest.mark.parametrize("command", ["list", "search", "show", "wait", "delete"])
def test_a_url_of_another_kind_is_no_word_of_a_query(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a mistake in the name of a store."""
    more = [] if command == "list" else ["x"]
    assert main([command, "ftp://example.com/mail", *more]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"smtptest {command}: unknown store 'ftp://example.com/mail': use memory, "
    )


# Sessions


def test_a_store_without_sessions_has_no_transcript(store: Store) -> None:
    """The table is empty."""
    assert store.run("sessions") == 0
    assert len(store.out.splitlines()) == 1
    assert store.run("transcript") == 1
    assert store.err == "smtptest transcript: the store keeps no session\n"
    assert store.run("transcript", "x") == 1
    assert store.err == "smtptest transcript: the store keeps no session 'x'\n"


class TestSessions:
    """The sessions of a store that keeps them."""

    @pytest.fixture
    def kept(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Store, Session]:
        """Return a store with a session."""
        session = Session(
            id="s1",
            number=1,
            started=0.0,
            transcript=Transcript(),
            peer=("127.0.0.1", 5000),
            helo="shop.example.com",
        )
        session.ended = 1.5
        memory = MemoryStore()
        memory.keep_session(session)
        monkeypatch.setattr(read_copy, "open_store", lambda text, make: memory)
        return store, session

    def test_a_session_is_a_row(self, kept: tuple[Store, Session]) -> None:
        """With its client and its counts."""
        store, _ = kept
        assert store.run("sessions") == 0
        row = store.out.splitlines()[1].split()
        assert row[0] == "s1"
        assert row[-3:] == ["shop.example.com", "0", "0"]

    def test_a_session_is_an_object(self, kept: tuple[Store, Session]) -> None:
        """With the names of the HTTP API."""
        store, _ = kept
        store.run("sessions", "--json")
        [found] = store.objects()
        assert (found["id"], found["seconds"]) == ("s1", 1.5)

    @pytest.mark.parametrize("name", ["latest", "s1", "1"])
    def test_a_transcript_has_the_facts_of_its_session(
        self, kept: tuple[Store, Session], name: str
    ) -> None:
        """By its id, by its number, or as the latest."""
        store, _ = kept
        assert store.run("transcript", name) == 0
        assert "Client: 127.0.0.1:5000\n" in store.out

    def test_a_number_of_several_sessions_is_an_error_with_their_ids(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each run of a server begins with 1."""
        memory = MemoryStore()
        for id in ("s1", "s2"):
            memory.keep_session(Session(id=id, number=7, ended=1.0))
        monkeypatch.setattr(read_copy, "open_store", lambda text, make: memory)
        assert store.run("transcript", "7") == 1
        assert store.err == (
            "smtptest transcript: 2 sessions have the number 7: s2, s1\n"
        )

    def test_a_transcript_is_an_object(self, kept: tuple[Store, Session]) -> None:
        """With the session."""
        store, _ = kept
        store.run("transcript", "--json")
        [found] = store.objects()
        assert found["session"]["id"] == "s1"
        assert found["transcript"] == []


# Errors and output


@pytest.mark.parametrize(
    "command", ["list", "search", "show", "wait", "delete", "export", "sessions"]
)
@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [
        ("maildir:nowhere", 1, "there is no 'nowhere'"),
        ("sqlite:", 2, "unknown store 'sqlite:': use memory, sqlite:FILE"),
        ("memory", 2, "a store in memory belongs to its server: use sqlite:FILE"),
    ],
)
def test_a_store_that_is_not_there_is_one_line(
    command: str,
    text: str,
    status: int,
    problem: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None is made."""
    monkeypatch.chdir(tmp_path)
    others = {
        "search": ["x"],
        "wait": ["--timeout=0"],
        "delete": ["x"],
        "export": ["eml:out"],
    }
    assert main([command, text, *others.get(command, [])]) == status
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest {command}: {problem}")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_setting_names_no_other_forms_of_a_store(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They would be no other values of the setting."""
    assert main(["list", "sqlite:x.db?max-count=y"]) == 2
    assert capsys.readouterr().err == (
        "smtptest list: max-count is a number, 0 for no bound, not 'y'\n"
    )


def test_a_store_in_memory_imports_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It would be gone at once."""
    assert main(["import", "memory", "a.eml"]) == 2
    assert "a store in memory ends with the command" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "sqlite:x", "--limit=-1"],
        ["import"],
        ["wait", "sqlite:x", "--timeout=soon"],
        ["sessions", "sqlite:x", "--limit=0"],
        ["show", "sqlite:x", "--raw", "--html"],
    ],
)
def test_wrong_arguments_have_status_2(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong."""
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest {arguments[0]}: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list", "x.db", "--limit", "-1"], "--limit is a number from 0 on, not '-1'"),
        (["list", "x.db", "--limit", "-x"], "--limit is a number from 0 on, not '-x'"),
        (
            ["sessions", "x.db", "--limit", "-1"],
            "--limit is a number from 1 on, not '-1'",
        ),
        (
            ["sessions", "x.db", "--limit", "-x"],
            "--limit is a number from 1 on, not '-x'",
        ),
        (["wait", "x.db", "--timeout", "-1.5"], "12h or 7d, not '-1.5'"),
        (["transcript", "x.db", "a", "-b"], "unrecognized arguments: -b"),
    ],
)
def test_a_wrong_value_with_a_dash_is_shown_as_it_was_written(
    arguments: Sequence[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words of a query may begin so, too."""
    with pytest.raises(SystemExit):
        main(arguments)
    said = capsys.readouterr().err
    assert complaint in said
    assert "\0" not in said


def test_a_number_with_a_dash_is_a_word_of_a_query(store: Store) -> None:
    """As any other: -4711 is what has not this number."""
    assert store.run("search", "-4711", "--json") == 0
    assert store.run("search", "-1.5", "--json") == 0


def test_a_reader_that_has_seen_enough_is_no_error(store: Store) -> None:
    """Such as ``head``."""
    reading, writing = os.pipe()
    os.close(reading)
    done = run_process("list", store.text, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_table_fits_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wide characters take two columns."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    table.write_table(("A", "B"), [("x" * 50, "\u65e5" * 50), ("y", "z")])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(width, lines)) <= columns
    assert width(lines[1]) >= columns - 3
