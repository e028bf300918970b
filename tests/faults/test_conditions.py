"""When a rule fires: what it says of a context."""

from __future__ import annotations

import re
import time
from typing import Any
from unittest.mock import ANY

import attrs
import pytest

from lazr_smtptest.faults.conditions import Conditions
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session

MESSAGE = Envelope(
    mail_from="from@example.com",
    rcpt_tos=("to@example.com",),
    content="Subject: Hi\r\nX-Run: 17\r\n\r\nGrüße.\r\n".encode(),
)


def context(phase: str, **facts: Any) -> FaultContext:
    session = Session(number=2, peer=("192.0.2.1", 25))
    return FaultContext(phase=phase, session=session, now=0.0, **facts)


@pytest.mark.parametrize(
    ("phase", "matches", "facts"),
    [
        ("MAIL", {"sender": "from@example.com"}, {"sender": "from@EXAMPLE.com"}),
        ("MAIL", {"sender": "*@example.com"}, {"sender": "from@example.com"}),
        ("MAIL", {"sender": "a@xn--bcher-kva.x"}, {"sender": "a@bücher.x"}),
        ("RCPT", {"recipient": "a@bücher.x"}, {"to": ("a@xn--bcher-kva.x",)}),
        ("RCPT", {"recipient": '"a"@x'}, {"to": ("a@x",)}),
        ("RCPT", {"recipient": "*@bücher.x"}, {"to": ("a@XN--BCHER-KVA.x",)}),
        ("MAIL", {"sender": ""}, {"sender": ""}),
        ("MAIL", {"sender": re.compile("fr.m")}, {"sender": "from@example.com"}),
        ("MAIL", {"sender": ANY}, {"sender": "from@example.com"}),
        ("MAIL", {"sender": lambda value: "@" in value}, {"sender": "a@b"}),
        ("RCPT", {"recipient": "to@example.com"}, {"to": ("to@example.com",)}),
        ("EOD", {"recipient": "b@*"}, {"to": ("a@x", "b@x")}),
        ("MAIL", {"helo": "client"}, {"helo": "client"}),
        ("MAIL", {"helo": None}, {"helo": ""}),
        ("MAIL", {"user": "anna"}, {"user": "anna"}),
        ("MAIL", {"user": None}, {"user": None}),
        ("MAIL", {"peer": "192.0.2.1"}, {}),
        ("MAIL", {"session": 2}, {}),
        ("MAIL", {"session": [1, 2]}, {}),
        ("MAIL", {"session": range(1, 3)}, {}),
        ("MAIL", {"transaction": 3}, {"transaction": 3}),
        ("MAIL", {"tls": True}, {"tls": True}),
        ("MAIL", {"tls": False}, {"tls": False}),
        ("MAIL", {"where": lambda context: context.now == 0}, {}),
        ("AUTH", {"step": 2}, {"step": 2}),
        ("AUTH", {"mechanism": "plain"}, {"mechanism": "PLAIN"}),
        ("CONTENT", {"after": 10}, {"received": 10}),
        ("CONTENT", {}, {"received": 0}),
        ("MAIL", {"session": ">=2"}, {}),
        ("MAIL", {"session": " < 3 "}, {}),
        ("MAIL", {"transaction": ">2"}, {"transaction": 3}),
        ("MAIL", {"transaction": "<=3"}, {"transaction": 3}),
        ("CONNECT", {"open_sessions": 4}, {"open_sessions": 4}),
        ("CONNECT", {"open_sessions": 4}, {"open_sessions": 5}),
        ("CONNECT", {"open_sessions": "<4"}, {"open_sessions": 3}),
        ("CONNECT", {"open_sessions": range(3)}, {"open_sessions": 2}),
        ("CONNECT", {"refusals": 0}, {}),
        ("MAIL", {"size": 1000}, {"size": 1000}),
        ("RCPT", {"size": ">1000"}, {"size": 1001}),
        ("EOD", {"size": ">30"}, {"size": 1, "envelope": MESSAGE}),
        ("DATA", {"recipients": 2}, {"to": ("a@x", "b@x")}),
        ("EOD", {"from_differs": "sender"}, {"sender": "a@b", "envelope": MESSAGE}),
        ("EOD", {"header": {"subject": "Hi"}}, {"envelope": MESSAGE}),
        ("EOD", {"header": {"X-Run": re.compile("1")}}, {"envelope": MESSAGE}),
        ("EOD", {"header": {"X-None": None}}, {"envelope": MESSAGE}),
        ("EOD", {"content": "Grüße"}, {"envelope": MESSAGE}),
        ("EOD", {"content": re.compile("X-R[aeiou]n")}, {"envelope": MESSAGE}),
        ("EOD", {"content": b"X-Run"}, {"envelope": MESSAGE}),
        ("EOD", {"content": re.compile(b"X-R")}, {"envelope": MESSAGE}),
        ("MAIL", {"user": "*"}, {"user": "anna"}),
        ("MAIL", {"user": "a?na"}, {"user": "anna"}),
        ("MAIL", {"helo": "*"}, {"helo": "client"}),
        ("MAIL", {"helo": "*.example.com"}, {"helo": "a.example.com"}),
        ("MAIL", {"peer": "192.0.2.*"}, {}),
        ("AUTH", {"mechanism": "scram-*"}, {"mechanism": "SCRAM-SHA-256"}),
        ("EOD", {"header": {"Subject": "H*"}}, {"envelope": MESSAGE}),
        ("EOD", {"content": "Sub*Gr??e"}, {"envelope": MESSAGE}),
        ("EOD", {"content": b"X-R?n*17"}, {"envelope": MESSAGE}),
    ],
)
def test_a_moment_is_as_wanted(phase: str, matches: Any, facts: Any) -> None:
    """Values are compared as those of a mailbox are."""
    assert Conditions.of([phase], matches).met(context(phase, **facts))


