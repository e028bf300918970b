"""Programs and libraries that read mail by IMAP, unchanged."""

from __future__ import annotations

import imaplib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.testing.servers import make_controller
from tests.documents import blocks

from .conftest import missing
from .fetchers import fill, run_fetchmail, run_getmail

if TYPE_CHECKING:
    from tests.clients.conftest import Program

HERE = Path(__file__).parent
PATIENCE = 60
SENT = tuple(
    f"From: ann@example.com\nTo: bob@example.com\nSubject: {subject}\n"
    f"Message-ID: <{subject}@example.com>\n\n{text}"
    for subject, text in (("one", "Hello.\n"), ("two", "line\n" * 500))
)


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server with two messages."""
    with CaptureController(imap=True) as controller:
        fill(controller, SENT)
        yield controller


@pytest.fixture
def read_by(
    controller: CaptureController,
    programs: Callable[[str], Path],
    program: Callable[..., Program],
    tmp_path: Path,
) -> Callable[[str], dict[str, Any]]:
    """Run a script of this folder with its library; return the facts it prints."""
    from tests.clients.conftest import Program

    def read(script: str) -> dict[str, Any]:
        port = str(controller.imap_port)
        if script.endswith(".cjs"):
            node = program("node", NODE_PATH=str(programs("node_modules")))
            said = node.run(str(HERE / script), port)
        else:
            # The link itself: what it points to does not know the libraries.
            python = programs("python") / "bin" / "python"
            said = Program(python, tmp_path).run(str(HERE / script), port)
        facts: dict[str, Any] = json.loads(said.splitlines()[-1])
        return facts

    return read


def test_the_script_of_the_manual_trusts_the_server(
    programs: Callable[[str], Path], tmp_path: Path
) -> None:
    """IMAPClient, over TLS."""
    from tests.clients.conftest import Program

    manual = Path(__file__).parents[2] / "doc" / "imap.rst"
    script, ca_file = tmp_path / "read_captured.py", tmp_path / "ca.pem"
    script.write_text(dict(blocks("python", manual.read_text()))[script.name])
    python = programs("python") / "bin" / "python"
    with make_controller(tls=True, imap=True) as controller:
        fill(controller, SENT)
        ca_file.write_bytes(controller.server.ca_pem)
        port = str(controller.imap_port)
        said = Program(python, tmp_path).run(str(script), port, str(ca_file))
    assert said.splitlines() == ["1 one", "2 two"]


def test_imapclient_reads_and_changes_a_mailbox(
    read_by: Callable[[str], dict[str, Any]], controller: CaptureController
) -> None:
    """From the login to the expunge, with IDLE."""
    facts = read_by("imapclient_client.py")
    assert "INBOX" in facts.pop("folders")
    assert facts == {
        "exists": 2,
        "found": [2],
        "sorted": [2, 1],
        "subject": "two",
        "whole": True,
        "flags": ["\\Flagged", "later"],
        "idle": ["3"],
        "moved": True,
        "left": [1, 3],
    }


def test_imap_tools_reads_and_changes_a_mailbox(
    read_by: Callable[[str], dict[str, Any]],
) -> None:
    """From the login to the delete."""
    facts = read_by("imap_tools_client.py")
    assert "INBOX" in facts.pop("folders")
    assert facts == {
        "subjects": ["one", "two"],
        "text": "line",
        "sender": "ann@example.com",
        "flagged": True,
        "seen": ["added"],
        "left": ["one", "added"],
        "status": 2,
    }


def test_aioimaplib_reads_and_changes_a_mailbox(
    read_by: Callable[[str], dict[str, Any]],
) -> None:
    """From the login to the logout, with IDLE."""
    facts = read_by("aioimaplib_client.py")
    assert "INBOX" in facts.pop("folders")
    assert facts == {
        "login": "OK",
        "selected": "OK",
        "found": "2",
        "subject": "From: ann@example.com",
        "flagged": True,
        "append": "OK",
        "expunged": "OK",
        "left": "1 2",
        "logout": "OK",
    }


def test_imapflow_reads_and_changes_a_mailbox(
    read_by: Callable[[str], dict[str, Any]],
) -> None:
    """From the login to the delete."""
    facts = read_by("imapflow.cjs")
    assert "INBOX" in facts.pop("folders")
    assert facts == {
        "exists": 2,
        "found": [2],
        "subject": "two",
        "whole": True,
        "flagged": True,
        "told": 3,
        "deleted": True,
        "left": [1, 3],
    }


def test_imaplib_reads_and_changes_a_mailbox(controller: CaptureController) -> None:
    """Python's own."""
    with imaplib.IMAP4(
        controller.host, controller.imap_port, timeout=PATIENCE
    ) as client:
        client.login("bob", "secret")
        assert client.select() == ("OK", [b"2"])
        assert client.search(None, "SUBJECT", "two") == ("OK", [b"2"])
        fetched: Any = client.fetch("2", "(BODY.PEEK[])")[1][0]
        assert fetched[1].replace(b"\r\n", b"\n").decode().endswith("line\n")
        client.store("2", "+FLAGS", "(\\Deleted)")
        assert client.expunge() == ("OK", [b"2"])
        added = client.append("INBOX", "(\\Seen)", "", b"Subject: added\r\n\r\nx\r\n")
        assert added[0] == "OK"
        assert client.uid("search", "SEEN") == ("OK", [b"3"])


