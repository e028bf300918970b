"""Rules in a file: the same words, and errors that name file, line and key."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest import TLS, CaptureServer, Settings
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
        ('[[fault]]\non = "NOP"\nreply = 451', 2, "on", 'there is no phase "NOP"'),
        ('[[fault]]\non = "NOOP"', 1, "", "nothing happens: give an action"),
        ('[[fault]]\non = "NOOP"\nreply = 99', 3, "reply", "code must be 200 to 599"),
        (
            '[[fault]]\non = "NOOP"\nreply = "550 no"',
            3,
            "reply",
            'code is a number, not "550 no": use \\[550, "no"\\]',
        ),
        ('[[fault]]\non = "NOOP"\nreply = "550"', 3, "reply", "use 550"),
        (
            """[[fault]]\non = "NOOP"\nreply = "550 it's no" """,
            3,
            "reply",
            """use \\[550, "it's no"\\]""",
        ),
        ('[[fault]]\non = "NOOP"\ndelay = -1', 3, "delay", "must be 0 or more, not -1"),
        (
            '[[fault]]\non = "NOOP"\ndrop = false',
            3,
            "drop",
            "drop is true, or left out",
        ),
        (
            '[[fault]]\non = "NOOP"\ndrop = 5',
            3,
            "drop",
            "drop does not take 5, use: close_notify",
        ),
        (
            '[[fault]]\non = "NOOP"\ndrop = {x = 1}',
            3,
            "drop",
            'drop has no "x", use: close',
        ),
        (
            '[[fault]]\non = "NOOP"\nraw = "\\u20ac"',
            3,
            "raw",
            "stands for a byte, up to",
        ),
        ('[[fault]]\non = "NOOP"\nraw = 5', 3, "raw", "stands for a byte, not 5"),
        (
            '[[fault]]\non = "MAIL"\nrecipient = "a@b"\ndrop = true',
            3,
            "recipient",
            "recipient is not known",
        ),
        (
            '[[fault]]\non = "MAIL"\ntls = "no"\ndrop = true',
            3,
            "tls",
            'true or false, not "no"',
        ),
        ('[[fault]]\non = "MAIL"\ntimes = 0\ndrop = true', 3, "times", "1 or more"),
        ('[[fault]]\non = "NOOP"\ndo = ["jump"]', 3, "do", 'there is no action "jump"'),
        ('[[fault]]\non = "NOOP"\ndo = "jump"', 3, "do", 'there is no action "jump"'),
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
            r"\"\(\" is no regular expression",
        ),
        ('fault = [{on = "NOOP", reply = 1}]', 1, "reply", "code must be"),
        (
            '[[fault]]\non = "NOOP"\nreplay = 451',
            3,
            "replay",
            r"did you mean 'reply'\?",
        ),
        ('[[fault]]\non = "RCTP"\ndrop = true', 2, "on", "did you mean 'RCPT'"),
        ("[[fault]]\non = []\ndrop = true", 2, "on", "on needs a phase: CONNECT"),
        ("[[fault]]\non = 5\ndrop = true", 2, "on", "a text such as 'RCPT', not 5"),
        (
            '[[fault]]\non = "NOOP"\nwhere = "x"',
            3,
            "where",
            "it is a function, and a file cannot have one",
        ),
        ('[[fault]]\non = "NOOP"\ndelay = true', 3, "delay", "delay needs seconds"),
        (
            '[[fault]]\non = "NOOP"\ndelay = [1, 2]',
            3,
            "delay",
            r"delay does not take \[1, 2\], use: seconds",
        ),
        (
            '[[fault]]\non = "NOOP"\nreset = 5',
            3,
            "reset",
            "reset does not take 5, write reset = true",
        ),
        (
            '[[fault]]\non = "NOOP"\nlimit_rate = {nummer = 5}',
            3,
            "limit_rate",
            "no \"nummer\", use: number, seconds, code, text; did you mean 'number'",
        ),
        (
            '[[fault]]\non = "NOOP"\ndelay = "3 s"',
            3,
            "delay",
            'seconds is a number, not "3 s"',
        ),
        (
            '[[fault]]\non = "NOOP"\nreply = [451, true]',
            3,
            "reply",
            "the text of a reply is a text, not true",
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = [\n  {delay = 1},\n  {reply = 99},\n]',
            5,
            "do",
            "reply: code must be 200 to 599, not 99",
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = ["delay"]',
            3,
            "do",
            "do: delay needs seconds",
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = ["jump"]\ntimes = 1',
            3,
            "do",
            'there is no action "jump"',
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = ["dropp"]',
            3,
            "do",
            "did you mean 'drop'",
        ),
        (
            '[[fault]]\non = "MAIL"\nsender = ["a@b"]\ndrop = true',
            3,
            "sender",
            r'must be a text or {regex = "..."}, not \["a@b"\]',
        ),
        (
            '[[fault]]\non = "EOD"\nheader = "Subject"\ndrop = true',
            3,
            "header",
            'header is a table of header names, not "Subject"',
        ),
        (
            '[[fault]]\non = "EOD"\nheader = {X = {a = true}}\ndrop = true',
            3,
            "header",
            "not {a = true}",
        ),
        (
            '[[fault]]\non = "MAIL"\nsender = {regex = 5}\ndrop = true',
            3,
            "sender",
            "regex is a text, not 5",
        ),
        (
            '[[fault]]\non = "MAIL"\nsession = 1979-05-27\ndrop = true',
            3,
            "session",
            "session is a number or several, not 1979-05-27",
        ),
        (
            '[[fault]]\non = "MAIL"\nper = "sendr"\ndrop = true',
            3,
            "per",
            "not \"sendr\"; did you mean 'sender'",
        ),
        (
            '[[fault]]\non = "MAIL"\nseed = 5\ndrop = true',
            3,
            "seed",
            "seed goes with probability",
        ),
        (
            '[[fault]]\non = "TLS"\ncertificate = "expird"',
            3,
            "certificate",
            "not \"expird\"; did you mean 'expired'",
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = ["j\\u0075mp"]\ntimes = 1',
            3,
            "do",
            'there is no action "jump"',
        ),
        (
            '[[fault]]\non = "NOOP"\ndo = ["j\\u0075mp"]',
            3,
            "do",
            'there is no action "jump"',
        ),
        (
            '[[fault]]\ndrop = true\n\n[[fault]]\non = "NOOP"\ndrop = true',
            1,
            "",
            "on is missing",
        ),
        ('[[personality]]\nname = "slwo"', 2, "name", "did you mean 'slow'"),
        (
            '[[personality]]\nname = "slow"\nseconds = "x"',
            3,
            "seconds",
            'seconds is a number, not "x"',
        ),
        ("limits = 5", 1, "limits", r"write it as \[limits\]"),
        ("\nlimit = {}", 2, "limit", "did you mean 'limits'"),
        ("[limits]\nidle = 5", 1, "limits", "these faults belong to no server"),
        ('[fault]\non = "NOOP"', 1, "fault", r"write it as \[\[fault\]\]"),
        ("\nfaults = []", 2, "faults", r"a file has \[\[fault\]\], "),
        ("[[personality]]\nseconds = 5", 1, "", "name is missing"),
        ('[[personality]]\nname = "hal"', 2, "name", 'there is no personality "hal"'),
        (
            '[[personality]]\nname = "slow"\nx = 5',
            3,
            "x",
            "slow has no such option, use: seconds, rate",
        ),
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


def test_the_former_name_of_an_argument_is_taken_with_a_warning(
    tmp_path: Path,
) -> None:
    """A file that has it works as before."""
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\non = "RCPT"\nquota = {octets = 9}\n')
    with pytest.warns(DeprecationWarning, match="octets= of quota is called size= now"):
        (rule,) = Faults().load(file)
    assert "quota(size=9)" in str(rule)


# Limits and settings


def test_a_file_has_limits_for_the_sessions_that_follow(site: Site, file: Path) -> None:
    """A session that goes on keeps its own."""
    before = site.connect().greeted()
    write(file, "[limits]\nmessage_size = 50\nrecipients = 1\nidle = 5.5\n")
    site.faults.load(file)
    client = site.connect().greeted()
    codes = client.mail("a@x", "b@x")
    assert codes[:3] == ["250", "250", "452"]
    assert b"SIZE 50\r\n" in client.say("EHLO client.example.com")
    assert before.mail("a@x", "b@x")[2] == "250"
    site.clock.advance(5.5)
    assert client.closed


def test_a_file_has_settings_for_the_sessions_that_follow(
    site: Site, file: Path
) -> None:
    """Those of the listener stay what they are where it has none."""
    write(
        file,
        """
        [settings]
        profile = "strict"
        hidden = ["dsn"]
        values = {SIZE = "77", XYZZY = "1"}
        require_auth = true
        xclient = true
        vrfy = false
        """,
    )
    first = site.factory.settings
    site.faults.load(file)
    said = site.connect().say("EHLO client.example.com")
    assert b"SIZE 77\r\n" in said
    assert b"XYZZY 1\r\n" in said
    assert b"XCLIENT" in said
    assert b"DSN" not in said
    assert b"VRFY" not in said
    assert site.connect().greeted().codes("MAIL FROM:<a@x>") == ["530"]
    settings = site.factory.settings
    assert (settings.profile, settings.limits) == ("strict", first.limits)


def test_a_limit_may_be_none(site: Site, file: Path) -> None:
    """Where there need not be one."""
    site.faults.load(write(file, '[limits]\nmessage_size = "none"\n'))
    assert site.factory.settings.limits.message_size is None


def test_what_a_file_does_not_say_any_more_is_undone(site: Site, file: Path) -> None:
    """As its rules are."""
    first = site.factory.settings
    site.faults.load(write(file, "[limits]\nidle = 5\n"))
    site.faults.load(write(file, "[limits]\njunk = 7\n"))
    limits = site.factory.settings.limits
    assert (limits.idle, limits.junk) == (first.limits.idle, 7)
    site.faults.reset()
    assert site.factory.settings.limits.junk == 7
    site.faults.clear()
    assert site.factory.settings is first


def test_a_listener_that_comes_later_has_them_too(site: Site, file: Path) -> None:
    """A file may be loaded before the start."""
    site.faults.load(write(file, "[limits]\nidle = 5\n"))
    factory = site.server.factory(site.clock)
    assert factory.settings.limits.idle == 5
    site.faults.clear()
    assert factory.settings is site.server.settings


def test_two_files_go_together(site: Site, tmp_path: Path) -> None:
    """The one that was loaded last has the last word."""
    site.faults.load(write(tmp_path / "a", "[limits]\nidle = 5\njunk = 7\n"))
    site.faults.load(write(tmp_path / "b", "[limits]\nidle = 6\n"))
    limits = site.factory.settings.limits
    assert (limits.idle, limits.junk) == (6, 7)


@pytest.mark.parametrize(
    ("text", "line", "key", "reason"),
    [
        (
            "[limits]\njunk = 5\nidel = 5",
            3,
            "limits.idel",
            "there are: command_line, .*; did you mean 'idle'",
        ),
        (
            "[limits]\nidle = true",
            2,
            "limits.idle",
            "is a number from 0.001 on or a time such as .*, not true",
        ),
        (
            "[limits]\nidle = inf",
            2,
            "limits.idle",
            "from 0.001 on or a time such as .*, not inf",
        ),
        (
            "[limits]\nidle = -1",
            2,
            "limits.idle",
            "from 0.001 on or a time such as .*, not -1",
        ),
        (
            "[limits]\njunk = 1.5",
            2,
            "limits.junk",
            "it is a whole number from 0 on, not 1.5",
        ),
        (
            '[limits]\nmessage_size = "big"',
            2,
            "limits.message_size",
            'from 1 on or a size such as "50M" or "none", not "big"',
        ),
        (
            '[settings]\nprofile = "strikt"',
            2,
            "settings.profile",
            "one of standard, strict, not \"strikt\"; did you mean 'strict'",
        ),
        (
            '[settings]\ntls = "auto"',
            2,
            "settings.tls",
            "no such key; there are: profile, hidden, values",
        ),
        ("[settings]\nvrfy = 1", 2, "settings.vrfy", "it is true or false, not 1"),
        (
            "[settings]\nrequire_tls = true",
            2,
            "settings.require_tls",
            "it needs TLS, and the server has none",
        ),
        (
            '[settings]\nhidden = "DSN"',
            2,
            "settings.hidden",
            'a list of extensions, not "DSN"',
        ),
        (
            '[settings]\nhidden = ["PIPELINE"]',
            2,
            "settings.hidden",
            "did you mean 'PIPELINING'",
        ),
        ("[settings]\nhidden = [5]", 2, "settings.hidden", "PIPELINING, .*, not 5"),
        ("[settings]\nvalues = 5", 2, "settings.values", "a table of keywords"),
        (
            "[settings]\nvalues = {SIZE = 5}",
            2,
            "settings.values",
            "it is a table of texts, and SIZE is 5",
        ),
        (
            '[[fault]]\non = "NOOP"\ndrop = true\n\n[limits]\n\nidle = "x"',
            7,
            "limits.idle",
            'not "x"',
        ),
    ],
)
def test_an_error_in_a_table_names_its_line_and_key(
    site: Site, file: Path, text: str, line: int, key: str, reason: str
) -> None:
    """And leaves all as it was."""
    first = site.factory.settings
    with pytest.raises(FaultFileError, match=reason) as raised:
        site.faults.load(write(file, text))
    assert (raised.value.line, raised.value.key) == (line, key)
    assert site.factory.settings is first
    assert site.faults.rules == ()


def test_tls_may_be_required_where_there_is_some(
    new_site: type[Site], file: Path
) -> None:
    """As by `Settings`."""
    site = new_site(tls=TLS.auto())
    site.server.settings = Settings(tls=TLS.auto())
    site.faults.load(write(file, "[settings]\nrequire_tls = true\n"))
    assert site.connect().greeted().codes("MAIL FROM:<a@x>") == ["530"]


def test_every_new_word_is_one_of_a_file_too(file: Path) -> None:
    """Conditions that count, and actions with their arguments by name."""
    write(
        file,
        """
        [[fault]]
        on = "MAIL"
        per = ["sender", "peer"]
        every = 2
        between = [2, inf]
        open_sessions = ">3"
        size = 1000
        limit_rate = {number = 5, seconds = 60, code = 450, text = "4.7.1 slower"}

        [[fault]]
        on = "EOD"
        from_differs = "user"
        recipients = ">=2"
        refusals = 0
        discard = true
        idle = {seconds = 5, silent = true}
        refuse_connections = 2

        [[fault]]
        on = "EHLO"
        probability = 0.5
        seed = 7
        pieces = [0.5, 3, 10]
        blank = [0, 2]
        announce = "SIZE 1000"
        hide = ["DSN", "HELP"]

        [[fault]]
        on = "NOOP"
        swallow = true

        [[fault]]
        on = "RCPT"
        reply_by_address = "5.0.0 no"

        [[fault]]
        on = "TLS"
        session = ">=2"
        certificate = "renewed"

        [[fault]]
        on = "STARTTLS"
        raw = {data = "220 go\\r\\n"}
        drop = {close_notify = false}
        """,
    )
    assert [str(rule) for rule in Faults().load(file)] == [
        "on('MAIL', per=['sender', 'peer'], every=2, between=[2, inf], "
        "open_sessions='>3', size=1000)"
        ".limit_rate(number=5, seconds=60, code=450, text='4.7.1 slower')",
        "on('EOD', from_differs='user', recipients='>=2', refusals=0)"
        ".discard().idle(seconds=5, silent=True).refuse_connections(2)",
        "on('EHLO', probability=0.5, seed=7).pieces(0.5, 3, 10).blank(0, 2)"
        ".announce('SIZE 1000').hide('DSN', 'HELP')",
        "on('NOOP').swallow()",
        "on('RCPT').reply_by_address('5.0.0 no')",
        "on('TLS', session='>=2').certificate('renewed')",
        r"on('STARTTLS').raw(data=b'220 go\r\n').drop(close_notify=False)",
    ]


def test_a_slow_regular_expression_matches_nothing(
    file: Path, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The reactor waits for it once, and not for hours."""
    rule = '[[fault]]\non = "EHLO"\nhelo = {regex = "(a|aa)+$"}\nreply = 450'
    site.faults.load(write(file, rule))
    client = site.connect()
    name = f"{'a' * 200}.b"
    assert client.codes(f"EHLO {name}", f"EHLO {name}") == ["220", "250", "250"]
    assert len(caplog.records) == 1


def test_a_byte_order_mark_is_no_part_of_a_file(file: Path) -> None:
    """Editors of Windows write one."""
    file.write_bytes(b'\xef\xbb\xbf[[fault]]\non = "MAIL"\nreply = 451\n')
    assert [str(rule) for rule in Faults().load(file)] == ["on('MAIL').reply(451)"]


@pytest.mark.parametrize(
    "keys", ['to = "b@c"\nrecipient = "d@e"', 'recipient = "d@e"\nto = "b@c"']
)
def test_a_key_and_its_former_name_are_not_given_together(
    file: Path, keys: str
) -> None:
    """One of them would have no effect."""
    text = f'[[fault]]\non = "RCPT"\n{keys}\nreply = 451\n'
    with pytest.raises(FaultFileError, match=": to: it is the same as recipient"):
        Faults().load(write(file, text))


def test_logins_are_not_required_where_there_are_none(file: Path) -> None:
    """Nobody could send a message; the error names the line."""
    write(file, "[settings]\nvrfy = true\nrequire_auth = true\n")
    with pytest.raises(FaultFileError, match="it needs logins, and the") as raised:
        CaptureServer().faults.load(file)
    assert (raised.value.line, raised.value.key) == (3, "settings.require_auth")
