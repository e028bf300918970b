"""Tests that fail, and the page that shows what they say.

``python tests/mailbox/failures.py`` writes ``doc/failures.rst``; a test says whether
that has to be done.
"""

from __future__ import annotations

import inspect
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from lazr_smtptest import TLS, Auth, CaptureServer, Controller, Limits, Settings

PAGE = Path(__file__).parents[2] / "doc" / "failures.rst"

# Longer than anything takes; nothing waits for it to pass.
PATIENCE = 60

INTRO = """\
=================
When a test fails
=================

``wait_for``, ``assert_received`` and ``assert_none`` fail with a text that names the
cause.  The first line has the reason, and is short enough for the summary of a test
run.  Below it are the criteria, the messages that match best with their differences,
and the connections that were refused or aborted.

Each text on this page is printed by the code above it; only times and ports are
replaced.  ``running()`` is a ``CaptureServer`` in a ``Controller``, ``connect()`` is an
``smtplib.SMTP`` to it, ``send()`` sends a short message, and ``deliver()`` an
``EmailMessage``.

===========  ==========================================================================
In the text  Meaning
===========  ==========================================================================
``-``        The wanted value.
``+``        The value of the message.
``^``        The first difference.  An invisible character is named.
``note:``    An explanation: a mistake of the sender or of the test.
``->``       A line of the client.  Within TLS it is ``~>``.
``<-``       A line of the server.  The list of EHLO is shown by its keywords.
``<**``      A refusal of the server.
``===``      An event.  The figures are seconds.
===========  ==========================================================================

The error is an ``AssertionError``.  If a message is missing it is a ``NotReceived``,
which is a ``TimeoutError`` too: its attribute ``arrived`` has all messages that
arrived, and ``sessions`` the connections with whole transcripts.
"""


class Server(CaptureServer):
    """A server that tells when a session of its has ended."""

    hostname = "mx.example.com"

    def __init__(self, auth: Auth | None, settings: Settings) -> None:
        super().__init__()
        self.auth = auth
        self.settings = settings
        self.ended = threading.Semaphore(0)
        self.mailbox.grace = 0.0

    def handle_session(self, session: object) -> None:
        self.ended.release()


@contextmanager
def running(auth: Auth | None = None, **settings: Any) -> Iterator[Server]:
    server = Server(auth, Settings(**settings))
    with Controller(server):
        yield server


@contextmanager
def connect(server: Server) -> Iterator[smtplib.SMTP]:
    """Connect, and in the end wait until the server knows that it is over."""
    client = smtplib.SMTP(
        "127.0.0.1", server.port, local_hostname="app.example.com", timeout=PATIENCE
    )
    try:
        with client:
            try:
                yield client
            except AssertionError:
                # The test has failed: a message that goes on is not ended by QUIT.
                client.close()
                raise
    finally:
        assert server.ended.acquire(timeout=PATIENCE)


def send(server: Server, *recipients: str, subject: str = "Welcome") -> None:
    with connect(server) as client:
        message = f"Subject: {subject}\n\nHello!\n"
        client.sendmail("shop@example.com", recipients, message)


@contextmanager
def sending_late(server: Server, recipient: str) -> Iterator[None]:
    """Send a message once a wait for it has ended."""
    sender = threading.Thread(target=send, args=(server, recipient))

    def grace(blocking: bool) -> float:
        sender.start()
        return PATIENCE

    server.mailbox._grace = grace  # type: ignore[method-assign]
    try:
        yield
    finally:
        sender.join()


def deliver(
    server: Server,
    mail: EmailMessage,
    sender: str = "shop@example.com",
    recipients: Sequence[str] = ("bob@example.com",),
) -> None:
    with connect(server) as client:
        client.sendmail(sender, recipients, mail.as_bytes())


# The cases. Their docstrings and what they do are what the page shows.


def no_mail() -> None:
    """No mail.

    The program did not send, or has another host or port.
    """
    with running() as server:
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def late_message() -> None:
    """A late message.

    The failure waits up to a second longer, to tell it from one that was not sent.
    ``sending_late()`` sends when the wait has ended.
    """
    with running() as server, sending_late(server, "bob@example.com"):
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def another_server() -> None:
    """Sent to another server.

    Connections of the program to other addresses are told, and look-ups of other
    hosts; errors that ended a thread; and on Python 3.12 and later errors that ended
    an asyncio task, and errors of mail that the program caught.
    """
    with running() as server, running() as other:
        send(other, "bob@example.com")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def thread_ended() -> None:
    """A thread of the program ended.

    The mail was to be sent in the background, and an exception came before.
    """

    def welcome() -> None:
        raise KeyError("template")

    with running() as server:
        mailer = threading.Thread(target=welcome, name="mailer")
        mailer.start()
        mailer.join()
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def wrong_recipient() -> None:
    """Wrong recipient.

    The message went to somebody else.
    """
    with running() as server:
        send(server, "rob@example.com")
        server.mailbox.assert_received(recipient="bob@example.com")


