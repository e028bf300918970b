"""Environment variables of Mailpit and MailHog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.cli.alias_flags import FLAGS, NOT_HERE
from lazr_smtptest.cli.aliases import ALIASES, note_others, read_aliases
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options


def options(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Options:
    """Parse options of an environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return parse()


def parse(*arguments: str) -> Options:
    """Parse a command line."""
    options = Options()
    options.parseOptions(arguments)
    return options


@pytest.mark.parametrize(
    ("environment", "option", "value"),
    [
        (
            {"MP_SMTP_BIND_ADDR": "127.0.0.1:2525"},
            "smtp",
            ["tcp:2525:interface=127.0.0.1"],
        ),
        ({"MP_SMTP_BIND_ADDR": "[::]:1025"}, "smtp", [r"tcp6:1025:interface=\:\:"]),
        (
            {"MH_SMTP_BIND_ADDR": "0.0.0.0:1025"},
            "smtp",
            ["tcp:1025:interface=0.0.0.0"],
        ),
        (
            {"MP_UI_BIND_ADDR": "127.0.0.1:80"},
            "http",
            "tcp:80:interface=127.0.0.1",
        ),
        ({"MP_UI_BIND_ADDR": "unix:/run/s:0600"}, "http", "unix:/run/s:mode=0600"),
        ({"MH_API_BIND_ADDR": "127.0.0.1:1"}, "mailhog", "tcp:1:interface=127.0.0.1"),
        ({"MH_UI_BIND_ADDR": "127.0.0.1:1"}, "mailhog", "tcp:1:interface=127.0.0.1"),
        ({"MH_UI_BIND_ADDR": "127.0.0.1:1"}, "http", None),
        (
            {"MH_API_BIND_ADDR": "127.0.0.1:1", "MH_UI_BIND_ADDR": "127.0.0.1:1"},
            "http",
            None,
        ),
        (
            {"MH_API_BIND_ADDR": "127.0.0.1:1", "MH_UI_BIND_ADDR": "127.0.0.1:2"},
            "mailhog",
            "tcp:1:interface=127.0.0.1",
        ),
        (
            {"MH_API_BIND_ADDR": "127.0.0.1:1", "MH_UI_BIND_ADDR": "127.0.0.1:2"},
            "http",
            "tcp:2:interface=127.0.0.1",
        ),
        ({"MP_SMTP_REQUIRE_STARTTLS": "false"}, "require-tls", 0),
        ({"MP_SMTP_AUTH_ACCEPT_ANY": "true"}, "auth", ["any"]),
        ({"MP_SMTP_AUTH_ACCEPT_ANY": "false"}, "auth", []),
        ({"MP_SMTP_MAX_RECIPIENTS": "7"}, "max-recipients", 7),
        ({"MP_MAX_MESSAGE_SIZE": "3"}, "max-message-size", 3 << 20),
        ({"MP_QUIET": "1"}, "quiet", 1),
        ({"MP_DATABASE": "m.db"}, "store", "sqlite:m.db"),
        ({"MP_MAX_MESSAGES": "9"}, "store", "memory?max-count=9"),
        ({"MP_MAX_MESSAGES": "0"}, "store", "memory"),
        (
            {"MP_DATABASE": "m.db", "MP_MAX_MESSAGES": "9"},
            "store",
            "sqlite:m.db?max-count=9",
        ),
        (
            {"MH_STORAGE": "maildir", "MH_MAILDIR_PATH": "box"},
            "store",
            "maildir:box",
        ),
        ({"MH_STORAGE": "memory", "MH_MAILDIR_PATH": "box"}, "store", "memory"),
        ({"MH_HOSTNAME": "mail.example"}, "hostname", "mail.example"),
        ({"MP_SMTP_TLS_CERT": "c", "MP_SMTP_TLS_KEY": "k"}, "tls", "c,k"),
        ({"MP_SMTP_TLS_CERT": "c"}, "tls", None),
        ({"MP_MAX_AGE": "7d"}, "store", "memory?max-age=7d"),
        ({"MP_MAX_AGE": "0"}, "store", "memory"),
        (
            {"MP_DATABASE": "m.db", "MP_MAX_MESSAGES": "9", "MP_MAX_AGE": "2h"},
            "store",
            "sqlite:m.db?max-count=9&max-age=2h",
        ),
        (
            {"MP_TAGS_DISABLE": "plus-addresses, x-tags", "MP_TAGS_USERNAME": "true"},
            "store",
            "memory?plus-tags=no&x-tags=no&user-tags=yes",
        ),
        (
            {
                "MH_STORAGE": "maildir",
                "MH_MAILDIR_PATH": "box",
                "MP_TAGS_DISABLE": "x-tags",
            },
            "store",
            "maildir:box?x-tags=no",
        ),
        ({"MP_TAGS_USERNAME": "false"}, "store", "memory"),
        ({"MP_TAG": "a!b=From:X, c=y"}, "tag", ['a b=from:"x"', 'c=*"y"*']),
        ({"MP_TAG": "a=x, a=y"}, "tag", ['a=(*"x"*) OR (*"y"*)']),
        (
            {"MP_SMTP_AUTH": "ann:a bob:b", "MP_SMTP_AUTH_ALLOW_INSECURE": "1"},
            "auth",
            ["memory:ann:a", "memory:bob:b"],
        ),
        (
            {"MP_SMTP_AUTH": "ann:a", "MP_SMTP_AUTH_ALLOW_INSECURE": "1"},
            "require-auth",
            1,
        ),
        (
            {"MP_SMTP_AUTH": "ann:a", "MP_SMTP_AUTH_ALLOW_INSECURE": "1"},
            "require-tls",
            0,
        ),
        (
            {
                "MP_SMTP_AUTH": "ann:a",
                "MP_SMTP_TLS_CERT": "c",
                "MP_SMTP_TLS_KEY": "k",
            },
            "require-tls",
            1,
        ),
        (
            {"MP_SMTP_AUTH_ACCEPT_ANY": "1", "MP_SMTP_AUTH_ALLOW_INSECURE": "1"},
            "require-tls",
            0,
        ),
        ({"MP_POP3_AUTH": "ann:a"}, "auth", ["memory:ann:a"]),
        ({"MP_POP3_AUTH": "ann:a"}, "require-auth", 0),
        ({"MP_POP3_AUTH": "ann:a"}, "pop3", r"tcp6:1110:interface=\:\:"),
        ({"MP_POP3_AUTH": "ann:a"}, "pop3-newest-first", 1),
        (
            {"MP_POP3_BIND_ADDR": "127.0.0.1:110"},
            "pop3",
            "tcp:110:interface=127.0.0.1",
        ),
        (
            {
                "MP_POP3_BIND_ADDR": "127.0.0.1:995",
                "MP_POP3_TLS_CERT": "c",
                "MP_POP3_TLS_KEY": "k",
            },
            "pop3s",
            "tcp:995:interface=127.0.0.1",
        ),
        ({"MP_POP3_TLS_CERT": "c", "MP_POP3_TLS_KEY": "k"}, "pop3", None),
        ({"MP_POP3_TLS_CERT": "c", "MP_POP3_TLS_KEY": "k"}, "tls", "c,k"),
        (
            {
                "MP_SMTP_BIND_ADDR": "127.0.0.1:465",
                "MP_SMTP_REQUIRE_TLS": "true",
                "MP_SMTP_TLS_CERT": "sans:localhost",
                "MP_SMTP_TLS_KEY": "sans:localhost",
            },
            "smtps",
            ["tcp:465:interface=127.0.0.1"],
        ),
        (
            {"MP_SMTP_TLS_CERT": "sans:a", "MP_SMTP_TLS_KEY": "sans:a"},
            "tls",
            "auto",
        ),
        ({"MP_SMTP_RELAY_HOST": "a", "MP_SMTP_RELAY_ALL": "1"}, "relay-all", 1),
        (
            {"MP_SMTP_FORWARD_HOST": "a", "MP_SMTP_FORWARD_TO": "b@c,d@e"},
            "forward-to",
            ["b@c", "d@e"],
        ),
        ({"MP_WEBHOOK_URL": "http://a/b"}, "webhook", ["http://a/b"]),
        ({"MP_WEBHOOK_URL": "http://a/b"}, "webhook-format", "mailpit"),
    ],
)
def test_a_variable_sets_our_option(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    option: str,
    value: Any,
) -> None:
    """As its own program reads it."""
    assert options(monkeypatch, **environment)[option] == value


