"""``smtptest ready``: whether a server with these options takes and shows mail.

A container asks it for its health. It takes the options, variables and files of the
server, and asks each address that such a server listens on.
"""

from __future__ import annotations

import math
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from twisted.python import usage

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.probe import Address, Probe, ProbeError, address_of

__all__ = ["ReadyOptions", "ready"]

# Seconds.
_TIMEOUT, _PAUSE, _LONGEST = 30.0, 0.1, 86_400
# What one server is given to answer: it may be busy.
_PATIENCE = 5.0

# The options with endpoints, by the names that a ready file has.
_PLACES = (
    *("smtp", "smtps", "lmtp", "http", "mailhog"),
    *("imap", "imaps", "pop3", "pop3s"),
)

_OWN: Groups = {
    "Waiting": (
        Option("wait", "", "Wait until the server is ready.", kind="flag"),
        Option(
            "timeout",
            "SECONDS",
            "Wait no longer than this.",
            f"{_TIMEOUT:g}",
        ),
    )
}


class ReadyOptions(Options):
    """The options of a server, and how to wait for it."""

    synopsis = "smtptest ready [--wait] [--timeout SECONDS] [options of the server]"
    longdesc = (
        "Ask the server that these options, the environment and files describe "
        "whether it is ready: exit status 0, and one line with its ports; else 1, and "
        "the reason."
    )
    groups: ClassVar[Groups] = {**_OWN, **Options.groups}
    optFlags: ClassVar = [*Options.optFlags, ["wait", None, _OWN["Waiting"][0].help]]
    optParameters: ClassVar = [
        *Options.optParameters,
        ["timeout", None, f"{_TIMEOUT:g}", _OWN["Waiting"][1].help],
    ]

    def _check_ca_file(self) -> None:
        """Take any: it is only read here."""

    def postOptions(self) -> None:
        """Check the options."""
        super().postOptions()
        text = self["timeout"]
        try:
            self["timeout"] = float(text)
        except ValueError:
            self["timeout"] = math.nan
        # NaN is not in it.
        if not 0 <= self["timeout"] <= _LONGEST:
            raise usage.UsageError(
                f"--timeout is 0 to {_LONGEST} seconds, not {text!r}"
            )


def ready(arguments: Sequence[str]) -> int:
    """Ask a server whether it is ready; return the exit status.

    Args:
        arguments: the options.

    Returns:
        0: each of its listeners answers, and standard output has a line with their
        ports; 1: one does not, and standard error says which, and why.

    Raises:
        StartError: the options are wrong.
    """
    options = ReadyOptions()
    options.http_default = DEFAULT_HTTP
    options.parseOptions(arguments)
    try:
        line = _wait(options) if options["wait"] else _ask(options)
    except ProbeError as error:
        print(f"smtptest ready: {error}", file=sys.stderr)
        return 1
    print(line, flush=True)
    return 0


def _wait(options: Options) -> str:
    """Ask until the server is ready, or the time is over."""
    end = time.monotonic() + options["timeout"]
    while True:
        try:
            return _ask(options)
        except ProbeError:
            if time.monotonic() >= end:
                raise
        time.sleep(_PAUSE)


def _ask(options: Options) -> str:
    """Ask each listener once; return the line with the ports.

    Raises:
        ProbeError: one is not ready, or the ready file cannot be read.
        OptionError: the options do not say where the server listens.
    """
    ports = {}
    for name, address in _addresses(options):
        _probe(options, name, address).run(_PATIENCE)
        ports[name] = address.label
    return " ".join(["ready", *(f"{name}={port}" for name, port in ports.items())])


def _addresses(options: Options) -> Iterator[tuple[str, Address]]:
    """Yield the addresses of the server, each with its name in a ready file."""
    if options["ready-file"] is not None:
        yield from _read(Path(options["ready-file"]))
        return
    for name in _PLACES:
        value = options[name] or []
        for number, endpoint in enumerate(
            value if isinstance(value, list) else [value], 1
        ):
            yield f"{name}{number}" if number > 1 else name, _known(endpoint)


def _known(endpoint: str) -> Address:
    hint = "give the server and this command the same --ready-file FILE"
    try:
        address = address_of(endpoint)
    except ValueError as error:
        raise OptionError(f"{error}; {hint}") from None
    if not address.path and not address.port:
        raise OptionError(f"the port of {endpoint!r} is any free one; {hint}")
    return address


def _read(file: Path) -> list[tuple[str, Address]]:
    """Return the addresses in a ready file, with their names.

    Raises:
        ProbeError: it cannot be read, or a server has not written it.
    """
    problem = f"--ready-file {os.fspath(file)}: "
    try:
        lines = file.read_text("utf-8").splitlines()
        found = [line.split("=", 1) for line in lines if "=" in line]
        addresses = [(name, address_of(endpoint)) for name, endpoint in found]
    except OSError as error:
        problem += f"{error.strerror}: no server is ready"
        raise ProbeError(problem) from None
    except ValueError:
        addresses = []
    if not addresses or not all(_protocol(name) for name, _ in addresses):
        raise ProbeError(f"{problem}a server has lines such as smtp=127.0.0.1:1025")
    return addresses


def _protocol(name: str) -> str:
    """Return the protocol of a name in a ready file; ``""`` if it is none."""
    found = re.fullmatch(f"({'|'.join(_PLACES)})[0-9]*", name)
    return found[1] if found else ""


def _probe(options: Options, name: str, address: Address) -> Probe:
    protocol = _protocol(name)
    has_tls = protocol in ("http", "mailhog") and options["http-tls"] is not None
    ca_file = options["ca-file"]
    if protocol == "mailhog":
        return Probe(protocol, address, has_tls, ca_file, "/", accepts_any=True)
    base = (options["http-base"] or "").rstrip("/")
    return Probe(protocol, address, has_tls, ca_file, f"{base}/readyz")
