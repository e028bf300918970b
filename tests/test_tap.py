"""The options of ``twistd smtptest`` and the services they make; no sockets."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.application.service import MultiService
from twisted.internet import defer
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.server import StoreServer
from lazr_smtptest.service import SMTPService
from lazr_smtptest.stores import MaildirStore, MemoryStore
from lazr_smtptest.tap import Options, StartError, makeService

log = logging.getLogger("lazr.smtptest")


@implementer(IListeningPort)
class Port:
    """A port that is not there."""

    def __init__(self, address: IAddress) -> None:
        self.getHost = lambda: address

    def startListening(self) -> None:
        """Do nothing."""

    def stopListening(self) -> defer.Deferred[None]:
        """Do nothing, at once."""
        return defer.succeed(None)


class Reactor(MemoryReactorClock):
    """Twisted's reactor without sockets; its ports know their interface."""

    def listenTCP(
        self, port: int, factory: ServerFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        made = super().listenTCP(port, factory, backlog, interface)
        if ":" in interface:
            return made
        return Port(IPv4Address("TCP", interface or "0.0.0.0", port))


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def make(*arguments: str, reactor: Reactor | None = None) -> MultiService:
    service = makeService(parse(*arguments), reactor or Reactor())
    assert isinstance(service, MultiService)
    return service


def smtp_service(service: MultiService) -> SMTPService:
    (child,) = service.services
    assert isinstance(child, SMTPService)
    return child


def server_of(service: MultiService) -> StoreServer:
    server = smtp_service(service).server
    assert isinstance(server, StoreServer)
    return server


def logged(*arguments: str) -> list[tuple[LogLevel, str]]:
    """List what Twisted's log gets from us while a service starts."""
    reactor = Reactor()
    service = make(*arguments, reactor=reactor)
    with capturedLogs() as events:
        service.startService()
        reactor.run()
    service.stopService()
    return [
        (event["log_level"], formatEvent(event))
        for event in events
        if event["log_namespace"] == "lazr.smtptest"
    ]


class TestOptions:
    """What the command line is read as."""

    def test_the_default_endpoint_is_loopback_only(self) -> None:
        """Without ``--smtp`` it listens on port 1025 of the loopback interface."""
        assert parse()["smtp"] == ["tcp:1025:interface=127.0.0.1"]

    def test_smtp_may_be_given_twice(self) -> None:
        """Each ``--smtp`` adds an endpoint, and replaces the default."""
        assert parse("--smtp", "tcp:1", "--smtp=tcp:2")["smtp"] == ["tcp:1", "tcp:2"]

    def test_two_command_lines_share_nothing(self) -> None:
        """What one command line adds is not in the next."""
        parse("--smtp", "tcp:1")
        assert parse("--smtp", "tcp:2")["smtp"] == ["tcp:2"]

    def test_the_default_store_is_memory(self) -> None:
        """Without ``--store`` nothing is written."""
        assert parse()["store"] == "memory"

    def test_rset_clears_is_off(self) -> None:
        """Only ``--rset-clears`` lets a client forget the messages."""
        assert not parse()["rset-clears"]

    @pytest.mark.parametrize(
        ("argument", "named"),
        [
            ("--store=tape", "'tape'"),
            ("--store=", "''"),
            ("--bogus", "--bogus"),
            ("extra", "Wrong number of arguments"),
        ],
    )
    def test_a_bad_option_is_one_line_that_names_it(
        self, argument: str, named: str
    ) -> None:
        """The process ends with one line; it would be followed by status 1."""
        with pytest.raises(SystemExit) as caught:
            parse(argument)
        assert str(caught.value.code).startswith("smtptest: ")
        assert named in str(caught.value.code)
        assert "\n" not in str(caught.value.code)

    def test_an_unknown_store_is_refused_before_anything_is_made(
        self, tmp_path: Path
    ) -> None:
        """Reading the command line leaves the disk alone."""
        parse(f"--store=maildir:{tmp_path / 'm'}")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "text", ["--smtp", "--store", "--rset-clears", "Examples:", "twistd -n smtp"]
    )
    def test_help_tells(self, text: str) -> None:
        """The help names every option, and shows examples."""
        assert text in str(Options())

    def test_help_fits_the_screen(self) -> None:
        """No line of the help is wider than 80 columns."""
        assert max(len(line) for line in str(Options()).splitlines()) <= 80

    def test_version_is_ours(self, capsys: pytest.CaptureFixture[str]) -> None:
        """``--version`` names this distribution, and Twisted's version."""
        with pytest.raises(SystemExit) as caught:
            parse("--version")
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith("lazr.smtptest ")