@pytest.mark.parametrize(
    ("environment", "option", "value"),
    [
        ({"MP_WEBROOT": "mail/"}, "http-base", "/mail"),
        ({"MP_WEBROOT": "/"}, "http-base", None),
        ({"MP_UI_AUTH": "a:b c:d"}, "http-auth", ["a:b", "c:d"]),
        ({"MP_UI_AUTH_FILE": "users"}, "http-auth", ["file:users"]),
        ({"MH_AUTH_FILE": "users"}, "http-auth", ["file:users"]),
        ({"MP_SEND_API_AUTH": "a:b c:d"}, "send-auth", ["a:b", "c:d"]),
        ({"MP_SEND_API_AUTH_FILE": "users"}, "send-auth", ["file:users"]),
        ({"MP_SEND_API_AUTH_ACCEPT_ANY": "1"}, "send-auth", ["any"]),
        (
            {"MP_SEND_API_AUTH_ACCEPT_ANY": "0", "MP_SEND_API_AUTH": "a:b"},
            "send-auth",
            ["a:b"],
        ),
        ({"MP_API_CORS": "a.example,b.example"}, "cors", ["a.example", "b.example"]),
        ({"MP_UI_TLS_CERT": "c", "MP_UI_TLS_KEY": "k"}, "http-tls", "c,k"),
        ({"MP_ENABLE_SPAMASSASSIN": "a:783"}, "spamassassin", "a:783"),
        ({"MP_ENABLE_SPAMASSASSIN": "postmark"}, "spamassassin", None),
        ({"MP_ALLOW_INTERNAL_HTTP_REQUESTS": "1"}, "link-check", ["*"]),
        ({"MP_ALLOW_INTERNAL_HTTP_REQUESTS": "1"}, "link-check-private", 1),
        ({"MP_ALLOW_INTERNAL_HTTP_REQUESTS": "0"}, "link-check", []),
    ],
)
def test_a_variable_sets_our_option_of_http(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    option: str,
    value: Any,
) -> None:
    """Where HTTP is on."""
    on = {"SMTPTEST_HTTP": "tcp:0"}
    assert options(monkeypatch, **on, **environment)[option] == value


