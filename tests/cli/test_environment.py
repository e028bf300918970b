"""`lazr_smtptest.cli.environment`: options from variables."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.environment import read_environment, variable
from lazr_smtptest.cli.errors import StartError
from lazr_smtptest.cli.options import Options

OPTIONS = ["port", "max-recipients", "smtp"]


def test_a_variable_is_named_after_its_option() -> None:
    """In capitals, with underscores, after our prefix."""
    assert variable("max-recipients") == "SMTPTEST_MAX_RECIPIENTS"


def test_a_variable_sets_its_option() -> None:
    """Other variables are nothing to us."""
    environment = {"SMTPTEST_MAX_RECIPIENTS": "3", "HOME": "/root"}
    assert read_environment(environment, OPTIONS) == {"max-recipients": "3"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTPTEST_PORT", "tcp://10.96.0.7:1025"),
        ("SMTPTEST_PORT_1025_TCP", "tcp://10.96.0.7:1025"),
        ("SMTPTEST_PORT_1025_TCP_ADDR", "10.96.0.7"),
        ("SMTPTEST_SERVICE_HOST", "10.96.0.7"),
        ("SMTPTEST_SERVICE_PORT", "1025"),
        ("SMTPTEST_SERVICE_PORT_SMTP", "1025"),
        ("SMTPTEST_NAME", "/web/smtptest"),
        ("SMTPTEST_ENV_PATH", "/usr/bin"),
    ],
)
def test_what_an_orchestrator_injects_is_ignored(name: str, value: str) -> None:
    """A service that is called "smtptest" sets such variables in its neighbours."""
    assert read_environment({name: value}, OPTIONS) == {}


def test_an_empty_variable_is_ignored() -> None:
    """Compose files pass variables that are not set as empty ones."""
    assert read_environment({"SMTPTEST_PORT": ""}, OPTIONS) == {}


def test_an_unknown_variable_names_the_nearest() -> None:
    """It is mistyped more often than not."""
    with pytest.raises(ValueError, match=r"SMTPTEST_PROT; did you mean SMTPTEST_PORT"):
        read_environment({"SMTPTEST_PROT": "2525"}, OPTIONS)


def parse(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str
) -> Options:
    """Parse a command line in an environment."""
    for name, value in variables.items():
        monkeypatch.setenv(f"SMTPTEST_{name}", value)
    options = Options()
    options.parseOptions(arguments)
    return options


def test_a_variable_is_read_as_its_option_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same notation."""
    options = parse(monkeypatch, MAX_MESSAGE_SIZE="2K")
    assert options["max-message-size"] == 2048


def test_the_command_line_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who types an option means it."""
    options = parse(monkeypatch, "--store=maildir:here", STORE="maildir:there")
    assert options["store"] == "maildir:here"


def test_several_endpoints_stand_in_one_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Separated by spaces."""
    options = parse(monkeypatch, SMTP="tcp:1 tcp:2")
    assert options["smtp"] == ["tcp:1", "tcp:2"]


def test_endpoints_of_the_command_line_replace_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are not added to them."""
    assert parse(monkeypatch, "--smtp=tcp:3", SMTP="tcp:1 tcp:2")["smtp"] == ["tcp:3"]


@pytest.mark.parametrize(
    ("value", "on"), [("1", 1), ("TRUE", 1), ("yes", 1), ("0", 0), ("off", 0)]
)
def test_a_flag_is_a_switch(
    monkeypatch: pytest.MonkeyPatch, value: str, on: int
) -> None:
    """Upper or lower case."""
    assert parse(monkeypatch, QUIET=value)["quiet"] == on


def test_a_flag_that_is_no_switch_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the variable, the value and what is allowed."""
    with pytest.raises(StartError, match=r"SMTPTEST_QUIET is 1 or 0.*not 'maybe'"):
        parse(monkeypatch, QUIET="maybe")


def test_a_bad_value_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on the command line."""
    with pytest.raises(StartError, match="SMTPTEST_PORT is a number from 0 to 65535"):
        parse(monkeypatch, PORT="99999")


@pytest.mark.parametrize("name", ["HELP", "VERSION"])
def test_what_ends_the_command_is_no_variable(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A variable cannot ask for help."""
    with pytest.raises(StartError, match=rf"unknown environment variable .*{name}"):
        parse(monkeypatch, **{name: "1"})


def test_the_variable_of_other_commands_is_ignored() -> None:
    """A shell that reads a server may start another one."""
    assert read_environment({"SMTPTEST_URL": "http://localhost:8025"}, ["port"]) == {}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMTPTEST_HTTP_AUTH", "anna"),
        ("MP_UI_AUTH", "anna"),
        ("SMTPTEST_WEBHOOK", "anna"),
        ("SMTPTEST_RELAY_CA", "/nowhere.pem"),
        ("SMTPTEST_RELEASE_TO", "anna"),
        ("SMTPTEST_REQUIRE_AUTH", "yes"),
        ("SMTPTEST_POP3S", "tcp:0"),
    ],
)
def test_an_error_names_the_variable_that_was_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """Whoever set it has never seen the option."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartError, match=rf"^{variable}\b"):
        Options().parseOptions(["--http", "tcp:0"])


def test_an_error_names_the_option_that_overrides_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable is right."""
    monkeypatch.setenv("SMTPTEST_HTTP_AUTH", "anna:secret")
    with pytest.raises(StartError, match=r"^--http-auth is USER:PASSWORD"):
        Options().parseOptions(["--http", "tcp:0", "--http-auth", "anna"])