class TestServices:
    """What makeService makes of the options."""

    def test_it_is_an_smtp_service_over_a_memory_store(self) -> None:
        """The default keeps messages in memory."""
        assert isinstance(server_of(make()).store, MemoryStore)

    def test_the_store_is_the_one_that_was_asked_for(self, tmp_path: Path) -> None:
        """``--store`` chooses the store."""
        store = server_of(make(f"--store=maildir:{tmp_path / 'm'}")).store
        assert isinstance(store, MaildirStore)
        assert store.path == tmp_path / "m"

    @pytest.mark.parametrize(
        ("arguments", "expected"), [([], False), (["--rset-clears"], True)]
    )
    def test_rset_clears_reaches_the_server(
        self, arguments: list[str], expected: bool
    ) -> None:
        """``--rset-clears`` is what the server's attribute says."""
        assert server_of(make(*arguments)).rset_clears is expected

    def test_one_option_does_not_change_the_class(self) -> None:
        """A service with ``--rset-clears`` leaves other servers alone."""
        make("--rset-clears")
        assert StoreServer.rset_clears is False

    def test_a_client_cannot_stop_the_process(self) -> None:
        """EXIT is not for a server that others share."""
        assert server_of(make()).exit_stops is False

    def test_reset_clears_the_store(self) -> None:
        """What a RSET calls is the store's clear."""
        server = server_of(make())
        server.store.add(Envelope(mail_from="", rcpt_tos=(), content=b""))
        server.reset()
        assert len(server.store) == 0

    def test_it_listens_where_it_was_told(self) -> None:
        """Each endpoint is listened on, on its interface."""
        reactor = Reactor()
        endpoints = ["--smtp=tcp:1:interface=127.0.0.1", "--smtp=tcp:2"]
        service = make(*endpoints, reactor=reactor)
        assert reactor.tcpServers == []
        service.startService()
        assert [(server[0], server[3]) for server in reactor.tcpServers] == [
            (1, "127.0.0.1"),
            (2, ""),
        ]
        service.stopService()

    def test_privileged_and_plain_start_listen_once(self) -> None:
        """The command twistd calls both starts; the first takes the port."""
        reactor = Reactor()
        service = make(reactor=reactor)
        service.privilegedStartService()
        assert len(reactor.tcpServers) == 1
        service.startService()
        assert len(reactor.tcpServers) == 1
        service.stopService()

    @pytest.mark.parametrize("text", ["nope:1", "tcp", "tcp:x", "", "ssl:1:a=b"])
    def test_a_bad_endpoint_is_one_line_that_names_it(self, text: str) -> None:
        """An endpoint that Twisted does not understand ends the process."""
        with pytest.raises(StartError) as caught:
            make(f"--smtp={text}")
        assert repr(text) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_store_that_cannot_be_opened_is_one_line(self, tmp_path: Path) -> None:
        """A store's error ends the process."""
        with pytest.raises(StartError, match="there is no directory") as caught:
            make(f"--store=mbox:{tmp_path}/none/box")
        assert caught.value.code == f"smtptest: {caught.value}"

    def test_importing_the_module_chooses_no_reactor(self) -> None:
        """The command line says which reactor it is to be."""
        code = "import sys, lazr_smtptest.tap; print(*sys.modules)"
        root = Path(__file__).parents[1]
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "lazr_smtptest.tap" in done.stdout.split()
        assert "twisted.internet.reactor" not in done.stdout.split()