@pytest.mark.parametrize(
    ("phase", "matches", "facts"),
    [
        ("MAIL", {"sender": "from@example.com"}, {"sender": "of@example.com"}),
        ("MAIL", {"sender": "from@example.com"}, {}),
        ("MAIL", {"session": 1}, {}),
        ("MAIL", {"tls": True}, {}),
        ("MAIL", {"helo": None}, {"helo": "client"}),
        ("CONTENT", {}, {"received": 10}),
        ("MAIL", {"session": ">2"}, {}),
        ("CONNECT", {"open_sessions": 4}, {"open_sessions": 3}),
        ("CONNECT", {"refusals": 1}, {}),
        ("EOD", {"size": ">1000"}, {"size": 2000, "envelope": MESSAGE}),
        ("DATA", {"recipients": 3}, {"to": ("a@x", "b@x")}),
        ("EOD", {"from_differs": "user"}, {"envelope": MESSAGE}),
        ("EOD", {"from_differs": "sender"}, {"sender": "a@b"}),
        ("CONTENT", {"after": 10}, {"received": 20}),
        ("EOD", {"header": {"Subject": "Hi", "X-Run": "18"}}, {"envelope": MESSAGE}),
        ("EOD", {"header": {"Subject": "Hi"}}, {}),
        ("EOD", {"content": b"nothing"}, {"envelope": MESSAGE}),
        ("EOD", {"content": "nothing"}, {}),
        ("MAIL", {"user": "*"}, {"user": None}),
        ("MAIL", {"user": "b*"}, {"user": "anna"}),
        ("MAIL", {"helo": "*"}, {"helo": ""}),
        ("MAIL", {"helo": "*.example.com"}, {"helo": "example.com"}),
        ("MAIL", {"peer": "198.51.100.*"}, {}),
        ("EOD", {"header": {"Subject": "*H"}}, {"envelope": MESSAGE}),
        ("EOD", {"content": "Gr??e*Subject"}, {"envelope": MESSAGE}),
        ("EOD", {"content": b"X-R?n*18"}, {"envelope": MESSAGE}),
    ],
)
def test_a_moment_is_not_as_wanted(phase: str, matches: Any, facts: Any) -> None:
    """All that was written has to be so."""
    assert not Conditions.of([phase], matches).met(context(phase, **facts))


def test_one_of_several_phases_will_do() -> None:
    """Their case does not matter."""
    conditions = Conditions.of(["helo", "EHLO"])
    assert conditions.met(context("EHLO"))
    assert not conditions.met(context("LHLO"))


