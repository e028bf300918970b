"""The page of the manual on HTTP is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lazr_smtptest.cli.aliases import ALIASES
from lazr_smtptest.cli.http_reader import HTTP
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader
from lazr_smtptest.stores import MemoryStore, open_store

from .conftest import Mail, Reactor

ROOT = Path(__file__).parents[3]
DOC = ROOT / "doc"
PAGE = (DOC / "http.rst").read_text()
TABLES = PAGE + (DOC / "mailpit.rst").read_text()
README = (ROOT / "README.rst").read_text()
_CURL = r" curl \"?localhost:8025(\S+?)\"?\n"
COMMANDS = re.findall(_CURL, PAGE)


def described() -> set[tuple[str, str]]:
    """Return the method and the path of each operation that the page names."""
    found = set()
    for prefix in ("/api/v2", "/api/v1"):
        table = TABLES.partition(f".. list-table:: Paths of {prefix}\n")[2]
        table = re.split(r"\n(?=\S)", table)[0]
        for method, path in re.findall(r"``([A-Z]+) (/[^`]*)``", table):
            is_view = path.startswith("/view")
            found.add((method, path if is_view else prefix + path))
    for method, path in re.findall(
        r"``([A-Z]+) (/(?:livez|readyz|metrics|mcp|api/events|api/v[12])?)``", TABLES
    ):
        found.add((method, path))
    # A path of /api/v1 has the same name.
    found |= set(re.findall(r"``(GET) (/search)``, a link", TABLES))
    return found


def test_the_tables_have_all_paths_and_no_others() -> None:
    """With their methods."""
    context = ReaderContext(store=MemoryStore(), reactor=Reactor())
    reader = HTTPReader(context)
    routes = {(route.method, route.template) for route in reader.site.routes}
    # The page says that these are those of the whole store.
    within = "/api/v2/mailboxes/{mailbox}/"
    # Browsers find the files of the page by themselves.
    left_out = (within, "/page/")
    assert described() == {
        (method, path if path == "/" else path.removesuffix("/"))
        for method, path in routes
        if path and not path.startswith(left_out)
    }


@pytest.fixture(params=["memory", "postgresql"])
def kept(
    request: pytest.FixtureRequest, make_mail: Callable[..., Mail]
) -> Iterator[Mail]:
    """A store of each kind: the quickest, and the one that servers share."""
    is_shared = request.param == "postgresql"
    place = request.getfixturevalue("postgresql") if is_shared else "memory"
    with closing(open_store(place)) as store:
        mail = make_mail(store=store)
        yield mail
        mail.reader.close()


@pytest.mark.parametrize("path", COMMANDS)
def test_its_requests_are_answered(kept: Mail, path: str) -> None:
    """After a mail as the page speaks of."""
    kept.add("To: anna@example.com\nSubject: Code\n\nYour code is 481516.\n")
    answer = kept.client.get(path)
    assert answer.status == 200
    assert "481516" in answer.text


def test_there_are_such_requests() -> None:
    """Or nothing above is tested."""
    assert len(COMMANDS) == 3


def test_the_command_of_the_readme_gets_its_mail(mail: Mail) -> None:
    """The one that the command before it sends."""
    [path] = re.findall(_CURL, README)
    mail.add("Subject: Hello\n\nHi.\n")
    [message] = mail.client.get(path).json["messages"]
    assert message["text"] == "Hi.\n"


def test_the_table_of_variables_has_all_aliases() -> None:
    """With their options."""
    table = PAGE.partition(".. list-table:: Variables of other servers\n")[2]
    table = re.split(r"\n(?=\S)", table)[0]
    rows = [row.split("``", 1) for row in table.split("   * - ``--")[1:]]
    found = {option: set(re.findall("``(M.*?)``", names)) for option, names in rows}
    wanted: dict[str, set[str]] = {}
    for alias in ALIASES:
        wanted.setdefault(alias.option, set()).update(alias.names)
    assert found == wanted


def test_the_table_of_options_has_all_of_http() -> None:
    """And no others."""
    table = PAGE.partition(".. list-table:: Options of HTTP\n")[2]
    table = re.split(r"\n(?=\S)", table)[0]
    options = HTTP.groups["Reading by HTTP"]
    assert re.findall(r"\* - ``--([a-z-]+)", table) == [each.name for each in options]