class TestLog:
    """What is said in Twisted's log."""

    def test_the_address_and_the_endpoint_are_logged(self) -> None:
        """Whoever starts it sees where to send mail."""
        assert (
            LogLevel.info,
            "listening on 127.0.0.1:1025 (tcp:1025:interface=127.0.0.1)",
        ) in logged()

    def test_the_last_line_of_the_start_names_the_store(self, tmp_path: Path) -> None:
        """Whoever starts it sees where messages go."""
        lines = logged(f"--store=mbox:{tmp_path / 'm'}")
        expected = f"ready, keeping messages in mbox:{tmp_path / 'm'}"
        assert lines[-1] == (LogLevel.info, expected)

    def test_it_is_not_ready_before_the_reactor_runs(self) -> None:
        """Until then a signal would end the process as if it had failed."""
        service = make()
        with capturedLogs() as events:
            service.startService()
        service.stopService()
        assert not any("ready" in formatEvent(event) for event in events)

    @pytest.mark.parametrize(
        "endpoint",
        [
            "tcp:1",
            "tcp:1:interface=192.0.2.1",
            "tcp6:1",
            "tcp6:1:interface=fe80\\:\\:1",
        ],
    )
    def test_a_public_address_is_a_warning(self, endpoint: str) -> None:
        """An address that others can reach is allowed, and pointed out."""
        lines = logged("--smtp", endpoint)
        warnings = [text for level, text in lines if level == LogLevel.warn]
        assert len(warnings) == 1
        assert "no reason to take mail from strangers" in warnings[0]

    @pytest.mark.parametrize(
        "endpoint",
        [
            "tcp:1:interface=127.0.0.1",
            "tcp:1:interface=127.8.8.8",
            "tcp6:1:interface=\\:\\:1",
            "unix:/nowhere/socket:lockfile=0",
        ],
    )
    def test_a_local_address_is_none(self, endpoint: str) -> None:
        """Nobody else can reach a loopback address or a socket in the file system."""
        levels = {level for level, _ in logged("--smtp", endpoint)}
        assert levels == {LogLevel.info}

    @pytest.mark.parametrize(
        ("number", "level"),
        [
            (logging.INFO, LogLevel.info),
            (logging.WARNING, LogLevel.warn),
            (logging.ERROR, LogLevel.error),
            (logging.CRITICAL, LogLevel.critical),
        ],
    )
    def test_the_level_is_kept(self, number: int, level: LogLevel) -> None:
        """A record of the standard library's logger has its level in Twisted's."""
        service = make()
        service.startService()
        with capturedLogs() as events:
            log.log(number, "%d {braces} %%", 5)
        service.stopService()
        assert [(event["log_level"], formatEvent(event)) for event in events] == [
            (level, "5 {braces} %")
        ]

    def test_a_traceback_is_kept(self) -> None:
        """An exception that is logged comes with its failure."""
        service = make()
        service.startService()
        with capturedLogs() as events:
            try:
                raise ValueError("no")
            except ValueError:
                log.exception("it went wrong")
        service.stopService()
        assert [event["log_failure"].value.args for event in events] == [("no",)]

    def test_the_logger_is_left_as_it_was(self) -> None:
        """After the stop nothing of ours is on the logger."""
        before = (log.level, list(log.handlers))
        service = make()
        service.privilegedStartService()
        service.startService()
        assert (log.level, log.handlers) != before
        service.stopService()
        assert (log.level, log.handlers) == before


class FakeSignalled(Reactor):
    """A reactor that a signal stops."""

    def __init__(self, number: int | None) -> None:
        super().__init__()
        self._exitSignal = number


@pytest.mark.parametrize(
    ("number", "left"),
    [(signal.SIGTERM, None), (signal.SIGINT, signal.SIGINT), (None, None)],
)
def test_sigterm_is_a_clean_end_and_sigint_an_interruption(
    number: int | None, left: int | None
) -> None:
    """A shell script ends on Ctrl-C; whoever sends SIGTERM expects status 0."""
    reactor = FakeSignalled(number)
    service = make(reactor=reactor)
    service.startService()
    service.stopService()
    assert reactor._exitSignal == left
