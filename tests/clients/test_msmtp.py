"""msmtp, a client that stands in for sendmail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Certificates, Program, Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net")
MESSAGE = "Subject: A test\n\nHi Bart.\n.\n..\n.hidden\n"
BODY = b"\r\n\r\nHi Bart.\r\n.\r\n..\r\n.hidden\r\n"
MECHANISMS = [
    *("plain", "login", "cram-md5", "scram-sha-256", "oauthbearer", "xoauth2")
]

Send = Callable[..., str]


@pytest.fixture
def send(program: Callable[[str], Program]) -> Send:
    """Send a message to a server; return the conversation."""
    msmtp = program("msmtp")

    def run(receiver: Receiver, *options: str, fails: bool = False) -> str:
        return msmtp.run(
            *("--debug", "--timeout=60", "--domain=client.example.com"),
            *(f"--host={receiver.host}", f"--port={receiver.port}"),
            *(f"--from={SENDER}", *options, "--", *RECIPIENTS),
            input=MESSAGE,
            fails=fails,
        )

    return run


def login(mechanism: str, password: str = "secret") -> tuple[str, ...]:
    """Return the options to log in as anna."""
    return (f"--auth={mechanism}", "--user=anna", f"--passwordeval=echo {password}")


def test_it_sends_commands_ahead(receiver: Receiver, send: Send) -> None:
    """RFC 2920: MAIL, RCPT and DATA in one go are answered one by one."""
    said = send(receiver)
    assert "--> DATA\n<-- 250 2.1.0 " in said
    envelope = receiver.only()
    assert envelope.helo == "client.example.com"
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, RECIPIENTS)
    assert envelope.content.endswith(BODY)


def test_it_sends_one_by_one_where_pipelining_is_hidden(
    serve: Serve, send: Send
) -> None:
    """What a server does not announce, a client does not use."""
    receiver = serve(settings=Settings(hidden=["PIPELINING"]))
    assert "--> DATA\n<-- 354 " in send(receiver)
    assert receiver.only().rcpt_tos == RECIPIENTS


def test_it_asks_for_delivery_reports(receiver: Receiver, send: Send) -> None:
    """RFC 3461: RET and NOTIFY are kept as they were given."""
    send(receiver, "--dsn-return=headers", "--dsn-notify=failure,delay")
    envelope = receiver.only()
    assert envelope.mail_options["RET"] == "HDRS"
    assert [each["NOTIFY"] for each in envelope.rcpt_options] == ["FAILURE,DELAY"] * 2


def test_it_asks_for_no_reports_where_dsn_is_hidden(serve: Serve, send: Send) -> None:
    """It says what is missing, and sends nothing."""
    receiver = serve(settings=Settings(hidden=["DSN"]))
    said = send(receiver, "--dsn-return=headers", fails=True)
    assert "does not support DSN" in said
    assert receiver.all() == []


def test_it_shows_what_the_server_announces(
    serve: Serve, program: Callable[[str], Program], tls: TLS
) -> None:
    """It understands what it knows of our answer to EHLO."""
    receiver = serve(settings=Settings(tls=tls), auth=Auth.users({"anna": "secret"}))
    server = f"--host={receiver.host}", f"--port={receiver.port}"
    said = program("msmtp").run("--serverinfo", "--tls=off", *server)
    capabilities = said.partition("Capabilities:")[2]
    for name in ("SIZE 52428800:", "PIPELINING:", "DSN:", "STARTTLS:", "AUTH:"):
        assert name in capabilities
    assert "PLAIN SCRAM-SHA-256 CRAM-MD5 LOGIN OAUTHBEARER XOAUTH2" in capabilities


def test_it_speaks_lmtp(serve: Serve, send: Send) -> None:
    """RFC 2033: it reads a reply for each recipient."""
    receiver = serve(protocol=LMTPServerProtocol)
    said = send(receiver, "--protocol=lmtp")
    assert "--> LHLO client.example.com" in said
    assert receiver.only().rcpt_tos == RECIPIENTS


def test_it_begins_tls_within_a_session(
    serve: Serve, send: Send, tls: TLS, ca_file: str
) -> None:
    """RFC 3207: it checks our certificate, its name included."""
    receiver = serve(settings=Settings(tls=tls))
    send(receiver, "--tls=on", f"--tls-trust-file={ca_file}")
    assert receiver.only().tls


def test_it_begins_with_tls(serve: Serve, send: Send, tls: TLS, ca_file: str) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    send(receiver, "--tls=on", "--tls-starttls=off", f"--tls-trust-file={ca_file}")
    assert receiver.only().tls


def test_it_does_not_trust_a_stranger(serve: Serve, send: Send, tls: TLS) -> None:
    """Without our CA the handshake fails in the client, and nothing is sent."""
    receiver = serve(settings=Settings(tls=tls))
    assert "certificate" in send(receiver, "--tls=on", fails=True)
    assert receiver.all() == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_logs_in(
    serve: Serve, send: Send, tls: TLS, ca_file: str, mechanism: str
) -> None:
    """RFC 4954: the envelope names the user."""
    auth = Auth.users({"anna": "secret"})
    receiver = serve(settings=Settings(tls=tls), auth=auth)
    trust = ("--tls=on", f"--tls-trust-file={ca_file}")
    said = send(receiver, *trust, *login(mechanism))
    assert f"--> AUTH {mechanism.upper()}" in said
    assert receiver.only().user == "anna"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_refused(
    serve: Serve, send: Send, tls: TLS, ca_file: str, mechanism: str
) -> None:
    """RFC 4954 section 6: 535, and nothing is sent."""
    auth = Auth.users({"anna": "secret"})
    receiver = serve(settings=Settings(tls=tls), auth=auth)
    trust = ("--tls=on", f"--tls-trust-file={ca_file}")
    said = send(receiver, *trust, *login(mechanism, "wrong"), fails=True)
    assert "<-- 535 5.7.8 " in said
    assert receiver.all() == []


def test_it_logs_in_with_a_certificate(
    serve: Serve, send: Send, certificates: Certificates
) -> None:
    """RFC 4422 appendix A: EXTERNAL takes the name that TLS has shown."""
    settings = Settings(tls=certificates.tls)
    receiver = serve(auth=Auth.any(), settings=settings)
    send(
        receiver,
        *("--tls=on", f"--tls-trust-file={certificates.ca}"),
        f"--tls-cert-file={certificates.certificate}",
        f"--tls-key-file={certificates.key}",
        *("--auth=external", "--user=anna@example.com"),
    )
    assert receiver.only().user == "anna@example.com"


def test_it_does_nothing_irregular(serve: Serve, send: Send) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    send(receiver)
    assert receiver.only().warnings == ()


def test_it_shows_why_a_message_is_refused(serve: Serve, send: Send) -> None:
    """The reply is the one that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    said = send(receiver, fails=True)
    assert "msmtp: server message: 550 5.7.1 not today\n" in said
