"""Reports of messages that were accepted but not delivered (RFC 3464)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime
from io import BytesIO
from typing import Any

import attrs
from twisted.internet import defer
from twisted.mail import smtp
from zope.interface import implementer

from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest.faults.checks import check_number
from lazr_smtptest.faults.steps import Step
from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.model.envelope import Envelope, narrowed
from lazr_smtptest.model.xtext import xtext_decode

__all__ = ["Bounce", "make_report"]

_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}")
# The timeout of the other server, in seconds.
_TIMEOUT = 30
_REPORTER = "smtptest.invalid"


@implementer(IFaultStep)
@attrs.frozen
class Bounce(Step):
    """Send a report to a mail server."""

    host: str
    port: int
    recipient: str | None
    status: str
    text: str
    lost: Callable[[str], bool] | None = None

    @classmethod
    def to(
        cls,
        host: str,
        port: int,
        recipient: str | None,
        status: str,
        text: str,
        *,
        anywhere: bool,
        lost: Callable[[str], bool] | None = None,
    ) -> Bounce:
        """Return the step for checked arguments; see `Actions.bounce`.

        Raises:
            TypeError: an argument has the wrong type.
            ValueError: `host` is another machine without `anywhere`, or the port, the
                status or a text is not valid.
        """
        check_flag("anywhere", anywhere)
        _check_line("host", host)
        _check_line("text", text)
        if recipient is not None:
            _check_line("to", recipient)
        host = "127.0.0.1" if host == "localhost" else host
        if not anywhere and not _is_loopback(host):
            raise ValueError(
                f"bounce sends to the loopback only, not to {brief(host)}; give "
                "anywhere=True to send it to another machine"
            )
        check_number("port", port, 1, 65535, int)
        _check_line("status", status)
        if not _STATUS.fullmatch(status):
            raise ValueError(
                f"a failure has a status such as '5.1.1', not {brief(status)}"
            )
        return cls(host, port, recipient, status, text, lost)

    def run(self, wire: Any) -> None:
        """Send the report without waiting: the client has its reply already."""
        envelope = wire.context.envelope
        recipient = envelope.mail_from if self.recipient is None else self.recipient
        if not recipient:
            return
        if self.lost is not None:
            envelope = narrowed(envelope, [self.lost(to) for to in envelope.rcpt_tos])
        report = make_report(envelope, recipient, self.status, self.text)
        sending = _send(wire.reactor, self.host, self.port, recipient, report)
        sending.addErrback(lambda failure: wire.failed(failure.value))


def _check_line(name: str, given: object) -> None:
    """Check a text that becomes a part of one line of the report."""
    if not isinstance(given, str):
        raise TypeError(f"{name} is a text, not {brief(given)}")
    if not given.isprintable() or not given:
        raise ValueError(f"{name} is a text of one line, not {brief(given)}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_report(envelope: Envelope, to: str, status: str, text: str) -> bytes:
    """Return the report that a message was not delivered (RFC 3464, RFC 6522).

    Args:
        envelope: the message.
        to: the recipient of the report.
        status: the enhanced code, ``"5.1.1"``.
        text: the reason of the failure.

    Returns:
        a message with CRLF line ends.
    """
    report = EmailMessage(SMTP)
    report["From"] = f"MAILER-DAEMON@{_REPORTER}"
    report["To"] = to
    report["Subject"] = "Undelivered mail returned to sender"
    report["Auto-Submitted"] = "auto-replied"  # RFC 3834 section 5.1
    if envelope.received_at is not None:
        report["Date"] = format_datetime(envelope.received_at)
    names = "\n".join(envelope.rcpt_tos)
    report.set_content(f"Your message could not be delivered: {text}\n\n{names}\n")
    report.make_mixed()
    report.attach(_status_part(envelope, status, text))
    report.attach(_returned(envelope))
    report.replace_header("Content-Type", "multipart/report")
    report.set_param("report-type", "delivery-status")
    return report.as_bytes()


def _status_part(envelope: Envelope, status: str, text: str) -> Any:
    part = Message(SMTP)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([_of_message(envelope)])
    for number, recipient in enumerate(envelope.rcpt_tos):
        options: Any = dict(enumerate(envelope.rcpt_options)).get(number, {})
        part.attach(_of_recipient(recipient, options, status, text))
    return part


def _of_message(envelope: Envelope) -> Message:
    """Return the per-message fields (RFC 3464 section 2.2)."""
    fields = Message(SMTP)
    identifier = envelope.mail_options.get("ENVID")
    if identifier is not None:
        fields["Original-Envelope-Id"] = xtext_decode(identifier)
    fields["Reporting-MTA"] = f"dns; {_REPORTER}"
    return fields


def _of_recipient(recipient: str, options: Any, status: str, text: str) -> Message:
    """Return the per-recipient fields (RFC 3464 section 2.3)."""
    fields = Message(SMTP)
    original = options.get("ORCPT")
    if original is not None:
        kind, _, address = original.partition(";")
        fields["Original-Recipient"] = f"{kind};{_in_ascii(xtext_decode(address))}"
    kind = "rfc822" if recipient.isascii() else "utf-8"
    fields["Final-Recipient"] = f"{kind}; {_in_ascii(recipient)}"
    fields["Action"] = "failed"
    fields["Status"] = status
    fields["Diagnostic-Code"] = f"smtp; 550 {status} {text}"
    return fields


def _in_ascii(address: str) -> str:
    """Return an address as utf-8-addr-xtext, in ASCII (RFC 6533 section 3)."""
    return "".join(
        each if each.isascii() else f"\\x{{{ord(each):02X}}}" for each in address
    )


def _returned(envelope: Envelope) -> Any:
    """Return the part with the header of the message (RFC 6522 section 3)."""
    part = Message(SMTP)
    part["Content-Type"] = "text/rfc822-headers"
    part["Content-Transfer-Encoding"] = "8bit"
    header = envelope.content.partition(b"\r\n\r\n")[0]
    part.set_payload(header.decode("ascii", "surrogateescape") + "\r\n")
    return part


def _send(
    reactor: Any, host: str, port: int, recipient: str, report: bytes
) -> defer.Deferred[Any]:
    done: defer.Deferred[Any] = defer.Deferred()
    # Not `ESMTPSenderFactory`, which would start TLS wherever it is offered.
    factory = smtp.SMTPSenderFactory(
        b"", recipient.encode(), BytesIO(report), done, retries=0, timeout=_TIMEOUT
    )
    factory.noisy = False
    reactor.connectTCP(host, port, factory)
    return done
