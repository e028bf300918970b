"""Other ways in which our server can be set up: ``--option NAME=VALUE``."""

from __future__ import annotations

import argparse
import cProfile
import logging
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack

import attrs

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores._durable import WaitingStore
from lazr_smtptest.tls.context import TLS

Variant = Callable[[CaptureServer, str, ExitStack], None]


def variant(text: str) -> tuple[Variant, str]:
    """Read what stands behind ``--option``."""
    name, _, value = text.partition("=")
    if name not in VARIANTS:
        known = ", ".join(VARIANTS)
        raise argparse.ArgumentTypeError(f"no option {name!r}; there are {known}")
    return VARIANTS[name], value


def _tls(server: CaptureServer, value: str, stack: ExitStack) -> None:
    server.settings = attrs.evolve(server.settings, tls=TLS.auto())


def _login(server: CaptureServer, value: str, stack: ExitStack) -> None:
    user, _, password = value.partition(":")
    server.auth = Auth.users({user: password})


def _limit(server: CaptureServer, value: str, stack: ExitStack) -> None:
    name, _, number = value.partition("=")
    limits = attrs.evolve(server.settings.limits, **{name: int(number)})
    server.settings = attrs.evolve(server.settings, limits=limits)


def _rule(server: CaptureServer, value: str, stack: ExitStack) -> None:
    """Have a rule that never matches: each recipient is compared with it."""
    server.faults.on("RCPT", recipient=value, optional=True).reply(550)


def _log(server: CaptureServer, value: str, stack: ExitStack) -> None:
    logging.basicConfig(filename=value, level=logging.DEBUG)


def _store(server: CaptureServer, value: str, stack: ExitStack) -> None:
    """Keep messages there, and not in the mailbox."""
    server.store = open_store(value)
    stack.callback(server.store.close)


def _batch(server: CaptureServer, value: str, stack: ExitStack) -> None:
    """Have the store write so many messages at a time at the most."""
    assert isinstance(server.store, WaitingStore)
    server.store._writer.batch = int(value)


def _trace(server: CaptureServer, value: str, stack: ExitStack) -> None:
    tracemalloc.start()
    stack.callback(tracemalloc.stop)


def _profile(server: CaptureServer, value: str, stack: ExitStack) -> None:
    profile = cProfile.Profile()
    # Back to front: it stops, and then it writes.
    stack.callback(profile.dump_stats, value)
    stack.callback(profile.disable)
    profile.enable()


#: What each does to a server before it starts, with the value behind the ``=``.
VARIANTS: dict[str, Variant] = {
    "tls": _tls,
    "login": _login,
    "limit": _limit,
    "rule": _rule,
    "log": _log,
    "store": _store,
    "batch": _batch,
    "trace": _trace,
    "profile": _profile,
}
