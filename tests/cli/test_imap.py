"""``smtptest --imap``: mail programs read what is taken."""

from __future__ import annotations

import imaplib
import ssl

import pytest

from lazr_smtptest.cli.options import OptionError, Options

from ..commands import PATIENCE, Start, send

IMAP = "--imap=tcp:0:interface=127.0.0.1"
IMAPS = "--imaps=tcp:0:interface=127.0.0.1"


def subjects(client: imaplib.IMAP4, user: str = "anybody") -> list[str]:
    """Log in; return the subjects of all messages."""
    client.login(user, "x")
    client.select()
    _, found = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    client.logout()
    heads = [each[1].decode() for each in found if isinstance(each, tuple)]
    return [head.partition(": ")[2].strip() for head in heads]


def test_what_is_sent_is_read(start: Start) -> None:
    """On the port of the line for waiting programs."""
    process = start("smtptest", "--port=0", "--no-http", IMAP)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) imap=(\d+)$").groups()
    send(int(smtp))
    client = imaplib.IMAP4("127.0.0.1", int(port), timeout=PATIENCE)
    assert subjects(client) == ["hello"]


def test_it_is_read_within_tls(start: Start) -> None:
    """With the certificate of SMTP."""
    process = start("smtptest", "--port=0", "--no-http", "--tls=auto", IMAPS)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) imaps=(\d+)$").groups()
    send(int(smtp))
    context = ssl._create_unverified_context()
    client = imaplib.IMAP4_SSL(
        "127.0.0.1", int(port), timeout=PATIENCE, ssl_context=context
    )
    assert subjects(client) == ["hello"]


def test_a_user_sees_the_mail_to_an_address(start: Start) -> None:
    """With ``--accounts``."""
    process = start("smtptest", "--port=0", "--no-http", "--accounts", IMAP)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) imap=(\d+)$").groups()
    send(int(smtp))
    for user, found in (("r0@example.com", ["hello"]), ("x@example.com", [])):
        client = imaplib.IMAP4("127.0.0.1", int(port), timeout=PATIENCE)
        assert subjects(client, user) == found


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--accounts"], "--accounts needs --imap, --imaps, --pop3 or --pop3s"),
        ([IMAPS], "--imaps needs --tls"),
        ([IMAP, "--workers=2"], "--imap with --workers needs a store on a disk, "),
    ],
)
def test_a_wrong_option_is_told_at_the_start(arguments: list[str], line: str) -> None:
    """In one line."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(line)
