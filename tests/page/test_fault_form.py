"""The rules that the form for faults can make: the server takes all of them."""

from __future__ import annotations

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.phases import PHASES, READER_PHASES
from lazr_smtptest.readers.http.page.files import load_texts

# What the fields of the form have at first.
FIELDS = {"recipient": "*@x.test", "times": "2", "code": "451", "seconds": "1.5"} | {
    "words": "STARTTLS, SIZE",
    "number": "7",
}

# Each phase with its actions, and each of these as a rule.
RULES = (
    "Object.values(m.PHASES).flat().flatMap((phase) => m.actionsAt(phase)"
    ".map((action) => m.ruleOf(phase, action, args[0])))"
)


@pytest.fixture
def rules(module):
    """Every rule that the form can make."""
    return module("faults.js").run(RULES, FIELDS)


def test_every_phase_that_has_a_reply_is_offered(rules):
    """Those of SMTP, IMAP and POP3."""
    phases = {**PHASES, **READER_PHASES}
    replied = {name for name, phase in phases.items() if "reply" in phase.actions}
    assert {rule["on"] for rule in rules} == replied


def test_the_server_takes_every_rule(rules):
    """With the values that the fields have at first."""
    for rule in rules:
        assert len(Faults().add({"fault": [rule], "personality": []})) == 1, rule


def test_every_action_of_a_kind_is_offered_where_it_is_possible(rules):
    """Not only at some of the phases that take it."""
    offered = {(rule["on"], action) for rule in rules for action in rule}
    possible = {
        (name, action)
        for name, phase in {**PHASES, **READER_PHASES}.items()
        for action in {"hide", "uidvalidity", "expunge", "repeat_exists", "swallow"}
        if action in phase.actions
    }
    assert possible <= offered


def test_each_action_has_a_text(module):
    """In every language."""
    script = "[...new Set(Object.values(m.PHASES).flat().flatMap(m.actionsAt))]"
    actions = module("faults.js").run(script)
    assert len(actions) > 9
    for language in ("en", "de"):
        assert {f"action.{each}" for each in actions} <= load_texts(language).keys()


def test_a_rule_is_toml(module):
    """As a file of faults has it."""
    rule = {"on": "RCPT", "times": 1, "reply": [451, "4.7.1 Later"]}
    assert module("faults.js").call("tomlOf", rule) == (
        '[[fault]]\non = "RCPT"\ntimes = 1\nreply = [451, "4.7.1 Later"]'
    )
