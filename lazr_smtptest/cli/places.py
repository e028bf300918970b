"""The endpoints of the options, and those that stand for options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.python import usage

from lazr_smtptest.cli.option_table import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    endpoint_of,
    read_endpoint,
)

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options

__all__ = ["READER_PORTS", "add_readers", "default_endpoint", "read_endpoints"]

# The ports of ``--readers``, by the options that it stands for: those of the RFCs, and
# a thousand more, for which no privileges are needed.
READER_PORTS = {"imap": 1143, "imaps": 1993, "pop3": 1110, "pop3s": 1995}


def add_readers(options: Options) -> None:
    """Set the options that ``--readers`` stands for, unless they are set."""
    if not options["readers"]:
        return
    for name, port in READER_PORTS.items():
        if options[name] is None:
            options[name] = endpoint_of(DEFAULT_HOST, port)
    if options["tls"] is None:
        options["tls"] = "auto"


def read_endpoints(options: Options) -> None:
    """Replace the endpoints of all options by Twisted's descriptions of them.

    Raises:
        UsageError: one is malformed.
    """
    for option in options.table().values():
        if option.value != "ENDPOINT" or not (value := options[option.name]):
            continue
        try:
            is_list = option.kind == "list"
            read = [read_endpoint(each) for each in (value if is_list else [value])]
            options[option.name] = read if is_list else read[0]
        except OSError as error:
            raise usage.UsageError(
                f"{options.name(option.name)} {value!r}: {error.strerror or error}"
            ) from error


def default_endpoint(options: Options) -> str | None:
    """Return the endpoint of ``--host`` and ``--port``; ``None`` for none.

    Raises:
        UsageError: the host has no address.
    """
    host, port = options["host"], options["port"]
    has_endpoints = options["smtp"] or options["smtps"] or options["lmtp"]
    if host is None and port is None and has_endpoints:
        return None
    try:
        return endpoint_of(
            DEFAULT_HOST if host is None else host,
            DEFAULT_PORT if port is None else port,
        )
    except OSError as error:
        raise usage.UsageError(
            f"{options.name('host')} {host!r}: {error.strerror}"
        ) from error
