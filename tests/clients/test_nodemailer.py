"""nodemailer, the client of Node.js."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Program, Receiver, Serve

SCRIPT = Path(__file__).parent / "send.cjs"
MANUAL = Path(__file__).parents[2] / "doc" / "tasks.rst"
MAIL = {
    "from": "aperson@example.com",
    "to": ["bperson@example.com", "cperson@example.net"],
    "subject": "A test",
    "text": "Hi Bart.\n.\n",
}

Send = Callable[..., Any]


@pytest.fixture
def send(program: Callable[..., Program], programs: Callable[[str], Path]) -> Send:
    """Send mails to a server; return what became of the one, or of all."""
    modules = programs("node_modules/nodemailer").parent
    node = program("node", NODE_PATH=str(modules))

    def run(
        receiver: Receiver,
        *mails: dict[str, Any],
        ca: str | None = None,
        **transport: Any,
    ) -> Any:
        transport = {
            "host": receiver.host,
            "port": receiver.port,
            "name": "client.example.com",
            "tls": {"ca": ca} if ca else {},
            **transport,
        }
        order = {"transport": transport, "mails": mails or [MAIL]}
        outcomes = json.loads(node.run(str(SCRIPT), input=json.dumps(order)))
        return outcomes if mails[1:] else outcomes[0]

    return run


def test_it_sends_a_message(receiver: Receiver, send: Send) -> None:
    """Sender, recipients and text arrive."""
    outcome = send(receiver)
    assert outcome["accepted"] == MAIL["to"]
    envelope = receiver.only()
    assert envelope.helo == "client.example.com"
    assert envelope.mail_from == MAIL["from"]
    assert envelope.rcpt_tos == tuple(MAIL["to"])
    assert envelope.content.endswith(b"\r\n\r\nHi Bart.\r\n.\r\n")


def test_it_sends_to_addresses_beyond_ascii(receiver: Receiver, send: Send) -> None:
    """RFC 6531: it says SMTPUTF8 by itself."""
    send(receiver, {**MAIL, "from": "jörg@example.com", "to": "анна@example.com"})
    envelope = receiver.only()
    assert "SMTPUTF8" in envelope.mail_options
    assert envelope.mail_from == "jörg@example.com"
    assert envelope.rcpt_tos == ("анна@example.com",)


def test_it_says_that_a_body_is_eight_bit(receiver: Receiver, send: Send) -> None:
    """RFC 6152: BODY is kept on the envelope."""
    send(receiver, {**MAIL, "envelope": {**MAIL, "use8BitMime": True}})
    assert receiver.only().mail_options["BODY"] == "8BITMIME"


def test_it_asks_for_delivery_reports(receiver: Receiver, send: Send) -> None:
    """RFC 3461: all four parameters are kept as they were given."""
    dsn = {
        "return": "headers",
        "id": "a number",
        "notify": ["failure", "delay"],
        "recipient": "aperson@example.com",
    }
    outcome = send(receiver, {**MAIL, "dsn": dsn})
    assert outcome["accepted"] == MAIL["to"], outcome
    envelope = receiver.only()
    assert envelope.mail_options["RET"] == "HDRS"
    assert envelope.mail_options["ENVID"] == "a+20number"
    (options,) = {tuple(each.items()) for each in envelope.rcpt_options}
    assert dict(options)["NOTIFY"] == "FAILURE,DELAY"
    assert dict(options)["ORCPT"] == "rfc822;aperson@example.com"


def test_it_does_not_send_more_than_is_announced(serve: Serve, send: Send) -> None:
    """RFC 1870 section 6.1: the size that is announced may be any."""
    receiver = serve(settings=Settings(values={"SIZE": "10"}))
    outcome = send(receiver, {**MAIL, "envelope": {**MAIL, "size": 11}})
    assert outcome["code"] == "EMESSAGE"
    assert receiver.all() == []


def test_a_pool_sends_everything_once(receiver: Receiver, send: Send) -> None:
    """Three connections, thirty mails, ten at most on each."""
    mails = [{**MAIL, "subject": f"number {number}"} for number in range(30)]
    send(receiver, *mails, pool=True, maxConnections=3, maxMessages=10)
    contents = [each.content for each in receiver.all()]
    assert len(contents) == len(mails)
    for mail in mails:
        line = f"Subject: {mail['subject']}\r\n".encode()
        assert sum(line in content for content in contents) == 1


def test_it_speaks_lmtp(serve: Serve, send: Send) -> None:
    """RFC 2033: it reads a reply for each recipient."""
    receiver = serve(protocol=LMTPServerProtocol)
    outcome = send(receiver, lmtp=True)
    assert outcome["accepted"] == MAIL["to"]
    assert receiver.only().rcpt_tos == tuple(MAIL["to"])


def test_it_begins_tls_within_a_session(
    serve: Serve, send: Send, tls: TLS, ca_file: str
) -> None:
    """RFC 3207: it checks our certificate, its name included."""
    receiver = serve(settings=Settings(tls=tls))
    send(receiver, ca=tls.ca_pem.decode(), requireTLS=True)
    assert receiver.only().tls


def test_it_begins_with_tls(serve: Serve, send: Send, tls: TLS) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    send(receiver, ca=tls.ca_pem.decode(), secure=True)
    assert receiver.only().tls


def test_it_does_not_trust_a_stranger(serve: Serve, send: Send, tls: TLS) -> None:
    """Without our CA the handshake fails in the client, and nothing is sent."""
    receiver = serve(settings=Settings(tls=tls))
    assert send(receiver, requireTLS=True)["code"] == "ESOCKET"
    assert receiver.all() == []


def test_it_requires_tls_of_every_hop(serve: Serve, send: Send, tls: TLS) -> None:
    """RFC 8689: REQUIRETLS is kept on the envelope."""
    receiver = serve(settings=Settings(tls=tls))
    mail = {**MAIL, "envelope": {**MAIL, "requireTLSExtensionEnabled": True}}
    send(receiver, mail, ca=tls.ca_pem.decode(), requireTLS=True)
    assert "REQUIRETLS" in receiver.only().mail_options


def test_refused_recipients_are_told_one_by_one(serve: Serve, send: Send) -> None:
    """RFC 5321 section 4.5.3.1.10: 452, and the others are served."""
    receiver = serve(settings=Settings(limits=Limits(recipients=1)))
    outcome = send(receiver)
    assert (outcome["accepted"], outcome["rejected"]) == (
        MAIL["to"][:1],
        MAIL["to"][1:],
    )
    assert receiver.only().rcpt_tos == tuple(MAIL["to"][:1])


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_it_logs_in_with_a_password(serve: Serve, send: Send, mechanism: str) -> None:
    """RFC 4954: the envelope names the user."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    login = {"user": "anna", "pass": "secret"}
    send(receiver, auth=login, authMethod=mechanism)
    assert receiver.only().user == "anna"


