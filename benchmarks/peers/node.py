"""Servers of Node.js, whose packages are in the folder LAZR_SMTPTEST_PROGRAMS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from ..load.plan import LOGIN
from ..places import free_port, node_modules
from ..program import Program
from .peer import Asked, Peer, Running, until_it_answers

_SCRIPT = Path(__file__).parents[1] / "servers" / "nodemailer.cjs"


class _Node(Peer):
    """A server that is an npm package."""

    package: ClassVar[str]

    def _folder(self) -> Path | None:
        modules = node_modules()
        return None if modules is None else modules / self.package

    def version(self) -> str | None:
        folder = self._folder()
        if folder is None or shutil.which("node") is None:
            return None
        try:
            text = (folder / "package.json").read_text(encoding="utf-8")
        except OSError:
            return None
        return str(json.loads(text)["version"])


def _remedy(package: str) -> str:
    return (
        "apt-get install nodejs npm; "
        f"npm install --prefix DIR {package}; export LAZR_SMTPTEST_PROGRAMS=DIR"
    )


class Nodemailer(_Node):
    """The smtp-server of nodemailer."""

    name = "nodemailer"
    package = "smtp-server"
    remedy = _remedy(package)
    offers = frozenset({"pipelining", "tls", "login"})

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Asked]:
        options = {
            "tls": _certificate() if "tls" in needs else None,
            "login": ":".join(LOGIN) if "login" in needs else "",
        }
        command = ["node", str(_SCRIPT), json.dumps(options)]
        environ = {"NODE_PATH": str(node_modules())}
        with Program(self.name, command, environ) as program:
            yield Asked.of(program)


class Maildev(_Node):
    """maildev, without its web server."""

    name = "maildev"
    package = "maildev"
    remedy = _remedy(package)
    offers = frozenset({"pipelining", "login"})

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Running]:
        port = free_port()
        command = ["node", f"{self._folder()}/dist/bin/maildev.js"]
        command += ["--smtp", str(port), "--ip", "127.0.0.1"]
        command += ["--disable-web", "--silent"]
        if "login" in needs:
            command += ["--incoming-user", LOGIN[0], "--incoming-pass", LOGIN[1]]
        with Program(self.name, command) as program:
            until_it_answers(program, port)
            yield Running(program, port)


def _certificate() -> dict[str, str]:
    from ..servers.certificate import issue

    leaf = issue()
    return {
        "key": leaf.private_key_pem.bytes().decode(),
        "cert": leaf.cert_chain_pems[0].bytes().decode(),
    }
