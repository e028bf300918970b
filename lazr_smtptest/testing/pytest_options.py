"""The options of the pytest plugin, on the command line and in the ini file.

Like the plugin itself, it imports nothing but pytest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest._secrets import safe_repr

__all__ = [
    "OPTIONS",
    "add_options",
    "keywords_of_marker",
    "keywords_of_run",
    "remote_of_run",
    "report_of_run",
    "transcript_bound",
]

_FLAG = {"action": "store_true"}
_SEVERAL = {"action": "append"}

# The arguments of an option for argparse, its type in the ini file, and its help.
OPTIONS: dict[str, tuple[dict[str, str], Any, str]] = {
    "url": (
        {},
        "string",
        "URL of a server that runs elsewhere, for the tests in place of one in a "
        "thread; host and port are then those of its SMTP [none].",
    ),
    "host": ({}, "string", "Address that the server listens on [localhost]."),
    "port": (
        {},
        "string",
        "Port that the shared server listens on; the workers of pytest-xdist count "
        "on from it [any free one].",
    ),
    "tls": ({}, "string", "Offer STARTTLS: auto, or CERT,KEY for files in PEM."),
    "require-tls": (_FLAG, "bool", "Refuse mail outside of TLS with 530."),
    "implicit-tls": (_FLAG, "bool", "Begin with TLS from the first byte on."),
    "auth": (
        _SEVERAL,
        "linelist",
        "Let clients log in: any, or a checker such as memory:USER:PASSWORD; may "
        "be repeated.",
    ),
    "require-auth": (_FLAG, "bool", "Refuse mail before a login with 530."),
    "hide": (_SEVERAL, "linelist", "Do not offer this extension; may be repeated."),
    "http": (_FLAG, "bool", "Let others read the mail over HTTP, at smtptest.url."),
    "imap": (_FLAG, "bool", "Let others read it over IMAP, at smtptest.imap_url."),
    "pop3": (_FLAG, "bool", "Let others read it over POP3, at smtptest.pop3_port."),
    "profile": ({}, "string", "standard, or strict to refuse irregular mail."),
    "activity": (
        {},
        "string",
        "on, or off to record nothing of what the program does beside the server [on].",
    ),
    "grace": (
        {},
        "string",
        "Seconds for which a failure waits for a late message, to report it [1].",
    ),
    "transcript": (
        {},
        "string",
        "Lines of the transcript in the report of a failed test; 0 for none [100].",
    ),
    "report": (
        {},
        "string",
        "Folder for report.html, and for the mail and the conversations of each "
        "failed test; not made if all pass [none].",
    ),
}

_MOST_LINES = 1_000_000

_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


def add_options(parser: pytest.Parser) -> None:
    """Add ``--smtptest-NAME`` to the command line, ``smtptest_name`` to the file."""
    group = parser.getgroup("smtptest", "a real SMTP server for tests")
    for name, (how, ini, text) in OPTIONS.items():
        group.addoption(
            f"--smtptest-{name}", dest=_dest(name), default=None, help=text, **how
        )
        parser.addini(_dest(name), text, type=ini)


def transcript_bound(config: pytest.Config) -> int:
    """Return how many lines of a transcript a report may have.

    Raises:
        pytest.UsageError: the option is not such a number.
    """
    return _number(config, "transcript", 100, _MOST_LINES)


def report_of_run(config: pytest.Config) -> Path | None:
    """Return the folder of the report; ``None`` if there is to be none.

    Raises:
        pytest.UsageError: it is a file.
    """
    given = _value(config, "report")
    if not given:
        return None
    folder: Path = config.invocation_params.dir / given
    if folder.is_file():
        raise pytest.UsageError(
            f"--smtptest-report is a folder, not the file {str(folder)!r}"
        )
    return folder


def keywords_of_run(config: pytest.Config) -> dict[str, Any]:
    """Return the keywords for `make_server` from the options.

    Raises:
        pytest.UsageError: an option is wrong.
    """
    names = ("host", "require-tls", "implicit-tls", "auth", "require-auth", "hide")
    given = {
        name: _value(config, name)
        for name in (*names, "http", "imap", "pop3", "profile")
    }
    keywords = {name.replace("-", "_"): value for name, value in given.items() if value}
    keywords |= _reporting(config)
    tls = _value(config, "tls")
    if tls:
        keywords["tls"] = _tls(tls)
    return {**keywords, "port": _port(config)}


def remote_of_run(config: pytest.Config) -> dict[str, Any]:
    """Return the keywords for `RemoteServer`; empty for a server in a thread.

    Raises:
        pytest.UsageError: an option is wrong.
    """
    url = _value(config, "url")
    if not url:
        return {}
    grace = _reporting(config).get("grace")
    return {
        "url": url,
        "host": _value(config, "host") or "",
        # The workers of pytest-xdist share it.
        "port": _number(config, "port", 0, 65535),
        **({} if grace is None else {"grace": grace}),
    }


def keywords_of_marker(markers: Iterable[pytest.Mark], folder: Path) -> dict[str, Any]:
    """Return the keywords for `make_server` from the markers of a test.

    Args:
        markers: the closest one first; it overrides the others.
        folder: the folder of the test's file. A fault file is looked for there first,
            then in the current folder.

    Raises:
        TypeError: a marker has an argument without a keyword.
    """
    keywords: dict[str, Any] = {}
    for marker in markers:
        if marker.args:
            given = safe_repr(marker.args[0])
            raise TypeError(f"it takes keywords only, not {given}")
        keywords = {**marker.kwargs, **keywords}
    faults = keywords.get("faults")
    if isinstance(faults, (str, Path)) and (folder / faults).exists():
        keywords["faults"] = folder / faults
    return keywords


def _dest(name: str) -> str:
    return f"smtptest_{name.replace('-', '_')}"


def _value(config: pytest.Config, name: str) -> Any:
    given = config.getoption(_dest(name))
    return config.getini(_dest(name)) if given is None else given


def _number(config: pytest.Config, name: str, default: int, most: int) -> int:
    text = _value(config, name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise pytest.UsageError(
            f"--smtptest-{name} is a number from 0 to {most}, not {text!r}"
        )
    return int(text)


def _reporting(config: pytest.Config) -> dict[str, Any]:
    """Return the keywords for the content of failures."""
    keywords: dict[str, Any] = {}
    activity, grace = _value(config, "activity"), _value(config, "grace")
    if activity:
        if activity not in ("on", "off"):
            raise pytest.UsageError(
                f"--smtptest-activity is on or off, not {activity!r}"
            )
        keywords["activity"] = activity == "on"
    if grace:
        if not _SECONDS.fullmatch(grace):
            raise pytest.UsageError(
                f"--smtptest-grace is a number of seconds such as 0.5, not {grace!r}"
            )
        keywords["grace"] = float(grace)
    return keywords


def _port(config: pytest.Config) -> int:
    port = _number(config, "port", 0, 65535)
    # pytest-xdist calls its workers gw0, gw1 and so on.
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return port and port + int(worker.removeprefix("gw"))


def _tls(text: str) -> bool | tuple[str, str]:
    if text == "auto":
        return True
    certificate, _, key = text.partition(",")
    if not (certificate and key):
        raise pytest.UsageError(
            f"--smtptest-tls is auto or CERT,KEY, not {safe_repr(text)}"
        )
    return certificate, key
