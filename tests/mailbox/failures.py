"""Tests that fail, and the page that shows what they say.

``python tests/mailbox/failures.py`` writes ``doc/failures.rst``; a test says whether
that has to be done.
"""

from __future__ import annotations

import inspect
import re
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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

A test of mail fails because something is *not* there, and that says little.  So a
failure of ``wait_for``, ``assert_received`` or ``assert_none`` says what was wanted,
what came instead and how that differs, and what was said on the connections that
were refused or broke off.  Its first line has the reason, as far as that is known.

Here is what it says in the usual cases.  All of it comes from running what stands
above it; only the times and the ports are made up.  ``running()`` stands for a
``CaptureServer`` in a ``Controller``; ``connect()`` is an ``smtplib.SMTP`` to it, and
``send()`` sends a message with that.

In the transcripts ``->`` is said by the client and ``<-`` by the server, ``<**`` is a
refusal, ``===`` is not said but happens, and within TLS there is ``~`` for ``-``.  The
figures are seconds.

The error is an ``AssertionError``.  Where something is missing it is a
``NotReceived``, which is a ``TimeoutError`` too, and has more than its text:
``arrived`` is all that did arrive, and ``sessions`` are the connections with their
whole transcripts.
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


# The cases. Their docstrings and what they do are what the page shows.


def no_mail() -> None:
    """No mail.

    The program never came to the point, or it has another host or port.
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
    hosts; errors that ended a thread; and on Python 3.12 and later errors of mail
    that the program caught.
    """
    with running() as server, running() as other:
        send(other, "bob@example.com")
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def wrong_recipient() -> None:
    """Wrong recipient.

    There is a message, and it went to somebody else.
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

    What misses least comes first.  A text of several lines is compared line by line.
    """
    with running() as server:
        send(server, "bob@example.com")
        send(server, "eve@example.com")
        server.mailbox.assert_received(
            recipient="bob@example.com", text="Hello!\nYour code is 4711.\n"
        )


def refused_at_rcpt() -> None:
    """Refused at RCPT.

    ``sendmail`` raises only if every recipient is refused.  What it returns was
    ignored.
    """
    with running(limits=Limits(recipients=1)) as server:
        send(server, "ann@example.com", "bob@example.com")
        server.mailbox.assert_received(recipient="bob@example.com")


def refused_after_data() -> None:
    """The message was refused.

    The program has caught the exception, or has it in a log that nobody reads.
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

    The program trusts the authorities of the machine, and not this server's.
    """
    with running(tls=TLS.auto()) as server:
        with suppress(ssl.SSLError), connect(server) as client:
            client.starttls(context=ssl.create_default_context())
        server.mailbox.wait_for(recipient="bob@example.com", timeout=0.1)


def dropped_in_data() -> None:
    """Dropped in DATA.

    The program, or what is between, has closed the connection before the dot.
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

    The program waits for something, but not for the server.
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

    Such a test waits, for 0.2 seconds if it is not told how long.
    """
    with running() as server:
        send(server, "bob@example.com")
        server.mailbox.assert_none(recipient="*@example.com")


CASES: list[Callable[[], None]] = [
    no_mail,
    late_message,
    another_server,
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
]


def failure(case: Callable[[], None]) -> str:
    """Run a case; give what it says."""
    try:
        case()
    except AssertionError as error:
        return normalized(str(error))
    raise ValueError(f"{case.__name__} does not fail")


def normalized(text: str) -> str:
    """Replace what is another thing each time."""
    for pattern, replacement in (
        (r"(?<=127\.0\.0\.1:)\d+", "50000"),
        (r"(?<=port )\d+", "41234"),
        (r"\d+\.\d(?= s ago)", "0.1"),
        (r"\d+\.\d(?= s after the wait ended)", "0.6"),
        (r"in \w+, \S+ line \d+", "in welcome, shop/mail.py line 12"),
        (r"(?<=334 PD)\S{20,}", "EuMkBteC5leGFtcGxlLmNvbT4="),
        (r"ESMTP .* version .*", "ESMTP"),
        # OpenSSL's own words depend on its version.
        (r"(?<=failed: )\[.*\]", "[('SSL routines', '', 'tlsv1 alert unknown ca')]"),
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
    code = dedent(inspect.getsource(case).split('"""\n', 2)[1])
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
