"""``--ca-file`` of the commands that read a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest import TLS, CaptureController, CaptureServer, Settings
from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.probe import Address, Probe, ProbeError
from lazr_smtptest.cli.trust import trust

# Nothing listens there: the file is read before.
HTTPS = "https://127.0.0.1:1"
PATIENCE = 60.0

COMMANDS = {
    "list": ["list", HTTPS],
    "search": ["search", HTTPS, "x"],
    "show": ["show", HTTPS],
    "wait": ["wait", HTTPS, "--timeout=1"],
    "delete": ["delete", HTTPS, "--all"],
    "sessions": ["sessions", HTTPS],
    "transcript": ["transcript", HTTPS],
    "export": ["export", HTTPS, "eml:out"],
    "import": ["import", HTTPS, "mail.eml"],
    "copy": ["copy", HTTPS, "mbox:out"],
    "mcp": ["mcp", f"--url={HTTPS}"],
}


@pytest.fixture
def authority(tmp_path: Path) -> tuple[TLS, Path]:
    """A certificate, and the file of its CA."""
    tls, file = TLS.auto(), tmp_path / "ca.pem"
    file.write_bytes(tls.ca_pem)
    return tls, file


@pytest.fixture
def probe() -> Callable[[TLS, Path], None]:
    """Asks a server with this certificate whether it is ready; it trusts a file."""

    def run(tls: TLS, file: Path) -> None:
        settings = CaptureServer()
        settings.settings = Settings(tls=tls, implicit_tls=True)
        with CaptureController(server=settings) as server:
            address = Address("127.0.0.1", server.port)
            Probe("smtps", address, ca_file=str(file)).run(PATIENCE)

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_reads_the_file(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing one is an error in one line, with status 2."""
    monkeypatch.chdir(tmp_path)
    Path("mail.eml").write_bytes(b"Subject: x\r\n\r\n")
    try:
        status: object = main([*COMMANDS[command], "--ca-file=none.pem"])
    except SystemExit as error:
        status = error.code
    assert status == 2
    error_text = capsys.readouterr().err
    assert "--ca-file: none.pem: No such file or directory" in error_text


def test_the_variable_of_the_server_names_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error calls it by that name."""
    monkeypatch.setenv("SMTPTEST_CA_FILE", "none.pem")
    with pytest.raises(ValueError, match=r"^SMTPTEST_CA_FILE: none\.pem: No such file"):
        trust(None, HTTPS)


def test_the_variable_is_only_read_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server, which writes that file, may have none yet."""
    monkeypatch.setenv("SMTPTEST_CA_FILE", "none.pem")
    assert trust(None, "http://127.0.0.1:1", "sqlite:mail.db") is True


def test_the_option_without_https_is_an_error() -> None:
    """It would do nothing."""
    with pytest.raises(ValueError, match="--ca-file needs the URL of a server with ht"):
        trust("ca.pem", "sqlite:mail.db")


def test_a_file_without_a_certificate_is_an_error(tmp_path: Path) -> None:
    """In words that say so."""
    file = tmp_path / "ca.pem"
    file.write_text("hello")
    with pytest.raises(ValueError, match=r"--ca-file: .*: no certificate in PEM"):
        trust(str(file), HTTPS)


def test_a_probe_trusts_the_ca_in_the_file(
    authority: tuple[TLS, Path], probe: Callable[[TLS, Path], None]
) -> None:
    """Whatever the name of the server is."""
    probe(*authority)


def test_a_probe_does_not_trust_another_ca(
    authority: tuple[TLS, Path], probe: Callable[[TLS, Path], None]
) -> None:
    """It says so in a line."""
    with pytest.raises(ProbeError, match="its certificate is not trusted: "):
        probe(TLS.auto(), authority[1])


def test_a_probe_waits_for_the_file(
    tmp_path: Path, probe: Callable[[TLS, Path], None]
) -> None:
    """The server may not have written it yet: it is not ready."""
    with pytest.raises(ProbeError, match=r"--ca-file: .*: No such file or directory"):
        probe(TLS.auto(), tmp_path / "none.pem")
