"""The options of ``twistd smtptest`` and the services they make; no sockets."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from twisted.application.service import MultiService
from twisted.internet import defer
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from zope.interface import implementer

from lazr_smtptest.cli.server import CommandServer
from lazr_smtptest.cli.tap import Options, StartError, make_server, makeService
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.service import SMTPService
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores import MaildirStore, MemoryStore
from lazr_smtptest.stores.keep_policy import KEEP_ALL

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


def server_of(service: MultiService) -> CommandServer:
    server = smtp_service(service).server
    assert isinstance(server, CommandServer)
    return server


def settings_of(*arguments: str) -> Settings:
    settings = server_of(make(*arguments)).settings
    assert isinstance(settings, Settings)
    return settings


def line_of(*arguments: str) -> str:
    """Give the line that a command ends with."""
    with pytest.raises(SystemExit) as caught:
        make(*arguments)
    line = str(caught.value.code)
    assert line.startswith("smtptest: ")
    assert "\n" not in line
    return line


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Files with a certificate and its key, as ``--tls`` takes them."""
    folder = tmp_path_factory.mktemp("pem")
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return f"{folder / 'cert.pem'},{folder / 'key.pem'}"


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

    @pytest.mark.parametrize("option", ["--lmtp", "--smtps"])
    def test_the_default_endpoint_is_for_who_names_none(self, option: str) -> None:
        """Whoever says where to listen is not given another place."""
        assert parse(option, "tcp:1", "--tls=auto")["smtp"] == []

    def test_what_is_kept_is_the_servers(self) -> None:
        """All values of the option together."""
        server = make_server(parse("--keep=headers", "--keep=to:*@b"), None)
        assert str(server.sampler.policy) == "headers to:*@b"

    def test_the_log_says_what_is_kept(self) -> None:
        """If that is not all: a test may wait for a message that is left out."""
        notes = parse("--keep=1/9", "--keep=headers").notes
        assert notes == ["of the mail only this is kept: headers 1/9"]

    def test_all_is_kept_by_default(self) -> None:
        assert parse("--keep=all").notes == []
        assert make_server(parse(), None).sampler.policy == KEEP_ALL

    @pytest.mark.parametrize("option", ["smtps", "lmtp", "auth", "hide"])
    def test_what_may_be_repeated_is_a_list(self, option: str) -> None:
        """In the order in which it was given."""
        options = parse(f"--{option}", "b", f"--{option}", "a", "--tls=auto")
        assert options[option] == ["b", "a"]

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
        ("arguments", "named"),
        [
            ("--store=tape", "'tape'"),
            ("--store=", "''"),
            ("--bogus", "--bogus"),
            ("extra", "unexpected argument 'extra': the server takes options only"),
            ("--store memory extra", "unexpected argument 'extra'"),
            ("--profile=lax", "--profile is standard or strict, not 'lax'"),
            ("--smtps=tcp:1", "--smtps needs --tls"),
            (
                "--spool=x",
                "--spool needs --store postgresql://...: a store of kind mem",
            ),
            ("--store=postgresql://h/d --spool=", "--spool is a folder, not ''"),
            (
                "--store=postgresql://h/d --spool=a&b",
                "--spool is a folder without & in its name, not 'a&b'",
            ),
            ("--keep=1/0", "--keep: it is all, headers, 1/N or to:PATTERN, not '1/0'"),
            ("--require-tls", "--require-tls needs --tls"),
            ("--require-auth", "--require-auth needs --auth"),
            ("--ca-file=ca", "--ca-file needs --tls auto"),
            ("--ca-file=ca --tls=c,k", "--ca-file needs --tls auto"),
            ("--tls=cert", "--tls is auto or CERT,KEY, not 'cert'"),
            ("--tls=,key", "--tls is auto or CERT,KEY, not ',key'"),
            ("--tls=cert,", "--tls is auto or CERT,KEY, not 'cert,'"),
            ("--hostname=", "--hostname is a host name, not ''"),
            ("--hostname=a\nb", "--hostname is a host name, not"),
            ("--hostname=b\u00fccher", "--hostname is a host name, not"),
            (
                "--max-message-size=-1",
                "--max-message-size is a number of bytes",
            ),
            (
                "--max-message-size=9X",
                "--max-message-size is a number of bytes",
            ),
            (
                "--max-message-size=",
                "--max-message-size is a number of bytes",
            ),
            ("--max-recipients=0", "--max-recipients is a number from 1 on"),
            ("--max-connections=\u0662", "--max-connections is a number from 0 on"),
            ("--max-connections=" + 5000 * "9", "--max-connections is a number"),
            ("--max-transcripts=all", "--max-transcripts is a number from 0 on"),
            ("--workers=0", "--workers is a number from 1 to 256, not '0'"),
            ("--workers=257", "--workers is a number from 1 to 256, not '257'"),
            ("--color=red", "--color is auto, always or never, not 'red'"),
            ("--help-auth-type=nope", "nope"),
        ],
    )
    def test_a_bad_option_is_one_line_that_names_it(
        self, arguments: str, named: str
    ) -> None:
        """The process ends with one line; it would be followed by status 1."""
        with pytest.raises(SystemExit) as caught:
            parse(*arguments.split(" "))
        assert str(caught.value.code).startswith("smtptest: ")
        assert named in str(caught.value.code)
        assert "\n" not in str(caught.value.code)

    def test_an_unknown_store_is_refused_before_anything_is_made(
        self, tmp_path: Path
    ) -> None:
        """Reading the command line leaves the disk alone."""
        parse(f"--store=maildir:{tmp_path / 'm'}")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("text", ["Examples:", "smtptest --port 2525"])
    def test_help_tells(self, text: str) -> None:
        """The help shows examples."""
        assert text in str(Options())

    def test_each_option_has_its_place_in_the_help(self) -> None:
        """In one group, and once."""
        known = [option.rstrip("=") for option in Options().longOpt]
        assert sorted(Options.table()) == sorted(known)
        assert len(list(chain.from_iterable(Options.groups.values()))) == len(known)

    def test_the_help_names_the_values_of_options_that_have_one(self) -> None:
        """And of no other."""
        for option in Options().longOpt:
            row = Options.table()[option.rstrip("=")]
            assert bool(row.value) is option.endswith("=")

    def test_the_help_shows_defaults(self) -> None:
        """Where there is one."""
        assert "[default: memory]" in str(Options())
        assert "[default: 52428800]" in str(Options())
        assert "[default: 0]" not in str(Options())

    def test_help_shows_itself_and_exits(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With status 0."""
        with pytest.raises(SystemExit) as caught:
            parse("--help")
        assert caught.value.code == 0
        assert "--smtps ENDPOINT" in capsys.readouterr().out

    def test_help_auth_shows_the_checkers(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Ours and those of Twisted that judge passwords."""
        with pytest.raises(SystemExit) as caught:
            parse("--help-auth")
        assert caught.value.code == 0
        shown = capsys.readouterr().out
        assert shown.startswith("any lets everybody in")
        assert "  memory" in shown
        assert "anonymous" not in shown

    def test_help_auth_type_explains_one(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In Twisted's words."""
        with pytest.raises(SystemExit) as caught:
            parse("--help-auth-type=memory")
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith("Usage: --auth memory")

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

    def test_the_settings_are_the_defaults(self) -> None:
        """What is not asked for is not there, and TLS least of all."""
        assert settings_of() == Settings()

    def test_the_profile_is_the_one_that_was_asked_for(self) -> None:
        """``--profile`` chooses it."""
        assert settings_of("--profile=strict").profile == "strict"

    def test_limits_are_those_that_were_asked_for(self) -> None:
        """Each ``--max`` sets one."""
        limits = settings_of(
            "--max-message-size=1", "--max-recipients=2", "--max-connections=3"
        ).limits
        assert limits.message_size == 1
        assert limits.recipients == 2
        assert limits.connections == 3

    def test_zero_is_no_limit(self) -> None:
        """As SIZE 0 is (RFC 1870 section 3)."""
        limits = settings_of("--max-message-size=0", "--max-connections=0").limits
        assert limits.message_size is None
        assert limits.connections is None

    def test_hidden_extensions_are_hidden(self) -> None:
        """In any case of letters."""
        hidden = settings_of("--hide=Chunking", "--hide=8bitmime").hidden
        assert hidden == {"CHUNKING", "8BITMIME"}

    def test_an_unknown_extension_is_one_line_that_names_the_known(self) -> None:
        """Nobody has to look for the keyword."""
        line = line_of("--hide=CHUNK")
        assert "'CHUNK'" in line
        for extension in EXTENSIONS:
            assert extension.keyword in line

    def test_the_host_name_is_the_one_that_was_given(self) -> None:
        """Every factory has it for its greeting."""
        (factory,) = smtp_service(make("--hostname=mx.example.com")).factories
        assert factory.domain == b"mx.example.com"

    def test_tls_auto_has_a_certificate_for_this_host(self) -> None:
        """By its names and its addresses, and by ``--hostname``."""
        tls = settings_of("--tls=auto", "--hostname=mx.example.com").tls
        assert tls is not None
        certificate = tls.context_factory().certificate.to_cryptography()
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
        assert names.get_values_for_type(x509.DNSName) == [
            "localhost",
            "mx.example.com",
        ]
        addresses = names.get_values_for_type(x509.IPAddress)
        assert [str(address) for address in addresses] == ["127.0.0.1", "::1"]

    def test_a_name_that_no_certificate_can_have_is_one_line(self) -> None:
        """``--tls auto`` makes one for the host name."""
        assert "--tls: cannot make" in line_of("--tls=auto", "--hostname=a..b")

    def test_tls_takes_files(self, pem: str) -> None:
        """``CERT,KEY`` are used as they are."""
        tls = settings_of(f"--tls={pem}").tls
        assert tls is not None
        assert tls.ca_pem == Path(pem.partition(",")[0]).read_bytes()

    def test_files_that_cannot_be_used_are_one_line(self, tmp_path: Path) -> None:
        """The line names the file."""
        missing = str(tmp_path / "none.pem")
        line = line_of(f"--tls={missing},{missing}")
        assert f"--tls: certificate file {missing!r}" in line

    def test_the_ca_is_written(self, tmp_path: Path) -> None:
        """``--ca-file`` gets what the clients have to trust."""
        file = tmp_path / "ca.pem"
        tls = settings_of("--tls=auto", f"--ca-file={file}").tls
        assert tls is not None
        assert file.read_bytes() == tls.ca_pem

    def test_a_ca_file_that_cannot_be_written_is_one_line(self, tmp_path: Path) -> None:
        """And nothing listens."""
        line = line_of("--tls=auto", f"--ca-file={tmp_path}")
        assert f"cannot write {str(tmp_path)!r}: Is a directory" in line

    def test_require_tls_and_require_auth_are_set(self) -> None:
        """They are the server's settings."""
        settings = settings_of(
            "--tls=auto", "--require-tls", "--auth=any", "--require-auth"
        )
        assert settings.require_tls
        assert settings.require_auth

    def test_nobody_logs_in_without_auth(self) -> None:
        """AUTH is for those who ask for it."""
        assert server_of(make()).auth is None

    def test_auth_takes_any(self) -> None:
        """Then everybody may log in."""
        auth = server_of(make("--auth=any")).auth
        assert auth is not None
        assert "PLAIN" in auth.mechanisms

    def test_auth_takes_the_checkers_of_twisted(self) -> None:
        """Several, too."""
        auth = server_of(make("--auth=memory:a:b", "--auth=memory:c:d")).auth
        assert auth is not None
        assert "PLAIN" in auth.mechanisms

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--auth=nope:secret"], "no checker is called 'nope'"),
            (["--auth=memory:secret"], "'memory'"),
            (["--auth=file:/none/here"], "there is no file '/none/here'"),
            (["--auth=anonymous"], "no mechanism"),
            (["--auth=any", "--auth=memory:a:secret"], "any"),
        ],
    )
    def test_a_bad_checker_is_one_line_without_secrets(
        self, arguments: list[str], named: str
    ) -> None:
        """The line may end up in a log."""
        line = line_of(*arguments)
        assert line.startswith("smtptest: --auth: ")
        assert named in line
        assert "secret" not in line

    def test_smtps_begins_with_tls(self) -> None:
        """And SMTP does not: there it is offered."""
        service = make("--tls=auto", "--smtps=tcp:1", "--smtp=tcp:2")
        factories = smtp_service(service).factories
        assert [factory.settings.implicit_tls for factory in factories] == [False, True]
        assert all(factory.settings.tls for factory in factories)

    def test_lmtp_speaks_lmtp(self) -> None:
        """And SMTP does not."""
        service = make("--lmtp=tcp:1", "--smtp=tcp:2")
        assert [factory.protocol for factory in smtp_service(service).factories] == [
            SMTPServerProtocol,
            LMTPServerProtocol,
        ]

    @pytest.mark.parametrize("text", ["nope:1", "tcp", "tcp:x", "", "ssl:1:a=b"])
    def test_a_bad_endpoint_is_one_line_that_names_it(self, text: str) -> None:
        """An endpoint that Twisted does not understand ends the process."""
        with pytest.raises(StartError) as caught:
            make(f"--smtp={text}")
        assert repr(text) in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("text", ["tcp:x", "unix", "tcp:1:backlog=many"])
    def test_a_bad_endpoint_is_told_without_words_of_python(self, text: str) -> None:
        """As ``int()`` and the names of functions are."""
        with pytest.raises(StartError) as caught:
            make(f"--smtp={text}")
        assert f"bad endpoint {text!r}; use PORT, HOST:PORT, or" in str(caught.value)

    def test_a_malformed_url_of_a_database_is_one_line(self) -> None:
        """Which shows nothing of it, for that may be the password."""
        with pytest.raises(StartError, match="that is no URL of PostgreSQL") as no:
            make("--store=postgresql://anna:sword%zzfish@host/mail")
        assert "fish" not in str(no.value)

    def test_a_store_that_cannot_be_opened_is_one_line(self, tmp_path: Path) -> None:
        """A store's error ends the process."""
        with pytest.raises(StartError, match="there is no directory") as caught:
            make(f"--store=mbox:{tmp_path}/none/box")
        assert caught.value.code == f"smtptest: {caught.value}"

    def test_nothing_is_written_down_without_transcripts(self) -> None:
        """Most servers are started for their messages."""
        assert server_of(make()).transcripts is None

    def test_transcripts_are_written_where_it_was_told(self, tmp_path: Path) -> None:
        """``--transcripts`` names the directory."""
        folder = server_of(make(f"--transcripts={tmp_path / 'new'}")).transcripts
        assert folder is not None
        assert folder.path == tmp_path / "new"
        assert folder.path.is_dir()

    def test_max_transcripts_are_kept(self, tmp_path: Path) -> None:
        """``--max-transcripts`` is how many."""
        server = server_of(make(f"--transcripts={tmp_path}", "--max-transcripts=1"))
        for number in range(3):
            server.handle_session(Session(id=f"a-{number}"))
        assert [file.name[-7:] for file in tmp_path.iterdir()] == ["a-2.txt"]

    def test_transcripts_that_cannot_be_written_are_one_line(
        self, tmp_path: Path
    ) -> None:
        """And no store is made."""
        (tmp_path / "file").touch()
        line = line_of(
            f"--transcripts={tmp_path / 'file'}", f"--store=mbox:{tmp_path}/m"
        )
        assert f"--transcripts: cannot use '{tmp_path / 'file'}': Not a dir" in line
        assert not (tmp_path / "m").exists()

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["main", "options", "tap", "workers.worker"])
    def test_importing_a_module_chooses_no_reactor(self, name: str) -> None:
        """The command line, or the supervisor, says which reactor it is to be."""
        code = f"import sys, lazr_smtptest.cli.{name}; print(*sys.modules)"
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert f"lazr_smtptest.cli.{name}" in done.stdout.split()
        assert "twisted.internet.reactor" not in done.stdout.split()


