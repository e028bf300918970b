"""Dovecot's server of IMAP, with a mailbox that is empty at first."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..peers.peer import Running, until_it_answers
from ..places import SEARCH, free_port
from ..program import Program

__all__ = ["NAME", "REMEDY", "dovecot", "version"]

NAME = "dovecot"
REMEDY = "apt-get install dovecot-imapd, and to be root"
_MODULE = Path("/usr/lib/dovecot/imap")
# The user of its mail: nobody, who owns nothing else here.
_USER = 65534
# Without syncs, as a store in memory; with as many connections as the scenario makes.
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
protocols = imap
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
mail_max_userip_connections = 5000
first_valid_uid = 0
default_process_limit = 5000
default_client_limit = 10000
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={folder}/mail
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


def version() -> str | None:
    """Return its version; ``None`` if it cannot be run here."""
    program = shutil.which("dovecot", path=SEARCH)
    if program is None or not _MODULE.exists() or os.geteuid() != 0:
        return None
    asked = [program, "--version"]
    said = subprocess.run(
        asked, capture_output=True, text=True, timeout=10, check=False
    )
    return str(said.stdout).split()[0]


@contextmanager
def dovecot() -> Iterator[Running]:
    """Run it; its port is that of IMAP."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", _USER, _USER)
        file = folder / "dovecot.conf"
        file.write_text(_CONFIGURATION.format(folder=folder, port=port, user=_USER))
        program = shutil.which("dovecot", path=SEARCH) or "dovecot"
        with Program("dovecot", [program, "-F", "-c", str(file)]) as running:
            until_it_answers(running, port, b"* OK")
            yield Running(running, port)