def test_our_own_variable_overrides_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same option."""
    found = options(
        monkeypatch, MP_SMTP_MAX_RECIPIENTS="7", SMTPTEST_MAX_RECIPIENTS="8"
    )
    assert found["max-recipients"] == 8


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        ({"MP_UI_BIND_ADDR": "8025"}, "it is HOST:PORT, not '8025'"),
        ({"MP_UI_BIND_ADDR": "127.0.0.1:x"}, "it is HOST:PORT, not '127.0.0.1:x'"),
        ({"MP_DATABASE": "http://db"}, "it is the name of a file, not 'http://db'"),
        ({"MP_SMTP_MAX_RECIPIENTS": "all"}, "is a number from 1 on, not 'all'"),
        ({"MP_MAX_AGE": "7w"}, "a time such as 90s, 30m, 12h or 7d, not '7w'"),
        ({"MP_TAGS_DISABLE": "all"}, "or both with a comma, not 'all'"),
        ({"MP_TAG": "bill"}, "such as bill=subject:invoice, not 'bill'"),
        ({"MH_STORAGE": "mongodb"}, "it is memory or maildir, not 'mongodb'"),
        ({"MP_SMTP_AUTH": "ann"}, "is USER:PASSWORD, without another colon"),
        ({"MP_SMTP_AUTH": "ann:a:b"}, "is USER:PASSWORD, without another colon"),
        ({"MP_POP3_AUTH": "ann:$2y$05$x"}, "cannot check: it is USER:PASSWORD"),
        ({"MP_SMTP_AUTH_FILE": "/none/x"}, "No such file or directory: '/none/x'"),
        ({"MP_SMTP_AUTH": "ann:a"}, "MP_SMTP_AUTH needs --tls"),
    ],
)
def test_a_wrong_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], error: str
) -> None:
    """And what is allowed."""
    with pytest.raises(OptionError) as caught:
        options(monkeypatch, **environment)
    assert str(caught.value).startswith(next(iter(environment)))
    assert str(caught.value).endswith(error)


def test_a_database_in_a_directory_has_the_name_that_clients_expect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file of the other server."""
    found = options(monkeypatch, MP_DATABASE=str(tmp_path))
    assert found["store"] == f"sqlite:{tmp_path}/mailpit.db"