def is_shown(server: CommandServer) -> bool:
    """Return whether anything but the log receives the outcomes of mail."""
    log, server.delivery_events.log = server.delivery_events.log, None
    shown = server.delivery_events.wanted
    server.delivery_events.log = log
    return shown


def is_logged(server: CommandServer) -> bool:
    """Return whether the outcomes of mail are logged."""
    return server.delivery_events.log is not None


class TestScreen:
    """Whether mail is shown as it arrives."""

    def made(self, parent: dict[str, Any] | None, *arguments: str) -> CommandServer:
        """Make the server below a command that was given such options."""
        options = parse("--color=always", *arguments)
        # Twisted's own are a dictionary, too.
        options.parent = parent  # type: ignore[assignment]
        return server_of(makeService(options, Reactor()))  # type: ignore[arg-type]

    @pytest.mark.parametrize("parent", [None, {"nodaemon": 0, "logfile": None}])
    def test_a_process_in_the_background_shows_nothing(
        self, parent: dict[str, Any] | None
    ) -> None:
        """Nor does a service that is made by another program."""
        server = self.made(parent, "--lmtp=tcp:1")
        assert not is_shown(server)
        assert is_logged(server)

    @pytest.mark.parametrize(
        "parent",
        [
            {"nodaemon": 1, "logfile": None},
            {"nodaemon": 1, "logfile": "-", "syslog": 0, "logger": None},
            {"logFile": None},
        ],
    )
    def test_a_log_on_the_screen_does_not_say_it_again(
        self, parent: dict[str, Any]
    ) -> None:
        """One line for each message is enough."""
        if "logFile" in parent:
            parent["logFile"] = sys.stdout
        server = self.made(parent)
        assert is_shown(server)
        assert not is_logged(server)

    @pytest.mark.parametrize(
        "parent",
        [
            {"nodaemon": 1, "logfile": "twistd.log"},
            {"nodaemon": 1, "logfile": None, "syslog": 1},
            {"nodaemon": 1, "logfile": None, "logger": print},
            {"logFile": sys.__stderr__},
        ],
    )
    def test_a_log_elsewhere_has_it_too(self, parent: dict[str, Any]) -> None:
        """The screen is for the moment, and a file stays."""
        server = self.made(parent)
        assert is_shown(server)
        assert is_logged(server)

    def test_a_quiet_server_shows_nothing_and_logs_nothing(self) -> None:
        """Wherever the log goes."""
        server = self.made({"nodaemon": 1}, "--quiet")
        assert not is_shown(server)
        assert not is_logged(server)

    def test_where_there_is_no_terminal_the_log_has_a_line_a_mail(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """On the standard output, beside the lines of Twisted's log."""
        with capfd.disabled():
            server = self.made({"nodaemon": 1}, "--color=auto")
        assert is_shown(server)
        assert not is_logged(server)

    def test_what_arrives_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        """On the standard output."""
        server = self.made({"nodaemon": 1, "logfile": "-"})
        server.delivery_events.emit(
            MailEvent(seconds=0, session="1", outcome="aborted", sender="a@b")
        )
        assert capsys.readouterr().out.endswith("aborted \x1b[0m  a@b\n")


class TestLog:
    """What is said in Twisted's log."""

    @pytest.mark.parametrize("socket", ["index=7", "name=mail"])
    def test_a_socket_that_systemd_has_not_given_is_told(self, socket: str) -> None:
        """With that reason."""
        with pytest.raises(StartError, match="systemd has given this process no"):
            make(f"--smtp=systemd:domain=INET:{socket}")

    def test_the_address_and_the_endpoint_are_logged(self) -> None:
        """Whoever starts it sees where to send mail."""
        assert (
            LogLevel.info,
            "listening on 127.0.0.1:1025 (tcp:1025:interface=127.0.0.1)",
        ) in logged()

    def test_what_is_not_plain_smtp_is_said(self) -> None:
        """Whoever starts it sees which port is which."""
        endpoint = "tcp:1:interface=127.0.0.1"
        lines = logged("--tls=auto", f"--smtps={endpoint}", f"--lmtp={endpoint}")
        assert [text for _, text in lines[:2]] == [
            f"listening on 127.0.0.1:1 (smtps {endpoint})",
            f"listening on 127.0.0.1:1 (lmtp {endpoint})",
        ]

    def test_the_last_line_of_the_start_names_the_store(self, tmp_path: Path) -> None:
        """Whoever starts it sees where messages go."""
        lines = logged(f"--store=mbox:{tmp_path / 'm'}")
        expected = f"ready, keeping messages in mbox:{tmp_path / 'm'}"
        assert lines[-1] == (LogLevel.info, expected)

    def test_the_end_says_what_there_was(self) -> None:
        """A script that sent a thousand messages sees how many arrived."""
        service = make()
        with capturedLogs() as events:
            service.startService()
            server_of(service).sessions.session_began(Session(id="a-1"))
            service.stopService()
        assert formatEvent(events[-1]) == (
            "counted: connections=1 open=1 messages=0 refusals=0"
        )

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

    def test_a_stop_without_a_start_leaves_the_logger_alone(self) -> None:
        """There is nothing to undo."""
        before = (log.level, list(log.handlers))
        make().stopService()
        assert (log.level, log.handlers) == before

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