@pytest.mark.parametrize("phase", ["TLS", "LOGIN", "CONTENT", "KEPT"])
def test_any_is_no_phase_without_a_reply(phase: str) -> None:
    """Else one reply would be asked for twice."""
    assert not Conditions.of(["ANY"]).met(context(phase))


def test_any_asks_once_for_the_last_chunk() -> None:
    """BDAT has asked for that reply, so EOD does not; after DATA it does."""
    conditions = Conditions.of(["ANY"])
    assert conditions.met(context("EOD", line=b"."))
    assert not conditions.met(context("EOD", line=b"BDAT 2 LAST"))


def test_the_words_are_those_of_the_test() -> None:
    """A report shows the rule as it was written."""
    matches: dict[str, Any] = {
        "recipient": "a@b",
        "helo": re.compile("x"),
        "user": str.isascii,
        "tls": True,
    }
    assert str(Conditions.of(["RCPT"], matches)) == (
        "'RCPT', recipient='a@b', helo=re.compile('x'), user=isascii, tls=True"
    )


@pytest.mark.parametrize(
    ("phases", "matches", "why"),
    [
        ((), {}, r"on\(\) needs a phase: CONNECT, "),
        (("REPLY",), {}, "there is no phase 'REPLY', only: CONNECT, HELO"),
        (("CONNECT",), {"helo": "x"}, "helo is not known at CONNECT"),
        (("MAIL",), {"recipient": "a@b"}, "is not known at MAIL.*at: RCPT, DATA"),
        (("MAIL", "RCPT"), {"recipient": "a@b"}, "recipient is not known at MAIL"),
        (("TLS",), {"tls": True}, "tls is not known at TLS"),
        (("RCPT",), {"recipient": ""}, "recipient must not be empty"),
        (("RCPT",), {"recipient": "<a@b>"}, "without <>"),
        (("MAIL",), {"session": 0}, "session is counted from 1 on, not 0"),
        (("MAIL",), {"session": []}, "session must not be empty"),
        (("CONTENT",), {"after": -1}, "after is counted from 0 on, not -1"),
        (("MAIL",), {"session": "<1"}, "session is counted from 1 on, not '<1'"),
        (("MAIL",), {"size": "<0"}, "size is counted from 0 on, not '<0'"),
        (("MAIL",), {"size": -1}, "size is counted from 0 on, not -1"),
        (("CONNECT",), {"size": 1}, "size is not known at CONNECT"),
        (("MAIL",), {"recipients": 1}, "recipients is not known at MAIL"),
        (("EOD",), {"from_differs": "x"}, "from_differs is 'sender' or 'user', not"),
        (("RCTP",), {}, r"only: CONNECT.*; did you mean 'RCPT'\?"),
    ],
)
def test_a_rule_that_could_never_fire_is_an_error(
    phases: Any, matches: Any, why: str
) -> None:
    """It says what is wrong, and what there is."""
    with pytest.raises(ValueError, match=why):
        Conditions.of(phases, matches)