def other_subject() -> None:
    """Right recipient, other subject.

    Of a message only what differs is shown.
    """
    with running() as server:
        send(server, "bob@example.com", subject="Welcome, Bob")
        server.mailbox.assert_received(recipient="bob@example.com", subject="Welcome")


def two_near_misses() -> None:
    """Two near misses.

    The closest match comes first.  A text of several lines is compared line by line.
    """
    with running() as server:
        send(server, "bob@example.com")
        send(server, "eve@example.com")
        server.mailbox.assert_received(
            recipient="bob@example.com", text="Hello!\nYour code is 4711.\n"
        )


def refused_at_rcpt() -> None:
    """Refused at RCPT.

    ``sendmail`` raises only if every recipient is refused.  The program ignored what
    it returns.
    """
    with running(limits=Limits(recipients=1)) as server:
        send(server, "ann@example.com", "bob@example.com")
        server.mailbox.assert_received(recipient="bob@example.com")


def refused_after_data() -> None:
    """The message was refused.

    The program caught the exception, or logged it.
    """
    with running(limits=Limits(message_size=20)) as server:
        with suppress(smtplib.SMTPException), connect(server) as client:
            client.ehlo_or_helo_if_needed()
            client.esmtp_features.pop("size")
            client.sendmail("shop@example.com", "bob@example.com", "Hello!\n" * 9)
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def wrong_password() -> None:
    """Wrong password.

    Secrets are masked; ``session.transcript.text(secrets=True)`` has them.
    """
    with running(auth=Auth.users({"shop": "secret"}), require_auth=True) as server:
        with suppress(smtplib.SMTPException), connect(server) as client:
            client.login("shop", "guess")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def tls_handshake_failed() -> None:
    """The TLS handshake failed.

    The program trusts the certificate authorities of the machine, and not that of this
    server.
    """
    with running(tls=TLS.auto()) as server:
        with suppress(ssl.SSLError), connect(server) as client:
            client.starttls(context=ssl.create_default_context())
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def dropped_in_data() -> None:
    """Dropped in DATA.

    The program, or a proxy, closed the connection before the dot.
    """
    with running() as server:
        with connect(server) as client:
            client.docmd("EHLO app.example.com")
            client.docmd("MAIL FROM:<shop@example.com>")
            client.docmd("RCPT TO:<bob@example.com>")
            client.docmd("DATA")
            client.send("Subject: Welcome\r\n\r\nHello, B")
            client.close()
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def still_connected() -> None:
    """Still connected.

    The program waits for something else.
    """
    with running() as server, connect(server) as client:
        client.docmd("HELO app.example.com")
        client.docmd("MAIL FROM:<shop@example.com>")
        client.docmd("RCPT TO:<bob@example.com>")
        client.docmd("DATA")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def sent_twice() -> None:
    """Sent twice.

    The connections over which they came are shown.
    """
    with running() as server:
        send(server, "bob@example.com")
        send(server, "bob@example.com")
        server.mailbox.assert_received(recipient="bob@example.com", count=1)


def not_to_be_sent() -> None:
    """Sent, and should not have been.

    Such a test waits for 0.2 seconds, or as long as ``within=`` says.
    """
    with running() as server:
        send(server, "bob@example.com")
        server.mailbox.assert_none(recipient="*@example.com")


def another_line() -> None:
    """A long text that differs in one line.

    The line is shown wherever it is, with the lines around it.
    """
    wanted = "".join(f"Item {number}: 5 EUR\n" for number in range(500))
    with running() as server:
        mail = EmailMessage()
        mail.set_content(wanted.replace("Item 420: 5", "Item 420: 6"))
        deliver(server, mail)
        server.mailbox.assert_received(text=wanted)


def another_character() -> None:
    """A long line that differs in one character.

    The text is shown from some characters before the difference on.
    """
    wanted = "".join(f"<li>Item {number}</li>" for number in range(500))
    with running() as server:
        mail = EmailMessage()
        mail.set_content(wanted.replace("Item 420<", "Item 42O<"), subtype="html")
        deliver(server, mail)
        server.mailbox.assert_received(html=wanted)


