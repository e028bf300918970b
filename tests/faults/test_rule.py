"""One rule: what a test may write, and how often it fires."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.phases import PHASES
from lazr_smtptest.model.extensions import EXTENSION_KEYWORDS
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.smtp.extensions import EXTENSIONS


@pytest.fixture
def faults() -> Faults:
    """Faults without a server."""
    return Faults()


@pytest.mark.parametrize(
    ("phase", "write", "why"),
    [
        ("MAIL", lambda rule: rule.reply(99), "code must be 200 to 599, not 99"),
        ("MAIL", lambda rule: rule.reply(600), "code must be 200 to 599, not 600"),
        ("MAIL", lambda rule: rule.delay(-1), "seconds must be 0 or more, not -1"),
        ("MAIL", lambda rule: rule.delay(float("nan")), "seconds must be 0 or more"),
        ("MAIL", lambda rule: rule.stop_reading(-1), "seconds must be 0 or more"),
        ("MAIL", lambda rule: rule.trickle(0), "rate must be over 0"),
        ("MAIL", lambda rule: rule.trickle(-1), "rate must be 0 or more, not -1"),
        ("MAIL", lambda rule: rule.cut(-1), "size must be 0 or more"),
        ("MAIL", lambda rule: rule.endless(0), "size must be 1 or more"),
        ("MAIL", lambda rule: rule.window(0), "size must be 1 to"),
        ("MAIL", lambda rule: rule.limit_rate(-1), "number must be 0 or more"),
        ("MAIL", lambda rule: rule.limit_rate(1, code=250), "code must be 400 to 599"),
        (
            "MAIL",
            lambda rule: rule.greylist(1),
            "greylist makes no sense at MAIL, only",
        ),
        ("MAIL", lambda rule: rule.discard(), "discard makes no sense at MAIL, only"),
        ("TLS", lambda rule: rule.reply(451), "reply makes no sense at TLS"),
        ("CONTENT", lambda rule: rule.reply(250), "only a refusal can be said"),
        ("CONTENT", lambda rule: rule.split(), "split makes no sense at CONTENT"),
        ("EOD", lambda rule: rule.duplicate(1), "copies must be 2 to 1000"),
        ("RCPT", lambda rule: rule.quota(), "quota needs messages or size"),
        ("RCPT", lambda rule: rule.quota(size=-1), "size must be 0 or more"),
        ("RCPT", lambda rule: rule.greylist(1).greylist(1), "a rule has one memory"),
        ("RCPT", lambda rule: rule.then, "there is none yet"),
        ("RCPT", lambda rule: rule.reply(450).reply(451), "reply is a second answer"),
        ("RCPT", lambda rule: rule.drop().reply(450), r"nothing can follow drop\(\)"),
        ("RCPT", lambda rule: rule.drop().split(), r"nothing can follow drop\(\)"),
        ("RCPT", lambda rule: rule.cut(3).drop(), r"nothing can follow cut\(3\)"),
        ("RCPT", lambda rule: rule.hold().delay(1), r"nothing can follow hold\(\)"),
        ("RCPT", lambda rule: rule.stop_reading().delay(1), "nothing can follow stop"),
        ("RCPT", lambda rule: rule.go_on().delay(1).split(), "directly behind"),
        ("EHLO", lambda rule: rule.hide(), "hide needs an extension's keyword"),
        ("EHLO", lambda rule: rule.announce("\n"), "that is no extension"),
        ("TLS", lambda rule: rule.certificate("old"), "certificate is one of expired"),
        ("TLS", lambda rule: rule.protocol("SSLv3"), "protocol is one of TLSv1, "),
        ("TLS", lambda rule: rule.cipher("ROT13"), "no cipher suite 'ROT13'"),
        (
            "TLS",
            lambda rule: rule.protocol("TLSv1").certificate("expired"),
            "certificate comes before protocol and cipher",
        ),
        ("EOD", lambda rule: rule.bounce("192.0.2.1", 25), "not to '192.0.2.1'"),
        ("EOD", lambda rule: rule.bounce("mx.example", 25), "not to 'mx.example'"),
        ("EOD", lambda rule: rule.bounce("::1", 0), "port must be 1 to 65535, not 0"),
        ("EOD", lambda rule: rule.bounce("::1", 1, status="4.0.0"), "a failure has"),
    ],
)
def test_an_action_that_makes_no_sense_is_an_error(
    faults: Faults, phase: str, write: Any, why: str
) -> None:
    """It is one where the rule is written."""
    rule = faults.on(phase)
    with pytest.raises(ValueError, match=why):
        write(rule)


@pytest.mark.parametrize(
    ("phase", "write", "why"),
    [
        ("MAIL", lambda rule: rule.reply("451"), r"not '451': use reply\(451\)$"),
        (
            "MAIL",
            lambda rule: rule.reply("451 4.7.1 Grey"),
            r"not '451 4\.7\.1 Grey': use reply\(451, '4\.7\.1 Grey'\)$",
        ),
        ("MAIL", lambda rule: rule.reply("later"), "code is a number, not 'later'$"),
        ("MAIL", lambda rule: rule.reply(True), "code is a number, not True"),
        (
            "MAIL",
            lambda rule: rule.reply(451, 5),
            "the text of a reply is a str, not 5",
        ),
        ("MAIL", lambda rule: rule.delay("1"), "seconds is a number, not '1'"),
        ("MAIL", lambda rule: rule.raw("x"), "raw takes bytes, not 'x'"),
        ("MAIL", lambda rule: rule.inject("x"), "inject takes bytes, not 'x'"),
        ("EHLO", lambda rule: rule.announce(5), "announce takes texts"),
    ],
)
def test_an_argument_of_the_wrong_type_is_an_error(
    faults: Faults, phase: str, write: Any, why: str
) -> None:
    """It says which, and shows it."""
    rule = faults.on(phase)
    with pytest.raises(TypeError, match=why):
        write(rule)


@pytest.mark.parametrize(
    ("matches", "kind", "why"),
    [
        ({"times": 0}, ValueError, "times must be 1 or more, not 0"),
        ({"times": "1"}, TypeError, "times is a number, not '1'"),
        ({"times": True}, TypeError, "times is a number, not True"),
        ({"nth": 0}, ValueError, "nth is counted from 1 on, not 0"),
        ({"probability": 0}, ValueError, "probability must be over 0"),
        ({"probability": 1.5}, ValueError, "at most 1, not 1.5"),
        ({"probability": "1"}, TypeError, "probability is a number, not '1'"),
        ({"seed": 5}, ValueError, "seed goes with probability"),
    ],
)
def test_a_count_that_cannot_be_is_an_error(
    faults: Faults, matches: Any, kind: type[Exception], why: str
) -> None:
    """A rule that never fires is none."""
    with pytest.raises(kind, match=why):
        faults.on("MAIL", **matches)
    assert faults.rules == ()


def test_a_rule_reads_as_it_was_written(faults: Faults) -> None:
    """Reports and transcripts show it so."""
    rule = (
        faults.on("RCPT", sender="a@b", times=2).delay(3).then.reply(452, "4.2.2 Full")
    )
    assert (
        str(rule)
        == "on('RCPT', sender='a@b', times=2).delay(3).reply(452, '4.2.2 Full')"
    )
    assert repr(rule) == f"<Rule {rule}, fired 0>"


def test_what_is_long_is_shown_in_part(faults: Faults) -> None:
    """A report stays readable."""
    assert len(str(faults.on("MAIL").raw(b"x" * 10_000))) < 400


@pytest.mark.parametrize(
    "text",
    [
        "on('MAIL').reply(451)",
        "on('MAIL').reply(code=451, text='4.3.0 no')",
        "on('MAIL').reply(550, '5.7.26 one\\n5.7.26 two')",
        "on('EHLO').announce('SIZE 1000', 'XYZZY').hide('AUTH')",
        "on('QUIT').drop(close_notify=False)",
        "on('RCPT').quota(size=10000, code=552)",
        "on('RCPT').greylist(60, 450, '4.2.0 later')",
        "on('MAIL').limit_rate(5, 60, code=450)",
        "on('EOD').bounce('127.0.0.1', 2525, to='a@b')",
        "on('MAIL', seed=7, probability=0.5, optional=True).drop()",
        "on('MAIL', nth=2, sender='a@b').drop()",
        "on('EOD', content=re.compile('Hi', re.IGNORECASE)).delay(1).drop()",
    ],
)
def test_a_rule_shows_all_arguments_as_they_were_written(
    faults: Faults, text: str
) -> None:
    """In their order, and none that was not written."""
    names = {"faults": faults, "re": re}
    assert str(eval(f"faults.{text}", names)) == text


def test_a_rule_of_a_part_shows_what_limits_it(faults: Faults) -> None:
    """Both conditions on one thing, too."""
    rule = faults.limited_to(recipient="*@x").on("RCPT", recipient="a@*").drop()
    assert str(rule) == "on('RCPT', recipient='*@x', recipient='a@*').drop()"


def test_a_function_is_shown_by_its_name(faults: Faults) -> None:
    """As an argument and as a condition."""

    def words(context: FaultContext) -> str:
        return context.phase

    rule = faults.on("MAIL", where=words).reply(451, words)
    assert str(rule) == "on('MAIL', where=words).reply(451, words)"


def test_every_phase_knows_its_peer_and_can_be_dropped() -> None:
    """So a rule may be about any of them."""
    for phase in PHASES.values():
        assert {"peer", "session"} <= phase.matches
        assert {"drop", "delay"} <= phase.actions


def test_every_action_is_a_method(faults: Faults) -> None:
    """The table of phases names nothing else."""
    rule = faults.on("MAIL")
    for phase in PHASES.values():
        assert all(callable(getattr(rule, action)) for action in phase.actions)


@pytest.mark.parametrize("name", ["on", "check", "limited_to"])
def test_the_former_name_of_a_recipient_is_taken_with_a_warning(name: str) -> None:
    """``to`` is the header field of a mailbox, so a rule calls it as a mailbox does."""
    phases = {"on": ["RCPT"], "check": [["RCPT"]], "limited_to": []}[name]
    with pytest.warns(DeprecationWarning, match="to= .* recipient= now") as caught:
        getattr(Faults(), name)(*phases, to="a@b")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("phase", "name", "value", "present"),
    [
        ("RCPT", "quota", 10, "size"),
        ("NOOP", "window", 10, "size"),
        ("NOOP", "cut", 10, "size"),
        ("NOOP", "endless", 10, "size"),
        ("NOOP", "raw", b"250 ok\r\n", "data"),
        ("NOOP", "inject", b"250 ok\r\n", "data"),
    ],
)
def test_the_former_name_of_an_argument_is_taken_with_a_warning(
    phase: str, name: str, value: object, present: str
) -> None:
    """A test that has it works as before, and its line is named."""
    act = getattr(Faults().on(phase), name)
    with pytest.warns(DeprecationWarning, match=f"of {name} .* {present}=") as caught:
        rule = act(octets=value)
    assert caught[0].filename == __file__
    assert f"{name}({present}=" in str(rule)


def test_the_former_name_matches_the_recipient() -> None:
    """A test that has it goes on to work."""
    with pytest.warns(DeprecationWarning, match="recipient="):
        rule = Faults().on("RCPT", to="a@b").reply(452)
    assert str(rule) == "on('RCPT', recipient='a@b').reply(452)"


@pytest.mark.parametrize(
    ("phase", "matches", "reason"),
    [
        ("MAIL", {"every": 2, "nth": 3}, "have no match in common"),
        ("MAIL", {"every": 4, "nth": "<4"}, "have no match in common"),
        ("MAIL", {"nth": 3, "times": 2}, "times is 2, but nth=3 allows 1"),
        ("MAIL", {"nth": "<=2", "times": 3}, "times is 3, but nth='<=2' allows 2"),
        ("MAIL", {"nth": [1, 2, 4], "every": 2, "times": 3}, "allows 2"),
        ("MAIL", {"open_sessions": "<1"}, "open_sessions is counted from 1 on"),
        ("RCPT", {"recipients": "<1"}, "recipients is counted from 1 on"),
        ("MAIL", {"sender": "@b.c"}, r"write '\*@b.c' for all of a domain"),
        ("RCPT", {"recipient": "@b.c"}, r"write '\*@b.c' for all of a domain"),
        ("MAIL", {"peer": "localhost"}, "peer is an IP address"),
        ("MAIL", {"peer": "client.example.com"}, "peer is an IP address"),
    ],
)
def test_a_condition_that_nothing_meets_is_an_error(
    faults: Faults, phase: str, matches: dict[str, Any], reason: str
) -> None:
    """The rule would never fire, or never as often as it says."""
    with pytest.raises(ValueError, match=reason):
        faults.on(phase, **matches)


@pytest.mark.parametrize(
    ("phase", "matches"),
    [
        ("MAIL", {"every": 2, "nth": [3, 4]}),
        ("MAIL", {"every": 2, "nth": ">3"}),
        ("MAIL", {"every": 2, "nth": "<3"}),
        ("MAIL", {"nth": 3, "times": 2, "per": "sender"}),
        ("MAIL", {"nth": 3, "times": 2, "optional": True}),
        ("MAIL", {"nth": [1, 3], "times": 2}),
        ("MAIL", {"nth": "<99999999999", "times": 2}),
        ("MAIL", {"open_sessions": "<2"}),
        ("MAIL", {"open_sessions": 0}),
        ("ANY", {"recipients": "<1"}),
        ("MAIL", {"sender": "*@b.c"}),
        ("MAIL", {"peer": "127.0.0.*"}),
        ("MAIL", {"peer": "::1"}),
        ("MAIL", {"peer": "fe80::1"}),
    ],
)
def test_a_condition_that_something_meets_is_none(
    faults: Faults, phase: str, matches: dict[str, Any]
) -> None:
    """Only what is certain is an error."""
    assert faults.on(phase, **matches).seen == 0


def test_a_recipient_has_one_name(faults: Faults) -> None:
    """The former name with the present one is an error, as one has no effect."""
    with pytest.raises(TypeError, match="give one of them"):
        faults.on("RCPT", to="b@c", recipient="d@e")


def test_an_unknown_extension_cannot_be_hidden(faults: Faults) -> None:
    """The error names the nearest one."""
    with pytest.raises(ValueError, match="not 'STARTTLSL'; did you mean 'STARTTLS'"):
        faults.on("EHLO").hide("STARTTLSL")


def test_a_private_extension_can_be_hidden(faults: Faults) -> None:
    """The settings may announce it."""
    assert str(faults.on("EHLO").hide("X-OWN")) == "on('EHLO').hide('X-OWN')"


def test_all_extensions_of_the_server_can_be_hidden() -> None:
    """The list is that of the server."""
    assert list(EXTENSION_KEYWORDS) == [each.keyword for each in EXTENSIONS]