@pytest.mark.parametrize("name", ["MP_SMTP_AUTH_FILE", "MP_POP3_AUTH_FILE"])
def test_the_logins_of_a_file_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Each line is one."""
    file = tmp_path / "users"
    file.write_text("ann:a\nbob:b\n")
    found = options(
        monkeypatch, **{name: str(file)}, MP_SMTP_AUTH_ALLOW_INSECURE="true"
    )
    assert found["auth"] == ["memory:ann:a", "memory:bob:b"]


def test_an_error_does_not_show_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the variable."""
    with pytest.raises(OptionError) as caught:
        options(monkeypatch, MP_SMTP_AUTH="ann:secret:b")
    assert "secret" not in str(caught.value)


def test_other_variables_with_such_names_have_no_effect() -> None:
    """Other programs have some, too."""
    assert read_aliases({"MP_LABEL": "x", "MP_OTHER": "y"}) == {}


@pytest.mark.parametrize(
    ("environment", "notes"),
    [
        ({"MP_LABEL": "x"}, ["MP_LABEL has no effect here"]),
        (
            {"MP_OTHER": "x", "MH_API_HOST": "y", "MP_EMPTY": "", "OTHER": "z"},
            ["MH_API_HOST has no effect here", "MP_OTHER has no effect here"],
        ),
        (
            {"MH_INVITE_JIM": "1"},
            [
                "MH_INVITE_JIM has no effect here: with --mailhog, POST /api/v2/jim "
                "invites Jim"
            ],
        ),
        (
            {"MP_UI_TLS_CERT": "c"},
            ["MP_UI_TLS_CERT has no effect here without MP_UI_TLS_KEY"],
        ),
        ({"MP_SMTP_RELAY_HOST": "a", "MP_MAX_AGE": "7d"}, []),
        ({"MH_UI_BIND_ADDR": ":8025"}, []),
        ({"MH_UI_BIND_ADDR": ":8025", "MH_API_BIND_ADDR": ":8026"}, []),
        ({"MH_UI_BIND_ADDR": ":8025", "MH_API_BIND_ADDR": ":8025"}, []),
    ],
)
def test_each_variable_without_effect_is_noted(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], notes: list[str]
) -> None:
    """In one line, which is logged at the start."""
    assert options(monkeypatch, **environment).notes == notes


