"""``smtptest sendmail``: what programs give sendmail, and what they are told."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from lazr_smtptest import TLS, Auth, CaptureController, CaptureServer, Settings
from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.sysexits import Status
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import open_store

from ..commands import ROOT

MESSAGE = b"From: anna@example.com\nTo: bob@example.com\nSubject: Hello\n\nHi.\n"


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """A server that keeps what it gets."""
    with CaptureController() as server:
        yield server


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the message on standard input."""
    give(monkeypatch, MESSAGE)


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def run(server: CaptureController, *arguments: str) -> int:
    """Return the exit status."""
    try:
        return main(["sendmail", f"--port={server.port}", *arguments])
    except SystemExit as end:
        return int(str(end.code))


def only(server: CaptureController) -> Envelope:
    [mail] = server
    return mail


@pytest.mark.usefixtures("stdin")
class TestEnvelope:
    """The sender and the recipients."""

    def test_the_recipients_are_the_arguments(self, server: CaptureController) -> None:
        """Not those of the header."""
        assert run(server, "x@example.com", "Y <y@example.com>, z@example.com") == 0
        assert only(server).rcpt_tos == (
            *("x@example.com", "y@example.com", "z@example.com"),
        )

    def test_the_header_names_them_with_t(self, server: CaptureController) -> None:
        """Beside those of the arguments."""
        assert run(server, "-t", "x@example.com") == 0
        assert only(server).rcpt_tos == ("x@example.com", "bob@example.com")

    def test_bcc_is_not_sent_with_t(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its recipients get the message."""
        give(monkeypatch, b"Bcc: carl@example.com\n" + MESSAGE)
        assert run(server, "-t") == 0
        mail = only(server)
        assert set(mail.rcpt_tos) == {"carl@example.com", "bob@example.com"}
        assert mail.header("bcc") is None

    def test_bcc_is_sent_without_t(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The header is none of our business then."""
        give(monkeypatch, b"Bcc: carl@example.com\n" + MESSAGE)
        assert run(server, "x@example.com") == 0
        assert only(server).header("bcc") == "carl@example.com"

    @pytest.mark.parametrize(
        "option", [["-f", "me@example.com"], ["-fme@example.com"], ["-rme@example.com"]]
    )
    def test_the_sender_is_an_option(
        self, server: CaptureController, option: list[str]
    ) -> None:
        """The value may be attached."""
        assert run(server, *option, "x@example.com") == 0
        assert only(server).mail_from == "me@example.com"

    @pytest.mark.parametrize("null", ["", "<>"])
    def test_the_sender_may_be_null(self, server: CaptureController, null: str) -> None:
        """RFC 5321 section 4.5.5."""
        assert run(server, "-f", null, "x@example.com") == 0
        assert only(server).mail_from == ""

    def test_a_user_gets_the_domain_of_this_machine(
        self, server: CaptureController
    ) -> None:
        """As recipient, and as sender."""
        assert run(server, "-fcron", "root") == 0
        mail, host = only(server), socket.gethostname()
        assert mail.mail_from == f"cron@{host}"
        assert mail.rcpt_tos == (f"root@{host}",)

    def test_a_user_without_a_name_is_nobody(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a container."""

        def fail() -> str:
            raise KeyError("getpwuid(): uid not found: 10001")

        monkeypatch.setattr("getpass.getuser", fail)
        assert run(server, "x@example.com") == 0
        assert only(server).mail_from == f"nobody@{socket.gethostname()}"

    def test_options_of_programs_change_nothing(
        self, server: CaptureController
    ) -> None:
        """Among them those that we have no use for."""
        options = ["-oi", "-oem", "-odi", "-B8BITMIME", "-em", "-U", "-G", "-q30m"]
        assert run(server, *options, "-i", "--", "x@example.com") == 0
        assert only(server).rcpt_tos == ("x@example.com",)

    @pytest.mark.parametrize(
        "words", [["-v@example.com"], ["--store=x@example.com"], ["-q@example.com"]]
    )
    def test_all_words_after_two_dashes_are_recipients(
        self, server: CaptureController, words: list[str]
    ) -> None:
        """A program writes the dashes so that an address is no option."""
        assert run(server, "-i", "--", *words, "x@example.com") == 0
        assert only(server).rcpt_tos == (*words, "x@example.com")

    @pytest.mark.parametrize("option", ["-bi", "-I", "-q", "-qRexample.com"])
    def test_what_has_nothing_to_do_does_nothing(
        self, server: CaptureController, option: str
    ) -> None:
        """Without aliases and a queue."""
        assert run(server, option) == 0
        assert sys.stdin.buffer.read() == MESSAGE
        assert not list(server)

    def test_parameters_of_reports_are_sent(self, server: CaptureController) -> None:
        """RFC 3461."""
        options = ["-Nfailure,delay", "-Rhdrs", "-Vid=1"]
        assert run(server, *options, "x@example.com") == 0
        mail = only(server)
        assert mail.mail_options["RET"] == "HDRS"
        assert mail.mail_options["ENVID"] == "id+3D1"
        assert mail.rcpt_options[0]["NOTIFY"] == "FAILURE,DELAY"


class TestContent:
    """The message on standard input."""

    def test_missing_fields_are_added(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sender is the author."""
        give(monkeypatch, b"Subject: Hi\n\nHello.\n")
        assert run(server, "-fme@example.com", "-FMe Too", "x@example.com") == 0
        mail = only(server)
        assert mail.header("from") == '"Me Too" <me@example.com>'
        assert mail.header("date")
        assert mail.header("message-id")

    def test_a_dot_ends_it(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on the wire."""
        give(monkeypatch, MESSAGE + b".\nmore\n")
        assert run(server, "x@example.com") == 0
        assert only(server).content.endswith(b"\r\n\r\nHi.\r\n")

    @pytest.mark.parametrize("option", ["-i", "-oi", "-ti"])
    def test_a_dot_is_content_with_i(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        """However it is written."""
        give(monkeypatch, MESSAGE + b".\nmore\n")
        assert run(server, option, "x@example.com") == 0
        assert only(server).content.endswith(b"\r\nHi.\r\n.\r\nmore\r\n")

    def test_eight_bit_content_is_declared(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """RFC 6152."""
        give(monkeypatch, MESSAGE + "é\n".encode())
        assert run(server, "x@example.com") == 0
        assert only(server).mail_options["BODY"] == "8BITMIME"


@pytest.mark.usefixtures("stdin")
class TestStatus:
    """The exit status, and the line that says why."""

    @pytest.mark.parametrize(
        ("phase", "code", "status"),
        [
            ("RCPT", 550, Status.NO_USER),
            ("RCPT", 450, Status.TEMPORARY),
            ("MAIL", 550, Status.UNAVAILABLE),
            ("EOD", 554, Status.UNAVAILABLE),
            ("EOD", 451, Status.TEMPORARY),
        ],
    )
    def test_a_refusal_has_a_status(
        self,
        server: CaptureController,
        capsys: pytest.CaptureFixture[str],
        phase: str,
        code: int,
        status: Status,
    ) -> None:
        """With the reply."""
        server.faults.on(phase).reply(code, "5.0.0 no" if code > 500 else "4.0.0 no")
        assert run(server, "x@example.com") == status
        assert f"{code} " in capsys.readouterr().err

    def test_one_refused_recipient_is_told(
        self, server: CaptureController, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The others get the message."""
        server.faults.on("RCPT", recipient="x@example.com").reply(550, "5.1.1 nobody")
        assert run(server, "x@example.com", "y@example.com") == Status.NO_USER
        assert only(server).rcpt_tos == ("y@example.com",)
        error = "smtptest sendmail: x@example.com refused: 550 5.1.1 nobody\n"
        assert capsys.readouterr().err == error

    def test_a_bad_address_of_the_header_is_named(
        self,
        server: CaptureController,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Nothing is sent: a program that writes such a header has a fault."""
        give(monkeypatch, b"To: foo@, b@example.com, x y\n\nHi.\n")
        assert run(server, "-t") == Status.DATA
        assert capsys.readouterr().err == (
            "smtptest sendmail: nothing is sent: 'foo@', 'x y' are no addresses\n"
        )
        assert not list(server)

    def test_a_recipient_refused_for_now_is_no_reason_to_send_again(
        self, server: CaptureController
    ) -> None:
        """The others got the message, and would get it twice."""
        server.faults.on("RCPT", recipient="x@example.com").reply(450, "4.2.0 later")
        assert run(server, "x@example.com", "y@example.com") == Status.NO_USER
        assert only(server).rcpt_tos == ("y@example.com",)

    def test_a_refused_quit_changes_nothing(self, server: CaptureController) -> None:
        """The message was sent."""
        server.faults.on("QUIT").reply(500, "5.5.0 no")
        assert run(server, "x@example.com") == Status.OK

    def test_no_server_is_temporary(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The program may try again."""
        with socket.socket() as taken:
            # Bound, and not listening: nobody else gets the port.
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            status = main(["sendmail", f"--port={port}", "x@example.com"])
        assert status == Status.TEMPORARY
        assert f"no server at 127.0.0.1:{port}" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("options", "status"),
        [
            (["--ca-file={ca}", "--user=me", "--password=x"], Status.NO_PERMISSION),
            (["--user=me", "--password=secret"], Status.PROTOCOL),
        ],
    )
    def test_a_login_and_tls_that_fail_have_one(
        self, tmp_path: Path, options: list[str], status: Status
    ) -> None:
        """A wrong password, and a certificate that is not trusted."""
        tls, server = TLS.auto(), CaptureServer()
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(tls.ca_pem)
        server.settings = Settings(tls=tls, require_auth=True)
        server.auth = Auth.users({"me": "secret"})
        options = [each.format(ca=ca_file) for each in options]
        with CaptureController(server=server) as controller:
            assert run(controller, "--starttls", *options, "x@example.com") == status
            assert not list(controller)

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            (["--tls"], "no TLS with the server at 127.0.0.1:"),
            (["--tls", "-bs"], "no TLS with the server at 127.0.0.1:"),
            (["--starttls"], "STARTTLS extension not supported"),
            (["--user=me", "--password=x"], "AUTH extension not supported"),
        ],
    )
    def test_a_server_without_tls_or_a_login_has_a_status(
        self,
        server: CaptureController,
        capsys: pytest.CaptureFixture[str],
        options: list[str],
        problem: str,
    ) -> None:
        """It does not speak as it was asked for."""
        assert run(server, *options, "x@example.com") == Status.PROTOCOL
        assert problem in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ([], "no recipient; name one, or give -t if the header does"),
            (["-bd", "x@example.com"], "sendmail: -b: invalid choice: 'd'"),
            (["-Nsometimes", "x@example.com"], "not 'sometimes'"),
            (["-Nnever,delay", "x@example.com"], "not 'never,delay'"),
            (["a\nb@example.com"], "'a\\nb@example.com' is no address"),
            (["-f", "a\tb@example.com", "x@example.com"], "is no address"),
            (["-f", "foo bar", "x@example.com"], "'foo bar' is no address"),
            (["foo@", "x@example.com"], "'foo@' is no address"),
            (["", "x@example.com"], "'' is no address"),
            (["--store", "memory", "x@example.com"], "ends with the command"),
            (["--store", "sqlite:x.db", "-bs"], "-bs needs a server, not --store"),
            (["-z", "x@example.com"], "unrecognized arguments: -z"),
        ],
    )
    def test_a_wrong_usage_is_one_line(
        self,
        server: CaptureController,
        capsys: pytest.CaptureFixture[str],
        arguments: list[str],
        problem: str,
    ) -> None:
        """Nothing is sent."""
        assert run(server, *arguments) == Status.USAGE
        error = capsys.readouterr().err
        assert problem in error
        assert error.count("\n") == 1
        assert not list(server)

    def test_no_message_is_told(
        self,
        server: CaptureController,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Nothing is sent."""
        give(monkeypatch, b"")
        assert run(server, "x@example.com") == Status.NO_INPUT
        assert "no message on standard input" in capsys.readouterr().err

    def test_the_conversation_is_printed_with_v(
        self, server: CaptureController, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """After the login."""
        assert run(server, "-v", "x@example.com") == 0
        assert "rcpt to:<x@example.com>" in capsys.readouterr().err.lower()

    def test_the_queue_is_empty(
        self, server: CaptureController, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Mail is sent at once."""
        assert run(server, "-bp") == 0
        assert capsys.readouterr().out == "Mail queue is empty\n"


@pytest.mark.usefixtures("stdin")
class TestStore:
    """Without a server."""

    def test_a_message_goes_into_a_store(
        self, server: CaptureController, tmp_path: Path
    ) -> None:
        """With its envelope."""
        place = f"sqlite:{tmp_path / 'mail.db'}"
        arguments = ["--store", place, "-fme@example.com", "x@example.com"]
        assert run(server, *arguments) == 0
        store = open_store(place)
        try:
            [mail] = store
        finally:
            store.close()
        assert mail.mail_from == "me@example.com"
        assert mail.rcpt_tos == ("x@example.com",)
        assert mail.subject == "Hello"

    @pytest.mark.parametrize("kind", ["sqlite", "maildir", "mbox"])
    def test_the_message_in_a_store_has_the_time_of_now(
        self, server: CaptureController, tmp_path: Path, kind: str
    ) -> None:
        """It is received when it is kept."""
        place = f"{kind}:{tmp_path / 'mail'}"
        before = datetime.now(timezone.utc)
        run(server, "--store", place, "x@example.com")
        with contextlib.closing(open_store(place)) as store:
            [mail] = store
        assert mail.received_at is not None
        assert before <= mail.received_at <= datetime.now(timezone.utc)

    def test_a_store_that_cannot_be_written_has_a_status(
        self,
        server: CaptureController,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The line names it."""
        place = f"sqlite:{tmp_path / 'none' / 'mail.db'}"
        status = run(server, "--store", place, "x@example.com")
        assert status == Status.CANNOT_CREATE
        assert "mail.db" in capsys.readouterr().err


class TestBridge:
    """SMTP on standard input and output."""

    def test_the_client_speaks_with_the_server(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Until it says QUIT."""
        ours, theirs = os.pipe()
        back, written = os.pipe()
        commands = (
            b"HELO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
            b"DATA\r\nSubject: Hi\r\n\r\nHello.\r\n.\r\nQUIT\r\n"
        )
        os.write(theirs, commands)
        with os.fdopen(ours) as stdin, os.fdopen(written, "w") as stdout:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(sys, "stdout", stdout)
            assert run(server, "-bs") == 0
        os.close(theirs)
        with os.fdopen(back, "rb") as replies:
            codes = [line[:3] for line in replies]
        assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
        assert only(server).subject == "Hi"

    def test_lines_may_be_typed(
        self,
        server: CaptureController,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """They end in LF."""
        (tmp_path / "in").write_bytes(b"EHLO me\nQUIT\n")
        with (tmp_path / "in").open() as stdin, (tmp_path / "out").open("w") as out:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(sys, "stdout", out)
            assert run(server, "-bs") == 0
        codes = [line[:3] for line in (tmp_path / "out").read_text().splitlines()]
        assert (codes[0], set(codes[1:-1]), codes[-1]) == ("220", {"250"}, "221")

    def test_the_end_of_input_ends_the_session(
        self, server: CaptureController, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The replies to what came before are written."""
        ours, theirs = os.pipe()
        back, written = os.pipe()
        os.write(theirs, b"NOOP\r\n")
        os.close(theirs)
        with os.fdopen(ours) as stdin, os.fdopen(written, "w") as stdout:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(sys, "stdout", stdout)
            assert run(server, "-bs") == 0
        with os.fdopen(back, "rb") as replies:
            assert [line[:3] for line in replies][:2] == [b"220", b"250"]


@pytest.mark.parametrize("place", ["--help", "the manual"])
def test_each_status_is_explained(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only those that there are."""
    if place == "--help":
        with pytest.raises(SystemExit):
            main(["sendmail", "--help"])
        text = capsys.readouterr().out.partition("Exit status:")[2]
        found = re.findall(r"\b\d+\b", text)
    else:
        text = (ROOT / "doc" / "command.rst").read_text("utf-8")
        text = text.partition("In place of sendmail\n")[2].partition("\n\n\n")[0]
        found = re.findall(r"(?m)^   \* - (\d+)$", text)
    assert sorted(map(int, found)) == sorted(Status)


@pytest.mark.parametrize("name", ["newaliases", "mailq"])
def test_other_links_of_mail_servers_are_known(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have nothing to do."""
    monkeypatch.setattr(sys, "argv", [f"/usr/bin/{name}"])
    assert main() == 0
    expected = "Mail queue is empty\n" if name == "mailq" else ""
    assert capsys.readouterr().out == expected


def test_a_link_of_that_name_is_the_command(
    server: CaptureController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as /usr/sbin/sendmail."""
    give(monkeypatch, MESSAGE)
    link = "/usr/sbin/sendmail"
    monkeypatch.setattr(sys, "argv", [link, f"--port={server.port}", "-t"])
    assert main() == 0
    assert only(server).rcpt_tos == ("bob@example.com",)
