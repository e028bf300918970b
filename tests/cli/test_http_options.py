"""The options of HTTP: a wrong value is one line at the start."""

from __future__ import annotations

import builtins
from importlib import import_module
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP, settings_of
from lazr_smtptest.cli.options import Options
from lazr_smtptest.client import api
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPSettings
from lazr_smtptest.stores import MemoryStore

HTTP = "--http=tcp:0:interface=127.0.0.1"

# Wrong values of each option, and how the line begins.
WRONG = {
    "cors": (
        "--cors is an origin such as https://app.example or localhost:3000, without a "
        "path, or *, not ",
        ["foo", "null", "", " ", "https://a.example/", "ftp://a.example", "http://"],
        ["https://a:999999", "a b.example", "http://a.example,http://b.example"],
    ),
    "http-host": (
        "--http-host is a host name such as mail.example, without scheme and port, ",
        ["mail.example:80", "http://mail.example", "*", "", ".example", "a..example"],
        ["mail.example.", "b\u00fccher.example", "a/b", "a@b", "mail.example\n"],
    ),
    "http-base": (
        "--http-base is a path such as /mail, of letters, digits, and - . _ ~, not ",
        ["mail", "/a//b", "/../a", "/.", "/a?b", "/a b", "http://a/b", "//a"],
        ["/%41", "/a#b", "/a\n"],
    ),
    "http-tls": ("--http-tls is auto or CERT,KEY, not ", ["a.pem", ",", "a,"], [",b"]),
    "send-auth": (
        "--send-auth is USER:PASSWORD, with both, file:FILE, or any alone",
        ["anna", ":secret", "anna:", "nobody"],
        [""],
    ),
    "http-auth": (
        "--http-auth is USER:PASSWORD, with both, or file:FILE",
        ["ann", ":secret", "ann:", "file:", ""],
        [":"],
    ),
    "release-to": ("--release-to is HOST:PORT, not ", ["a", "a:0", "a:65536"], ["a:b"]),
    "relay-host": ("--relay-host: the host must be", ["a:25", "http://a"], ["a b"]),
    "webhook": (
        "--webhook: url: ",
        ["foo", "http://", "ftp://a/"],
        ["http://a:99999/"],
    ),
}
ROWS = [
    (name, value, line)
    for name, (line, *lists) in WRONG.items()
    for values in lists
    for value in values
]


@pytest.mark.parametrize(("name", "value", "line"), ROWS)
def test_a_wrong_value_is_told_at_the_start(name: str, value: str, line: str) -> None:
    """With what is allowed; a password is not repeated."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions([HTTP, f"--{name}={value}"])
    text = str(caught.value)
    assert text.startswith(line)
    assert "\n" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "argument",
    [
        *("--cors=*", "--cors=https://app.example", "--cors=http://app.example:3000"),
        *("--cors=localhost:3000", "--cors=localhost", "--cors=app.example"),
        *("--cors=HTTP://[::1]:80", "--cors=app:3000", "--cors=http://app"),
        *("--http-host=mail.example", "--http-host=mail", "--http-host=10.0.0.1"),
        *("--http-base=/", "--http-base=/a", "--http-base=/a/", "--http-base=/a.b/~c"),
        *("--http-base=/..a", "--http-tls=auto", "--http-tls=a.pem,b.pem"),
        *("--send-auth=any", "--send-auth=a:b", "--send-auth=file:passwords"),
        *("--http-auth=a:b:c", "--http-auth=file:passwords", "--release-to=a:65535"),
    ],
)
def test_a_right_value_is_taken(argument: str) -> None:
    """In all its forms."""
    Options().parseOptions([HTTP, argument])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--webhook=https://receiver.example/?token=secret"],
            "--webhook: https of receiver.example:443 needs pip install",
        ),
        (
            ["--relay-host=relay.example", "--relay-security=starttls"],
            "--relay-security: starttls needs pip install 'lazr.smtptest[tls]'",
        ),
    ],
)
def test_the_missing_extra_is_named_at_the_start(
    arguments: list[str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the first request that fails, which may be hours later."""
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "twisted.internet" and "ssl" in (arguments[2] or ()):
            raise ImportError("No module named 'OpenSSL'")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(OptionError) as caught:
        Options().parseOptions([HTTP, *arguments])
    assert str(caught.value).startswith(line)
    assert "secret" not in str(caught.value)


def test_without_https_the_extra_is_not_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor for a relay without TLS."""

    def fail(name: str, what: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("lazr_smtptest.cli.webhooks.check_tls_client", fail)
    monkeypatch.setattr("lazr_smtptest.cli.outgoing.check_tls_client", fail)
    Options().parseOptions([HTTP, "--webhook=http://a/", "--relay-host=relay.example"])


def test_the_bounds_of_waits_are_options() -> None:
    """Of their number and of their time."""
    options = Options()
    options.parseOptions([HTTP, "--http-waiters=5", "--http-longest-wait=7200"])
    settings = settings_of(options, ReaderContext(store=MemoryStore(), reactor=Clock()))
    assert (settings.max_waiters, settings.longest_wait) == (5, 7200)


def test_the_bounds_of_waits_have_the_defaults_of_a_test() -> None:
    """The same as without a command."""
    options = Options()
    options.parseOptions([HTTP])
    settings = settings_of(options, ReaderContext(store=MemoryStore(), reactor=Clock()))
    usual = HTTPSettings()
    assert settings.max_waiters == usual.max_waiters
    assert settings.longest_wait == usual.longest_wait


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ("--http-waiters=0", "a number from 1 on, not '0'"),
        ("--http-longest-wait=599", "a number from 600 to 604800, not '599'"),
        ("--http-longest-wait=1h", "a number from 600 to 604800, not '1h'"),
    ],
)
def test_a_bound_of_waits_that_is_too_low_is_refused(option: str, allowed: str) -> None:
    """Our own clients wait as long as the least one."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions([HTTP, option])
    assert str(caught.value) == f"{option.partition('=')[0]} is {allowed}"


@pytest.mark.slow
def test_our_own_clients_wait_no_longer_than_any_server_allows() -> None:
    """In one request."""
    pytest.importorskip("mcp.server.mcpserver")
    mcp = import_module("lazr_smtptest.readers.mcp")
    least = Options.table()["http-longest-wait"].least
    assert least >= api._LONGEST
    assert least >= mcp._LONGEST


@pytest.mark.parametrize(
    ("arguments", "endpoint"),
    [
        ([], "tcp:8025:interface=127.0.0.1"),
        (["--port=2525"], "tcp:8025:interface=127.0.0.1"),
        (["--port=0"], "tcp:0:interface=127.0.0.1"),
        (["--port=0", "--http=tcp:8026"], "tcp:8026"),
        (["--port=0", "--no-http"], None),
    ],
)
def test_any_free_port_for_smtp_is_any_free_port_for_http(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], endpoint: str | None
) -> None:
    """So several servers run on one machine; an option overrides it."""
    monkeypatch.delenv("SMTPTEST_NO_HTTP", raising=False)
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.parseOptions(arguments)
    assert options["http"] == endpoint
