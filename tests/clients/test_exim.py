"""Exim, as a client; it sends BDAT to a server that takes it.

Each test has an Exim of its own, which delivers while it is run and then ends.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError, ServerError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Certificates, Program, Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net")
MESSAGE = "Subject: A test\n\nHi Bart.\n.\n..\n.hidden\n"
LONG = "Subject: A test\n\n" + ("x" * 70 + "\n") * 1000
BODY = b"\r\n\r\nHi Bart.\r\n.\r\n..\r\n.hidden\r\n"

CONFIGURATION = """
exim_path = {program}
exim_user = Debian-exim
exim_group = Debian-exim
primary_hostname = client.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
keep_environment =
never_users =
message_size_limit = 100M
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
acl_smtp_rcpt = accept

begin routers
everything:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1 byname
  self = send

begin transports
out:
  driver = smtp
  port = {port}
  {transport}

begin retry
* * F,1h,1m

begin authenticators
{authenticator}
"""


AUTHENTICATORS = {
    "PLAIN": "driver = plaintext\n  client_send = ^anna^{password}",
    "LOGIN": "driver = plaintext\n  client_send = : anna : {password}",
    "CRAM-MD5": "driver = cram_md5\n  client_name = anna\n  client_secret = {password}",
}


class Exim:
    """A mail server of its own, that only sends."""

    def __init__(self, exim: Path, program: type[Program], folder: Path) -> None:
        self._folder = folder
        self._configuration = folder / "configuration"
        # Here every user of Exim's can run it.
        self._path = shutil.copy(exim, folder / "exim")
        self._program = program(self._path, folder)
        for name in ("spool", "log"):
            (folder / name).mkdir()
            shutil.chown(folder / name, "Debian-exim", "Debian-exim")

    def trust(self, tls: TLS) -> tuple[str, ...]:
        """Return the options that make it check a server's certificate."""
        path = self._folder / "ca.pem"
        path.write_bytes(tls.ca_pem)
        return "tls_verify_hosts = *", f"tls_verify_certificates = {path}"

    def configure(
        self,
        receiver: Receiver,
        *transport: str,
        authenticator: str = "",
    ) -> None:
        """Make it send everything to a server."""
        self._configuration.write_text(
            CONFIGURATION.format(
                program=self._path,
                folder=self._folder,
                port=receiver.port,
                transport="\n  ".join(transport),
                authenticator=authenticator,
            )
        )

    def run(self, *arguments: str, input: str = "") -> str:
        """Run it; return the conversation that it prints."""
        file = str(self._configuration)
        return self._program.run("-C", file, "-v", "-odf", *arguments, input=input)

    def send(self, message: str = MESSAGE, sender: str = SENDER) -> str:
        """Send a message and return the conversation."""
        return self.run("-oi", "-f", sender, *RECIPIENTS, input=message)


def authenticator(mechanism: str, password: str = "secret") -> str:
    """Configure a mechanism, for the user anna."""
    options = AUTHENTICATORS[mechanism].format(password=password)
    return f"this:\n  public_name = {mechanism}\n  {options}"


@pytest.fixture
def exim(
    programs: Callable[[str], Path],
    program_class: type[Program],
    server_folder: Path,
) -> Exim:
    """Exim, to be configured."""
    path = programs("exim/usr/sbin/exim4")
    return Exim(path, program_class, server_folder)


def test_it_sends_in_chunks(receiver: Receiver, exim: Exim) -> None:
    """RFC 3030: BDAT, with dots that mean nothing."""
    exim.configure(receiver)
    said = exim.send()
    assert re.search(r"BDAT \d+ LAST", said)
    assert "DATA" not in re.findall(r">> (\w+)", said)
    envelope = receiver.only()
    assert envelope.rcpt_tos == RECIPIENTS
    assert envelope.content.endswith(BODY)


def test_several_chunks_make_one_message(receiver: Receiver, exim: Exim) -> None:
    """RFC 3030: chunks are joined as they are."""
    exim.configure(receiver)
    lines = [f"{number:076}" for number in range(30_000)]
    said = exim.send("Subject: A test\n\n" + "\n".join(lines) + "\n")
    assert said.count("BDAT ") > 1
    body = receiver.only().content.partition(b"\r\n\r\n")[2]
    assert body.decode().splitlines() == lines


def test_it_sends_no_chunks_where_chunking_is_hidden(serve: Serve, exim: Exim) -> None:
    """What a server does not announce, a client does not use."""
    receiver = serve(settings=Settings(hidden=["CHUNKING"]))
    exim.configure(receiver)
    assert "BDAT" not in exim.send()
    assert receiver.only().content.endswith(BODY)


def test_chunks_that_are_too_many_are_refused(serve: Serve, exim: Exim) -> None:
    """RFC 1870 and 3030: the sum of the chunks counts, SIZE or not."""
    settings = Settings(limits=Limits(message_size=10_000), hidden=["SIZE"])
    receiver = serve(settings=settings)
    exim.configure(receiver)
    said = exim.send(LONG, sender="<>")
    assert "SMTP<< 250 2.0.0 " in said
    assert "SMTP<< 552 5.3.4 " in said
    assert receiver.all() == []


def test_its_size_is_known_to_the_server_before_the_message(
    serve: Serve, exim: Exim
) -> None:
    """RFC 1870: a message that is too big is refused at MAIL."""
    receiver = serve(settings=Settings(limits=Limits(message_size=10_000)))
    exim.configure(receiver)
    said = exim.send(LONG, sender="<>")
    assert "SMTP<< 552 5.3.4 " in said
    assert receiver.all() == []