def invisible_character() -> None:
    """A difference that cannot be seen.

    White space, line ends, Unicode normalization and characters without width are
    named.
    """
    with running() as server:
        mail = EmailMessage()
        mail["Subject"] = "Order\N{NO-BREAK SPACE}17"
        deliver(server, mail)
        server.mailbox.assert_received(subject="Order 17")


def another_byte() -> None:
    """An attachment of the right size.

    The first byte that differs is shown in hexadecimal and as text.
    """
    wanted = b"%PDF-1.7\n" + bytes(range(256))
    with running() as server:
        mail = EmailMessage()
        mail.add_attachment(
            wanted.replace(b"abc", b"aXc"),
            maintype="application",
            subtype="pdf",
            filename="a.pdf",
        )
        deliver(server, mail)
        server.mailbox.assert_received(attachment={"name": "a.pdf", "content": wanted})


def one_letter() -> None:
    """One letter of one address.

    Of many messages the one that is most like the wanted one comes first, and is in
    the first line.
    """
    with running() as server:
        send(server, "bop@example.com")
        send(server, "eve@example.com")
        server.mailbox.assert_received(recipient="bob@example.com", subject="Welcome")


def dropped_by_a_fault() -> None:
    """A fault dropped the connection.

    The rule is shown as it was written: the client did nothing wrong.
    """
    with running() as server:
        server.faults.on("EOD").drop()
        with suppress(smtplib.SMTPException):
            send(server, "bob@example.com")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def refused_by_a_fault() -> None:
    """A fault refused a recipient.

    The rule stands after the reply.
    """
    with running() as server:
        server.faults.on("RCPT", recipient="bob@*").reply(452, "4.2.2 Mailbox full")
        with suppress(smtplib.SMTPException):
            send(server, "bob@example.com")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def discarded_by_a_fault() -> None:
    """A fault threw the message away.

    The client was told that it was accepted, so no connection is shown.
    """
    with running() as server:
        server.faults.on("EOD").discard()
        send(server, "bob@example.com")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def tls_on_a_plain_port() -> None:
    """TLS on a port without.

    The program has ``SMTP_SSL`` where STARTTLS or no TLS is expected.
    """
    with running() as server:
        # What a client of TLS sends first, whatever it hears.
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03")
        assert server.ended.acquire(timeout=PATIENCE)
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def plain_text_on_a_tls_port() -> None:
    """Plain text on a port with TLS.

    The program has ``SMTP`` where ``SMTP_SSL`` is expected.
    """
    with running(tls=TLS.auto(), implicit_tls=True) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"EHLO app.example.com\r\n")
            client.recv(1024)
        assert server.ended.acquire(timeout=PATIENCE)
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def read_as_latin_1() -> None:
    """UTF-8 that was read as ISO-8859-1.

    The program has decoded the text in the wrong charset.
    """
    with running() as server:
        mail = EmailMessage()
        mail["Subject"] = "Grüße".encode().decode("iso-8859-1")
        deliver(server, mail)
        server.mailbox.assert_received(subject="Grüße")


def not_filled_in() -> None:
    """A variable of a template.

    The marks of the usual template languages are known.
    """
    with running() as server:
        mail = EmailMessage()
        mail.set_content("Dear {{ user.name }},\nyour order is on its way.\n")
        deliver(server, mail)
        server.mailbox.assert_received(text="Dear Bob,\nyour order")


def bcc_in_the_header() -> None:
    """A blind copy that everybody can see.

    The program left the field Bcc in the message.
    """
    with running() as server:
        mail = EmailMessage()
        mail["Bcc"] = "bob@example.com"
        deliver(server, mail)
        server.mailbox.assert_received(bcc="bob@example.com")


def other_sender() -> None:
    """A sender that is in the header only.

    ``sender`` and ``recipient`` are those of the envelope, ``to`` and ``cc`` are fields
    of the header.
    """
    with running() as server:
        mail = EmailMessage()
        mail["From"] = "Shop <shop@example.com>"
        deliver(server, mail, sender="bounces@example.com")
        server.mailbox.assert_received(sender="shop@example.com")


def no_field_to() -> None:
    """A recipient that is in the envelope only.

    The message itself names nobody.
    """
    with running() as server:
        send(server, "bob@example.com")
        server.mailbox.assert_received(to="bob@example.com")


