"""Servers in Python, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from ..load.plan import LOGIN
from ..program import Program
from .peer import Asked, Peer


class _Python(Peer):
    """A server whose main program is in `benchmarks.servers`."""

    distribution: ClassVar[str]
    module: ClassVar[str]

    def version(self) -> str | None:
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Asked]:
        command = [sys.executable, "-m", f"benchmarks.servers.{self.module}"]
        if "tls" in needs:
            command.append("--tls")
        if "login" in needs:
            command += ["--login", ":".join(LOGIN)]
        with Program(self.name, command) as program:
            yield Asked.of(program)


class Aiosmtpd(_Python):
    """aiosmtpd. It does not announce PIPELINING."""

    name = "aiosmtpd"
    remedy = "pip install aiosmtpd"
    offers = frozenset({"tls", "login"})
    distribution = "aiosmtpd"
    module = "aiosmtpd"


class TwistedMail(_Python):
    """Twisted's own ``ESMTP``. It does not announce PIPELINING."""

    name = "twisted"
    remedy = "pip install Twisted"
    offers = frozenset({"tls", "login"})
    copies = True
    distribution = "Twisted"
    module = "twisted_mail"


class Constant(_Python):
    """Constant replies on the reactor of ours: the floor of what ours can take."""

    name = "constant"
    remedy = "it is in this checkout"
    distribution = "lazr.smtptest"
    module = "constant"