def test_it_logs_in_with_a_token(serve: Serve, send: Send) -> None:
    """XOAUTH2 takes the token that it was given."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    login = {"type": "OAuth2", "user": "anna", "accessToken": "secret"}
    send(receiver, auth=login)
    assert receiver.only().user == "anna"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_wrong_password_is_refused(serve: Serve, send: Send, mechanism: str) -> None:
    """RFC 4954 section 6: 535, and nothing is sent."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    login = {"user": "anna", "pass": "wrong"}
    outcome = send(receiver, auth=login, authMethod=mechanism)
    assert (outcome["code"], outcome["responseCode"]) == ("EAUTH", 535)
    assert receiver.all() == []


def test_a_wrong_token_is_refused(serve: Serve, send: Send) -> None:
    """After the challenge with the error it gets 535 (RFC 4954 section 6)."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    login = {"type": "OAuth2", "user": "anna", "accessToken": "wrong"}
    outcome = send(receiver, auth=login)
    assert (outcome["code"], outcome["responseCode"]) == ("EAUTH", 535)
    assert receiver.all() == []


def test_it_does_nothing_irregular(serve: Serve, send: Send) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    send(receiver)
    assert receiver.only().warnings == ()


def test_it_is_told_why_a_message_is_refused(serve: Serve, send: Send) -> None:
    """The reply is the one that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    outcome = send(receiver)
    assert outcome["responseCode"] == 550
    assert outcome["response"] == "550 5.7.1 not today"


@pytest.mark.parametrize(
    ("phase", "code", "error"),
    [
        ("CONNECT", 421, "EPROTOCOL"),
        ("MAIL", 451, "EENVELOPE"),
        ("RCPT", 450, "EENVELOPE"),
        ("DATA", 451, "EENVELOPE"),
        ("EOD", 452, "EMESSAGE"),
    ],
)
def test_it_tells_where_it_was_refused(
    receiver: Receiver, send: Send, phase: str, code: int, error: str
) -> None:
    """Its error has a code of its own, and that of the reply."""
    receiver.server.faults.on(phase).reply(code, "not now")
    outcome = send(receiver)
    assert (outcome["code"], outcome["responseCode"]) == (error, code)
    assert receiver.all() == []


@pytest.mark.parametrize("phase", ["MAIL", "EOD", "KEPT"])
def test_it_finds_that_the_server_is_gone(
    receiver: Receiver, send: Send, phase: str
) -> None:
    """It cannot tell whether the message was kept."""
    receiver.server.faults.on(phase).drop()
    assert send(receiver)["code"] == "ECONNECTION"
    assert len(receiver.all()) == (phase == "KEPT")


def test_it_waits_no_longer_than_it_was_told(receiver: Receiver, send: Send) -> None:
    """A server that says nothing is no reason to wait for ever."""
    receiver.server.faults.on("CONNECT").hold()
    assert send(receiver, greetingTimeout=500)["code"] == "ETIMEDOUT"


def test_it_finds_an_expired_certificate(serve: Serve, send: Send, tls: TLS) -> None:
    """It says so, and sends nothing."""
    receiver = serve(settings=Settings(tls=tls))
    receiver.server.faults.on("TLS").certificate("expired")
    outcome = send(receiver, ca=tls.ca_pem.decode(), requireTLS=True)
    assert "expired" in outcome["message"]
    assert receiver.all() == []


def test_it_is_told_which_of_two_recipients_is_refused(
    serve: Serve, send: Send
) -> None:
    """RFC 2033 section 4.2: the replies have the order of the recipients."""
    refusal = PolicyError(550, "not today", "5.7.1")
    answers = [{MAIL["to"][1]: refusal}]
    receiver = serve(protocol=LMTPServerProtocol, answers=answers)
    outcome = send(receiver, lmtp=True)
    assert outcome["accepted"] == MAIL["to"][:1]
    assert outcome["rejected"] == MAIL["to"][1:]


def test_the_example_of_the_manual_sends(
    receiver: Receiver, programs: Callable[[str], Path], program: Callable[..., Program]
) -> None:
    """As it stands, with the port of the server in the environment."""
    block = MANUAL.read_text().partition(".. code-block:: javascript\n")[2]
    script = re.split(r"\n(?=\S)", block.partition("\n\n")[2])[0]
    node = program("node", SMTP_PORT=str(receiver.port))
    modules = programs("node_modules/nodemailer").parent
    (node.home / "node_modules").symlink_to(modules)
    (node.home / "send.mjs").write_text(dedent(script))
    node.run("send.mjs")
    assert receiver.only().subject == "Hello from Node"