def wildcard_in_a_subject() -> None:
    """Wildcards where there are none.

    Addresses, names of users and of attachments take ``*`` and ``?``.  Subjects, texts
    and other fields do not, because a question mark is common there.
    """
    with running() as server:
        send(server, "bob@example.com", subject="Order 17")
        server.mailbox.assert_received(subject="Order*")


def misspelt_argument() -> None:
    """A name that is not there.

    A ``TypeError`` names the one that is almost the same, and those that there are.
    """
    with running() as server:
        server.mailbox.wait_for(recipient="bob@example.com", timout=5)


def attribute_of_another_tool() -> None:
    """An attribute that is not there.

    An ``AttributeError`` says what to use in place of the names of other tools.
    """
    with running() as server:
        send(server, "bob@example.com")
        assert server.mailbox.messages[0].subject == "Welcome"


CASES: list[Callable[[], None]] = [
    no_mail,
    late_message,
    another_server,
    thread_ended,
    wrong_recipient,
    other_subject,
    two_near_misses,
    refused_at_rcpt,
    refused_after_data,
    wrong_password,
    tls_handshake_failed,
    dropped_in_data,
    still_connected,
    sent_twice,
    not_to_be_sent,
    another_line,
    another_character,
    invisible_character,
    another_byte,
    one_letter,
    dropped_by_a_fault,
    refused_by_a_fault,
    discarded_by_a_fault,
    tls_on_a_plain_port,
    plain_text_on_a_tls_port,
    read_as_latin_1,
    not_filled_in,
    bcc_in_the_header,
    other_sender,
    no_field_to,
    wildcard_in_a_subject,
    misspelt_argument,
    attribute_of_another_tool,
]


def failure(case: Callable[[], None]) -> str:
    """Run a case; give what it says."""
    try:
        case()
    except (AssertionError, AttributeError, TypeError) as error:
        return normalized(str(error))
    raise ValueError(f"{case.__name__} does not fail")


def _place(found: re.Match[str]) -> str:
    """Replace a place that is true: a call in the function that is named."""
    function, path, number = found.groups()
    lines = Path(path).read_text().splitlines()
    before = [line for line in lines[: int(number) - 1] if "def " in line]
    is_true = "(" in lines[int(number) - 1] and f"def {function}(" in before[-1]
    return "in welcome, shop/mail.py line 12" if is_true else found[0]


def normalized(text: str) -> str:
    """Replace what is another thing each time."""
    for pattern, replacement in (
        (r"(?<=127\.0\.0\.1:)\d+", "50000"),
        (r"(?<=port )\d+", "41234"),
        (r"\d+\.\d(?= s ago)", "0.1"),
        (r"\d+\.\d(?= s after the wait ended)", "0.6"),
        (r"in (\w+), (\S+) line (\d+)", _place),
        (r"(?<=334 PD)\S{20,}", "EuMkBteC5leGFtcGxlLmNvbT4="),
        (r"ESMTP .* version .*", "ESMTP"),
        # Python tells that from 3.12 on only.
        (r"(?m)^The program caught .*\n\n", ""),
        # OpenSSL's own words depend on its version.
        (r"\[.*unknown ca.*\]", "[('SSL routines', '', 'tlsv1 alert unknown ca')]"),
        (r"\[.*SSL.*number.*\]", "[('SSL routines', '', 'wrong version number')]"),
    ):
        text = re.sub(pattern, replacement, text)
    # In lower case or in upper, depending on the version of smtplib.
    text = re.sub(r"(?i)(?<=-> )(ehlo|mail from|rcpt to|data|rset)", _upper, text)
    return "".join(map(_timed, re.split(r"(?m)^(?=Session )", text)))


def _upper(found: re.Match[str]) -> str:
    return found[0].upper()


def _timed(session: str) -> str:
    """Let each line take a millisecond."""
    lines = count()
    return re.sub(
        r"(?m)^ +\d+\.\d{3}(?= )", lambda _: f"{next(lines) / 1000:9.3f}", session
    )


def section(case: Callable[[], None]) -> str:
    """Write what the page has of a case."""
    title, _, story = inspect.getdoc(case).partition("\n")  # type: ignore[union-attr]
    title = title.rstrip(".")
    code = dedent(inspect.getsource(case).split('"""\n', 2)[1]).lstrip("\n")
    parts = [
        f"{title}\n{'=' * len(title)}",
        f"{story.strip()}\n\n::",
        indent(code, "    ").rstrip(),
        "The test says::",
        indent(failure(case), "    "),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text("\n\n".join([INTRO, *map(section, CASES)]))


if __name__ == "__main__":
    main()