@pytest.mark.parametrize(
    ("phase", "matches", "why"),
    [
        (25, {}, "a phase is a text such as 'RCPT', not 25"),
        ("MAIL", {"from": "x"}, "a rule has no 'from', use: session, transaction"),
        ("MAIL", {"sender": 5}, "sender must be str"),
        ("MAIL", {"session": "two"}, "session is a number or several, not 'two'"),
        ("MAIL", {"session": "=> 2"}, "a comparison is a text such as '>=2'"),
        ("CONTENT", {"after": ">2"}, "after is a number or several, not '>2'"),
        ("CONNECT", {"open_sessions": None}, "open_sessions is a number or several"),
        ("MAIL", {"sendr": "a@b"}, r"did you mean 'sender'\?"),
        ("MAIL", {"session": True}, "session is a number or several, not True"),
        ("MAIL", {"tls": "yes"}, "tls is True or False, not 'yes'"),
        ("MAIL", {"where": True}, "where is a function of a FaultContext, not True"),
        ("EOD", {"header": "Subject"}, "header is a mapping"),
        ("EOD", {"header": {5: "x"}}, "a header's name must be str, not 5"),
        ("EOD", {"content": None}, "content must not be None"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error(
    phase: Any, matches: Any, why: str
) -> None:
    """It says which, and shows it."""
    with pytest.raises(TypeError, match=why):
        Conditions.of([phase], matches)


@pytest.mark.parametrize(
    ("phase", "matches", "error"),
    [
        ("MAIL", {"user": ""}, ValueError),
        ("MAIL", {"helo": ""}, ValueError),
        ("AUTH", {"mechanism": ""}, ValueError),
        ("AUTH", {"mechanism": None}, TypeError),
        ("MAIL", {"peer": None}, TypeError),
        ("MAIL", {"sender": None}, ValueError),
        ("RCPT", {"recipient": None}, ValueError),
        ("EOD", {"header": {"X-*": "17"}}, ValueError),
        ("EOD", {"header": {"Subject:": "Hi"}}, ValueError),
        ("EOD", {"header": {"": "Hi"}}, ValueError),
    ],
)
def test_what_no_moment_can_be_is_an_error(
    phase: str, matches: Any, error: type[Exception]
) -> None:
    """A rule that can never fire is found where it is written."""
    with pytest.raises(error):
        Conditions.of([phase], matches)


@pytest.mark.parametrize("name", ["sender", "recipient"])
def test_any_phase_may_be_outside_of_a_transaction(name: str) -> None:
    """There ``None`` matches."""
    assert Conditions.of(["ANY"], {name: None}).met(context("NOOP"))


def test_wildcards_within_a_message_take_linear_time() -> None:
    """Pieces are looked for one after the other, without going back."""
    big = attrs.evolve(MESSAGE, content=b"a" * 200_000)
    wanted = {"content": b"*".join([b"a"] * 20) + b"*b"}
    begun = time.process_time()
    assert not Conditions.of(["EOD"], wanted).met(context("EOD", envelope=big))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("header", "user", "fires"),
    [
        ("From: Anna <anna@example.com>", "anna@EXAMPLE.com", False),
        ("From: bert@example.com", "anna@example.com", True),
        ("From: a@b, anna@example.com", "anna@example.com", False),
        ("From: anna@example.com", "anna", False),
        ("From: bert@example.com", "anna", True),
        ("X-Other: none", "anna", True),
    ],
)
def test_the_header_from_is_compared_with_the_user(
    header: str, user: str, fires: bool
) -> None:
    """A user without a domain is a local part."""
    content = f"{header}\r\n\r\nHi\r\n".encode()
    envelope = Envelope(mail_from="x@y", rcpt_tos=("a@b",), content=content)
    conditions = Conditions.of(["EOD"], {"from_differs": "user"})
    assert conditions.met(context("EOD", user=user, envelope=envelope)) is fires


@pytest.mark.parametrize("name", ["sender", "recipient"])
@pytest.mark.parametrize("wanted", ["a@b.c, d@e.f", " a@b.c", "a@b.c\n", "@b.c", "a@"])
def test_a_text_that_is_no_address_is_refused(name: str, wanted: str) -> None:
    """A rule for it could never fire."""
    with pytest.raises(ValueError, match="address"):
        Conditions.of(["RCPT"], {name: wanted})


def test_a_domain_as_a_recipient_causes_a_warning() -> None:
    """The rule would fire for a local part alone."""
    with pytest.warns(UserWarning, match=re.escape("write '*@example.com'")):
        Conditions.of(["RCPT"], {"recipient": "example.com"})


@pytest.mark.parametrize(
    "where",
    [lambda context: context.__repr__, lambda context: (False, "never")],
)
def test_a_condition_that_is_always_true_is_refused(where: Any) -> None:
    """A forgotten call or a tuple is no condition."""
    conditions = Conditions.of(["RCPT"], {"where": where})
    with pytest.raises(TypeError, match="which is always true"):
        conditions.met(context("RCPT"))


def test_an_async_condition_is_refused() -> None:
    """Nothing would await it."""

    async def where(context: FaultContext) -> bool:
        return False

    with pytest.raises(TypeError, match="is an async function"):
        Conditions.of(["RCPT"], {"where": where})
