"""Postfix, as a client over SMTP and LMTP.

Each test has a Postfix of its own, which listens on no port. Its SMTP client knows
no BDAT: for that there is Exim.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Program, Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net")
MESSAGE = "Subject: A test\n\nHi Bart.\n.\n..\n.hidden\n"
BODY = b"\r\n\r\nHi Bart.\r\n.\r\n..\r\n.hidden\r\n"

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
mail_owner = postfix
setgid_group = postdrop
myhostname = client.example.com
mydestination =
alias_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
default_transport = {transport}
"""

MASTER = """
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
"""

QUEUE = "active bounce corrupt defer deferred flush hold incoming private saved trace"


class Postfix:
    """A mail server of its own, that only sends."""

    def __init__(self, program: Callable[[str], Program], folder: Path) -> None:
        self._sendmail = program("sendmail")
        self._postconf = program("postconf")
        self._folder = folder
        self._master: subprocess.Popen[bytes] | None = None
        for name in ("configuration", "queue", "queue/pid"):
            (folder / name).mkdir()
        for name in ("data", *(f"queue/{each}" for each in QUEUE.split())):
            (folder / name).mkdir()
            shutil.chown(folder / name, "postfix")
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            path = folder / "queue" / name
            path.mkdir()
            shutil.chown(path, "postfix", "postdrop")
            path.chmod(mode)

    @property
    def _configuration(self) -> Path:
        return self._folder / "configuration"

    def trust(self, tls: TLS) -> tuple[str, ...]:
        """Return the settings that make it check a server's certificate."""
        path = self._folder / "ca.pem"
        path.write_bytes(tls.ca_pem)
        return (
            "smtp_tls_security_level = secure",
            "smtp_tls_secure_cert_match = nexthop",
            f"smtp_tls_CAfile = {path}",
        )

    def configure(
        self, receiver: Receiver, *more: str, transport: str = "smtp"
    ) -> None:
        """Make it send everything to a server."""
        to = f"{transport}:[localhost]:{receiver.port}"
        if transport == "lmtp":
            to = f"lmtp:inet:{receiver.address}"
        main = MAIN.format(folder=self._folder, transport=to)
        file = self._configuration / "main.cf"
        file.write_text(main + "\n".join(more) + "\n")
        # Postfix waits for a file that may still be written to.
        os.utime(file, (0, 0))
        (self._configuration / "master.cf").write_text(MASTER)

    def send(
        self,
        *options: str,
        message: str = MESSAGE,
        recipients: tuple[str, ...] = RECIPIENTS,
    ) -> None:
        """Put a message into its queue, and start it.

        In this order: while it starts, nobody can tell it of a new message.
        """
        self._sendmail.run(
            *("-C", str(self._configuration), "-i", "-f", SENDER),
            *options,
            *recipients,
            input=message,
        )
        folder = self._postconf.run("-dh", "daemon_directory").strip()
        self._master = subprocess.Popen(
            [f"{folder}/master", "-c", self._configuration, "-d"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it with all its processes."""
        if self._master is None:
            return
        os.killpg(self._master.pid, signal.SIGTERM)
        self._master.wait(60)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._master.pid, signal.SIGKILL)
        log = self._folder / "log"
        if log.exists():
            # Shown where the test has failed.
            print(log.read_text())


@pytest.fixture
def postfix(
    program: Callable[[str], Program], server_folder: Path
) -> Iterator[Postfix]:
    """Postfix, to be configured."""
    program("postfix")
    postfix = Postfix(program, server_folder)
    yield postfix
    postfix.stop()


def test_it_sends_by_smtp(receiver: Receiver, postfix: Postfix) -> None:
    """One transaction has all the recipients and the message."""
    postfix.configure(receiver)
    postfix.send()
    envelope = receiver.next()
    assert envelope.helo == "client.example.com"
    assert envelope.rcpt_tos == RECIPIENTS
    assert envelope.content.endswith(BODY)


def test_it_sends_commands_ahead_for_many_recipients(
    receiver: Receiver, postfix: Postfix
) -> None:
    """RFC 2920: in transactions of fifty every recipient comes once."""
    recipients = tuple(f"number{number}@example.com" for number in range(150))
    postfix.configure(receiver)
    postfix.send(recipients=recipients)
    seen = Counter(address for _ in range(3) for address in receiver.next().rcpt_tos)
    assert seen == Counter(recipients)


def test_it_speaks_lmtp(serve: Serve, postfix: Postfix) -> None:
    """RFC 2033: LHLO, and the message once."""
    receiver = serve(protocol=LMTPServerProtocol)
    postfix.configure(receiver, transport="lmtp")
    postfix.send()
    envelope = receiver.next()
    assert envelope.rcpt_tos == RECIPIENTS
    assert envelope.content.endswith(BODY)


def test_it_passes_requests_for_delivery_reports_on(
    receiver: Receiver, postfix: Postfix
) -> None:
    """RFC 3461: RET, ENVID, NOTIFY and ORCPT are kept as they were given."""
    postfix.configure(receiver)
    postfix.send("-N", "success,delay", "-R", "hdrs", "-V", "QQ314159")
    envelope = receiver.next()
    assert envelope.mail_options["RET"] == "HDRS"
    assert envelope.mail_options["ENVID"] == "QQ314159"
    for address, options in zip(RECIPIENTS, envelope.rcpt_options, strict=True):
        assert set(options["NOTIFY"].split(",")) == {"SUCCESS", "DELAY"}
        assert options["ORCPT"] == f"rfc822;{address}"


def test_it_reports_itself_where_dsn_is_hidden(serve: Serve, postfix: Postfix) -> None:
    """RFC 3461 section 5.2.2: to a server without DSN it has relayed, and says so."""
    receiver = serve(settings=Settings(hidden=["DSN"]))
    postfix.configure(receiver)
    postfix.send("-N", "success")
    assert receiver.next().rcpt_tos == RECIPIENTS
    report = receiver.next()
    assert (report.mail_from, report.rcpt_tos) == ("", (SENDER,))
    assert b"Action: relayed" in report.content


def test_it_sends_eight_bits_as_they_are(receiver: Receiver, postfix: Postfix) -> None:
    """RFC 6152: it declares them, and they arrive."""
    postfix.configure(receiver)
    postfix.send("-B8BITMIME", message="Subject: A test\n\nGrüße\n")
    envelope = receiver.next()
    assert envelope.mail_options["BODY"] == "8BITMIME"
    assert envelope.content.endswith("\r\n\r\nGrüße\r\n".encode())


def test_it_sends_seven_bits_where_8bitmime_is_hidden(
    serve: Serve, postfix: Postfix
) -> None:
    """RFC 6152 section 3: it converts the message."""
    receiver = serve(settings=Settings(hidden=["8BITMIME", "SMTPUTF8"]))
    postfix.configure(receiver)
    mime = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    mime += "Content-Transfer-Encoding: 8bit\n"
    postfix.send("-B8BITMIME", message=f"Subject: A test\n{mime}\nGrüße\n")
    assert receiver.next().content.endswith(b"\r\n\r\nGr=C3=BC=C3=9Fe\r\n")


def test_it_sends_to_addresses_beyond_ascii(
    receiver: Receiver, postfix: Postfix
) -> None:
    """RFC 6531: it says SMTPUTF8 by itself."""
    postfix.configure(receiver, "smtputf8_enable = yes")
    postfix.send(recipients=("анна@example.com",))
    envelope = receiver.next()
    assert "SMTPUTF8" in envelope.mail_options
    assert envelope.rcpt_tos == ("анна@example.com",)


def test_it_begins_tls_within_a_session(
    serve: Serve, postfix: Postfix, tls: TLS
) -> None:
    """RFC 3207: it checks our certificate, its name included."""
    receiver = serve(settings=Settings(tls=tls))
    postfix.configure(receiver, *postfix.trust(tls))
    postfix.send()
    assert receiver.next().tls


def test_it_begins_with_tls(serve: Serve, postfix: Postfix, tls: TLS) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    postfix.configure(receiver, *postfix.trust(tls), "smtp_tls_wrappermode = yes")
    postfix.send()
    assert receiver.next().tls


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_it_logs_in(serve: Serve, postfix: Postfix, mechanism: str) -> None:
    """RFC 4954: the envelope names the user."""
    auth = Auth.users({"anna": "secret"}, mechanisms=[mechanism])
    receiver = serve(auth=auth, settings=Settings(require_auth=True))
    postfix.configure(
        receiver,
        "smtp_sasl_auth_enable = yes",
        "smtp_sasl_password_maps = static:anna:secret",
        "smtp_sasl_security_options =",
    )
    postfix.send()
    assert receiver.next().user == "anna"


def test_it_does_nothing_irregular(serve: Serve, postfix: Postfix) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    postfix.configure(receiver)
    postfix.send()
    assert receiver.next().warnings == ()


def test_it_reports_a_permanent_error_to_the_sender(
    serve: Serve, postfix: Postfix
) -> None:
    """RFC 2034: the report has the enhanced code, and the reply as it was."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    postfix.configure(receiver)
    postfix.send()
    report = receiver.next()
    assert (report.mail_from, report.rcpt_tos) == ("", (SENDER,))
    assert b"\r\nStatus: 5.7.1\r\n" in report.content
    assert b"\r\nDiagnostic-Code: smtp; 550 5.7.1 not today\r\n" in report.content


# Postfix tries again soon. It counts whole seconds, and takes up a message that is
# due within the next one: before two have gone by, the process that had it last may
# still hold its file.
SOON = (
    "queue_run_delay = 1s",
    "minimal_backoff_time = 3s",
    "maximal_backoff_time = 3s",
    "smtp_destination_concurrency_failed_cohort_limit = 0",
)


def test_it_tries_again_until_the_greylist_lets_it_in(
    receiver: Receiver, postfix: Postfix
) -> None:
    """RFC 6647: the message arrives once, for all its recipients."""
    receiver.server.faults.on("RCPT").greylist(2)
    postfix.configure(receiver, *SOON)
    postfix.send()
    assert receiver.next().rcpt_tos == RECIPIENTS
    assert {fired.to[0] for fired in receiver.server.faults.journal} == set(RECIPIENTS)
    assert receiver.all() == []


def test_it_sends_again_what_it_does_not_know_the_fate_of(
    receiver: Receiver, postfix: Postfix
) -> None:
    """RFC 5321 section 4.5.4.1: after a lost reply the message comes twice."""
    receiver.server.faults.on("KEPT", times=1).drop()
    postfix.configure(receiver, *SOON)
    postfix.send()
    first, second = receiver.next(), receiver.next()
    assert first.header("Message-ID") == second.header("Message-ID")


def test_it_reports_the_one_recipient_that_lmtp_refuses(
    serve: Serve, postfix: Postfix
) -> None:
    """RFC 2033 section 4.2: the other one has the message."""
    answers = [{RECIPIENTS[1]: PolicyError(550, "not today", "5.7.1")}]
    receiver = serve(protocol=LMTPServerProtocol, answers=answers)
    postfix.configure(receiver, transport="lmtp")
    postfix.send()
    assert receiver.next().rcpt_tos == RECIPIENTS
    report = receiver.next()
    assert report.rcpt_tos == (SENDER,)
    assert RECIPIENTS[1].encode() in report.content
    assert RECIPIENTS[0].encode() not in report.content
