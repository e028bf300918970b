"""``twistd smtptest``: from a command line to a service that listens.

What it imports is kept small: nothing here may choose a reactor, for the command
line has not been read yet.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, NoReturn

from twisted.application.service import IService, MultiService
from twisted.internet import defer
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.logger import Logger, LogLevel
from twisted.python import usage
from twisted.python.failure import Failure
from zope.interface import implementer

import twisted
from lazr_smtptest.errors import Error, StoreError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores import check_spec, open_store
from lazr_smtptest.version import __version__

__all__ = ["Options", "StartError", "makeService"]

DEFAULT_ENDPOINT = "tcp:1025:interface=127.0.0.1"

_EXAMPLES = """
Examples:
  twistd -n smtptest
  twistd -n smtptest --store maildir:/tmp/mail
  twistd -n smtptest --smtp tcp:2525:interface=127.0.0.1 --smtp unix:/tmp/s.sock

Without -n twistd goes into the background, and writes to twistd.log.
"""

log = logging.getLogger("lazr.smtptest")


class StartError(Error, SystemExit):
    """The command cannot be run as it was given.

    It is an exit too, so that whatever runs the command prints the message and
    ends with status 1, where it would print a traceback for another exception.
    """

    def __init__(self, message: str) -> None:
        message = " ".join(message.splitlines())
        super().__init__(message)
        self.code = f"smtptest: {message}"


class Options(usage.Options):
    """What can follow ``twistd smtptest``."""

    synopsis = "[options]"
    longdesc = (
        "Take mail by SMTP and keep it, deliver it to nobody. Each message that is "
        "accepted or refused is one line in the log. SIGTERM and Ctrl-C stop it."
    )
    optParameters = [
        ["store", None, "memory", "Keep messages in memory, maildir:DIR or mbox:FILE."],
    ]
    optFlags = [
        ["rset-clears", None, "Forget all messages when a client sends RSET."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["smtp"] = []

    def opt_smtp(self, endpoint: str) -> None:  # noqa: D102
        self["smtp"].append(endpoint)

    opt_smtp.__doc__ = (
        "Where to listen, as a Twisted server endpoint; may be given several times. "
        f"[default: {DEFAULT_ENDPOINT}]"
    )

    def opt_version(self) -> NoReturn:
        """Display the versions and exit."""
        print(f"lazr.smtptest {__version__} on Twisted {twisted.__version__}")
        sys.exit(0)

    def getUsage(self, width: int | None = None) -> str:
        """Add examples, which Twisted would fold into one paragraph."""
        return super().getUsage(width) + _EXAMPLES

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the command line.

        Raises:
            StartError: it is wrong. Twisted would print all of the help on a
                `UsageError`, and the reason somewhere below.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise StartError(str(error)) from error

    def postOptions(self) -> None:
        """Check what can be checked without a reactor and without the disk."""
        self["smtp"] = self["smtp"] or [DEFAULT_ENDPOINT]
        try:
            check_spec(self["store"])
        except ValueError as error:
            raise usage.UsageError(str(error)) from error


def makeService(options: Options, reactor: Any = None) -> IService:
    """Make the service that `options` ask for.

    Args:
        options: parsed.
        reactor: what runs it; None means the global one.

    Raises:
        StartError: the store cannot be opened, or an endpoint not understood.
    """
    # These install the global reactor.
    if reactor is None:
        from twisted.internet import reactor
    from lazr_smtptest.server import StoreServer
    from lazr_smtptest.service import SMTPService

    endpoints = [_Endpoint(reactor, description) for description in options["smtp"]]
    try:
        store = open_store(options["store"])
    except StoreError as error:
        raise StartError(str(error)) from error
    server = StoreServer(store)
    server.rset_clears = bool(options["rset-clears"])
    service = _Process(reactor, store)
    SMTPService(server, endpoints, reactor).setServiceParent(service)
    return service


class _Process(MultiService):
    """The service, and what it needs where it has a process to itself."""

    def __init__(self, reactor: Any, store: IMessageStore) -> None:
        super().__init__()
        self._reactor = reactor
        self._store = store
        self._bridge = _LogBridge()

    def privilegedStartService(self) -> None:
        """Listen; only twistd calls this, ``python -m twisted`` does not."""
        self._bridge.open()
        super().privilegedStartService()

    def startService(self) -> None:
        """Listen, if that was not done yet."""
        self._bridge.open()
        super().startService()
        # Not before the reactor runs: until then a signal ends the process roughly,
        # and the line is what scripts wait for.
        self._reactor.callWhenRunning(
            log.info, "ready, keeping messages in %r", self._store
        )

    def stopService(self) -> defer.Deferred[None]:
        """Stop listening, and let go of the store and the log."""
        # Twisted would end the process by the signal once more, and its parent
        # would see a process that was killed. To stop it so is no failure.
        if getattr(self._reactor, "_exitSignal", None) == signal.SIGTERM:
            self._reactor._exitSignal = None
        stopped: defer.Deferred[None] = super().stopService()
        return stopped.addBoth(self._stopped)

    def _stopped(self, result: Any) -> Any:
        self._store.close()
        self._bridge.close()
        return result


@implementer(IStreamServerEndpoint)
class _Endpoint:
    """An endpoint that says in the log where it listens, and why it cannot.

    Raises:
        StartError: `description` is not understood.
    """

    def __init__(self, reactor: Any, description: str) -> None:
        self._description = description
        try:
            self._endpoint = serverFromString(reactor, description)
        # Endpoints come from plugins, and say in many ways that they do not like
        # what they get: ValueError, TypeError, OSError, TLS errors.
        except Exception as error:
            raise StartError(f"bad endpoint {description!r}: {error}") from error

    def listen(self, factory: IProtocolFactory) -> defer.Deferred[IListeningPort]:
        """Listen, and log it."""
        listening = defer.maybeDeferred(self._endpoint.listen, factory)
        return listening.addCallbacks(self._listens, self._fails)

    def _listens(self, port: IListeningPort) -> IListeningPort:
        address = port.getHost()
        log.info("listening on %s (%s)", _shown(address), self._description)
        if _is_public(address):
            log.warning(
                "%s is not a loopback address: other machines may reach it, and "
                "there is no reason to take mail from strangers",
                _shown(address),
            )
        return port

    def _fails(self, failure: Failure) -> NoReturn:
        cause = failure.value
        if isinstance(cause, CannotListenError):
            cause = cause.socketError
        reason = getattr(cause, "strerror", None) or cause
        raise StartError(f"cannot listen on {self._description}: {reason}")


def _shown(address: object) -> str:
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress):
        return os.fsdecode(address.name or b"")
    return str(address)


def _is_public(address: object) -> bool:
    if isinstance(address, IPv4Address | IPv6Address):
        return not ip_address(address.host).is_loopback
    return False


class _LogBridge(logging.Handler):
    """Sends what the package logs to Twisted's log, while it is open."""

    _LEVELS = {
        logging.DEBUG: LogLevel.debug,
        logging.INFO: LogLevel.info,
        logging.WARNING: LogLevel.warn,
        logging.ERROR: LogLevel.error,
        logging.CRITICAL: LogLevel.critical,
    }

    def __init__(self) -> None:
        super().__init__()
        self._level_before: int | None = None

    def open(self) -> None:
        """Begin, if it has not begun."""
        if self._level_before is None:
            self._level_before = log.level
            log.setLevel(min(log.getEffectiveLevel(), logging.INFO))
            log.addHandler(self)

    def close(self) -> None:
        """Leave the logger as it was."""
        if self._level_before is not None:
            log.removeHandler(self)
            log.setLevel(self._level_before)
            self._level_before = None
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Log it again, with the level and the traceback kept."""
        fields: dict[str, Any] = {"text": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            kind, error, traceback = record.exc_info
            fields["log_failure"] = Failure(error, kind, traceback)
        level = self._LEVELS.get(record.levelno, LogLevel.info)
        Logger(record.name).emit(level, "{text}", **fields)
