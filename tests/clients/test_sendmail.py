"""Programs that hand their mail to ``sendmail``, which is a link to ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.smtp.errors import PolicyError
from tests.clients.conftest import missing

if TYPE_CHECKING:
    from tests.clients.conftest import Program, Receiver, Serve

pytestmark = pytest.mark.once


@pytest.fixture
def sendmail(tmp_path: Path) -> str:
    """A link called sendmail to the command ``smtptest``."""
    link = tmp_path / "sendmail"
    command = Path(sys.executable).with_name("smtptest")
    if not command.exists():
        missing(str(command), "pip install -e . makes it")
    link.symlink_to(command)
    return str(link)


def test_php_sends_mail(
    receiver: Receiver, program: Callable[..., Program], sendmail: str
) -> None:
    """Its function mail(), with a sender."""
    php = program("php", SMTPTEST_PORT=str(receiver.port))
    php.run(
        *("-d", f"sendmail_path={sendmail} -t -i"),
        "-r",
        r"""mail("anna@example.com", "Hi", "Hello.\n.\nBye.\n",
            "From: shop@example.com\r\nBcc: carl@example.com",
            "-fbounces@example.com") or exit(1);""",
    )
    envelope = receiver.only()
    assert envelope.mail_from == "bounces@example.com"
    assert envelope.rcpt_tos == ("anna@example.com", "carl@example.com")
    assert envelope.header("bcc") is None
    assert "Hello.\n.\nBye.\n" in (envelope.text or "")


def test_php_sees_a_refusal(
    serve: Serve, program: Callable[..., Program], sendmail: str
) -> None:
    """The function returns false."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    php = program("php", SMTPTEST_PORT=str(receiver.port))
    script = 'mail("anna@example.com", "Hi", "Hello.") and exit(1);'
    said = php.run("-d", f"sendmail_path={sendmail} -t -i", "-r", script)
    assert "smtptest sendmail: refused: 550 5.7.1 not today" in said


def test_git_sends_patches(
    receiver: Receiver,
    program: Callable[..., Program],
    sendmail: str,
    tmp_path: Path,
) -> None:
    """Its command send-email."""
    git = program("git", SMTPTEST_PORT=str(receiver.port))
    folder = Path(git.run("--exec-path").strip())
    if not (folder / "git-send-email").exists():
        missing("git send-email")
    patch = tmp_path / "0001.patch"
    patch.write_text(
        "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        "From: Anna <anna@example.com>\nDate: Sat, 28 Nov 2026 10:00:00 +0000\n"
        "Subject: [PATCH] Mend it\n\n---\n a | 1 +\n"
    )
    git.run(
        *("-c", "user.name=Anna", "-c", "user.email=anna@example.com"),
        *("send-email", f"--smtp-server={sendmail}", "--confirm=never"),
        *("--from=anna@example.com", "--to=list@example.com"),
        *("--envelope-sender=bounces@example.com", str(patch)),
    )
    envelope = receiver.only()
    assert envelope.mail_from == "bounces@example.com"
    assert "list@example.com" in envelope.rcpt_tos
    assert envelope.subject == "[PATCH] Mend it"


def test_mutt_sends_a_message(
    receiver: Receiver, program: Callable[..., Program], sendmail: str
) -> None:
    """Its setting sendmail."""
    mutt = program("mutt", SMTPTEST_PORT=str(receiver.port))
    mutt.run(
        *("-n", "-F/dev/null", "-e", f"set sendmail='{sendmail} -oem -oi'"),
        *("-e", "set copy=no", "-e", "set from=me@example.com use_envelope_from=yes"),
        *("-s", "From mutt", "--", "anna@example.com"),
        input="Hello.\n",
    )
    envelope = receiver.only()
    assert envelope.mail_from == "me@example.com"
    assert envelope.rcpt_tos == ("anna@example.com",)
    assert envelope.subject == "From mutt"


def test_cron_sends_the_output_of_a_job(
    receiver: Receiver, program_class: type[Program], sendmail: str, tmp_path: Path
) -> None:
    """With its options, and users of this machine."""
    run = program_class(sendmail, tmp_path, SMTPTEST_PORT=str(receiver.port))
    run.run(
        *("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"),
        input="From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@here> job\n"
        "\nOutput.\n",
    )
    envelope = receiver.only()
    assert envelope.rcpt_tos[0].startswith("root@")
    assert envelope.subject == "Cron <root@here> job"
