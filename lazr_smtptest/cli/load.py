"""``smtptest load``: send a load to a mail server, and measure its latency."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lazr_smtptest.cli.argument_values import count, number, positive, seconds
from lazr_smtptest.cli.arguments import ArgumentParser
from lazr_smtptest.cli.commands.base import CommandError, run_command, write_json
from lazr_smtptest.cli.environment import read_variables
from lazr_smtptest.cli.smtp_client import (
    SERVER_VARIABLES,
    ServerAddress,
    add_server_options,
    reason,
)
from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.errors import SendError

if TYPE_CHECKING:
    from lazr_smtptest.load.plan import Plan
    from lazr_smtptest.load.results import Results

__all__ = ["load", "load_parser"]

T = TypeVar("T")

_DESCRIPTION = (
    "Send messages to a mail server as fast as it takes them, or at a rate, and print "
    "its latency: from the time when a message is due until it is accepted. Only "
    "servers on this machine are loaded, unless --allow names another one."
)
# Without a number and a duration.
_DURATION = 10
_PAUSE = 1.0


def load(arguments: Sequence[str]) -> int:
    """Send a load; return the exit status.

    Args:
        arguments: the options.

    Returns:
        0; 1: a threshold is missed, or there is no server; 2: the options are wrong.
    """
    variables = read_variables(os.environ, SERVER_VARIABLES)
    parser = load_parser(variables)
    options = parser.parse_args(arguments)
    return run_command("load", lambda: _run(options, variables))


def _run(options: argparse.Namespace, variables: Mapping[str, str]) -> int:
    try:
        from lazr_smtptest.load.report import as_json, summary
        from lazr_smtptest.load.thresholds import parse_threshold
    except ImportError as error:
        raise CommandError(
            f"it needs pip install 'lazr.smtptest[load]': {error}"
        ) from error
    thresholds = [
        _checked("--fail-above", parse_threshold, text) for text in options.fail_above
    ]
    plan = _plan(options, variables)
    results = _send(plan, is_live=not options.quiet)
    failures = [each.failure(results.latency) for each in thresholds]
    errors = results.errors.total()
    if 0 < options.fail_errors <= errors:
        failures.append(f"{errors} errors, {options.fail_errors} or more are a failure")
    found = [each for each in failures if each is not None]
    if options.json:
        write_json(as_json(plan, results, found))
    else:
        for line in (*summary(results), *(f"failed: {each}" for each in found)):
            print(printable(line))
    return int(bool(found))


def _send(plan: Plan, *, is_live: bool) -> Results:
    """Send the load, in a reactor of its own.

    Raises:
        CommandError: the server cannot be used at all.
    """
    from twisted.internet.task import LoopingCall

    from lazr_smtptest.load.generator import Generator
    from lazr_smtptest.load.report import Live
    from lazr_smtptest.net.reactor import PrivateReactor

    reactor = PrivateReactor()
    ended: list[Any] = []

    def start() -> None:
        begun = reactor.seconds()
        # Standard output is for the results.
        live = Live(sys.stderr, generator.results, lambda: reactor.seconds() - begun)
        showing = LoopingCall(live.show)
        showing.clock = reactor
        if is_live:
            showing.start(_PAUSE, now=False)

        def end(result: Any) -> None:
            if showing.running:
                showing.stop()
            live.clear()
            ended.append(result)
            # Connections say goodbye first.
            reactor.callLater(0, reactor.stop)

        generator.run().addBoth(end)

    before = signal.getsignal(signal.SIGINT)
    try:
        generator = Generator(reactor, plan)
        reactor.callWhenRunning(start)
        signal.signal(signal.SIGINT, lambda *_: reactor.callFromThread(generator.stop))
        reactor.run(installSignalHandlers=False)
    except SendError as error:
        raise CommandError(str(error)) from error
    finally:
        signal.signal(signal.SIGINT, before)
        reactor.close()
    return _result(plan, ended[0])


def _result(plan: Plan, result: Any) -> Results:
    from twisted.python.failure import Failure

    if isinstance(result, Failure):
        error = result.value
        if not isinstance(error, SendError):
            result.raiseException()
        raise CommandError(f"{plan.server.address}: {error}") from error
    found: Results = result
    return found


def _plan(options: argparse.Namespace, variables: Mapping[str, str]) -> Plan:
    """Return the load that the options describe.

    Raises:
        CommandError: an option is wrong, or the server may not be loaded.
    """
    from lazr_smtptest.load.plan import Plan
    from lazr_smtptest.load.sizes import parse_sizes
    from lazr_smtptest.load.target import find_target

    sizes = _checked("--size", parse_sizes, options.size)
    duration = options.duration
    if duration is None and options.messages is None:
        duration = _DURATION
    try:
        address = find_target(options.host, options.port, options.allow)
        return Plan(
            server=_server(options, variables),
            address=address,
            connections=options.connections,
            messages=options.messages,
            duration=duration,
            rate=options.rate,
            per_connection=options.per_connection,
            pipelined=options.pipelining,
            sender=options.sender,
            recipient=options.recipient,
            recipients=options.recipients,
            sizes=sizes,
            corpus=_read_corpus(options.corpus),
        )
    except OSError as error:
        raise CommandError(f"{options.host}: {reason(error)}") from error
    except ValueError as error:
        raise CommandError(str(error), 2) from error


def _checked(option: str, parse: Callable[[Any], T], text: Any) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise CommandError(f"{option} is {error}, not {text!r}", 2) from None


def _server(options: argparse.Namespace, variables: Mapping[str, str]) -> Any:
    from lazr_smtptest.outbound.settings import Login, Security, Server

    # It checks the options of the login and of the certificates, too.
    address = ServerAddress.from_options(options, variables)
    security: Security = "none"
    if options.tls or options.starttls:
        security = "tls" if options.tls else "starttls"
    login = None
    if address.login is not None:
        user, password = address.login
        login = Login(user=user, password=password, mechanism=options.auth)
    return Server(
        host=options.host,
        port=options.port,
        security=security,
        verifies=not options.insecure,
        ca=b"" if options.ca_file is None else Path(options.ca_file).read_bytes(),
        login=login,
        timeout=options.timeout,
    )


def _read_corpus(places: Sequence[str]) -> Sequence[bytes]:
    """Return the messages in files, and in the files ``*.eml`` of folders.

    Raises:
        OSError: one cannot be read.
        ValueError: a folder has none.
    """
    files: list[Path] = []
    for place in map(Path, places):
        found = sorted(place.glob("*.eml")) if place.is_dir() else [place]
        if not found:
            raise ValueError(f"--corpus: there is no file *.eml in {place}")
        files += found
    try:
        return [file.read_bytes() for file in files]
    except OSError as error:
        raise ValueError(f"--corpus: {error.filename}: {error.strerror}") from error


def load_parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser of ``smtptest load``.

    Args:
        variables: the values of `SERVER_VARIABLES` in the environment, by option.
    """
    parser = ArgumentParser(prog="smtptest load", description=_DESCRIPTION)
    add_server_options(parser, variables)
    add = parser.add_argument
    add("--insecure", action="store_true", help="do not check the certificate")
    add(
        "--auth",
        choices=("plain", "login", "cram-md5"),
        default="plain",
        help="the mechanism of the login of --user [plain]",
    )
    add(
        "--allow",
        metavar="HOST",
        action="append",
        default=[],
        help="a server on another machine that may be loaded; may be given several "
        "times",
    )
    add(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        default=60.0,
        help="the longest time for a message, and for a connection to begin [60]",
    )
    _add_load(parser)
    _add_messages(parser)
    _add_results(parser)
    return parser


