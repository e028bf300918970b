"""``smtptest --pop3``: mail programs read what is taken."""

from __future__ import annotations

import poplib
import ssl
from contextlib import closing

import pytest

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options

from ..commands import PATIENCE, Start, send

POP3 = "--pop3=tcp:0:interface=127.0.0.1"
POP3S = "--pop3s=tcp:0:interface=127.0.0.1"


def subjects(client: poplib.POP3, user: str = "anybody") -> list[str]:
    """Log in; return the subjects of all messages."""
    with closing(client):
        client.user(user)
        client.pass_("x")
        heads = [client.top(each + 1, 0)[1] for each in range(client.stat()[0])]
        client.quit()
    return [
        line.decode().partition(": ")[2]
        for lines in heads
        for line in lines
        if line.lower().startswith(b"subject:")
    ]


def test_what_is_sent_is_read(start: Start) -> None:
    """On the port of the line for waiting programs."""
    process = start("smtptest", "--port=0", "--no-http", POP3)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) pop3=(\d+)$").groups()
    send(int(smtp))
    client = poplib.POP3("127.0.0.1", int(port), timeout=PATIENCE)
    assert subjects(client) == ["hello"]


def test_it_is_read_within_tls(start: Start) -> None:
    """With the certificate of SMTP."""
    process = start("smtptest", "--port=0", "--no-http", "--tls=auto", POP3S)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) pop3s=(\d+)$").groups()
    send(int(smtp))
    context = ssl._create_unverified_context()
    client = poplib.POP3_SSL("127.0.0.1", int(port), timeout=PATIENCE, context=context)
    assert subjects(client) == ["hello"]


def test_a_user_sees_the_mail_to_an_address(start: Start) -> None:
    """With ``--accounts``."""
    process = start("smtptest", "--port=0", "--no-http", "--accounts", POP3)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) pop3=(\d+)$").groups()
    send(int(smtp))
    for user, found in (("r0@example.com", ["hello"]), ("x@example.com", [])):
        client = poplib.POP3("127.0.0.1", int(port), timeout=PATIENCE)
        assert subjects(client, user) == found


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--accounts"], "--accounts needs --imap, --imaps, --pop3 or --pop3s"),
        (["--pop3-apop"], "--pop3-apop needs --pop3 or --pop3s"),
        (["--pop3-newest-first"], "--pop3-newest-first needs --pop3 or --pop3s"),
        ([POP3S], "--pop3s needs --tls"),
        ([POP3, "--workers=2"], "--pop3 with --workers needs a store on a disk, "),
    ],
)
def test_a_wrong_option_is_told_at_the_start(arguments: list[str], line: str) -> None:
    """In one line."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(line)
