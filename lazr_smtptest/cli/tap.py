"""``twistd smtptest``: make a service from a parsed command line.

The module imports little: no import may install a reactor, because the command line
has not been parsed yet.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import IService
from twisted.internet.interfaces import IStreamServerEndpoint

from lazr_smtptest.cli.application import Display, Process, ServerProcess
from lazr_smtptest.cli.certificates import read_tls
from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.errors import OptionError, StartError
from lazr_smtptest.cli.json_log import LoggedMail, file_observer, twistd_observer
from lazr_smtptest.cli.line_writer import LineWriter, end_of_turn
from lazr_smtptest.cli.live_view import Screen
from lazr_smtptest.cli.mail_log import MailLog
from lazr_smtptest.cli.message_limit import MessageLimit
from lazr_smtptest.cli.option_checks import keep_policy
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.readers import has_readers, reader_services
from lazr_smtptest.cli.tagging import tag_queries
from lazr_smtptest.cli.temporary_ca import TemporaryCA
from lazr_smtptest.cli.transcripts import TranscriptFolder
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.sampler import Sampler

if TYPE_CHECKING:
    from lazr_smtptest.auth.login import Auth
    from lazr_smtptest.cli.fault_file import FaultFiles
    from lazr_smtptest.cli.server import CommandServer
    from lazr_smtptest.cli.workers.supervisor import Supervisor
    from lazr_smtptest.readers.context import ReaderContext
    from lazr_smtptest.server.listener import Listener
    from lazr_smtptest.smtp.settings import Settings
    from lazr_smtptest.tls.context import TLS

# Some imports are within functions, because they install the global reactor.

__all__ = [
    "PLACES",
    "Options",
    "StartError",
    "choose_reactor",
    "makeService",
    "make_listeners",
    "make_process",
    "make_server",
]

# The options with endpoints, each for one protocol.
PLACES = ("smtp", "smtps", "lmtp")

# Where the workers of other stores than PostgreSQL have the same rules and settings.
_ADVICE = "--faults FILE sets them at the start, for all of these"

Show = Callable[[MailEvent], None] | None


def makeService(options: Options, reactor: Any = None) -> IService:
    """Make the service for `options`, for twistd.

    Args:
        options: the parsed options.
        reactor: the reactor to run in; None means the global one, which is ours
            unless another has been installed.

    Raises:
        StartError: an option names something that cannot be used.
    """
    if reactor is None:
        reactor = choose_reactor()
    is_json = options["log-format"] == "json"
    observer = _log_in_json(options) if is_json else None
    display = _display(options, reactor)
    # If the log goes to the screen, it must not repeat the lines of the display.
    is_shown = is_json or (display and _logs_to_stdout(options))
    logs_mail = not (options["quiet"] or is_shown)
    process = make_process(options, reactor, display, logs_mail=logs_mail)
    process.log_observer = observer
    if options.parent is not None and not options.parent.get("nodaemon", True):
        # The daemon has no standard error any more when it listens.
        with contextlib.suppress(OSError):
            process.errors = os.dup(2)
    return process


def choose_reactor() -> Any:
    """Return the global reactor; install ours if there is none yet.

    Without epoll or eventfd it is Twisted's default.
    """
    if "twisted.internet.reactor" not in sys.modules and hasattr(os, "eventfd"):
        from lazr_smtptest.net import batching

        batching.install()
    from twisted.internet import reactor

    return reactor


def make_process(
    options: Options, reactor: Any, display: Display | None, *, logs_mail: bool
) -> Process:
    """Make the service for `options`.

    Args:
        options: the parsed options.
        reactor: the reactor to run in.
        display: shows each mail; None for no display.
        logs_mail: whether each mail is logged, too.

    Raises:
        StartError: an option names something that cannot be used.
    """
    from lazr_smtptest.readers.context import ReaderContext

    show = display.show if display else None
    tls = read_tls(options, "tls")
    process: Process
    if options["workers"] > 1:
        process = _supervisor(options, reactor, tls, show, logs_mail=logs_mail)
    else:
        endpoints = _endpoints(options, reactor)
        server = make_server(options, tls, show, logs_mail=logs_mail)
        if options["stop-after"]:
            MessageLimit(options["stop-after"], reactor).watch(server)
        process = ServerProcess(reactor, server, make_listeners(endpoints, server))
        _add_readers(process, options, ReaderContext.of(server, reactor))
        if options.files:
            _fault_files(options, server, reactor).setServiceParent(process)
    process.notes = options.notes
    if options["ca-file"] is not None:
        process.ca_file = Path(options["ca-file"]).absolute()
    elif options["readers"] and options["tls"] == "auto" and tls is not None:
        process.temporary_ca = TemporaryCA(tls.ca_pem)
    if options["ready-file"] is not None:
        process.ready_file = Path(options["ready-file"]).absolute()
    if display is not None:
        process.display = display
    return process


def _fault_files(options: Options, server: CommandServer, reactor: Any) -> FaultFiles:
    """Return the service that applies the rest of the files with options."""
    from lazr_smtptest.cli.fault_file import FaultFiles
    from lazr_smtptest.faults import FaultFileError

    files = {name: file.path for name, file in options.files.items()}
    try:
        return FaultFiles(server.faults, files, options.table(), reactor)
    except FaultFileError as error:
        [name] = [name for name, path in files.items() if path == error.file]
        raise OptionError(f"--{name}: {error}") from error


def _supervisor(
    options: Options, reactor: Any, tls: TLS | None, show: Show, *, logs_mail: bool
) -> Supervisor:
    from lazr_smtptest.cli.workers.assignment import Assignment
    from lazr_smtptest.cli.workers.ports import SharedPorts
    from lazr_smtptest.cli.workers.supervisor import Supervisor
    from lazr_smtptest.readers.context import ReaderContext
    from lazr_smtptest.readers.shared import Shared

    workers = options["workers"]
    endpoints = _endpoints(options, SharedPorts(workers))
    # Errors are found here, once, and not by each worker. The workers log their mail.
    server = make_server(options, tls, show, logs_mail=False)
    server.store.close()
    _fault_files(options, server, reactor)
    events = server.delivery_events
    assignment = Assignment(
        reactor=type(reactor).__module__,
        options=dict(options),
        tls=None if tls is None else tls.as_fields(),
        tells_mail=events.wanted or has_readers(options),
        logs_mail=logs_mail,
        file_settings=server.file_settings.as_fields(),
        fixed=options.fixed_fields(),
    )
    shared = None
    if ISharedStore.providedBy(server.store):
        # The rules of files are those of the workers.
        shared = Shared(server.store, live=server.file_settings)
    supervisor = Supervisor(
        reactor,
        workers,
        assignment,
        list(chain.from_iterable(endpoints.values())),
        store=server.store,
        shared=shared,
        grace=server.settings.limits.closing,
        events=events,
        sampler=server.sampler,
    )
    context = ReaderContext(
        store=server.store,
        reactor=reactor,
        delivery_events=events,
        reader_sessions=server.reader_sessions,
        # Those of the workers follow them.
        live_settings=server.file_settings if shared is not None else None,
        shared=shared,
        settings=server.settings,
        handler=server,
        tls=tls,
        auth=server.auth,
        absence=f"they are in the {workers} processes of --workers",
        advice="" if shared is not None else _ADVICE,
    )
    _add_readers(supervisor, options, context)
    return supervisor


def _add_readers(process: Process, options: Options, context: ReaderContext) -> None:
    """Run the readers that the options ask for in a process."""
    context = attrs.evolve(
        context,
        parsing=process.parse,
        listeners=process.addresses,
    )
    process.add_readers(reader_services(options, context))


def make_server(
    options: Options, tls: TLS | None, show: Show = None, *, logs_mail: bool = True
) -> CommandServer:
    """Make the server for `options`.

    Args:
        options: the parsed options.
        tls: the result of ``--tls``.
        show: called with the outcome of each mail.
        logs_mail: whether the outcome is logged, too.

    Raises:
        StartError: an option names something that cannot be used.
    """
    from lazr_smtptest.cli.server import CommandServer

    settings = _settings(options, tls)
    auth = _auth(options)
    transcripts = _transcripts(options)
    try:
        store = open_store(options["store"], tag_queries=tag_queries(options))
    except StoreError as error:
        raise StartError(str(error)) from error
    except ValueError as error:
        raise OptionError(f"--store: {error}") from None
    server = CommandServer(store)
    server.sampler = Sampler(keep_policy(options))
    if show is not None:
        server.delivery_events.subscribe(show)
    if not logs_mail:
        server.delivery_events.log = None
    server.file_settings.fixed = options.fixed_fields()
    server.rset_clears = bool(options["rset-clears"])
    server.hostname = options["hostname"]
    server.settings = settings
    server.auth = auth
    server.use_transcripts(transcripts)
    return server


def _transcripts(options: Options) -> TranscriptFolder | None:
    folder = options["transcripts"]
    if folder is None:
        return None
    try:
        return TranscriptFolder(folder, options["max-transcripts"])
    except OSError as error:
        raise StartError(
            f"--transcripts: cannot use {folder!r}: {error.strerror}"
        ) from error


def _display(options: Options, reactor: Any) -> Display | None:
    """Return the display of mail, for a process in the foreground."""
    if options["log-format"] == "json":
        return None if options["quiet"] else LoggedMail()
    # A process in the background has no terminal any more, and another log.
    foreground = options.parent is not None and options.parent.get("nodaemon", True)
    if options["quiet"] or not foreground:
        return None
    screen = Screen.on(sys.stdout, options["color"], os.environ)
    if screen is not None or not _logs_to_stdout(options):
        return screen
    try:
        descriptor = sys.stdout.fileno()
    except OSError:
        # A replaced standard output may not be a file.
        return None
    writer = LineWriter(descriptor, end_of_turn(reactor))
    return MailLog(writer, "[lazr.smtptest#info] ")


def _log_in_json(options: Options) -> Any:
    """Return the observer that takes the place of twistd's; ``None`` for twist.

    Raises:
        OptionError: twistd is told to log elsewhere.
    """
    parent: Any = options.parent
    if parent is None:
        return None
    for name in ("logger", "syslog"):
        if parent.get(name):
            raise OptionError(
                f"--log-format json writes a file or standard output: leave out "
                f"--{name} of twistd"
            )
    if "logFile" in parent:
        # That of python -m twisted, which makes its observer later.
        parent["fileLogObserverFactory"] = file_observer
        return None
    return twistd_observer(parent)


def _logs_to_stdout(options: Options) -> bool:
    """Return whether the twistd around this command logs to standard output."""
    parent: Mapping[str, Any] = options.parent or {}
    if "logFile" in parent:  # that of python -m twisted
        return parent["logFile"] is sys.stdout
    elsewhere = parent.get("syslog") or parent.get("logger")
    return not elsewhere and parent.get("logfile") in (None, "", "-")


def _settings(options: Options, tls: TLS | None) -> Settings:
    from lazr_smtptest.smtp.extensions import EXTENSIONS
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.settings import Settings

    known = sorted(extension.keyword for extension in EXTENSIONS)
    for keyword in options["hide"]:
        if keyword.upper() not in known:
            raise OptionError(
                f"--hide knows no extension {keyword!r}; it knows {', '.join(known)}"
            )
    return Settings(
        profile=options["profile"],
        hidden=options["hide"],
        tls=tls,
        require_tls=bool(options["require-tls"]),
        require_auth=bool(options["require-auth"]),
        limits=Limits(
            message_size=options["max-message-size"] or None,
            recipients=options["max-recipients"],
            connections=options["max-connections"] or None,
        ),
    )


def _auth(options: Options) -> Auth | None:
    from lazr_smtptest.auth.login import Auth

    if not options["auth"]:
        return None
    for checker in options["auth"]:
        kind, _, file = checker.partition(":")
        # Twisted would start without the file, and refuse every login.
        if kind == "file" and not Path(file).is_file():
            raise StartError(f"--auth: there is no file {file!r}")
    try:
        return Auth.from_specs(options["auth"])
    except ValueError as error:
        raise OptionError(f"--auth: {error}") from error


_PORT_HINT = "--port PORT names another port, --port 0 any free one"


def _endpoints(options: Options, reactor: Any) -> dict[str, list[LoggedEndpoint]]:
    """Return the endpoints by protocol."""

    def make(option: str) -> list[LoggedEndpoint]:
        what = "" if option == "smtp" else option
        return [
            LoggedEndpoint(
                reactor,
                text,
                what,
                hint=_PORT_HINT if text == options.default_endpoint else "",
            )
            for text in options[option]
        ]

    return {option: make(option) for option in PLACES}


def make_listeners(
    endpoints: Mapping[str, Sequence[IStreamServerEndpoint]], server: CommandServer
) -> list[Listener]:
    """Return the listeners, each with the settings for its protocol.

    Args:
        endpoints: by protocol, see `PLACES`.
        server: has the settings.
    """
    from lazr_smtptest.server.listener import Listener
    from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

    settings = server.settings
    within_tls = attrs.evolve(settings, implicit_tls=settings.tls is not None)
    return [
        *[Listener(each) for each in endpoints["smtp"]],
        *[Listener(each, settings=within_tls) for each in endpoints["smtps"]],
        *[Listener(each, protocol=LMTPServerProtocol) for each in endpoints["lmtp"]],
    ]
