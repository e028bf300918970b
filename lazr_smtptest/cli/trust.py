"""The option ``--ca-file`` of the commands that read a server: the CA they trust."""

from __future__ import annotations

import argparse
import os
import ssl

from lazr_smtptest.cli.environment import read_variables, variable

__all__ = ["add_ca_file", "trust", "unreadable"]

_OPTION = "ca-file"


def add_ca_file(options: argparse.ArgumentParser) -> None:
    """Add the option ``--ca-file``."""
    options.add_argument(
        f"--{_OPTION}",
        metavar="FILE",
        help="trust the CA in this file (PEM), for an https URL; or SMTPTEST_CA_FILE",
    )


def trust(ca_file: str | None, *places: str) -> bool | ssl.SSLContext:
    """Return what a client trusts: `verify` of `RemoteMailbox`.

    Args:
        ca_file: the value of the option; ``None``: that of its variable, which a
            server reads, too: it writes the CA to that file.
        places: the stores and URLs of the command. Only https needs the file.

    Raises:
        ValueError: the file cannot be read, or no place needs the option.
    """
    is_https = any(each.lower().startswith("https://") for each in places)
    if not is_https:
        if ca_file is not None:
            raise ValueError(f"--{_OPTION} needs the URL of a server with https")
        return True
    name = f"--{_OPTION}"
    if ca_file is None:
        name = variable(_OPTION)
        ca_file = read_variables(os.environ, [_OPTION]).get(_OPTION)
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(unreadable(name, ca_file, error)) from error


def unreadable(name: str, file: str | None, error: OSError) -> str:
    """Return a line on a file of certificates that cannot be used.

    Args:
        name: the option or the variable.
        file: the file.
        error: what `ssl.create_default_context` raised.
    """
    # What OpenSSL says of a file without a certificate is of no use.
    reason = (
        "no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
    )
    return f"{name}: {file}: {reason}"
