"""Our server: as a test has it, and as ``twistd`` runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import ClassVar

from lazr_smtptest.version import __version__

from ..load.plan import LOGIN
from ..places import free_port
from ..program import Program
from .peer import Asked, Peer, Running, until_it_answers

# It is what the script of that name does, which need not be in PATH.
_TWISTD = "from twisted.scripts.twistd import run; run()"


class Ours(Peer):
    """``CaptureServer``, in the main thread.

    Attributes:
        always: what `benchmarks.servers.variants` knows and all of these have.
    """

    always: ClassVar[dict[str, str]] = {}

    name = "ours"
    remedy = "it is in this checkout"
    offers = frozenset({"pipelining", "tls", "login"})

    def __init__(
        self,
        options: Mapping[str, str] | None = None,
        reactor: str = "smtptest",
        under: Sequence[str] = (),
    ) -> None:
        """Set it up.

        Args:
            options: what this one has of the same.
            reactor: ours, or ``"default"``, which is Twisted's.
            under: a command that runs it, if it is to have one.
        """
        self._options = dict(options or {})
        self._reactor = reactor
        self._under = under

    def version(self) -> str:
        return __version__

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Asked]:
        options = {**self.always, **self._options}
        if "tls" in needs:
            options["tls"] = "yes"
        if "login" in needs:
            options["login"] = ":".join(LOGIN)
        command = [*self._under, sys.executable, "-m", "benchmarks.servers.ours"]
        command += ["--reactor", self._reactor]
        for name, value in options.items():
            command += ["--option", f"{name}={value}"]
        with Program(self.name, command) as program:
            yield Asked.of(program)


class Twistd(Peer):
    """``twistd smtptest``, with the store in memory."""

    name = "twistd"
    remedy = "it is in this checkout"
    offers = frozenset({"pipelining", "tls", "login"})

    def __init__(self, *arguments: str) -> None:
        """Set it up.

        Args:
            arguments: further ones of the command line.
        """
        self._arguments = arguments

    def version(self) -> str:
        return __version__

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Running]:
        port = free_port()
        command = [sys.executable, "-c", _TWISTD, "--nodaemon", "--pidfile="]
        command += ["--reactor", "smtptest"]
        arguments = ["smtptest", "--smtp", f"tcp:{port}:interface=127.0.0.1"]
        if "tls" in needs:
            arguments += ["--tls", "auto"]
        if "login" in needs:
            arguments += ["--auth", "memory:{}:{}".format(*LOGIN)]
        # twistd renames a log that has grown, whatever it is: so never a device.
        with TemporaryDirectory() as folder:
            command += ["--logfile", f"{folder}/log", *arguments, *self._arguments]
            with Program(self.name, command) as program:
                until_it_answers(program, port)
                yield Running(program, port)
