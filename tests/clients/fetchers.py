"""Two programs that fetch mail, by POP3 or by IMAP: what they are told, and run."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lazr_smtptest import CaptureController

if TYPE_CHECKING:
    from tests.clients.conftest import Program

PATIENCE = 60


def fill(controller: CaptureController, texts: Iterable[str]) -> None:
    """Send messages to a server."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        for text in texts:
            client.sendmail("ann@example.com", ["bob@example.com"], text)


def run_fetchmail(
    program: Callable[[str], Program], folder: Path, protocol: str, port: int
) -> str:
    """Let fetchmail take all messages away; return them."""
    fetchmail = program("fetchmail")
    rc = folder / "rc"
    rc.write_text(
        f"poll localhost protocol {protocol} port {port} no dns "
        "user bob password secret no rewrite sslproto '' "
        f"mda 'cat >> {folder}/mail'\n"
    )
    rc.chmod(0o600)
    fetchmail.run("--nosyslog", "--fetchmailrc", str(rc), "--pidfile", f"{folder}/pid")
    return (folder / "mail").read_text()


def run_getmail(
    program: Callable[[str], Program], folder: Path, protocol: str, port: int
) -> str:
    """Let getmail fetch what is new, twice; return it."""
    getmail = program("getmail")
    (folder / "rc").write_text(
        f"[retriever]\ntype = Simple{protocol}Retriever\nserver = localhost\n"
        f"port = {port}\nusername = bob\npassword = secret\n"
        "[destination]\ntype = MDA_external\npath = /usr/bin/tee\n"
        # As root getmail writes no file itself.
        f"arguments = ('-a', '{folder}/mbox')\nallow_root_commands = true\n"
        "[options]\nread_all = false\ndelivered_to = false\nreceived = false\n"
    )
    for _ in range(2):
        getmail.run("--getmaildir", str(folder), "--rcfile", "rc")
    return (folder / "mbox").read_text()
