"""Rules in a file: the same words, and errors that name file, line and key."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.faults import FaultFileError, Faults

if TYPE_CHECKING:
    from tests.faults.conftest import Site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that a test fills."""
    return tmp_path / "faults.toml"


def write(file: Path, text: str) -> Path:
    file.write_text(dedent(text))
    return file


def test_a_rule_reads_as_in_a_test(file: Path) -> None:
    """The words are the same ones."""
    write(
        file,
        """
        [[fault]]
        on = "RCPT"
        recipient = "full@example.com"
        reply = [452, "4.2.2 Mailbox full"]

        [[fault]]
        on = ["HELO", "EHLO"]
        session = [1, 2]
        times = 2
        delay = 3
        reply = 421

        [[fault]]
        on = "EOD"
        header = {Subject = {regex = "^Hi"}}
        drop = true

        [[fault]]
        on = "RCPT"
        quota = {messages = 3}

        [[fault]]
        on = "NOOP"
        do = [{delay = 1}, {reply = [250, "2.0.0 OK"]}, "split", {delay = 2}, "drop"]

        [[fault]]
        on = "EHLO"
        hide = ["SIZE", "AUTH"]
        inject = "\\u00ff\\r\\n"
        """,
    )
    assert [str(rule) for rule in Faults().load(file)] == [
        "on('RCPT', recipient='full@example.com').reply(452, '4.2.2 Mailbox full')",
        "on('HELO', 'EHLO', session=[1, 2], times=2).delay(3).reply(421)",
        "on('EOD', header={'Subject': re.compile('^Hi')}).drop()",
        "on('RCPT').quota(messages=3)",
        "on('NOOP').delay(1).reply(250, '2.0.0 OK').split().delay(2).drop()",
        r"on('EHLO').hide('SIZE', 'AUTH').inject(b'\xff\r\n')",
    ]


def test_its_rules_fire(site: Site, file: Path) -> None:
    """They are rules as all are."""
    write(file, '[[fault]]\non = "NOOP"\nreply = [451, "4.3.0 no"]\n')
    site.faults.load(file)
    assert site.connect().greeted().say("NOOP") == b"451 4.3.0 no\r\n"
    site.faults.assert_all_fired()


def test_personalities_come_after_faults(site: Site, file: Path) -> None:
    """What is particular comes first."""
    text = """
    seed = 7

    [[personality]]
    name = "greylisting"
    seconds = 5

    [[fault]]
    on = "RCPT"
    recipient = "a@x"
    reply = 550
    """
    site.faults.load(write(file, text))
    assert site.connect().greeted().mail("a@x", "b@x")[1:3] == ["550", "451"]


def test_a_file_may_be_empty(file: Path) -> None:
    """No faults are some faults."""
    assert Faults().load(write(file, "")) == ()


def test_to_load_anew_replaces_what_was_loaded(file: Path) -> None:
    """Other rules stay, and stay where they are."""
    faults = Faults()
    first = faults.on("NOOP").drop()
    [second] = faults.load(write(file, '[[fault]]\non = "MAIL"\ndrop = true\n'))
    third = faults.on("RSET").drop()
    [fresh] = faults.load(write(file, '[[fault]]\non = "RCPT"\ndrop = true\n'))
    assert faults.rules == (first, third, fresh)
    assert second not in faults.rules
    fresh.remove()
    assert faults.rules == (first, third)


