"""The tables of ``doc/faults.rst`` are complete, and their rules can be written."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lazr_smtptest import CaptureServer
from lazr_smtptest.faults import Faults, Rule
from lazr_smtptest.faults.certificates import KINDS
from lazr_smtptest.faults.personalities import PERSONALITIES
from lazr_smtptest.faults.phases import (
    ACTIONS,
    PHASES,
    READER_ACTIONS,
    READER_PHASES,
)

DOCUMENT = Path(__file__).parents[2] / "doc" / "faults.rst"

_RULE = re.compile(r"``(faults\.on.*?)``(?=,|$)")
# What a rule needs to know of its phases, in the words of the table.
_USUAL = {"peer", "session", "tls", "where", "nth", "times", "probability", "seed"}
_USUAL |= {"every", "per", "between", "open_sessions", "refusals"}


def rows(title: str) -> list[list[str]]:
    """The cells of a list-table, without its header."""
    table = DOCUMENT.read_text().partition(f".. list-table:: {title}\n")[2]
    assert table, title
    body = re.split(r"\n(?=\S)", table)[0]
    _, _, *found = re.split(r"^   \* - ", body, flags=re.MULTILINE)
    return [
        [" ".join(cell.split()) for cell in re.split(r"^     -", row, flags=re.M)]
        for row in found
    ]


def code(cell: str) -> list[str]:
    return re.findall("``(.*?)``", cell)


def test_every_phase_is_told() -> None:
    """When it is, and what is known there besides."""
    told = {code(name)[0]: (when, code(known)) for name, when, known in rows("Phases")}
    assert list(told) == list(PHASES)
    for name, phase in PHASES.items():
        when, known = told[name]
        assert when.lower() == f"{phase.meaning.lower()}."
        assert set(known) == phase.matches - _USUAL - {"optional"}


def places(where: str) -> set[str]:
    """The phases that the second column of the table of actions means."""
    if where.startswith("everywhere"):
        _, _, but = where.partition("everywhere but ")
        return set(PHASES) - set(but.split(", "))
    return set(where.split(", "))


def test_every_action_is_told() -> None:
    """With all the phases where it makes sense."""
    told = {code(name)[0]: places(where) for name, where, _ in rows("Actions")}
    assert set(told) == set(ACTIONS)
    for name, where in told.items():
        assert where == {
            phase.name for phase in PHASES.values() if name in phase.actions
        }


def test_every_phase_of_readers_is_told() -> None:
    """When it is."""
    told = [
        (code(name)[0], when.lower()) for name, when in rows("Phases of IMAP and POP3")
    ]
    assert told == [
        (name, f"{phase.meaning.lower()}.") for name, phase in READER_PHASES.items()
    ]


def test_every_action_of_readers_is_told() -> None:
    """Those of every phase in one sentence, the others in a table."""
    told = {
        code(name)[0]: {*where.split(", ")}
        for name, where, _ in rows("Actions of IMAP and POP3")
    }
    sentence = re.search(
        r"actions are possible at every phase: (.*?)\.\s", DOCUMENT.read_text(), re.S
    )
    assert sentence
    everywhere = {*code(sentence[1])}
    assert {*told, *everywhere} == {*READER_ACTIONS}
    for name, phase in READER_PHASES.items():
        special = {action for action, where in told.items() if name in where}
        assert phase.actions == everywhere | special


def test_every_certificate_and_personality_is_told() -> None:
    """And no other."""
    assert [code(row[0])[0] for row in rows("Certificates")] == list(KINDS)
    assert [code(row[0])[0] for row in rows("Personalities")] == list(PERSONALITIES)


def written_rules() -> list[str]:
    titles = ("Other faults of TLS", "smtp-sink", "aiosmtplib")
    return [
        rule
        for title in titles
        for row in rows(title)
        for rule in _RULE.findall(row[1])
    ]


@pytest.mark.parametrize("text", written_rules())
def test_a_rule_of_the_tables_can_be_written(text: str) -> None:
    """It is Python, and makes sense."""
    names: dict[str, Any] = {"faults": Faults()}
    rule = eval(text, names)
    assert isinstance(rule, Rule)
    assert rule.has_steps


def test_every_option_of_smtp_sink_has_something() -> None:
    """Those that its manual lists."""
    told = " ".join(code(row[0])[0] for row in rows("smtp-sink"))
    options = set(re.findall(r"-(\w)", told))
    assert options == set("468aAbBcCdDeEfFhHLmMnNpPqQrRsStTuvwW")


def test_the_file_can_be_loaded(tmp_path: Path) -> None:
    """It is the one that the page shows."""
    block = re.search(
        r"^\.\. code-block:: toml\n\n((?:(?: +.*)?\n)+)", DOCUMENT.read_text(), re.M
    )
    assert block
    file = tmp_path / "faults.toml"
    file.write_text(dedent(block[1]))
    assert len(CaptureServer().faults.load(file)) == 8
