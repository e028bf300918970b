"""Rules about IMAP and POP3 sessions: what can be written, and what is said if not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lazr_smtptest.faults import Faults, Rule
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.phases import READER_ACTIONS, READER_PHASES
from lazr_smtptest.model.status_reply import STATUSES, StatusReply


@pytest.mark.parametrize("name", READER_PHASES)
def test_every_phase_knows_its_client(name: str) -> None:
    """So a rule may be about any of them."""
    phase = READER_PHASES[name]
    assert {"peer", "session", "user", "nth"} <= phase.matches
    assert {"drop", "delay", "reply", "hold", "reset"} <= phase.actions


def test_every_action_is_a_method() -> None:
    """The table of phases names nothing else."""
    assert all(callable(getattr(Rule, name)) for name in READER_ACTIONS)


@pytest.mark.parametrize("name", ["imap fetch", "IMAP  Fetch"])
def test_the_case_of_a_phase_does_not_matter(name: str) -> None:
    """Nor the number of its spaces."""
    rule = Faults().on(name).drop()
    assert str(rule) == "on('IMAP FETCH').drop()"


def raised(*phases: str, action: str = "drop", given: Any = (), **keywords: Any) -> str:
    """Return the text of the error of a rule."""
    faults = Faults()
    with pytest.raises((TypeError, ValueError)) as caught:
        getattr(faults.on(*phases, **keywords), action)(*given)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_an_unknown_phase_lists_those_of_its_protocol() -> None:
    """And the nearest."""
    text = raised("IMAP FECH")
    assert text.startswith("there is no phase 'IMAP FECH', only: IMAP GREETING, ")
    assert "POP3" not in text
    assert "IMAP FETCH" in text.rpartition("?")[0] or "did you mean" in text


def test_a_rule_is_about_one_protocol() -> None:
    """A reply of one makes no sense in another."""
    assert raised("MAIL", "IMAP FETCH") == (
        "a rule is about one protocol, not both SMTP and IMAP: write one for MAIL and "
        "another for IMAP FETCH"
    )


def test_an_action_of_other_phases_lists_them() -> None:
    """Those of the same protocol."""
    text = raised("IMAP NOOP", action="cut_literal", given=[1])
    assert text == "cut_literal makes no sense at IMAP NOOP, only at: IMAP FETCH"


def test_an_action_of_smtp_lists_its_phases() -> None:
    """There is none of the same protocol."""
    text = raised("IMAP APPEND", action="discard")
    assert text == "discard makes no sense at IMAP APPEND, only at: EOD"


def test_an_action_of_imap_is_none_of_smtp() -> None:
    """The phases are named."""
    text = raised("MAIL", action="resize_literal", given=[1])
    assert text == "resize_literal makes no sense at MAIL, only at: IMAP FETCH"


def test_a_condition_of_smtp_lists_its_phases() -> None:
    """There is no recipient in IMAP."""
    text = raised("IMAP FETCH", recipient="a@b")
    assert text.startswith("recipient is not known at IMAP FETCH, so the rule could")


@pytest.mark.parametrize(
    ("phase", "given", "text"),
    [
        (
            "IMAP FETCH",
            [451],
            "a reply of IMAP is a text that begins with one of OK NO BAD BYE, not 451",
        ),
        (
            "IMAP FETCH",
            ["NAY x"],
            "a reply of IMAP begins with one of OK NO BAD BYE, not 'NAY x'",
        ),
        (
            "POP3 RETR",
            ["ERR x"],
            "a reply of POP3 begins with one of +OK -ERR, not 'ERR x'",
        ),
        (
            "IMAP FETCH",
            ["NO x\r\ny"],
            "a reply of IMAP is one line, not 'NO x\\r\\ny'; raw() sends any bytes",
        ),
        (
            "IMAP FETCH",
            ["NO", "x"],
            "at IMAP FETCH a reply is one text, such as 'NO try later', not 'NO' and "
            "'x'",
        ),
        ("IMAP GREETING", ["NO x"], "a greeting is OK or BYE, not NO"),
        ("MAIL", ["NO x"], "code is a number, not 'NO x'"),
    ],
)
def test_a_wrong_reply_is_told(phase: str, given: list[Any], text: str) -> None:
    """With what is allowed."""
    assert raised(phase, action="reply", given=given) == text


@pytest.mark.parametrize(
    ("action", "given", "text"),
    [
        ("cut_literal", -1, "size must be 0 or more, not -1"),
        ("resize_literal", 0, "by must not be 0: the size would be right"),
        ("expunge", 0, "number must be 1 to 4.29497e+09, not 0"),
    ],
)
def test_a_wrong_number_is_told(action: str, given: int, text: str) -> None:
    """With what is allowed."""
    assert raised("IMAP FETCH", action=action, given=[given]) == text


@pytest.mark.parametrize("protocol", STATUSES)
def test_a_reply_without_a_text_gets_one(protocol: str) -> None:
    """RFC 3501 section 9: the text of a reply is not empty."""
    for status in STATUSES[protocol]:
        assert StatusReply.parse(protocol, status).text == "on purpose"


TABLE = {
    "on": "IMAP FETCH",
    "nth": 2,
    "do": [{"delay": 1}, {"reply": "NO [SERVERBUG] try later"}],
}


def test_a_table_has_what_python_has() -> None:
    """From TOML, or from JSON over HTTP."""
    [rule] = Faults().add({"fault": [TABLE]})
    assert (
        str(rule)
        == "on('IMAP FETCH', nth=2).delay(1).reply('NO [SERVERBUG] try later')"
    )


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"on": "IMAP FETCH", "expunge": 3, "cut_literal": 10}, ""),
        ({"on": "POP3 CAPA", "hide": ["UIDL", "TOP"]}, ""),
        ({"on": "IMAP FETCH", "reply": "NAY"}, "begins with one of OK NO BAD BYE"),
        ({"on": "IMAP FECH", "drop": True}, "there is no phase"),
        ({"on": ["IMAP FETCH", "RCPT"], "drop": True}, "about one protocol"),
    ],
)
def test_a_table_is_checked(table: dict[str, Any], text: str) -> None:
    """As the methods are."""
    if not text:
        assert len(Faults().add({"fault": [table]})) == 1
        return
    with pytest.raises(FaultFileError, match=re.escape(text)):
        Faults().add({"fault": [table]})