@pytest.mark.parametrize(
    ("text", "line", "key", "reason"),
    [
        (
            '[[fault]]\non = "NOOP"\n\nreplay = 451',
            4,
            "replay",
            "no such key, use: on,",
        ),
        ("[[fault]]\nreply = 451", 1, "", "on is missing"),
        ('[[fault]]\non = "NOP"\nreply = 451', 2, "on", "there is no phase 'NOP'"),
        ('[[fault]]\non = "NOOP"', 1, "", "nothing happens: give an action"),
        ('[[fault]]\non = "NOOP"\nreply = 99', 3, "reply", "code must be 200 to 599"),
        ('[[fault]]\non = "NOOP"\ndelay = -1', 3, "delay", "must be 0 or more, not -1"),
        (
            '[[fault]]\non = "NOOP"\ndrop = false',
            3,
            "drop",
            "drop is true, or left out",
        ),
        ('[[fault]]\non = "NOOP"\ndrop = 5', 3, "drop", "positional argument"),
        ('[[fault]]\non = "NOOP"\ndrop = {x = 1}', 3, "drop", "unexpected keyword"),
        ('[[fault]]\non = "NOOP"\nraw = "\\u20ac"', 3, "raw", "stands for an octet"),
        ('[[fault]]\non = "NOOP"\nraw = 5', 3, "raw", "raw takes bytes, not 5"),
        (
            '[[fault]]\non = "MAIL"\nrecipient = "a@b"\ndrop = true',
            3,
            "recipient",
            "recipient is not known",
        ),
        ('[[fault]]\non = "MAIL"\ntls = "no"\ndrop = true', 3, "tls", "True or False"),
        ('[[fault]]\non = "MAIL"\ntimes = 0\ndrop = true', 3, "times", "1 or more"),
        ('[[fault]]\non = "NOOP"\ndo = ["jump"]', 3, "do", "there is no action 'jump'"),
        ('[[fault]]\non = "NOOP"\ndo = "jump"', 3, "do", "there is no action 'jump'"),
        (
            '[[fault]]\non = "NOOP"\ndrop = true\n[[fault]]\non = "NOOP"\nreply = 0',
            6,
            "reply",
            "code must be",
        ),
        (
            '[[fault]]\non = "EOD"\nheader = {Subject = {regex = "("}}\ndrop = true',
            3,
            "header",
            "that is no regular expression",
        ),
        ('fault = [{on = "NOOP", reply = 1}]', 1, "reply", "code must be"),
        ('[fault]\non = "NOOP"', 1, "fault", r"write it as \[\[fault\]\]"),
        ("\nfaults = []", 2, "faults", r"a file has \[\[fault\]\], "),
        ("[[personality]]\nseconds = 5", 1, "", "name is missing"),
        ('[[personality]]\nname = "hal"', 2, "name", "there is no personality 'hal'"),
        ('[[personality]]\nname = "slow"\nx = 5', 2, "name", "unexpected keyword"),
        ("[[fault]]\non = ", 2, "", "Invalid value"),
        ("on = [", 1, "", "."),
    ],
)
def test_an_error_names_file_line_and_key(
    file: Path, text: str, line: int, key: str, reason: str
) -> None:
    """And says what is wrong, in the words of the test's own errors."""
    with pytest.raises(FaultFileError, match=reason) as raised:
        Faults().load(write(file, text))
    error = raised.value
    assert (error.file, error.line, error.key) == (file, line, key)
    named = f"{key}: " if key else ""
    assert str(error).startswith(f"{file}:{line}: {named}")


def test_a_reset_leaves_the_rules_of_files(site: Site, file: Path) -> None:
    """They have not fired then, and the others are gone."""
    write(file, '[[fault]]\non = "NOOP"\ntimes = 1\nreply = 451\n')
    site.faults.load(file)
    site.faults.on("RSET").drop()
    client = site.connect().greeted()
    assert client.codes("NOOP", "NOOP") == ["451", "250"]
    site.faults.reset()
    assert site.faults.journal == ()
    assert client.codes("NOOP", "RSET") == ["451", "250"]


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    """It says why."""
    with pytest.raises(FaultFileError, match="No such file") as raised:
        Faults().load(file)
    assert str(raised.value) == f"{file}: No such file or directory"


def test_a_file_that_is_no_text_is_an_error(file: Path) -> None:
    """TOML is UTF-8."""
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(FaultFileError, match="it is not UTF-8"):
        Faults().load(file)


def test_a_wrong_file_changes_nothing(file: Path) -> None:
    """The rules that were loaded before stay in force."""
    faults = Faults()
    faults.load(write(file, '[[fault]]\non = "NOOP"\ndrop = true\n'))
    rules = faults.rules
    with pytest.raises(FaultFileError):
        faults.load(write(file, '[[fault]]\non = "NOOP"\ndrop = 1\n'))
    assert faults.rules == rules


def test_the_former_name_of_a_recipient_is_taken_with_a_warning(
    tmp_path: Path,
) -> None:
    """The warning names the file and the line."""
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\non = "RCPT"\nto = "a@b"\nreply = 452\n')
    with pytest.warns(DeprecationWarning, match=r"toml:3: to: it is recipient now"):
        (rule,) = Faults().load(file)
    assert "recipient='a@b'" in str(rule)
