"""``smtptest list``, ``search``, ``show`` and so on, on a server over HTTP."""

# ruff: noqa: F401, F811

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
import pytest

from lazr_smtptest.cli.main import main
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore
from lazr_smtptest.version import __version__

from ..client.conftest import Running, reactor, serve
from .test_store_commands import NEWS, ORDER, envelope

# A port at which nothing listens.
NOWHERE = "http://127.0.0.1:1"


@attrs.define
class Both:
    """A store on the disk, and a server with the same store.

    Attributes:
        store: the store.
        text: its name.
        url: the URL of the server.
        capsys: captures the output.
    """

    store: SQLiteStore
    text: str
    url: str
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its status, output and errors."""
        status = main(arguments)
        return (status, *self.capsys.readouterr())


@pytest.fixture
def both(
    serve: Callable[..., Running],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Both]:
    """A store and a server with an order, a newsletter and a session."""
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore(tmp_path / "mail.db")
    for each in (
        envelope(ORDER, "shop@example.com"),
        envelope(NEWS, "news@example.com", 1),
    ):
        # As a server makes it: its recipients have no parameters.
        store.add(attrs.evolve(each, rcpt_options=None))
    session = Session(id="a-1", started=1.5, ended=2.75, helo="client", refusals=1)
    session.transcript.at(0.25)
    session.transcript.server(b"550 5.1.1 No such user\r\n")
    session.begin("shop@example.com").accept("anna@example.com")
    session.close()
    store.keep_session(session)
    # From now on what is indexed is what is there.
    store.search("order")
    running = serve(store)
    yield Both(store, f"sqlite:{tmp_path}/mail.db", running.url, capsys)
    running.stop()
    store.close()


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("list", ()),
        ("list", ("--json",)),
        ("list", ("--limit", "1", "--oldest-first")),
        ("list", ("--limit", "0")),
        ("search", ("subject:order",)),
        ("search", ("subject:nothing",)),
        ("search", ("is:nothing",)),
        ("show", ()),
        ("show", ("1",)),
        ("show", ("from:shop", "--json")),
        ("show", ("subject:order", "--code")),
        ("show", ("subject:order", "--links")),
        ("show", ("1", "--raw")),
        ("show", ("99",)),
        ("show", ("latest", "--code")),
        ("wait", ("subject:order",)),
        ("wait", ("subject:order", "--json")),
        ("wait", ("--new", "--timeout", "0")),
        ("wait", ("subject:nothing", "--timeout", "0")),
        ("sessions", ()),
        ("sessions", ("--json", "--failed")),
        ("transcript", ()),
        ("transcript", ("a-1", "--json")),
        ("transcript", ("a-2",)),
        ("delete", ("subject:nothing",)),
        ("export", ("eml:out", "subject:nothing")),
    ],
)
def test_a_server_is_read_as_its_store_is(
    both: Both, command: str, arguments: Sequence[str]
) -> None:
    """With the same output and status."""
    assert both.run(command, both.url, *arguments) == both.run(
        command, both.text, *arguments
    )


@pytest.mark.parametrize(
    ("arguments", "left"),
    [(("subject:order",), ["news@example.com"]), (("2",), ["shop@example.com"])],
)
def test_messages_of_a_server_are_deleted(
    both: Both, arguments: Sequence[str], left: list[str]
) -> None:
    """Those that match, or the one with the number."""
    status, out, _ = both.run("delete", both.url, *arguments)
    assert (status, out) == (0, "1 message deleted\n")
    assert [each.mail_from for each in both.store] == left


def test_all_messages_of_a_server_are_deleted(both: Both) -> None:
    """None is left."""
    assert both.run("delete", both.url, "--all")[1] == "2 messages deleted\n"
    assert list(both.store) == []


def test_messages_of_a_server_are_exported_with_their_envelopes(both: Both) -> None:
    """The files are those of an export of its store."""
    assert both.run("export", both.url, "eml:a")[1] == "2 messages exported to eml:a\n"
    both.run("export", both.text, "eml:b")
    first, second = (
        {file.name: file.read_bytes() for file in Path(name).iterdir()} for name in "ab"
    )
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("list", "--oldest-first"), "Your order"),
        (("search", "subject:order"), "Your order"),
        (("show", "from:shop", "subject:order"), "Subject: Your order"),
        (("show", "1"), "Subject: Your order"),
        (("wait", "subject:order"), "Your order"),
        (("sessions",), "a-1"),
        (("transcript", "a-1"), "No such user"),
        (("transcript",), "No such user"),
        (("export", "eml:out", "subject:order"), "1 message exported to eml:out"),
        (("delete", "-subject:order"), "1 message deleted"),
    ],
)
def test_without_a_store_a_command_asks_the_server(
    both: Both,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    printed: str,
) -> None:
    """The variable names it."""
    monkeypatch.setenv("SMTPTEST_URL", both.url)
    status, out, error = both.run(*arguments)
    assert (status, error) == (0, "")
    assert printed in out


def test_the_server_is_on_this_machine_if_nothing_names_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The help says where."""
    with pytest.raises(SystemExit):
        main(["list", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "the variable SMTPTEST_URL, or http://127.0.0.1:8025." in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("search", "word"),
        ("show", "latest"),
        ("wait", "word"),
        ("delete", "--all"),
        ("export", "eml:out"),
        ("sessions",),
        ("transcript",),
    ],
)
def test_a_server_that_does_not_answer_is_one_line(
    arguments: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """It names the server, and says what to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMTPTEST_URL", NOWHERE)
    assert main(arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        f"smtptest {arguments[0]}: no server answers at {NOWHERE}: Connection refused; "
        "`smtptest` starts one"
    )


@pytest.mark.parametrize("address", ["127.0.0.1:8025", "localhost:8025", "[::1]:80"])
@pytest.mark.parametrize("is_variable", [True, False])
def test_an_address_that_is_no_url_is_answered_by_the_url(
    address: str,
    is_variable: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the command line, before the words of a query, and in the variable."""
    monkeypatch.setenv("SMTPTEST_URL", address if is_variable else NOWHERE)
    with pytest.raises(SystemExit):
        main(["list"] if is_variable else ["wait", address, "subject:code"])
    command = "list" if is_variable else "wait"
    assert capsys.readouterr().err == (
        f"smtptest {command}: {address!r} is no URL; did you mean http://{address}?\n"
    )


def test_a_wait_may_be_longer_than_one_request(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server waits for an hour at most; then it is asked again."""
    monkeypatch.setattr("lazr_smtptest.client.api._LONGEST", 0.01)
    with contextlib.closing(RemoteReader(both.url)) as reader:
        found, explanation = reader.wait("subject:none", since=0, timeout=0.03)
    assert found == []
    assert "no message matches within 0.01 s (2 arrived)" in explanation


@pytest.mark.parametrize("place", ["eml:out", "mbox:out.mbox"])
def test_messages_are_imported_into_a_server(both: Both, place: str) -> None:
    """With their envelopes, ids and times; those that are there are left out."""
    before = list(both.store)
    assert both.run("export", both.url, place)[0] == 0
    both.store.remove(Selection(numbers=[1]))
    status, out, _ = both.run("import", both.url, place)
    told = f"1 message imported into {both.url}; 1 was there already\n"
    assert (status, out) == (0, told)
    after = list(both.store)
    assert [each.id for each in after] == [before[1].id, before[0].id]
    assert sorted(after, key=lambda each: each.id) == sorted(
        before, key=lambda each: each.id
    )


def test_messages_are_copied_from_a_server_and_to_one(both: Both) -> None:
    """As between two stores."""
    before = [each.id for each in both.store]
    assert both.run("copy", both.url, "sqlite:copy.db")[0] == 0
    both.store.clear()
    status, out, _ = both.run("copy", "sqlite:copy.db", both.url)
    assert (status, out) == (0, f"2 messages copied to {both.url}\n")
    assert [each.id for each in both.store] == before


def test_a_copy_to_a_server_counts_the_messages_that_it_has(both: Both) -> None:
    """They are left out."""
    assert both.run("copy", both.url, "sqlite:copy.db")[0] == 0
    both.store.remove(Selection(numbers=[1]))
    _, out, _ = both.run("copy", "sqlite:copy.db", both.url)
    assert out == f"1 message copied to {both.url}; 1 was there already\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("list", "http://"), "bad URL 'http://': use http://HOST:PORT"),
        (("list", "nowhere"), "unknown store 'nowhere': use memory, sqlite:FILE"),
        (("show", "mail.db"), "there is no 'mail.db'"),
        (("import", NOWHERE, "a.eml"), "there is no 'a.eml'"),
        (("import", "http://", "eml:."), "bad URL 'http://': use http://HOST:PORT"),
        (("import", NOWHERE, "eml:."), f"no server answers at {NOWHERE}"),
    ],
)
def test_what_is_neither_a_server_nor_a_store_is_one_line(
    arguments: Sequence[str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """It says what is allowed."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) in (1, 2)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest {arguments[0]}: {problem}")


def test_a_server_lists_itself_as_the_only_node_of_its_store(both: Both) -> None:
    status, out, error = both.run("nodes", both.url)
    title, row = out.splitlines()
    assert (status, error) == (0, "")
    assert title.split() == [
        *("NODE", "PROCESS", "STATE", "VERSION", "MESSAGES", "RATE", "LAG", "SEEN")
    ]
    assert row.split()[1:4] == [str(os.getpid()), "alive", __version__]


def test_the_nodes_of_a_server_are_objects_for_programs(both: Both) -> None:
    [node] = map(json.loads, both.run("nodes", both.url, "--json")[1].splitlines())
    assert (node["process"], node["is_this"]) == (os.getpid(), True)


def test_a_file_lists_no_nodes(both: Both) -> None:
    status, out, error = both.run("nodes", both.text)
    assert (status, out) == (2, "")
    assert error == (
        f"smtptest nodes: {both.text!r} does not record its server: give the URL of "
        "the server, or postgresql://...\n"
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "no message is named: smtptest release latest --to ADDRESS sends the "),
        (["--to=a@example.com"], "no message is named: "),
        (
            ["latest", "a@example.com"],
            "latest is a message, but not a@example.com; did you mean --to "
            "a@example.com?\n",
        ),
        (["1", "a@example.com"], "1 is a message, but not a@example.com; did you mean"),
        (
            ["nothing", "a@example.com"],
            "no message matches 'nothing a@example.com'; did you mean --to "
            "a@example.com?\n",
        ),
        (["nothing"], "no message matches 'nothing'\n"),
        # It begins with the reason, not with the request.
        (["latest"], "nothing is sent on from here: start the server with --relay"),
    ],
)
def test_a_release_that_is_not_clear_says_what_is_missing(
    both: Both, words: Sequence[str], problem: str
) -> None:
    """Nothing leaves this machine by mistake."""
    status, out, error = both.run("release", both.url, *words)
    assert (status in (1, 2), out) == (True, "")
    assert error.startswith(f"smtptest release: {problem}")
