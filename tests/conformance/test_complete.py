"""Nothing that the server knows is without a row in the table."""

from __future__ import annotations

import re

import attrs
import pytest

from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .hidden import HIDDEN
from .row import Row
from .table import ROWS, SCRIPTS

# Number and section of an RFC, or the name of what has none.
SECTION = re.compile(
    r"\d{3,4} (\d+(\.\d+)*|appendix [A-Z])|- (LOGIN|XOAUTH2|XCLIENT|EXIT)"
)

# How a server stops, and where it keeps what it has, no client can see.
NOT_FOR_CLIENTS = {"closing", "spool", "transcript", "transcript_size", "transcripts"}

# Twisted's method for what is no command.
NO_COMMAND = {"UNKNOWN"}

METHODS = {name for name in dir(LMTPServerProtocol) if name.startswith("do_")}
VERBS = sorted({name[3:] for name in METHODS} - NO_COMMAND)
KEYWORDS = [extension.keyword for extension in EXTENSIONS]
PARAMETERS = sorted(
    (command, keyword)
    for extension in EXTENSIONS
    for command, known in (("MAIL", extension.mail), ("RCPT", extension.rcpt))
    for keyword in known
)
LIMITS = [
    field.name for field in attrs.fields(Limits) if field.name not in NOT_FOR_CLIENTS
]


def lines(row: Row) -> list[tuple[str, str]]:
    """Give the command lines of a row, upper case, with what they are answered."""
    found = []
    for sent, expected in row.steps:
        if isinstance(sent, bytes):
            text = sent.decode("latin-1")
        elif isinstance(sent, str):
            text = sent
        else:
            continue
        found += [(line.upper(), expected) for line in text.split("\r\n")]
    return found


LINES = [line for row in ROWS for line in lines(row)]


def test_there_are_at_least_300_rows() -> None:
    """The table is as long as it was meant to be."""
    assert len(ROWS) >= 300


def test_ids_are_unique() -> None:
    """A row is found by its id."""
    assert len({row.id for row in ROWS}) == len(ROWS)


def test_each_row_has_its_section() -> None:
    """A row says where it stands that the server must do so."""
    assert [row.id for row in ROWS if not SECTION.fullmatch(row.rfc)] == []


def test_each_row_has_something_to_check() -> None:
    """A row without a step looks at the greeting more closely."""
    assert [row.id for row in ROWS if not row.steps and row.greeting == "220"] == []


@pytest.mark.parametrize("verb", VERBS)
def test_each_command_is_taken_and_refused(verb: str) -> None:
    """Of each command there is a row that it succeeds in, and one that it fails in."""
    firsts = {
        expected[:1]
        for line, expected in LINES
        if re.match(rf"{verb}( |$)", line) and expected
    }
    assert firsts & {"2", "3"}
    assert firsts & {"4", "5"}


@pytest.mark.parametrize(("command", "keyword"), PARAMETERS)
def test_each_parameter_is_taken_and_refused(command: str, keyword: str) -> None:
    """Of each parameter there is a row with a good value, and one with a bad one."""
    codes = {
        expected[:3]
        for line, expected in LINES
        if line.startswith(command) and re.search(rf" {keyword}(=|$)", line)
    }
    assert {"250", "501"} <= codes


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_each_extension_is_announced(keyword: str) -> None:
    """Of each extension there is a row that looks for it in the reply to EHLO."""
    patterns = [
        expected
        for line, expected in LINES
        if line.startswith(("EHLO", "LHLO")) and rf"\n{keyword}" in expected
    ]
    assert patterns


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_each_extension_is_hidden(keyword: str) -> None:
    """Of each extension there is a row of a listener that hides it."""
    assert keyword in HIDDEN


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_is_set(limit: str) -> None:
    """Of each limit there is a row of a listener that has another value."""
    usual = getattr(Limits(), limit)
    used = {getattr(row.on.options.get("limits", Limits()), limit) for row in ROWS}
    assert used - {usual}


@pytest.mark.parametrize("profile", ["standard", "strict"])
@pytest.mark.parametrize("kind", sorted(IRREGULAR))
def test_each_irregularity_is_in_both_profiles(kind: str, profile: str) -> None:
    """Of each irregularity there is a row that warns, and one that refuses."""
    rows = [row for row in ROWS if row.id.startswith(f"{profile}-{kind}-")]
    if profile == "strict":
        reply = IRREGULAR[kind]
        wanted = f"{reply.code} {reply.enhanced}"
        assert any(wanted in expected for row in rows for _, expected in row.steps)
    else:
        assert any({"warnings": (kind,)} in (row.stored or ()) for row in rows)


def test_scripts_are_of_known_rows() -> None:
    """Those who play the rows in their own way get most of them."""
    ids = {row.id for row in ROWS}
    assert {id for id, _, _ in SCRIPTS} <= ids
    assert len(SCRIPTS) > len(ROWS) // 2
