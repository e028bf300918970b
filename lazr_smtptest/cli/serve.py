"""``smtptest serve``: the server in the foreground.

It takes the options of ``twistd smtptest``. It writes no pid file and no log file:
events go to standard output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    globalLogBeginner,
)
from zope.interface import implementer

import twisted
from lazr_smtptest._secrets import without_secrets
from lazr_smtptest.cli.application import Display, Process
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.json_log import LoggedMail, line_of, log_fields
from lazr_smtptest.cli.line_writer import LineWriter, end_of_turn
from lazr_smtptest.cli.live_view import Screen
from lazr_smtptest.cli.mail_log import MailLog, timestamp
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tap import choose_reactor, make_process
from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.version import __version__

__all__ = ["serve"]

_OURS = "lazr.smtptest"
_STORES = {"memory": "in memory; gone when the server ends"}


def serve(arguments: Sequence[str]) -> int:
    """Run the server until a signal or an option ends it.

    Args:
        arguments: the options.

    Returns:
        the exit status: 0, also after SIGTERM and SIGINT; 1 if its workers ended
        repeatedly.

    Raises:
        OptionError: the options are wrong.
        StartError: it cannot be started.
    """
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.synopsis = "smtptest [serve] [options]"
    options.parseOptions(arguments)
    return _run(options)


def _run(options: Options) -> int:
    reactor = choose_reactor()
    writer = LineWriter(sys.stdout.fileno(), end_of_turn(reactor))
    is_json = options["log-format"] == "json"
    observer: ILogObserver = _JSONLog(writer) if is_json else _Log(writer)
    globalLogBeginner.beginLoggingTo(
        [observer], redirectStandardIO=False, discardBuffer=True
    )
    process = make_process(options, reactor, _display(options, writer), logs_mail=False)
    process.when_ready = (
        partial(_log_ready, options["store"], process)
        if is_json
        else partial(_greet, writer, options["store"], process)
    )
    try:
        process.privilegedStartService()
        process.startService()
    except BaseException:
        process.stopService()
        writer.close()
        raise
    reactor.addSystemEventTrigger("before", "shutdown", process.stopService)
    reactor.run()
    writer.close()
    return int(process.failed)


def _display(options: Options, writer: LineWriter) -> Display | None:
    if options["quiet"]:
        return None
    if options["log-format"] == "json":
        return LoggedMail()
    screen = Screen.on(sys.stdout, options["color"], os.environ)
    return MailLog(writer) if screen is None else screen


def _greet(
    writer: LineWriter, store: str, process: Process, addresses: Mapping[str, str]
) -> None:
    """Write the addresses of the server; the last line is for waiting programs."""
    writer.write(f"lazr.smtptest {__version__} on Twisted {twisted.__version__}")
    urls = {
        each.endpoint.protocol: each.url
        for each in process.readers
        if each.endpoint is not None
    }
    for name, address in addresses.items():
        writer.write(f"  {name.upper():<6} {printable(urls.get(name) or address)}")
    if process.ca_file is not None:
        writer.write(f"  CA     {printable(str(process.ca_file))}")
    writer.write(f"  mail   {printable(_STORES.get(store, without_secrets(store)))}")
    writer.write("Ctrl-C ends it. smtptest --help lists the options.")
    ports = (f"{name}={_port(address)}" for name, address in addresses.items())
    writer.write(f"ready {' '.join(ports)}")


def _log_ready(store: str, process: Process, addresses: Mapping[str, str]) -> None:
    """Log the addresses of the server."""
    fields: dict[str, object] = {
        "store": without_secrets(store),
        "addresses": dict(addresses),
    }
    if process.ca_file is not None:
        fields["ca_file"] = str(process.ca_file)
    log_fields("ready", version=__version__, **fields)


def _port(address: str) -> str:
    return printable(address.rpartition(":")[2])


def _is_shown(event: LogEvent) -> bool:
    """Return whether an event is ours, or a warning or an error of others."""
    level = event.get("log_level") or LogLevel.info
    namespace = event.get("log_namespace") or "-"
    return bool(namespace.startswith(_OURS) or level >= LogLevel.warn)


@implementer(ILogObserver)
class _JSONLog:
    """Writes the same events as `_Log`, each as a JSON object."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer

    def __call__(self, event: LogEvent) -> None:
        line = line_of(event) if _is_shown(event) else ""
        if line:
            self._writer.write(line)


@implementer(ILogObserver)
class _Log:
    """Writes this package's log lines, and warnings and errors of others."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer

    def __call__(self, event: LogEvent) -> None:
        if _is_shown(event):
            level = event.get("log_level") or LogLevel.info
            text = eventAsText(event, includeTimestamp=False, includeSystem=False)
            if text:
                name = "" if level <= LogLevel.info else f"{level.name}: "
                self._writer.write(f"{timestamp(event['log_time'])} {name}{text}")
