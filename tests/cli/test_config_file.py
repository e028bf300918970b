"""``--config``: the options in a file."""

from __future__ import annotations

import smtplib
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.option import Option
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tap import makeService
from lazr_smtptest.cli.workers.assignment import Assignment
from lazr_smtptest.cli.workers.supervisor import Supervisor

from ..commands import PATIENCE, Start

Parse = Callable[..., Options]

# A value of each kind of option, in TOML, and the parsed value.
VALUES: dict[str, tuple[str, Any]] = {
    "flag": ("true", 1),
    "list": ('["a", "b"]', ["a", "b"]),
    "number": ("7", 7),
    "size": ('"2K"', 2048),
    "text": ('"x"', "x"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the name of a file that does not exist yet."""
    return tmp_path / "smtptest.toml"


@pytest.fixture
def parse(file: Path) -> Parse:
    """Return a function that parses a command line with a file."""

    def parse(text: str, *arguments: str) -> Options:
        file.write_text(textwrap.dedent(text))
        options = Options()
        options.parseOptions([f"--config={file}", *arguments])
        return options

    return parse


def settable() -> list[Option]:
    """Return the options that a file can set by themselves."""
    return [
        option
        for option in Options.table().values()
        if option.settable and option.name not in ("config", "faults")
    ]


@pytest.mark.parametrize("option", settable(), ids=lambda option: option.name)
def test_every_option_is_a_key(option: Option, file: Path) -> None:
    """With the values that its kind allows."""
    last = option.choices[-1] if option.choices else ""
    text, value = VALUES.get(option.kind, (f'"{last}"', last))
    if option.kind == "number":
        value = max(value, option.least)
        text = str(value)
    file.write_text(f"{option.name} = {text}\n")
    options = Options()
    options._read_file("config", str(file))
    read = options._lists if option.kind == "list" else options
    assert read[option.name] == value


def test_a_size_has_the_notation_of_the_command_line(parse: Parse) -> None:
    """Or it is a number of bytes."""
    assert parse('max-message-size = "2K"')["max-message-size"] == 2048
    assert parse("max-message-size = 2049")["max-message-size"] == 2049


def test_one_text_is_a_list_of_one(parse: Parse) -> None:
    """An option that may be given several times is often given once."""
    assert parse('auth = "any"')["auth"] == ["any"]


def test_the_command_line_overrides_the_file(parse: Parse) -> None:
    """Of lists, too."""
    text = 'port = 1\nsmtp = ["tcp:1", "tcp:2"]\n'
    options = parse(text, "--port=2", "--smtp=tcp:3")
    assert (options["port"], options["smtp"][:-1]) == (2, ["tcp:3"])


def test_the_environment_overrides_the_file(
    parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag can be switched off there."""
    monkeypatch.setenv("SMTPTEST_PORT", "2")
    monkeypatch.setenv("SMTPTEST_QUIET", "0")
    options = parse("port = 1\nquiet = true\n")
    assert (options["port"], options["quiet"]) == (2, 0)


def test_the_environment_names_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SMTPTEST_CONFIG``."""
    file.write_text("port = 2525\n")
    monkeypatch.setenv("SMTPTEST_CONFIG", str(file))
    options = Options()
    options.parseOptions([])
    assert options["port"] == 2525


def test_the_file_of_faults_is_read_second(parse: Parse, tmp_path: Path) -> None:
    """It has the same keys; the last value counts."""
    faults = tmp_path / "faults.toml"
    faults.write_text("port = 2\n")
    options = parse("port = 1\nworkers = 3\n", f"--faults={faults}")
    assert (options["port"], options["workers"]) == (2, 3)


def test_the_file_names_the_file_of_faults(parse: Parse, tmp_path: Path) -> None:
    """As an option does."""
    (tmp_path / "faults.toml").write_text("port = 2\n")
    options = parse(f'faults = "{tmp_path}/faults.toml"')
    assert list(options.files) == ["config", "faults"]


def test_one_file_may_be_given_to_both(parse: Parse, file: Path) -> None:
    """It is read once."""
    assert list(parse("port = 1\n", f"--faults={file}").files) == ["config"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("prot = 1", 1, "prot: no option has this name; did you mean 'port'?"),
        ("max_recipients = 1", 1, "did you mean 'max-recipients'?"),
        ("limit = {}", 1, "did you mean 'limits'?"),
        ("zzzz = 1", 1, "no option has this name; smtptest --help lists them"),
        ("\nport = true", 2, "port: it is a number from 0 to 65535, not true"),
        ('port = "2525"', 1, 'it is a number from 0 to 65535, not "2525"'),
        ("port = 65536", 1, "it is a number from 0 to 65535, not 65536"),
        ("port = 1.5", 1, "it is a number from 0 to 65535, not 1.5"),
        ("workers = 0", 1, "it is a number from 1 to 256, not 0"),
        ("stop-after = -1", 1, "it is a number from 0 on, not -1"),
        ('quiet = "yes"', 1, 'it is true or false, not "yes"'),
        ("quiet = 1", 1, "it is true or false, not 1"),
        ("smtp = [1]", 1, "it is a text or a list of texts, not [1]"),
        ("smtp = 1", 1, "it is a text or a list of texts, not 1"),
        ("store = 5", 1, "store: it is a text, not 5"),
        ("store = []", 1, "it is a text, not []"),
        ('max-message-size = "big"', 1, "a number of bytes such as 500M"),
        ('color = "red"', 1, 'it is auto, always or never, not "red"'),
        ('store = "floppy"', 1, "store: unknown store 'floppy'"),
        ('hostname = "a b"', 1, "hostname is a host name, not 'a b'"),
        ("require-tls = true", 1, "require-tls needs --tls"),
        ('tls = "x"', 1, "tls is auto or CERT,KEY"),
        ("help = true", 1, "help: no option has this name"),
        ('config = "b"', 1, "config: a file cannot name another one; use faults"),
        (
            "max-recipients = 1\n[limits]\nrecipients = 2",
            1,
            "max-recipients: the file has it twice: see recipients in [limits]",
        ),
        ("port = ", 1, "Invalid value"),
    ],
)
def test_a_wrong_key_or_value_is_one_line(
    parse: Parse, file: Path, text: str, line: int, problem: str
) -> None:
    """It names the file, the line, the key, the value and what is allowed."""
    with pytest.raises(OptionError) as raised:
        parse(text)
    message = str(raised.value)
    assert message.startswith(f"--config: {file}:{line}: ")
    assert problem in message
    assert len(message.splitlines()) == 1


def test_a_file_that_is_missing_is_one_line(file: Path) -> None:
    """It names the option and the file."""
    with pytest.raises(OptionError, match=r"--config: .*toml: No such file"):
        Options().parseOptions([f"--config={file}"])


def test_a_file_of_faults_names_no_file_of_faults(file: Path) -> None:
    """Only that of ``--config`` does."""
    file.write_text(f'faults = "{file}"\n')
    with pytest.raises(OptionError, match="only the file of --config names it"):
        Options().parseOptions([f"--faults={file}"])


def test_a_wrong_option_on_the_command_line_is_twisteds_error(parse: Parse) -> None:
    """The file is not read then."""
    with pytest.raises(OptionError, match="option --prot not recognized"):
        parse("prot = 1", "--prot=1")


# Rules, limits and settings in the file


def settings_of(options: Options) -> Any:
    """Return the settings of the first listener."""
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, ServerProcess)
    return process.services[0].factories[0].settings  # type: ignore[attr-defined]


def test_the_limits_and_settings_of_the_file_apply(parse: Parse) -> None:
    """With the units of sizes and times."""
    settings = settings_of(
        parse('[limits]\nidle = "2m"\nmessage_size = "3K"\n[settings]\nvrfy = false\n')
    )
    limits = settings.limits
    assert (limits.idle, limits.message_size, settings.vrfy) == (120, 3072, False)


@pytest.mark.parametrize(
    ("argument", "table", "field", "value"),
    [
        ("--max-message-size=5", "limits", "message_size = 6", 5),
        ("--max-recipients=5", "limits", "recipients = 6", 5),
        ("--max-connections=5", "limits", "connections = 6", 5),
        ("--profile=strict", "settings", 'profile = "standard"', "strict"),
        ("--hide=DSN", "settings", 'hidden = ["SIZE"]', {"DSN"}),
    ],
)
def test_the_command_line_overrides_limits_and_settings(
    parse: Parse, argument: str, table: str, field: str, value: object
) -> None:
    """Also after the file was reloaded."""
    settings = settings_of(parse(f"[{table}]\n{field}\n", argument))
    name = field.split()[0]
    holder = settings.limits if table == "limits" else settings
    assert getattr(holder, name) == value


def test_limits_of_the_file_of_faults_override_options_of_the_other(
    parse: Parse, tmp_path: Path
) -> None:
    """It is read later."""
    faults = tmp_path / "faults.toml"
    faults.write_text("[limits]\nrecipients = 2\n")
    options = parse("max-recipients = 1\n", f"--faults={faults}")
    assert settings_of(options).limits.recipients == 2


def test_the_rules_of_the_file_apply(parse: Parse) -> None:
    """Beside its options."""
    options = parse('port = 0\n[[fault]]\non = "MAIL"\nreply = 451\n')
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, ServerProcess)
    [rule] = process.server.faults.rules
    assert rule.phases[0].name == "MAIL"


def test_a_wrong_rule_names_the_option(parse: Parse, file: Path) -> None:
    """And the file and the line; it is a wrong option, which has status 2."""
    options = parse('[[fault]]\non = "MIAL"\ndrop = true\n')
    with pytest.raises(OptionError) as raised:
        makeService(options, MemoryReactorClock())
    assert str(raised.value).startswith(f"--config: {file}:2: on: there is no phase")


def test_rules_need_one_worker(parse: Parse) -> None:
    """They count in one process."""
    with pytest.raises(OptionError, match="--config needs one worker: the rules in"):
        parse('workers = 2\n[[fault]]\non = "MAIL"\ndrop = true\n')


def test_workers_have_the_limits_of_the_file(parse: Parse) -> None:
    """Only the command line's own values stay."""
    options = parse(
        "workers = 2\n[limits]\nidle = 5\nrecipients = 6\n", "--max-recipients=7"
    )
    service: Any = makeService(options, MemoryReactorClock())
    assert isinstance(service, Supervisor)
    assignment = Assignment.from_json(service._assignment.to_json())
    assert assignment.file_settings == {"limits": {"idle": 5}, "settings": {}}


def test_a_process_runs_by_its_file(start: Start, tmp_path: Path) -> None:
    """With workers, and with limits for them."""
    (tmp_path / "smtptest.toml").write_text(
        'port = 0\nworkers = 2\nstore = "maildir:box"\n[limits]\nrecipients = 1\n'
    )
    process = start("smtptest", "--config=smtptest.toml")
    port = int(process.wait_for(r"^ready smtp=(\d+)$")[1])
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.ehlo("a")
        client.mail("a@example.com")
        assert client.rcpt("b@example.com")[0] == 250
        assert client.rcpt("c@example.com")[0] == 452


def test_twistd_takes_the_file(start: Start, tmp_path: Path) -> None:
    """It has the same options."""
    (tmp_path / "smtptest.toml").write_text("port = 0\n")
    assert start("twistd", "--config=smtptest.toml").port()
