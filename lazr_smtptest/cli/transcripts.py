"""Transcripts on disk: a file for each session, for people to read."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.model.session import Session, Transaction

__all__ = ["TranscriptFolder"]

log = logging.getLogger("lazr.smtptest")

# The time at which the session began, in UTC, so that file names sort by time.
_TIME = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-z-]+\.txt")


class TranscriptFolder:
    """A directory with a file for each session that has ended.

    Several processes may write to one directory. A file appears when it is complete.
    From time to time the oldest files are removed, and no files of other programs.

    Args:
        path: the directory. It is made if it does not exist; its parent must exist.
        keep: the number of files left when the oldest are removed. In between
            there may be a tenth more, for each process. 0 keeps all.

    Raises:
        OSError: `path` is not a directory, or may not be written to.
    """

    def __init__(self, path: str | os.PathLike[str], keep: int = 10_000) -> None:
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        self._keep = keep
        self._written = 0
        self._broken = False
        self._prepare()

    def _prepare(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        self._remove_oldest()
        effective = os.access in os.supports_effective_ids
        if not os.access(self.path, os.W_OK | os.X_OK, effective_ids=effective):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def write(self, session: Session) -> None:
        """Write the file of a session that has ended.

        An error is logged: once, until a write succeeds again.
        """
        try:
            self._write(session)
            self._written += 1
            if self._keep and self._written % max(1, self._keep // 10) == 0:
                self._remove_oldest()
        except OSError as error:
            if not self._broken:
                log.error("cannot write transcripts to %s: %s", self.path, error)
            self._broken = True
        else:
            self._broken = False

    def _write(self, session: Session) -> None:
        name = f"{session.started_at.strftime(_TIME)}-{session.id}.txt"
        part = self.path / f".{name}"
        try:
            part.write_bytes(describe(session).encode())
            part.rename(self.path / name)
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def _remove_oldest(self) -> None:
        names = sorted(filter(_NAME.fullmatch, os.listdir(self.path)))  # noqa: PTH208
        # With `keep` 0 this slice is empty.
        for name in names[: -self._keep]:
            # Another process may remove it, too.
            (self.path / name).unlink(missing_ok=True)


def describe(session: Session) -> str:
    """Return the facts about a session, and its transcript, as text.

    Secrets are masked; see `Transcript`.
    """
    head = (f"{name}: {printable(value)}\n" for name, value in _facts(session))
    return "".join((*head, "\n", str(session.transcript), "\n"))


def _facts(session: Session) -> Iterator[tuple[str, str]]:
    yield "Session", f"{session.number}, {session.id}"
    if session.protocol != "smtp":
        yield "Protocol", session.protocol.upper()
    yield "Began", f"{session.started_at:%Y-%m-%d %H:%M:%S.%f} UTC"
    if session.ended is not None:
        # By the monotonic clock, unless no transcript was kept.
        seconds = session.transcript.end()[0] or session.ended - session.started
        yield "Lasted", f"{seconds:.3f} seconds"
    host, port = session.peer
    if host:
        yield "Client", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if session.helo:
        yield "Hello", session.helo
    yield from _credentials(session)
    for transaction in session.transactions:
        yield from _outcome(transaction)


def _credentials(session: Session) -> Iterator[tuple[str, str]]:
    if session.tls:
        yield "TLS", f"{session.tls_version}, {session.tls_cipher}"
    if session.client_certificate:
        yield "Certificate", ", ".join(session.client_certificate)
    if session.user is not None:
        yield "User", f"{session.user}, by {session.mechanism}"


def _outcome(transaction: Transaction) -> Iterator[tuple[str, str]]:
    recipients = ", ".join(f"<{each}>" for each in transaction.rcpt_tos) or "nobody"
    told = f", {transaction.reply}" if transaction.reply is not None else ""
    yield (
        f"Mail {transaction.number}",
        f"{transaction.outcome}, from <{transaction.mail_from}> to {recipients}{told}",
    )
    for recipient, reply in transaction.refused:
        yield "Refused", f"<{recipient}>, {reply or 'without a reply'}"
