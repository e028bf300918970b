"""Environment variables of Mailpit and MailHog."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.cli.aliases import ALIASES, read_aliases
from lazr_smtptest.cli.options import OptionError, Options


def options(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Options:
    """Parse options of an environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = Options()
    options.parseOptions([])
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


def test_other_variables_with_such_names_have_no_effect() -> None:
    """Other programs have some, too."""
    assert read_aliases({"MP_LABEL": "x", "MP_OTHER": "y"}) == {}


def test_each_alias_is_one_of_an_option() -> None:
    """Of those that the command has."""
    assert {alias.option for alias in ALIASES} <= set(Options.table())
