"""One client of a load, which has one connection at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.task import deferLater

from lazr_smtptest.errors import SendError
from lazr_smtptest.load.letters import Letter, Letters
from lazr_smtptest.load.plan import Plan
from lazr_smtptest.load.results import Results
from lazr_smtptest.load.schedule import Schedule
from lazr_smtptest.load.transaction import CLOSING, transmit
from lazr_smtptest.outbound.connection import Connection
from lazr_smtptest.outbound.session import Extensions, open_session

__all__ = ["Client"]

# Seconds: a server that is away is not asked again at once.
_PAUSE = 0.1


class Client:
    """Sends messages as they become due.

    Args:
        reactor: connects, and measures the time.
        plan: the load.
        letters: makes the messages.
        schedule: tells when they are due.
        results: counts.
        options: how TLS begins; see `tls_options`.
    """

    def __init__(
        self,
        reactor: Any,
        plan: Plan,
        letters: Letters,
        schedule: Schedule,
        results: Results,
        options: Any,
    ) -> None:
        self._reactor = reactor
        self._plan = plan
        self._letters = letters
        self._schedule = schedule
        self._results = results
        self._options = options
        self._connection: Connection | None = None
        self._extensions: Extensions = {}
        self._sent = 0

    async def connect(self) -> None:
        """Open the connection.

        Raises:
            SendError: it cannot be opened, or lacks an extension that the load needs.
        """
        begun = self._reactor.seconds()
        connection = Connection()
        opening = open_session(
            self._reactor,
            connection,
            self._plan.server,
            address=self._plan.address,
            options=self._options,
        )
        try:
            self._extensions = await self._in_time(opening)
            if self._plan.pipelined and "PIPELINING" not in self._extensions:
                raise SendError("it does not offer PIPELINING")
        except SendError:
            connection.quit()
            raise
        self._results.connecting.add(self._reactor.seconds() - begun)
        self._results.open += 1
        self._connection, self._sent = connection, 0

    async def run(self) -> None:
        """Send messages until none is to begin any more; then close the connection."""
        while (due := await self._schedule.take()) is not None:
            try:
                await self._deliver(due)
            except SendError as error:
                self._results.failed(str(error))
        self._close()

    async def _deliver(self, due: float) -> None:
        connection = self._connection
        # A server may close a connection between two messages.
        if connection is None or not connection.is_open:
            self._close()
            try:
                await self.connect()
            except SendError:
                await deferLater(self._reactor, _PAUSE)
                raise
            connection = self._connection
            assert connection is not None
        letter = self._letters.take()
        try:
            refused = await self._in_time(self._transmit(connection, letter))
        except SendError as error:
            if error.code in (0, CLOSING):
                self._close()
            raise
        finally:
            self._sent += 1
            if self._sent == self._plan.per_connection:
                self._close()
        if refused:
            self._results.failed(refused[0])
        accepted = len(self._letters.recipients) - len(refused)
        seconds = self._reactor.seconds() - due
        self._results.accepted(seconds, letter.size, accepted)

    async def _in_time(self, work: Any) -> Any:
        """Wait for a coroutine, as long as a message may take.

        Raises:
            SendError: it takes longer.
        """
        timeout = self._plan.server.timeout
        waiting: Deferred[Any] = Deferred.fromCoroutine(work)
        waiting.addTimeout(timeout, self._reactor)
        try:
            return await waiting
        except TimeoutError:
            raise SendError(f"no reply within {timeout:g} s") from None

    async def _transmit(self, connection: Connection, letter: Letter) -> Sequence[str]:
        letters, more = self._letters, ""
        if not letter.is_ascii and "8BITMIME" in self._extensions:
            more = " BODY=8BITMIME"
        return await transmit(
            connection,
            f"MAIL FROM:<{letters.sender}>{more}".encode(),
            [f"RCPT TO:<{each}>".encode() for each in letters.recipients],
            letter.data,
            pipelined=self._plan.pipelined,
        )

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._results.open -= 1
            connection.quit()
