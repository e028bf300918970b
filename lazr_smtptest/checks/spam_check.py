"""The spam check: SpamAssassin's opinion of a message.

It asks a running ``spamd`` by the protocol of ``spamc``, over TCP or a Unix socket.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

__all__ = ["SpamAssassin", "SpamCheck", "SpamRule", "parse_report", "parse_server"]

# The bytes of a message that is checked, and of an answer; seconds for a check.
MOST_BYTES, MOST_ANSWER, TIMEOUT = 10 << 20, 1 << 18, 30.0

_STATUS = re.compile(rb"SPAMD/[0-9.]+ ([0-9]+) ([^\r\n]*)\r?\n")
_SPAM = re.compile(
    rb"^Spam: *(True|False|Yes|No) *; *(-?[0-9.]+) */ *(-?[0-9.]+) *\r?$",
    re.MULTILINE | re.IGNORECASE,
)
_RULE = re.compile(r" *(-?[0-9]+(?:\.[0-9]+)?) +([A-Z0-9_]+)(?: +(.*))?")
_RULER = re.compile(r" *-{3,}( +-{3,})+ *")
_PORT = 783


class _NoAnswerError(Exception):
    """The server gave no answer; the text is the reason."""


@attrs.frozen
class SpamRule:
    """A rule that matched.

    Attributes:
        score: its points.
        name: its name, such as ``MISSING_DATE``.
        description: its meaning.
    """

    score: float
    name: str
    description: str


@attrs.frozen
class SpamCheck:
    """The result of the spam check.

    Attributes:
        is_spam: whether the points reach the threshold.
        score: the points.
        threshold: the points from which on a message is spam.
        rules: the rules that matched.
        error: why there is no result; ``""`` if there is one.
    """

    is_spam: bool = False
    score: float = 0.0
    threshold: float = 5.0
    rules: tuple[SpamRule, ...] = ()
    error: str = ""


def parse_server(text: str) -> tuple[str, int]:
    """Return the host and port of ``HOST:PORT``, or the path of ``unix:PATH`` and 0.

    Raises:
        ValueError: it is neither.
    """
    if text.startswith("unix:/"):
        return text.removeprefix("unix:"), 0
    host, _, port = text.rpartition(":") if ":" in text else (text, "", str(_PORT))
    host = host.removeprefix("[").removesuffix("]")
    is_port = re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536
    if not (re.fullmatch(r"[A-Za-z0-9._:-]+", host) and is_port):
        raise ValueError(
            f"a spamd is HOST:PORT such as localhost:783, or unix:/PATH, not {text!r}"
        )
    return host, int(port)


class SpamAssassin:
    """A client of ``spamd``.

    Args:
        server: see `parse_server`.
        reactor: connects, and measures the time.

    Raises:
        ValueError: the server is malformed.
    """

    def __init__(self, server: str, reactor: Any) -> None:
        self._server = server
        self._reactor = reactor
        self._endpoint = _endpoint(reactor, *parse_server(server))

    def check(self, content: bytes) -> Deferred[SpamCheck]:
        """Check a message.

        Returns:
            a Deferred with the result; if the server gives none within 30 s, its
            ``error`` tells why.
        """
        if len(content) > MOST_BYTES:
            return _failed(f"the message has over {MOST_BYTES} bytes")
        asking = Deferred.fromCoroutine(self._ask(content))
        timer = self._reactor.callLater(TIMEOUT, asking.cancel)

        def ended(result: Any) -> Any:
            if timer.active():
                timer.cancel()
                return result
            if isinstance(result, Failure):
                result.trap(CancelledError)
                return SpamCheck(
                    error=f"{self._server} gave no answer in {TIMEOUT:g} s"
                )
            return result

        return asking.addBoth(ended)

    async def _ask(self, content: bytes) -> SpamCheck:
        client = _Client(content)
        try:
            await self._endpoint.connect(Factory.forProtocol(lambda: client))
            return _parse_answer(await client.answer)
        except CancelledError:
            raise
        except Exception as error:
            return SpamCheck(error=f"{self._server}: {error}")


def _endpoint(reactor: Any, host: str, port: int) -> Any:
    if not port:
        return UNIXClientEndpoint(reactor, host)
    host = "127.0.0.1" if host == "localhost" else host
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return HostnameEndpoint(reactor, host.encode("ascii"), port)
    # No thread to resolve an address.
    kind = TCP4ClientEndpoint if version == 4 else TCP6ClientEndpoint
    return kind(reactor, host, port)


def _failed(reason: str) -> Deferred[SpamCheck]:
    failed: Deferred[SpamCheck] = Deferred()
    failed.callback(SpamCheck(error=reason))
    return failed


class _Client(Protocol):
    """Sends a message, and collects the answer."""

    def __init__(self, content: bytes) -> None:
        self.answer: Deferred[bytes] = Deferred(lambda _: self._abort())
        self._content = content
        self._read = bytearray()

    def connectionMade(self) -> None:
        """Send the request; its end tells the server that it is complete."""
        transport: Any = self.transport
        head = f"REPORT SPAMC/1.5\r\nContent-length: {len(self._content)}\r\n\r\n"
        transport.writeSequence([head.encode("ascii"), self._content])

    def dataReceived(self, data: bytes) -> None:
        """Keep a part of the answer."""
        self._read += data
        if len(self._read) > MOST_ANSWER and not self.answer.called:
            self._abort()
            reason = _NoAnswerError(f"its answer has over {MOST_ANSWER} bytes")
            self.answer.errback(Failure(reason))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fire with the answer."""
        if not self.answer.called:
            self.answer.callback(bytes(self._read))

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()


def _parse_answer(answer: bytes) -> SpamCheck:
    status = _STATUS.match(answer)
    if status is None:
        raise _NoAnswerError(f"it is no spamd: {answer[:64]!r}")
    if int(status[1]):
        words = status[2].decode("ascii", "replace")
        raise _NoAnswerError(f"it answers {int(status[1])} {words}")
    head, _, report = answer.partition(b"\r\n\r\n")
    spam = _SPAM.search(head)
    if spam is None:
        raise _NoAnswerError("its answer has no field Spam")
    return SpamCheck(
        is_spam=spam[1].lower() in (b"true", b"yes"),
        score=float(spam[2]),
        threshold=float(spam[3]),
        rules=parse_report(report.decode("utf-8", "replace")),
    )


def parse_report(report: str) -> tuple[SpamRule, ...]:
    """Return the rules in the table of a report; those without points, too."""
    rules: list[SpamRule] = []
    lines = iter(report.splitlines())
    for line in lines:
        if _RULER.fullmatch(line):
            break
    for line in lines:
        found = _RULE.fullmatch(line)
        if found:
            rules.append(SpamRule(float(found[1]), found[2], (found[3] or "").strip()))
        elif rules and line.startswith(" " * 8) and line.strip():
            last = rules[-1]
            text = f"{last.description} {line.strip()}".strip()
            rules[-1] = attrs.evolve(last, description=text)
        elif rules:
            break
    return tuple(rules)
