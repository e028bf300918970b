"""Messages that are taken, and come back as reports (RFC 3464)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from twisted.internet.error import ConnectionRefusedError
from twisted.mail.smtp import SMTPConnectError
from twisted.python.failure import Failure

from lazr_smtptest import CaptureServer, Controller, Envelope
from lazr_smtptest.faults.bounces import make_report

if TYPE_CHECKING:
    from tests.faults.conftest import Site

PATIENCE = 30


def parsed(envelope: Envelope, **options: Any) -> Any:
    """The report on a message, as the email package has it."""
    given: dict[str, Any] = {
        "to": envelope.mail_from,
        "status": "5.1.1",
        "text": "no such mailbox",
        **options,
    }
    octets = make_report(envelope, **given)
    assert octets.count(b"\n") == octets.count(b"\r\n")
    return message_from_bytes(octets, policy=default)


@pytest.fixture
def envelope() -> Envelope:
    """A message with all that a report may name."""
    return Envelope(
        mail_from="from@example.com",
        rcpt_tos=("a@example.com", "b@example.com"),
        content="Subject: Grüße\r\nX: y\r\n\r\nHello.\r\n".encode(),
        mail_options={"ENVID": "QQ314159"},
        rcpt_options=({"ORCPT": "rfc822;a@example.org"}, {}),
    )


def test_a_report_is_one_by_its_type(envelope: Envelope) -> None:
    """RFC 6522 section 3: three parts."""
    report = parsed(envelope)
    assert report.get_content_type() == "multipart/report"
    assert report["Content-Type"].params["report-type"] == "delivery-status"
    types = [part.get_content_type() for part in report.iter_parts()]
    assert types == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert report["To"] == "from@example.com"
    assert report["Auto-Submitted"] == "auto-replied"


def test_a_report_names_each_recipient(envelope: Envelope) -> None:
    """RFC 3464 section 2.3."""
    status = list(parsed(envelope).iter_parts())[1]
    whole, first, second = status.get_payload()
    assert whole["Original-Envelope-Id"] == "QQ314159"
    assert whole["Reporting-MTA"].startswith("dns; ")
    assert first["Original-Recipient"] == "rfc822;a@example.org"
    assert first["Final-Recipient"] == "rfc822; a@example.com"
    assert (first["Action"], first["Status"]) == ("failed", "5.1.1")
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 no such mailbox"
    assert second["Final-Recipient"] == "rfc822; b@example.com"
    assert "Original-Recipient" not in second


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("QQ314159", "QQ314159"),
        ("order+3D7", "order=7"),
        ("a+2Bb", "a+b"),
        ("a+20b", "a b"),
        ("+3Cid@example.com+3E", "<id@example.com>"),
    ],
)
def test_a_report_has_the_envelope_id_decoded(
    envelope: Envelope, given: str, written: str
) -> None:
    """RFC 3461 section 6.3: as the sender knows it."""
    told = attrs.evolve(envelope, mail_options={"ENVID": given})
    status = list(parsed(told).iter_parts())[1]
    assert status.get_payload()[0]["Original-Envelope-Id"] == written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("rfc822;a+2Bb@example.org", "rfc822;a+b@example.org"),
        ("rfc822;a+3Db@example.org", "rfc822;a=b@example.org"),
        ("x400;C+3DDE", "x400;C=DE"),
        (r"utf-8;j\x{F6}rg@example.org", r"utf-8;j\x{F6}rg@example.org"),
        ("utf-8;j+5Cx{F6}rg@example.org", r"utf-8;j\x{F6}rg@example.org"),
        ("utf-8;j\u00f6rg@example.org", r"utf-8;j\x{F6}rg@example.org"),
    ],
)
def test_a_report_has_the_original_recipient_decoded(
    envelope: Envelope, given: str, written: str
) -> None:
    """RFC 3461 section 6.3, RFC 6533 section 3."""
    told = attrs.evolve(envelope, rcpt_options=({"ORCPT": given}, {}))
    status = list(parsed(told).iter_parts())[1]
    assert status.get_payload()[1]["Original-Recipient"] == written


def test_a_report_names_a_recipient_in_utf_8_in_ascii(envelope: Envelope) -> None:
    """RFC 6533 section 3: message/delivery-status has no other letters."""
    told = attrs.evolve(
        envelope, rcpt_tos=("j\u00f6rg@example.com",), rcpt_options=None
    )
    status = list(parsed(told).iter_parts())[1]
    recipient = status.get_payload()[1]["Final-Recipient"]
    assert recipient == r"utf-8; j\x{F6}rg@example.com"


def test_a_report_returns_the_header(envelope: Envelope) -> None:
    """RFC 6522 section 3: not the text."""
    octets = make_report(envelope, "from@example.com", "5.1.1", "no")
    assert "Subject: Grüße\r\nX: y\r\n".encode() in octets
    assert b"Hello." not in octets


@pytest.fixture
def servers() -> Iterator[tuple[Controller, Any]]:
    """One that bounces, and one that takes the reports."""
    with Controller(CaptureServer()) as one, Controller(CaptureServer()) as other:
        yield one, other


def send(controller: Controller, sender: str = "from@example.com") -> None:
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        mail = EmailMessage()
        mail["Subject"] = "Hi"
        client.send_message(mail, sender, ["to@example.com"])


def test_the_report_arrives(servers: Any) -> None:
    """The client had its 250, the sender has a report, nobody has the message."""
    one, other = servers
    one.server.faults.on("EOD").bounce("localhost", other.port, text="not here")
    send(one)
    report = other.server.mailbox.wait_for(timeout=PATIENCE)
    assert report.mail_from == ""
    assert report.rcpt_tos == ("from@example.com",)
    assert b"not here" in report.content
    assert len(one.server.mailbox) == 0
    assert one.server.faults.journal[0].phase == "EOD"


def test_the_report_may_be_for_another(servers: Any) -> None:
    """Whom the test names, though the message has no sender."""
    one, other = servers
    rule = one.server.faults.on("EOD")
    rule.bounce("127.0.0.1", other.port, to="postmaster@example.com")
    send(one, sender="")
    report = other.server.mailbox.wait_for(timeout=PATIENCE)
    assert report.rcpt_tos == ("postmaster@example.com",)


def test_a_report_is_not_reported(servers: Any) -> None:
    """RFC 5321 section 6.1: what has the null reverse-path is lost."""
    one, other = servers
    one.server.faults.on("EOD").bounce("127.0.0.1", other.port)
    send(one, sender="")
    assert len(one.server.mailbox) == 0
    other.server.mailbox.assert_none(within=0)


def test_a_report_that_cannot_be_sent_is_told(new_site: type[Site]) -> None:
    """The test hears of it, for it waits for a report."""
    site = new_site()
    site.faults.on("EOD").bounce("127.0.0.1", 2525)
    assert site.connect().greeted().mail()[-1] == "250"
    [(_, _, factory, *_)] = site.clock.tcpClients
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
    # Older versions of Twisted give the error as it is.
    with pytest.raises((SMTPConnectError, ConnectionRefusedError), match="refused"):
        site.server.check()


def test_a_report_may_leave_the_machine_if_that_is_said() -> None:
    """Nothing is sent here: the rule is not asked."""
    server = CaptureServer()
    server.faults.on("EOD").bounce("mx.example.com", 25, anywhere=True)