def test_curl_lists_searches_and_reads(
    controller: CaptureController, program: Callable[[str], Program]
) -> None:
    """By URLs (RFC 5092)."""
    curl = program("curl")
    login = ("-q", "-s", "--max-time", "60", "--user", "bob:secret")
    url = f"imap://localhost:{controller.imap_port}"
    assert "INBOX" in curl.run(*login, f"{url}/")
    assert curl.run(*login, f"{url}/INBOX?SUBJECT%20two").strip() == "* SEARCH 2"
    read = curl.run(*login, f"{url}/INBOX;UID=1")
    assert read.replace("\r\n", "\n") == SENT[0]


def test_mbsync_fetches_each_message_once(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """The second run finds nothing new."""
    mbsync = program("mbsync")
    (tmp_path / "rc").write_text(
        f"IMAPAccount a\nHost 127.0.0.1\nPort {controller.imap_port}\nUser bob\n"
        "Pass secret\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\n"
        f"MaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\n\n"
        "Channel c\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\n"
        f"SyncState {tmp_path}/state/\n"
    )
    (tmp_path / "mail").mkdir()
    (tmp_path / "state").mkdir()
    for _ in range(2):
        mbsync.run("-c", "rc", "c")
    kept = [each for each in (tmp_path / "mail").rglob("*") if each.parent.name in _BOX]
    assert len(kept) == 2
    assert any("Subject: two" in each.read_text() for each in kept)


def test_offlineimap_fetches_all_messages(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """Into a maildir."""
    offlineimap = program("offlineimap")
    (tmp_path / "rc").write_text(
        "[general]\naccounts = a\n[Account a]\nlocalrepository = near\n"
        "remoterepository = far\n[Repository near]\ntype = Maildir\n"
        f"localfolders = {tmp_path}/mail\n[Repository far]\ntype = IMAP\n"
        f"remotehost = 127.0.0.1\nremoteport = {controller.imap_port}\n"
        "remoteuser = bob\nremotepass = secret\nssl = no\nstarttls = no\n"
        "auth_mechanisms = LOGIN\n"
        "folderfilter = lambda name: name == 'INBOX'\ncreatefolders = False\n"
    )
    offlineimap.run("-c", "rc", "-o", "-u", "basic")
    kept = [each for each in (tmp_path / "mail").rglob("*") if each.parent.name in _BOX]
    assert len(kept) == 2
    assert any("Subject: two" in each.read_text() for each in kept)


def test_fetchmail_takes_all_messages_away(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """And the server has none left."""
    fetched = run_fetchmail(program, tmp_path, "IMAP", controller.imap_port)
    assert [f"Subject: {name}" in fetched for name in ("one", "two")] == [True, True]
    assert len(controller) == 0


def test_getmail_fetches_each_message_once(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """It knows them again by UIDVALIDITY and UID."""
    fetched = run_getmail(program, tmp_path, "IMAP", controller.imap_port)
    assert [fetched.count(f"Subject: {name}") for name in ("one", "two")] == [1, 1]


# The folders of a maildir that have messages.
_BOX = frozenset(["new", "cur"])


def test_s_nail_lists_reads_and_deletes(
    controller: CaptureController, program: Callable[..., Program]
) -> None:
    """In batch mode; it deletes when it quits."""
    url = f"imap://anybody:secret@127.0.0.1:{controller.imap_port}/INBOX"
    said = program("s-nail").run(
        *("-:/", "-Sv15-compat=yes", "-f", url),
        input="headers\nprint 1\ndelete 1\nquit\n",
    )
    assert "2 messages" in said
    assert "Hello." in said
    assert [message.subject for message in controller] == ["two"]


_NEOMUTT = """
set imap_user=bob imap_pass=secret ssl_starttls=no ssl_force_tls=no imap_idle=no
set folder=imap://127.0.0.1:{port}/ spool_file=+INBOX record=
set sort=date resolve=no move=no quit=yes delete=yes
set confirm_create=no confirm_append=no
push "{keys}"
"""
_KEYS = (
    "<limit>~s one<enter><display-message><exit><delete-message><limit>all<enter>"
    "<search>~s two<enter><flag-message><copy-message>=Archive<enter>"
    "<sync-mailbox><quit>"
)


def test_neomutt_reads_flags_copies_and_deletes(
    controller: CaptureController, program: Callable[..., Program], tmp_path: Path
) -> None:
    """By the keys that somebody presses; it makes a folder for the copy."""
    rc = _NEOMUTT.format(port=controller.imap_port, keys=_KEYS)
    (tmp_path / "rc").write_text(rc)
    program("neomutt").run_on_terminal("-n", "-F", "rc")
    [session] = controller.server.reader_sessions
    said = str(session.transcript)
    assert "UID FETCH 1 BODY.PEEK[]" in said
    assert "UID STORE 2 FLAGS.SILENT (\\Flagged)" in said
    assert [message.subject for message in controller] == ["two", "two"]


_JARS = ("jakarta-mail.jar", "jakarta-activation.jar")


def test_jakarta_mail_reads_and_changes_a_mailbox(
    controller: CaptureController, program: Callable[..., Program]
) -> None:
    """From the login to the expunge, with IDLE."""
    jars = [Path("/usr/share/java", name) for name in _JARS]
    if not all(jar.exists() for jar in jars):
        missing(" and ".join(_JARS))
    said = program("java").run(
        *("-cp", ":".join(map(str, jars))),
        *(str(HERE / "ReadMail.java"), str(controller.imap_port)),
    )
    assert said.splitlines() == [
        "folders [INBOX, Archive]",
        "exists 2",
        "found [2]",
        "subject two",
        "text line",
        "sorted [2, 1]",
        "flagged true",
        "told 3",
        "moved 1",
        "left [1]",
    ]
    assert [message.subject for message in controller] == ["one", "added"]
