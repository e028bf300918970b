"""``smtptest send``: files become mail."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lazr_smtptest import TLS, Auth, CaptureController, CaptureServer, Settings
from lazr_smtptest.cli.environment import read_environment
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


def test_a_server_without_tls_is_told(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there, so the line does not say that there is none."""
    assert send(server, "--tls", file) == 1
    assert capsys.readouterr().err == (
        f"smtptest send: no TLS with the server at 127.0.0.1:{server.port}: "
        "it answers without TLS\n"
    )


def test_the_header_says_from_whom_and_to_whom(
    server: CaptureController, file: Path
) -> None:
    """If nothing else does."""
    assert send(server, file) == 0
    [mail] = server
    assert mail.mail_from == "anna@example.com"
    assert mail.rcpt_tos == ("bob@example.com", "carl@example.com")


def test_files_after_two_dashes_may_look_like_options(
    server: CaptureController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the option before it."""
    (tmp_path / "--tls").write_bytes(MESSAGE)
    monkeypatch.chdir(tmp_path)
    assert send(server, "--to", "x@example.com", "--", "--tls") == 0
    [mail] = server
    assert mail.rcpt_tos == ("x@example.com",)


def test_a_bad_address_of_the_header_is_named(
    server: CaptureController, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent."""
    file.write_bytes(b"To: foo@, b@example.com\n\nHi.\n")
    assert send(server, file) == 1
    assert capsys.readouterr().err == (f"smtptest send: {file}: 'foo@' is no address\n")
    assert not list(server)


def test_a_header_may_have_many_recipients(
    server: CaptureController, file: Path
) -> None:
    """All of them get the message."""
    names = [f"r{number}@example.com" for number in range(1001)]
    file.write_text(f"To: {', '.join(names)}\n\nHi.\n")
    assert send(server, file) == 0
    assert [name for mail in server for name in mail.rcpt_tos] == names


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
    with socket.socket() as taken:
        # Bound, and not listening: nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["send", f"--port={port}", str(file)]) == 1
    assert f"no server at 127.0.0.1:{port}" in capsys.readouterr().err


# TLS, logins and the environment


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[TLS, str]:
    """TLS for servers, and the file with its CA."""
    tls = TLS.auto()
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    file.write_bytes(tls.ca_pem)
    return tls, str(file)


def protected(authority: tuple[TLS, str], **settings: bool) -> CaptureController:
    """Return a server that needs TLS and a login."""
    server = CaptureServer()
    server.settings = Settings(tls=authority[0], require_auth=True, **settings)
    server.auth = Auth.users({"anna": "secret"}, tls_only=["PLAIN"])
    return CaptureController(server=server)


ANNA = ("--user=anna", "--password=secret")


@pytest.mark.parametrize(
    ("option", "setting"), [("--starttls", "require_tls"), ("--tls", "implicit_tls")]
)
def test_tls_and_a_login(
    authority: tuple[TLS, str], file: Path, option: str, setting: str
) -> None:
    """The certificate is checked."""
    with protected(authority, **{setting: True}) as server:
        assert send(server, option, f"--ca-file={authority[1]}", *ANNA, file) == 0
        mail = server.latest
        assert (mail.user, mail.session.tls is not None) == ("anna", True)


def test_a_certificate_that_is_not_trusted_is_one_line(
    authority: tuple[TLS, str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent, and no password either."""
    with protected(authority) as server:
        assert send(server, "--starttls", *ANNA, file) == 1
        assert len(server) == 0
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("smtptest send: ")
    assert "certificate verify failed" in line


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (ANNA, "535 5.7.8"),
        (("--starttls",), "STARTTLS extension not supported"),
    ],
)
def test_what_the_server_refuses_is_one_line(
    file: Path, capsys: pytest.CaptureFixture[str], options: Sequence[str], why: str
) -> None:
    """A login, or TLS; the password is not shown."""
    server = CaptureServer()
    server.auth = Auth.users({"anna": "another"})
    with CaptureController(server=server) as running:
        assert send(running, *options, file) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert why in line
    assert "secret" not in line


@pytest.mark.parametrize("place", ["file", "variable", "variable of a file"])
def test_the_password_may_come_from_elsewhere(
    place: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the list of processes does not show it."""
    secret = tmp_path / "secret"
    secret.write_text("secret\nmore\n")
    options = ["--user=anna"]
    if place == "file":
        monkeypatch.setenv("SMTPTEST_PASSWORD", "wrong")
        options.append(f"--password-file={secret}")
    elif place == "variable":
        options = []
        monkeypatch.setenv("SMTPTEST_USER", "anna")
        monkeypatch.setenv("SMTPTEST_PASSWORD", "secret")
    else:
        monkeypatch.setenv("SMTPTEST_PASSWORD_FILE", str(secret))
    server = CaptureServer()
    server.auth = Auth.users({"anna": "secret"})
    with CaptureController(server=server) as running:
        assert send(running, *options, file) == 0
        assert running.latest.user == "anna"


def test_the_environment_has_the_address(
    server: CaptureController, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a server which listens on all addresses, too."""
    monkeypatch.setenv("SMTPTEST_HOST", "0.0.0.0")
    monkeypatch.setenv("SMTPTEST_PORT", str(server.port))
    assert main(["send", str(file)]) == 0
    assert len(server) == 1


def test_variables_of_an_orchestrator_are_not_the_address(
    server: CaptureController, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SMTPTEST_PORT`` may be the URL of a neighbour."""
    monkeypatch.setenv("SMTPTEST_PORT", "tcp://10.0.0.1:1025")
    assert send(server, file) == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--port=0"], "--port is a number from 1 to 65535, not '0'"),
        (["--from=a b"], "'a b' is no address"),
        (["--to=x@example.com", "--to="], "'' is no address"),
        (["--port=x"], "--port is a number from 1 to 65535, not 'x'"),
        (["--tls", "--starttls"], "not allowed with"),
        (["--ca-file=x"], "--ca-file needs --tls or --starttls"),
        (["--tls", "--ca-file=missing"], "--ca-file: missing: No such file"),
        (["--user=anna"], "--user needs --password, --password-file or SMTPTEST_"),
        (["--password=secret"], "a password needs --user"),
        (["--user=a", "--password-file=missing"], "missing: No such file"),
        (["--user=a", f"--password-file={os.devnull}"], "it is empty"),
    ],
)
def test_wrong_options_have_status_2(
    capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    """The last line says why."""
    with pytest.raises(SystemExit) as ended:
        main(["send", *options, "message.eml"])
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert why in last
    assert "secret" not in last


@pytest.mark.parametrize("name", ["USER", "PASSWORD", "PASSWORD_FILE"])
def test_a_server_ignores_the_variables_of_a_client(name: str) -> None:
    """One environment may be for both."""
    assert read_environment({f"SMTPTEST_{name}": "x"}, ["port"]) == {}
