"""``twistd smtptest``: from a command line to a service that listens.

What it imports is kept small: nothing here may choose a reactor, for the command
line has not been read yet.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import IService, MultiService
from twisted.internet import defer

from lazr_smtptest.endpoint import LoggedEndpoint
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.logbridge import LogBridge
from lazr_smtptest.options import Options, StartError
from lazr_smtptest.screen import Screen
from lazr_smtptest.stores import open_store
from lazr_smtptest.transcripts import TranscriptFolder

if TYPE_CHECKING:
    from lazr_smtptest.command import CommandServer
    from lazr_smtptest.listener import Listener
    from lazr_smtptest.smtp.login import Auth
    from lazr_smtptest.smtp.settings import Settings
    from lazr_smtptest.smtp.tls import TLS

# The imports within the functions install the global reactor.

__all__ = ["Options", "StartError", "makeService"]

log = logging.getLogger("lazr.smtptest")


def makeService(options: Options, reactor: Any = None) -> IService:
    """Make the service that `options` ask for.

    Args:
        options: parsed.
        reactor: what runs it; None means the global one.

    Raises:
        StartError: something that an option names cannot be had.
    """
    if reactor is None:
        from twisted.internet import reactor
    from lazr_smtptest.service import SMTPService

    settings = _settings(options)
    auth = _auth(options)
    endpoints = _endpoints(options, reactor)
    server = _server(options, _screen(options))
    server.settings = settings
    server.auth = auth
    service = _Process(reactor, server.store)
    listeners = _listeners(endpoints, server)
    SMTPService(server, listeners, reactor).setServiceParent(service)
    return service


def _server(options: Options, screen: Screen | None) -> CommandServer:
    from lazr_smtptest.command import CommandServer

    transcripts = _transcripts(options)
    try:
        store = open_store(options["store"])
    except StoreError as error:
        raise StartError(str(error)) from error
    server = CommandServer(store, screen.show if screen else None)
    server.rset_clears = bool(options["rset-clears"])
    server.hostname = options["hostname"]
    server.transcripts = transcripts
    # Where the log is on the screen, too, it need not say the same.
    server.logs_mail = screen is None or not _logs_to_stdout(options)
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


def _screen(options: Options) -> Screen | None:
    """Give what shows mail as it arrives, if the process has a terminal for that."""
    # A process in the background will not have it any more.
    if options.parent is None or not options.parent.get("nodaemon", True):
        return None
    return Screen.on(sys.stdout, options["color"], os.environ)


def _logs_to_stdout(options: Options) -> bool:
    """Say whether the command around this one logs to the standard output."""
    parent: Mapping[str, Any] = options.parent or {}
    if "logFile" in parent:  # that of python -m twisted
        return parent["logFile"] is sys.stdout
    elsewhere = parent.get("syslog") or parent.get("logger")
    return not elsewhere and parent.get("logfile") in (None, "", "-")


def _settings(options: Options) -> Settings:
    from lazr_smtptest.smtp.extensions import EXTENSIONS
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.settings import Settings

    known = sorted(extension.keyword for extension in EXTENSIONS)
    for keyword in options["hide"]:
        if keyword.upper() not in known:
            raise StartError(
                f"--hide knows no extension {keyword!r}; it knows {', '.join(known)}"
            )
    return Settings(
        profile=options["profile"],
        hidden=options["hide"],
        tls=_tls(options),
        require_tls=bool(options["require-tls"]),
        require_auth=bool(options["require-auth"]),
        limits=Limits(
            message_size=options["max-message-size"] or None,
            recipients=options["max-recipients"],
            connections=options["max-connections"] or None,
        ),
    )


def _tls(options: Options) -> TLS | None:
    from lazr_smtptest.smtp.tls import TLS, TLSError

    if options["tls"] is None:
        return None
    try:
        if options["tls"] != "auto":
            certificate, _, key = options["tls"].partition(",")
            return TLS.from_files(certificate, key)
        own = [options["hostname"]] if options["hostname"] else []
        tls = TLS.auto("localhost", "127.0.0.1", "::1", *own)
    except TLSError as error:
        raise StartError(f"--tls: {error}") from error
    if options["ca-file"] is not None:
        _write(options["ca-file"], tls.ca_pem)
    return tls


def _write(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise StartError(f"cannot write {file!r}: {error.strerror}") from error


def _auth(options: Options) -> Auth | None:
    from lazr_smtptest.smtp.login import Auth

    if not options["auth"]:
        return None
    for checker in options["auth"]:
        kind, _, file = checker.partition(":")
        # Twisted goes on, and lets nobody in.
        if kind == "file" and not Path(file).is_file():
            raise StartError(f"--auth: there is no file {file!r}")
    try:
        return Auth.from_specs(options["auth"])
    except ValueError as error:
        raise StartError(f"--auth: {error}") from error


def _endpoints(options: Options, reactor: Any) -> dict[str, list[LoggedEndpoint]]:
    """Make the endpoints, by what is spoken there."""

    def make(option: str) -> list[LoggedEndpoint]:
        what = "" if option == "smtp" else option
        return [LoggedEndpoint(reactor, text, what) for text in options[option]]

    return {option: make(option) for option in ("smtp", "smtps", "lmtp")}


def _listeners(
    endpoints: Mapping[str, list[LoggedEndpoint]], server: CommandServer
) -> list[Listener]:
    from lazr_smtptest.listener import Listener

    settings = server.settings
    within_tls = attrs.evolve(settings, implicit_tls=settings.tls is not None)
    return [
        *[Listener(each) for each in endpoints["smtp"]],
        *[Listener(each, settings=within_tls) for each in endpoints["smtps"]],
        *[Listener(each, protocol=server.lmtp) for each in endpoints["lmtp"]],
    ]


class _Process(MultiService):
    """The service, and what it needs where it has a process to itself."""

    def __init__(self, reactor: Any, store: IMessageStore) -> None:
        super().__init__()
        self._reactor = reactor
        self._store = store
        self._bridge = LogBridge()

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
