"""``smtptest send``: files become mail."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.cli.main import main

MESSAGE = (
    b"From: Anna <anna@example.com>\nTo: Bob <bob@example.com>\n"
    b"Cc: carl@example.com\nSubject: Hello\n\nHi.\n"
)


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """A server that keeps what it gets."""
    with CaptureController() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a message."""
    path = tmp_path / "message.eml"
    path.write_bytes(MESSAGE)
    return path


def send(server: CaptureController, *arguments: object) -> int:
    port = f"--port={server.port}"
    return main(["send", port, *map(str, arguments)])


def test_the_header_says_from_whom_and_to_whom(
    server: CaptureController, file: Path
) -> None:
    """If nothing else does."""
    assert send(server, file) == 0
    [mail] = server
    assert mail.mail_from == "anna@example.com"
    assert mail.rcpt_tos == ("bob@example.com", "carl@example.com")


def test_the_content_is_that_of_the_file(server: CaptureController, file: Path) -> None:
    """With the line ends of the wire."""
    send(server, file)
    [mail] = server
    assert mail.content == MESSAGE.replace(b"\n", b"\r\n")


def test_options_go_before_the_header(server: CaptureController, file: Path) -> None:
    """The envelope is what they say."""
    send(
        server, "--from=x@example.com", "--to=y@example.com", "--to=z@example.com", file
    )
    [mail] = server
    assert mail.mail_from == "x@example.com"
    assert mail.rcpt_tos == ("y@example.com", "z@example.com")


def test_eight_bit_content_is_declared(server: CaptureController, file: Path) -> None:
    """As RFC 6152 wants it."""
    file.write_bytes(MESSAGE + "é\n".encode())
    send(server, file)
    [mail] = server
    assert mail.mail_options["BODY"] == "8BITMIME"


def test_a_dash_is_the_standard_input(
    server: CaptureController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may write the message."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGE)))
    assert send(server, "-") == 0
    assert server.latest.subject == "Hello"


def test_a_file_that_fails_does_not_stop_the_others(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a line on the standard error, and the status is 1."""
    assert send(server, file.with_name("missing.eml"), file) == 1
    assert len(list(server)) == 1
    assert "missing.eml: No such file or directory" in capsys.readouterr().err


def test_a_message_without_recipients_is_one_line(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to name one."""
    file.write_bytes(b"Subject: Hello\n\nHi.\n")
    assert send(server, file) == 1
    assert "no recipient in its header; name one with --to" in capsys.readouterr().err


def test_a_refused_recipient_is_named(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reply."""
    server.faults.on("RCPT", recipient="bob@example.com").reply(550, "5.1.1 nobody")
    assert send(server, file) == 1
    assert "bob@example.com refused: 550 5.1.1 nobody" in capsys.readouterr().err


def test_a_refused_message_shows_the_reply(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That to its end."""
    server.faults.on("EOD").reply(554, "5.7.1 spam")
    assert send(server, file) == 1
    assert "message.eml: refused: 554 5.7.1 spam" in capsys.readouterr().err


def test_without_a_server_it_is_one_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the address that was tried."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["send", f"--port={port}", str(file)]) == 1
    assert f"no server at 127.0.0.1:{port}" in capsys.readouterr().err