@pytest.mark.parametrize(
    ("arguments", "option", "value"),
    [
        (["--listen", "127.0.0.1:80"], "http", "tcp:80:interface=127.0.0.1"),
        (["-l", "127.0.0.1:80"], "http", "tcp:80:interface=127.0.0.1"),
        (["-s", "127.0.0.1:25"], "smtp", ["tcp:25:interface=127.0.0.1"]),
        (["--smtp", "127.0.0.1:25"], "smtp", ["tcp:25:interface=127.0.0.1"]),
        (["--max=9"], "store", "memory?max-count=9"),
        (["-d", "m.db", "-m", "9"], "store", "sqlite:m.db?max-count=9"),
        (["-q"], "quiet", 1),
        (["--smtp-auth-accept-any"], "auth", ["any"]),
        (["--smtp-auth-accept-any=false"], "auth", []),
        (["--tag", "a=b, c=d"], "tag", ["a=b, c=d"]),
        (["--tags-username"], "store", "memory?user-tags=yes"),
        (["-smtp-bind-addr", "127.0.0.1:25"], "smtp", ["tcp:25:interface=127.0.0.1"]),
        (["--smtp-bind-addr=127.0.0.1:25"], "smtp", ["tcp:25:interface=127.0.0.1"]),
        (["-storage", "maildir", "-maildir-path", "m"], "store", "maildir:m"),
        (["-hostname", "a.example"], "hostname", "a.example"),
        (["--max-message-size", "9"], "max-message-size", 9),
    ],
)
def test_a_flag_sets_our_option(
    arguments: list[str], option: str, value: object
) -> None:
    """As its own program reads it, unless it is one of ours."""
    assert parse(*arguments)[option] == value


def test_a_flag_overrides_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both kinds; a variable of another meaning is kept."""
    monkeypatch.setenv("MP_MAX_MESSAGES", "1")
    monkeypatch.setenv("MP_DATABASE", "m.db")
    assert parse("--max=2")["store"] == "sqlite:m.db?max-count=2"
    monkeypatch.setenv("SMTPTEST_STORE", "memory")
    assert parse("--max=2")["store"] == "sqlite:m.db?max-count=2"


def test_our_own_option_overrides_a_flag() -> None:
    """Wherever they stand."""
    assert parse("--store=mbox:m", "--max=2")["store"] == "mbox:m"


def test_a_flag_ranks_as_an_option_of_the_command_line() -> None:
    """Above each variable."""
    assert parse("--listen=127.0.0.1:80").rank("http") == 0


def test_a_flag_without_effect_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that was written."""
    monkeypatch.setenv("MP_LABEL", "x")
    assert parse("--label", "y", "-v").notes == [
        "--label has no effect here",
        "-v has no effect here",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--listen"], "option --listen requires argument"),
        (["--max"], "option --max requires argument"),
        (["--listen", "80"], "--listen: it is HOST:PORT, not '80'"),
        (["--smtp-max-recipients=x"], "--smtp-max-recipients is a number from 1 on"),
        (["-x"], "option -x not recognized"),
    ],
)
def test_a_wrong_flag_is_named_as_it_was_written(
    arguments: list[str], error: str
) -> None:
    """In one line."""
    with pytest.raises(OptionError) as caught:
        parse(*arguments)
    assert str(caught.value).startswith(error)


def test_what_is_explained_as_without_effect_has_none() -> None:
    """No alias has it."""
    assert not NOT_HERE.keys() & {name for each in ALIASES for name in each.names}


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag_sets_an_option_or_is_noted(flag: str) -> None:
    """Or has no effect without another one, which the note names."""
    flags = {FLAGS[flag].variable: ("1", f"--{flag}")}
    is_known = any(FLAGS[flag].variable in alias.names for alias in ALIASES)
    notes = list(note_others({}, flags))
    assert notes or is_known
    assert all(note.startswith(f"--{flag} has no effect") for note in notes)


def test_each_alias_is_one_of_an_option() -> None:
    """Of those that the command has."""
    assert {alias.option for alias in ALIASES} <= set(Options.table())
