"""``smtptest --http``: mail is read while it is taken."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import attrs
import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli.application import Process
from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tap import makeService
from lazr_smtptest.readers.context import AbsentError, ReaderContext

from ..commands import COMMANDS, PATIENCE, Start, send
from ..commands import Process as Started

ROOT = Path(__file__).parents[2]
HTTP = "--http=tcp:0:interface=127.0.0.1"


def get(port: str, path: str) -> tuple[int, Any]:
    """Make a GET request; return the status and the JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@attrs.frozen
class Running:
    """A server with HTTP, and where it listens."""

    process: Started
    smtp: int
    http: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server of the tests that change nothing of it."""
    command = [*COMMANDS["smtptest"], "--port=0", HTTP]
    process = Started(command, tmp_path_factory.mktemp("running"))
    try:
        smtp, http = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
        yield Running(process, int(smtp), http)
    finally:
        process.close()


@pytest.mark.slow
def test_what_is_sent_is_read(running: Running) -> None:
    """By another program, in the same moment."""
    send(running.smtp)
    status, found = get(running.http, "/api/v2/wait?query=subject:hello&timeout=60")
    assert status == 200
    assert found["messages"][0]["envelope"]["mail_from"] == "s@example.com"


@pytest.mark.slow
def test_the_start_says_where_http_is(running: Running) -> None:
    """Beside SMTP."""
    assert f"  HTTP   http://127.0.0.1:{running.http}/" in running.process.lines


def test_twistd_takes_the_same_option(start: Start) -> None:
    """There is one table of options."""
    process = start("twistd", "--smtp=tcp:0:interface=127.0.0.1", HTTP)
    port = process.wait_for(r"listening on 127\.0\.0\.1:(\d+) \(http")[1]
    assert get(port, "/api/v2/messages")[0] == 200


def test_a_port_that_is_taken_is_one_line_and_status_1(
    running: Running, start: Start
) -> None:
    """Before any mail is taken."""
    endpoint = f"tcp:{running.http}:interface=127.0.0.1"
    process = start("smtptest", "--port=0", f"--http={endpoint}")
    assert process.wait() == 1
    assert process.lines[-1].startswith(f"smtptest: cannot listen on {endpoint}: ")
    assert process.lines[-1].endswith(
        "; --http ENDPOINT names another address, --no-http switches HTTP off"
    )


@pytest.mark.slow
def test_the_mail_of_all_workers_is_read_in_one_place(start: Start) -> None:
    """The process that starts them reads their store."""
    process = start(
        "smtptest", "--port=0", "--workers=2", "--store=sqlite:mail.db", HTTP
    )
    smtp, port = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    for _ in range(4):
        send(int(smtp))
    status, found = get(port, "/api/v2/wait?count=4&timeout=60")
    assert (status, len(found["messages"])) == (200, 4)


def context_of(*arguments: str) -> ReaderContext:
    """Return what the HTTP side of a command gets of its process."""
    options = Options()
    options.parseOptions([*arguments, HTTP])
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, Process)
    [service] = process.readers
    context = service._context
    assert isinstance(context, ReaderContext)
    return context


def test_a_reader_gets_the_server() -> None:
    """Its rules, sessions, certificates and logins."""
    context = context_of("--tls=auto", "--auth=any")
    assert context.needed_faults().rules == ()
    assert list(context.needed_sessions()) == []
    assert None not in (context.tls, context.auth, context.handler, context.settings)


def test_a_reader_beside_workers_is_told_what_is_not_there(tmp_path: Path) -> None:
    """The rules and the open sessions are in the workers."""
    context = context_of(
        "--workers=3", f"--store=sqlite:{tmp_path}/mail.db", "--tls=auto", "--auth=any"
    )
    for needed in (context.needed_faults, context.needed_sessions):
        with pytest.raises(AbsentError, match="in the 3 processes of --workers"):
            needed()
    with pytest.raises(AbsentError) as error:
        context.needed_settings()
    assert str(error.value) == (
        "there are no settings that can be changed here: they are in the 3 processes "
        "of --workers; --faults FILE sets them at the start, for all of these"
    )
    assert None not in (context.tls, context.auth, context.handler, context.settings)


class TestTheDefault:
    """Where ``smtptest`` answers HTTP if no option says it."""

    def options(self, *arguments: str) -> Options:
        options = Options()
        options.http_default = DEFAULT_HTTP
        options.parseOptions(arguments)
        return options

    def test_it_is_port_8025_of_this_machine(self) -> None:
        assert self.options()["http"] == "tcp:8025:interface=127.0.0.1"

    def test_an_endpoint_replaces_it(self) -> None:
        assert self.options(HTTP)["http"] == "tcp:0:interface=127.0.0.1"

    def test_it_can_be_switched_off(self) -> None:
        assert self.options("--no-http", "--http-auth=a:b")["http"] is None

    def test_other_options_apply_to_it(self) -> None:
        assert self.options("--http-auth=a:b")["http"] == DEFAULT_HTTP

    def test_it_is_off_where_each_worker_has_a_memory(self) -> None:
        options = self.options("--workers=2")
        assert options["http"] is None
        [note] = options.notes
        assert note.startswith("HTTP is off: --http with --workers needs a store")

    def test_it_is_on_beside_workers_with_a_database(self) -> None:
        options = self.options("--workers=2", "--store=sqlite:mail.db")
        assert (options["http"], options.notes) == (DEFAULT_HTTP, [])

    def test_the_command_line_overrides_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMTPTEST_NO_HTTP", "1")
        assert self.options()["http"] is None
        assert self.options(HTTP)["http"] == "tcp:0:interface=127.0.0.1"

    def test_twistd_has_none(self) -> None:
        options = Options()
        options.parseOptions([])
        assert options["http"] is None


class TestPlaces:
    """The endpoints of options, as people write them."""

    @pytest.mark.parametrize("name", ["http", "mailhog", "smtp", "lmtp"])
    @pytest.mark.parametrize(
        ("text", "endpoint"),
        [
            ("8025", "tcp:8025:interface=127.0.0.1"),
            ("localhost:8025", "tcp:8025:interface=127.0.0.1"),
            ("0.0.0.0:8025", "tcp:8025:interface=0.0.0.0"),
            ("[::1]:8025", "tcp6:8025:interface=\\:\\:1"),
            ("tcp:8025", "tcp:8025"),
            ("unix:1", "unix:1"),
        ],
    )
    def test_a_port_is_enough(self, name: str, text: str, endpoint: str) -> None:
        options = Options()
        options.parseOptions([f"--{name}={text}"])
        assert options[name] in (endpoint, [endpoint])

    @pytest.mark.parametrize("name", ["http", "mailhog", "smtp"])
    def test_an_option_of_a_port_is_answered_by_the_one_that_takes_it(
        self, name: str
    ) -> None:
        options = Options()
        with pytest.raises(OptionError, match=rf"did you mean --{name} PORT\?$"):
            options.parseOptions([f"--{name}-port", "8025"])

    def test_a_wrong_one_is_answered_by_the_right_forms(self) -> None:
        with pytest.raises(OptionError, match="use PORT, HOST:PORT, or tcp:PORT"):
            LoggedEndpoint(MemoryReactorClock(), "nope:1")

    def test_the_first_command_of_the_page_of_mailhog_can_listen(self) -> None:
        page = (ROOT / "doc" / "mailhog.rst").read_text()
        [command] = re.findall(r"\$ smtptest (.*)", page)
        options = Options()
        options.http_default = DEFAULT_HTTP
        options.parseOptions(command.split())
        assert options["mailhog"] == DEFAULT_HTTP
        assert options["http"] is None


class TestMailHogAtThePortOfHTTP:
    """Both cannot listen there, and who names MailHog means it."""

    def options(self, *arguments: str) -> Options:
        options = Options()
        options.http_default = DEFAULT_HTTP
        options.parseOptions(arguments)
        return options

    @pytest.mark.parametrize("place", ["8025", "0.0.0.0:8025", "tcp:8025"])
    def test_http_gives_way_and_says_so(self, place: str) -> None:
        options = self.options("--mailhog", place)
        assert options["http"] is None
        assert options.notes == [
            "HTTP is off: its port is that of --mailhog; --http ENDPOINT names another "
            "one"
        ]

    @pytest.mark.parametrize("place", ["8026", "tcp6:8025:interface=\\:\\:1", "unix:s"])
    def test_http_stays_where_mailhog_has_another_place(self, place: str) -> None:
        options = self.options("--mailhog", place)
        assert (options["http"], options.notes) == (DEFAULT_HTTP, [])

    def test_http_of_the_environment_gives_way(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The image sets it, and a variable of MailHog is meant for this container."""
        monkeypatch.setenv("SMTPTEST_HTTP", "tcp:8025:interface=0.0.0.0")
        monkeypatch.setenv("MH_UI_BIND_ADDR", "0.0.0.0:8025")
        options = self.options()
        assert options["http"] is None
        assert options["mailhog"] == "tcp:8025:interface=0.0.0.0"
        assert "its port is that of MH_UI_BIND_ADDR" in options.notes[0]

    def test_http_of_the_command_line_stays(self) -> None:
        options = self.options("--mailhog", "8025", "--http", "8025")
        assert (options["http"], options.notes) == (DEFAULT_HTTP, [])

    def test_a_base_path_is_that_of_mailhog_then(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MH_UI_BIND_ADDR", "127.0.0.1:8025")
        monkeypatch.setenv("MH_UI_WEB_PATH", "mail")
        assert self.options()["http-base"] == "/mail"


def test_a_taken_port_of_mailhog_names_the_way_out(start: Start) -> None:
    """The port of HTTP in the same process is one of them."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("smtptest", "--port=0", HTTP, f"--mailhog={port}")
        assert process.wait() == 1
    assert process.lines[-1].endswith(
        "; --mailhog ENDPOINT names another address, --no-http switches HTTP off, "
        "which is at tcp:0:interface=127.0.0.1"
    )


def test_the_default_port_is_used_or_named_in_the_error(start: Start) -> None:
    """Another program on this machine may have taken it."""
    # With --port 0 HTTP would take any free port, too.
    process = start(
        *("smtptest", "--smtp=tcp:0:interface=127.0.0.1"),
        environment={"SMTPTEST_NO_HTTP": "0"},
    )
    found = process.wait_for(r"^ready smtp=\d+ http=8025$|cannot listen on tcp:8025:")
    if not found[0].startswith("ready"):
        assert "--no-http switches HTTP off" in found.string


def test_https_is_answered_below_a_path(start: Start, tmp_path: Path) -> None:
    """A client that trusts the CA of the server reads; it negotiates as browsers do."""
    process = start(
        *("smtptest", "--port=0", HTTP, "--http-tls=auto", "--http-base=/mail"),
        "--ca-file=ca.pem",
    )
    url = process.wait_for(r"^  HTTP   (https://127\.0\.0\.1:\d+/mail/)$")[1]
    process.wait_for("^ready ")
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with urlopen(f"{url}readyz", timeout=PATIENCE, context=trust) as answer:
        assert (answer.status, answer.read()) == (200, b"")


def test_the_commands_trust_the_ca_that_the_server_writes(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same variable; so the health check looks at the certificate, too."""
    monkeypatch.setenv("SMTPTEST_CA_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SMTPTEST_HTTP_TLS", "auto")
    process = start("smtptest", "--port=0", HTTP, "--ready-file=ready.env")
    url = process.wait_for(r"^  HTTP   (https://127\.0\.0\.1:\d+/)$")[1]
    process.wait_for("^ready ")
    assert main(["list", url]) == 0
    assert main(["ready", f"--ready-file={tmp_path / 'ready.env'}"]) == 0


@pytest.mark.parametrize(
    ("arguments", "warned"), [((), True), (("--http-auth=a:b",), False)]
)
def test_a_warning_tells_that_anybody_may_read(
    start: Start, arguments: tuple[str, ...], warned: bool
) -> None:
    """On an address that other machines reach, without a login."""
    process = start("smtptest", "--port=0", "--http=tcp:0", *arguments)
    process.wait_for("^ready ")
    lines = [line for line in process.lines if "read and delete all mail" in line]
    assert len(lines) == warned


def test_a_file_of_passwords_that_is_not_there_is_one_line(start: Start) -> None:
    """Before any mail is taken."""
    process = start("smtptest", "--port=0", HTTP, "--http-auth=file:passwords")
    assert process.wait() == 1
    assert process.lines == [
        "smtptest: --http-auth: cannot read 'passwords': No such file or directory"
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--http-auth=a:b"], "--http-auth needs --http"),
        (["--http-host=a"], "--http-host needs --http"),
        (["--cors=*"], "--cors needs --http"),
        (["--http-base=/a"], "--http-base needs --http"),
        (["--http-tls=auto"], "--http-tls needs --http"),
        ([HTTP, "--http-tls=a.pem"], "--http-tls is auto or CERT,KEY, not 'a.pem'"),
        ([HTTP, "--http-base=a"], "--http-base is a path such as /mail"),
        ([HTTP, "--http-base=/a//b"], "--http-base is a path such as /mail"),
        ([HTTP, "--http-auth=ann"], "--http-auth is USER:PASSWORD"),
        ([HTTP, "--http-auth=:x"], "--http-auth is USER:PASSWORD"),
        ([HTTP, "--workers=2"], "--http with --workers needs a store on a disk"),
    ],
)
def test_options_that_cannot_be_are_one_line(arguments: list[str], error: str) -> None:
    """And the password is not in it."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(error)
