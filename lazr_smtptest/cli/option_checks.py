"""Checks of options that need others, or have a form of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from twisted.python import usage

from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.stores import check_spec
from lazr_smtptest.stores.keep_policy import KEEP_ALL, KeepPolicy

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options

__all__ = ["check_options", "keep_policy"]

_HOSTNAME = re.compile(r"[A-Za-z0-9._-]{1,255}")


def check_options(options: Options) -> None:
    """Check the options of the server as far as possible without the disk.

    Raises:
        UsageError: one is wrong.
    """
    _check_store(options)
    _check_tls(options)
    if options["require-auth"] and not options["auth"]:
        raise usage.UsageError("--require-auth needs --auth")
    _check_hostname(options)
    _check_workers(options)
    policy = keep_policy(options)
    if policy != KEEP_ALL:
        options.notes.append(f"of the mail only this is kept: {policy}")


def keep_policy(options: Options) -> KeepPolicy:
    """Return what is kept of the mail.

    Raises:
        UsageError: a value of the option is wrong.
    """
    try:
        return KeepPolicy.parse(options["keep"])
    except ValueError as error:
        raise usage.UsageError(f"{options.name('keep')}: {error}") from error


def _check_store(options: Options) -> None:
    """Check the store, and add the spool to its settings."""
    store, spool = options["store"], options["spool"]
    try:
        kind = check_spec(store).kind
    except ValueError as error:
        raise usage.UsageError(f"{options.name('store')}: {error}") from error
    if spool is None:
        return
    if not spool:
        raise usage.UsageError(f"{options.name('spool')} is a folder, not ''")
    if kind != "postgresql":
        raise usage.UsageError(
            f"{options.name('spool')} needs --store postgresql://...: a store of kind "
            f"{kind} does not go away"
        )
    if "&" in spool:
        raise usage.UsageError(
            f"{options.name('spool')} is a folder without & in its name, not {spool!r}"
        )
    # A daemon and a worker may have another current directory.
    setting = f"spool={Path(spool).absolute()}"
    options["store"] = f"{store}{'&' if '?' in store else '?'}{setting}"


def _check_tls(options: Options) -> None:
    tls = options["tls"]
    if tls is None:
        for name in ("smtps", "require-tls"):
            if options[name]:
                raise usage.UsageError(f"{options.name(name)} needs --tls")
    for name in ("tls", "http-tls"):
        value = options[name]
        if value not in (None, "auto") and not all(value.partition(",")):
            raise usage.UsageError(
                f"{options.name(name)} is auto or CERT,KEY, not {safe_repr(value)}"
            )
    if options["ca-file"] is not None and "auto" not in (tls, options["http-tls"]):
        raise usage.UsageError(
            f"{options.name('ca-file')} needs --tls auto or --http-tls auto"
        )


def _check_hostname(options: Options) -> None:
    name = options["hostname"]
    if name is not None and not _HOSTNAME.fullmatch(name):
        raise usage.UsageError(
            f"{options.name('hostname')} is a host name, not {name!r}"
        )


def _check_workers(options: Options) -> None:
    if options["workers"] == 1:
        return
    for name, file in options.files.items():
        if file.has_rules:
            # A rule counts sessions and its own actions within one process.
            raise usage.UsageError(
                f"--{name} needs one worker: the rules in {file.path} count"
            )
    if options["stop-after"]:
        raise usage.UsageError("--stop-after needs one worker: it counts messages")
