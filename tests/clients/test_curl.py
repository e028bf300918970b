"""curl, as it speaks SMTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Certificates, Program, Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net")
MESSAGE = "Subject: A test\n\nHi Bart.\n.\n..\n.hidden\n"
ARRIVES = b"Subject: A test\r\n\r\nHi Bart.\r\n.\r\n..\r\n.hidden\r\n"
FROM_AND_TO = (
    *("--mail-from", SENDER),
    *(word for each in RECIPIENTS for word in ("--mail-rcpt", each)),
)
MAIL = (*FROM_AND_TO, "--crlf", "--upload-file", "-")

Curl = Callable[..., str]


@pytest.fixture
def curl(program: Callable[[str], Program]) -> Curl:
    """Run curl against a server; return the conversation, and what it gives back."""
    curl = program("curl")

    def run(
        receiver: Receiver, *options: str, scheme: str = "smtp", fails: bool = False
    ) -> str:
        url = f"{scheme}://{receiver.address}/client.example.com"
        options = ("--max-time", "20", "--url", url, *options)
        return curl.run("-q", "-sv", *options, input=MESSAGE, fails=fails)

    return run


def test_it_sends_a_message(receiver: Receiver, curl: Curl) -> None:
    """Sender, recipients and lines that begin with dots arrive as they were."""
    curl(receiver, *MAIL)
    envelope = receiver.only()
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, RECIPIENTS)
    assert envelope.content == ARRIVES


def test_it_declares_the_size_of_a_file(
    receiver: Receiver, curl: Curl, tmp_path: Path
) -> None:
    """RFC 1870: SIZE is kept on the envelope."""
    file = tmp_path / "message"
    file.write_bytes(ARRIVES)
    curl(receiver, *FROM_AND_TO, "--upload-file", str(file))
    assert receiver.only().mail_options["SIZE"] == str(len(ARRIVES))


def test_a_file_that_is_too_big_is_refused_before_it_is_sent(
    serve: Serve, curl: Curl, tmp_path: Path
) -> None:
    """RFC 1870: 552 to MAIL."""
    file = tmp_path / "message"
    file.write_bytes(ARRIVES)
    receiver = serve(settings=Settings(limits=Limits(message_size=10)))
    said = curl(receiver, *FROM_AND_TO, "--upload-file", str(file), fails=True)
    assert "< 552 5.3.4 " in said
    assert "> RCPT" not in said


def test_it_names_the_author_of_a_message(serve: Serve, curl: Curl) -> None:
    """RFC 4954 section 5: ``AUTH=`` on MAIL is kept on the envelope."""
    receiver = serve(auth=Auth.any())
    login = ("--user", "anna:secret")
    curl(receiver, *MAIL, *login, "--mail-auth", "author@example.com")
    assert receiver.only().mail_options["AUTH"] == "<author@example.com>"


def test_it_asks_about_an_address(receiver: Receiver, curl: Curl) -> None:
    """VRFY is what it sends for a recipient without a message."""
    said = curl(receiver, "--mail-rcpt", RECIPIENTS[0])
    assert f"> VRFY {RECIPIENTS[0]}" in said
    assert "\n252 2.5.0 " in said


def test_it_asks_about_an_address_beyond_ascii(receiver: Receiver, curl: Curl) -> None:
    """RFC 6531 section 3.7.4.2: VRFY may have the parameter SMTPUTF8."""
    said = curl(receiver, "--mail-rcpt", "jörg@example.com")
    assert "> VRFY jörg@example.com SMTPUTF8" in said
    assert "\n252 2.5.0 " in said


def test_it_asks_about_a_list(receiver: Receiver, curl: Curl) -> None:
    """RFC 6531 section 3.7.4.2: so may EXPN, for a name of ASCII letters, too."""
    said = curl(receiver, "--request", "EXPN", "--mail-rcpt", "everybody")
    assert "> EXPN everybody SMTPUTF8" in said
    assert "\n252 2.5.0 " in said


def test_it_asks_for_help(receiver: Receiver, curl: Curl) -> None:
    """HELP is what it sends where it has nothing to do."""
    said = curl(receiver)
    assert "> HELP" in said
    assert "\n214" in said


def test_it_sends_any_command(receiver: Receiver, curl: Curl) -> None:
    """NOOP gets the reply of a command that is there."""
    assert "\n250 2.0.0 " in curl(receiver, "--request", "NOOP")


def test_it_begins_tls_within_a_session(
    serve: Serve, curl: Curl, tls: TLS, ca_file: str
) -> None:
    """RFC 3207: it checks our certificate, its name included."""
    receiver = serve(settings=Settings(tls=tls))
    curl(receiver, *MAIL, "--ssl-reqd", "--cacert", ca_file)
    assert receiver.only().tls


def test_it_begins_with_tls(serve: Serve, curl: Curl, tls: TLS, ca_file: str) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    curl(receiver, *MAIL, "--cacert", ca_file, scheme="smtps")
    assert receiver.only().tls


def test_it_does_not_send_in_clear_where_it_must_not(
    receiver: Receiver, curl: Curl
) -> None:
    """Without STARTTLS it leaves, and the server has taken nothing."""
    said = curl(receiver, *MAIL, "--ssl-reqd", fails=True)
    assert "> MAIL" not in said
    assert receiver.all() == []


def test_it_sends_to_addresses_beyond_ascii(receiver: Receiver, curl: Curl) -> None:
    """RFC 6531: it says SMTPUTF8 by itself."""
    curl(
        receiver,
        *("--mail-from", "jörg@example.com", "--mail-rcpt", "анна@example.com"),
        *("--upload-file", "-"),
    )
    envelope = receiver.only()
    assert "SMTPUTF8" in envelope.mail_options
    assert envelope.mail_from == "jörg@example.com"
    assert envelope.rcpt_tos == ("анна@example.com",)


def test_a_part_of_the_recipients_may_be_refused(serve: Serve, curl: Curl) -> None:
    """RFC 5321 section 4.5.3.1.10: 452, and the others are served."""
    receiver = serve(settings=Settings(limits=Limits(recipients=1)))
    said = curl(receiver, *MAIL, "--mail-rcpt-allowfails")
    assert "< 452 4.5.3 " in said
    assert receiver.only().rcpt_tos == RECIPIENTS[:1]


@pytest.mark.parametrize("initial", [(), ("--sasl-ir",)], ids=["later", "at once"])
@pytest.mark.parametrize(
    ("mechanism", "login"),
    [
        ("PLAIN", ("--user", "anna:secret")),
        ("LOGIN", ("--user", "anna:secret")),
        ("CRAM-MD5", ("--user", "anna:secret")),
        ("XOAUTH2", ("--user", "anna", "--oauth2-bearer", "secret")),
        ("OAUTHBEARER", ("--user", "anna", "--oauth2-bearer", "secret")),
    ],
)
def test_it_logs_in(
    serve: Serve,
    curl: Curl,
    mechanism: str,
    login: tuple[str, ...],
    initial: tuple[str, ...],
) -> None:
    """RFC 4954: with an initial response and without."""
    auth = Auth.users({"anna": "secret"}, mechanisms=[mechanism])
    receiver = serve(auth=auth)
    said = curl(receiver, *MAIL, *login, *initial)
    assert f"> AUTH {mechanism}" in said
    assert receiver.only().user == "anna"


@pytest.mark.parametrize(
    ("mechanism", "login"),
    [
        ("PLAIN", ("--user", "anna:wrong")),
        ("CRAM-MD5", ("--user", "anna:wrong")),
        ("OAUTHBEARER", ("--user", "anna", "--oauth2-bearer", "wrong")),
    ],
)
def test_a_wrong_password_is_refused(
    serve: Serve, curl: Curl, mechanism: str, login: tuple[str, ...]
) -> None:
    """RFC 4954 section 6: 535, and nothing is sent."""
    auth = Auth.users({"anna": "secret"}, mechanisms=[mechanism])
    receiver = serve(auth=auth)
    said = curl(receiver, *MAIL, *login, fails=True)
    assert "< 535 5.7.8 " in said
    assert receiver.all() == []


def test_a_wrong_token_of_xoauth2_is_refused(serve: Serve, curl: Curl) -> None:
    """It is told by the challenge already, and does not wait for the 535."""
    auth = Auth.users({"anna": "secret"}, mechanisms=["XOAUTH2"])
    receiver = serve(auth=auth)
    login = ("--user", "anna", "--oauth2-bearer", "wrong")
    said = curl(receiver, *MAIL, *login, fails=True)
    assert said.count("\n< 334 ") == 2
    assert receiver.all() == []


def test_it_logs_in_with_a_certificate(
    serve: Serve, curl: Curl, certificates: Certificates
) -> None:
    """RFC 4422 appendix A: EXTERNAL takes the name that TLS has shown."""
    settings = Settings(tls=certificates.tls)
    receiver = serve(auth=Auth.any(), settings=settings)
    said = curl(
        receiver,
        *MAIL,
        *("--ssl-reqd", "--cacert", certificates.ca),
        *("--cert", certificates.certificate, "--key", certificates.key),
        *("--login-options", "AUTH=EXTERNAL", "--user", "anna@example.com:"),
    )
    assert "> AUTH EXTERNAL" in said
    assert receiver.only().user == "anna@example.com"


def test_it_does_nothing_irregular(serve: Serve, curl: Curl) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    curl(receiver, *MAIL)
    assert receiver.only().warnings == ()


def test_it_sends_the_newlines_of_a_file_as_they_are(
    receiver: Receiver, curl: Curl
) -> None:
    """RFC 5321 section 2.3.8: without ``--crlf`` there is a warning."""
    curl(receiver, *FROM_AND_TO, "--upload-file", "-")
    assert receiver.only().warnings == ("bare-newline",)


def test_the_newlines_of_a_file_are_refused_by_the_strict(
    serve: Serve, curl: Curl
) -> None:
    """RFC 5321 section 2.3.8: bare LF is no end of a line."""
    receiver = serve(settings=Settings(profile="strict"))
    said = curl(receiver, *FROM_AND_TO, "--upload-file", "-", fails=True)
    assert "< 550 5.5.2 " in said
    assert receiver.all() == []


def test_it_shows_why_a_message_is_refused(serve: Serve, curl: Curl) -> None:
    """The reply is the one that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    assert "< 550 5.7.1 not today" in curl(receiver, *MAIL, fails=True)