def _add_load(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the load").add_argument
    add(
        "--connections",
        type=count,
        metavar="COUNT",
        default=10,
        help="connections that are open at the same time [10]",
    )
    add("--messages", type=count, metavar="COUNT", help="end after these messages")
    add(
        "--duration",
        type=seconds,
        metavar="TIME",
        help="end after this time, such as 30s or 5m [10s, if --messages is missing]",
    )
    add(
        "--rate",
        type=positive,
        metavar="NUMBER",
        help="messages a second; without it, a connection begins the next message when "
        "the last one is answered",
    )
    add(
        "--per-connection",
        type=count,
        metavar="COUNT",
        help="replace a connection after this number of messages",
    )
    add(
        "--pipelining",
        action="store_true",
        help="send MAIL, RCPT and DATA together (RFC 2920)",
    )


def _add_messages(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the messages").add_argument
    add(
        "--size",
        default="4K",
        help="bytes of a message: 10K, a range 1K-100K, or sizes with weights "
        "4K:90,1M:10 [4K]",
    )
    add(
        "--corpus",
        metavar="PLACE",
        action="append",
        default=[],
        help="send this message, or those in *.eml of this folder, in turn; may be "
        "given several times",
    )
    add(
        "--recipients",
        type=count,
        metavar="COUNT",
        default=1,
        help="recipients of each message [1]",
    )
    add(
        "--from",
        dest="sender",
        metavar="ADDRESS",
        default="load@example.com",
        help="the sender of the envelope [load@example.com]",
    )
    add(
        "--to",
        dest="recipient",
        metavar="ADDRESS",
        default="recipient-{n}@example.com",
        help="the recipients; {n} in it becomes 1, 2 and so on "
        "[recipient-{n}@example.com]",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the results").add_argument
    add(
        "--fail-above",
        metavar="P=TIME",
        action="append",
        default=[],
        help="exit with 1 if the latency is higher: p99=200ms, mean=50ms or max=2s; "
        "may be given several times",
    )
    add(
        "--fail-errors",
        type=number,
        metavar="COUNT",
        default=1,
        help="exit with 1 at this number of errors or more; 0 for never [1]",
    )
    add("--json", action="store_true", help="print the results as JSON")
    add("--quiet", action="store_true", help="do not show each second")
