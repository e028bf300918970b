"""``smtptest --imap``: mail programs read what is taken."""

from __future__ import annotations

import imaplib
import ssl
from pathlib import Path

import pytest

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.places import READER_PORTS

from ..commands import LOOPBACK, PATIENCE, Start, send

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


def parsed(*arguments: str) -> Options:
    """Parse a command line."""
    options = Options()
    options.parseOptions(arguments)
    return options


@pytest.mark.parametrize(
    ("name", "port"), [("imap", 1143), ("imaps", 1993), ("pop3", 1110), ("pop3s", 1995)]
)
def test_readers_stands_for_the_usual_ports(name: str, port: int) -> None:
    """Of this machine only."""
    assert parsed("--readers")[name] == f"tcp:{port}:interface=127.0.0.1"


def test_readers_makes_a_certificate() -> None:
    """What begins with TLS needs one."""
    assert parsed("--readers")["tls"] == "auto"


def test_readers_leaves_what_is_set() -> None:
    """The endpoints, and the certificate."""
    options = parsed("--readers", IMAP, "--tls=a.pem,b.pem")
    assert options["imap"] == "tcp:0:interface=127.0.0.1"
    assert options["imaps"] == "tcp:1993:interface=127.0.0.1"
    assert options["tls"] == "a.pem,b.pem"


def test_other_options_may_rest_on_readers() -> None:
    """Those that need TLS, or something that mail programs read by."""
    own = ("--accounts", "--pop3-apop", "--imap-own-seen")
    options = parsed("--readers", "--require-tls", *own)
    assert options["require-tls"]


ALL_READERS = [
    "--readers",
    *(f"--{name}=tcp:0:interface=127.0.0.1" for name in READER_PORTS),
]


def test_the_start_shows_the_file_with_the_ca_of_readers(start: Start) -> None:
    """A client trusts it; the file goes with the server."""
    process = start("smtptest", "--port=0", "--no-http", *ALL_READERS)
    file = Path(process.wait_for(r"^  CA +(/.+/ca\.pem)$")[1])
    smtp, port = process.wait_for(r"^ready smtp=(\d+) .*imaps=(\d+)").groups()
    send(int(smtp))
    context = ssl.create_default_context(cafile=str(file))
    client = imaplib.IMAP4_SSL(
        "localhost", int(port), timeout=PATIENCE, ssl_context=context
    )
    assert subjects(client) == ["hello"]
    assert process.terminate() == 0
    assert not file.parent.exists()


def test_readers_tell_the_ca_that_an_option_names(start: Start, tmp_path: Path) -> None:
    """Under twistd in its log; the file stays."""
    file = tmp_path / "own.pem"
    process = start("twistd", *LOOPBACK, "--no-http", *ALL_READERS, f"--ca-file={file}")
    process.wait_for(rf"the CA that clients of TLS have to trust is in {file}$")
    process.terminate()
    assert file.exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--accounts"], "--accounts needs --imap, --imaps, --pop3 or --pop3s"),
        (["--imap-own-seen"], "--imap-own-seen needs --imap or --imaps"),
        ([IMAPS], "--imaps needs --tls"),
        ([IMAP, "--workers=2"], "--imap with --workers needs a store on a disk, "),
    ],
)
def test_a_wrong_option_is_told_at_the_start(arguments: list[str], line: str) -> None:
    """In one line."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(line)