def test_it_begins_tls_within_a_session(serve: Serve, exim: Exim, tls: TLS) -> None:
    """RFC 3207: it checks our certificate."""
    receiver = serve(settings=Settings(tls=tls))
    exim.configure(receiver, "hosts_require_tls = *", *exim.trust(tls))
    said = exim.send()
    assert "SMTP>> STARTTLS" in said
    envelope = receiver.only()
    assert envelope.tls
    assert envelope.content.endswith(BODY)


def test_it_begins_with_tls(serve: Serve, exim: Exim, tls: TLS) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    exim.configure(receiver, "protocol = smtps", *exim.trust(tls))
    exim.send()
    assert receiver.only().tls


def test_it_speaks_lmtp(serve: Serve, exim: Exim) -> None:
    """RFC 2033: it reads a reply for each recipient."""
    receiver = serve(protocol=LMTPServerProtocol)
    exim.configure(receiver, "protocol = lmtp")
    said = exim.send()
    assert "SMTP>> LHLO client.example.com" in said
    assert said.count(" -> ") + said.count(" => ") == len(RECIPIENTS)
    assert receiver.only().rcpt_tos == RECIPIENTS


def test_it_passes_requests_for_delivery_reports_on(
    receiver: Receiver, exim: Exim
) -> None:
    """RFC 3461: what it got with a message, by SMTP, we get from it."""
    exim.configure(receiver)
    exim.run(
        "-bs",
        input=f"EHLO here\nMAIL FROM:<{SENDER}> RET=HDRS ENVID=QQ314159\n"
        f"RCPT TO:<{RECIPIENTS[0]}> NOTIFY=SUCCESS,FAILURE "
        f"ORCPT=rfc822;other+2Bperson@example.com\nDATA\n{MESSAGE}\n.\nQUIT\n",
    )
    envelope = receiver.only()
    assert envelope.mail_options["RET"] == "HDRS"
    assert envelope.mail_options["ENVID"] == "QQ314159"
    (options,) = envelope.rcpt_options
    assert set(options["NOTIFY"].split(",")) == {"SUCCESS", "FAILURE"}
    assert options["ORCPT"] == "rfc822;other+2Bperson@example.com"


@pytest.mark.parametrize("mechanism", AUTHENTICATORS)
def test_it_logs_in(serve: Serve, exim: Exim, mechanism: str) -> None:
    """RFC 4954: the envelope names the user."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    exim.configure(
        receiver, "hosts_require_auth = *", authenticator=authenticator(mechanism)
    )
    said = exim.send()
    assert f">> AUTH {mechanism}" in said
    assert receiver.only().user == "anna"


@pytest.mark.parametrize("mechanism", AUTHENTICATORS)
def test_a_wrong_password_is_refused(serve: Serve, exim: Exim, mechanism: str) -> None:
    """RFC 4954 section 6: 535, and nothing is sent."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    wrong = authenticator(mechanism, "wrong")
    exim.configure(receiver, "hosts_require_auth = *", authenticator=wrong)
    assert "SMTP<< 535 5.7.8 " in exim.send()
    assert receiver.all() == []


def test_it_logs_in_with_a_certificate(
    serve: Serve, exim: Exim, certificates: Certificates
) -> None:
    """RFC 4422 appendix A: EXTERNAL takes the name that TLS has shown."""
    receiver = serve(auth=Auth.any(), settings=Settings(tls=certificates.tls))
    exim.configure(
        receiver,
        "hosts_require_auth = *",
        *exim.trust(certificates.tls),
        f"tls_certificate = {certificates.certificate}",
        f"tls_privatekey = {certificates.key}",
        authenticator="this:\n  driver = external\n  public_name = EXTERNAL\n"
        "  client_send = anna@example.com",
    )
    exim.send()
    assert receiver.only().user == "anna@example.com"


def test_it_tells_a_server_who_wrote_a_message(serve: Serve, exim: Exim) -> None:
    """RFC 4954 section 5: ``AUTH=`` on MAIL is kept on the envelope."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    exim.configure(
        receiver,
        "hosts_require_auth = *",
        "authenticated_sender = author@example.com",
        authenticator=authenticator("PLAIN"),
    )
    exim.send()
    assert receiver.only().mail_options["AUTH"] == "author@example.com"


def test_it_does_nothing_irregular(serve: Serve, exim: Exim) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    exim.configure(receiver)
    exim.send()
    assert receiver.only().warnings == ()


def test_it_tries_again_after_a_temporary_error(serve: Serve, exim: Exim) -> None:
    """RFC 5321 section 4.2.1: 451 keeps the message in its queue, for later."""
    receiver = serve(answers=[ServerError(451, "not now", "4.3.0")])
    exim.configure(receiver)
    assert "SMTP<< 451 4.3.0 not now" in exim.send()
    assert receiver.all() == []
    exim.run("-qff")
    assert receiver.only().rcpt_tos == RECIPIENTS


def test_it_reports_a_permanent_error_to_the_sender(serve: Serve, exim: Exim) -> None:
    """The report has the reply that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    exim.configure(receiver)
    exim.send()
    report = receiver.only()
    assert (report.mail_from, report.rcpt_tos) == ("", (SENDER,))
    assert b"550 5.7.1 not today" in report.content
