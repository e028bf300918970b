"""Records of the activity of this process, one a mailbox."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import attrs

from lazr_smtptest._checks import check_flag
from lazr_smtptest.activity.certificate import certificate_trouble
from lazr_smtptest.activity.monitor import is_of_mail
from lazr_smtptest.activity.outbox import outbox
from lazr_smtptest.activity.place import Place, calling, is_sending
from lazr_smtptest.activity.sources import SOURCES

__all__ = ["Activity"]

# Different events of a kind that a record has room for, and lines that it shows.
_BOUND = 100
_SHOWN = 5

# Characters of the text of an error.
_TEXT = 150

# Ports that mail is sent to. Connections to these are shown first.
_MAIL_PORTS = frozenset((25, 465, 587, 1025, 2465, 2525, 2587))

_LOCAL = ("localhost", "localhost.localdomain", "ip6-localhost")

# How the names of threads and of asyncio tasks begin.
_THREAD, _TASK = "thread", "asyncio task"
_ARTICLES = {_THREAD: "a", _TASK: "an"}

# An error as people know it: the name of its class, and its text.
_Words = tuple[str, str]


@attrs.define
class _Seen:
    """Events that are the same, and the places where they were seen.

    Attributes:
        place: the latest place.
        caught: whether an error was caught there, where it is one.
        mail: whether it is a connection or a look-up to send mail, or an error that
            is likely why none was sent.
        times: how many there were at each place.
    """

    place: Place | None = None
    caught: bool = False
    mail: bool = False
    times: dict[object, int] = attrs.field(factory=dict)

    def again(self, place: Place | None, caught: bool) -> None:
        """Add one."""
        self.place, self.caught = place, caught
        here = (place, caught)
        if here in self.times or len(self.times) < _BOUND:
            self.times[here] = self.times.get(here, 0) + 1

    @property
    def everywhere(self) -> str:
        """The rest of a sentence: how often it was seen at all, and where last."""
        return self._rest(sum(self.times.values()))

    @property
    def here(self) -> str:
        """The same, counting only the latest place: an error passes several."""
        return self._rest(self.times.get((self.place, self.caught), 1))

    def _rest(self, times: int) -> str:
        often = f" ({times} times)" if times > 1 else ""
        return f"{often}; {self.place}." if self.place else f"{often}."


class Activity:
    """The activity of this process beside a server, while a test runs.

    Recorded are connections to other addresses and look-ups of other hosts (by an
    audit hook), errors that ended a thread, and on Python 3.12 and later errors that
    ended an asyncio task, and errors of mail and of the network that were caught (by
    `sys.monitoring`). Of each kind the
    first hundred different ones are kept. Events of threads of test servers are left
    out.

    Any thread may call its methods.

    Args:
        enabled: whether `start` records anything.

    Attributes:
        address: the IP address that the server listens on; ``""``: each address of
            this host is taken for it.
    """

    def __init__(self, enabled: bool = True) -> None:
        check_flag("activity", enabled)
        self.enabled = enabled
        self.address = ""
        self._port = 0
        self._hosts: frozenset[str] = frozenset()
        self.clear()

    def start(self, host: str = "", port: int = 0) -> None:
        """Begin to record, if that is enabled; nothing that was recorded is lost.

        Args:
            host: the address of the server.
            port: its port. Connections to it are not recorded, unless to another
                address of this host than `address`.
        """
        # A client looks its own name up, for its greeting.
        self._hosts = frozenset((host, socket.gethostname().lower(), *_LOCAL))
        self._port = port
        if self.enabled:
            SOURCES.add(self)

    def stop(self) -> None:
        """Stop recording; the records stay."""
        SOURCES.discard(self)

    def clear(self) -> None:
        """Discard the records."""
        self._connections: dict[tuple[str, object], _Seen] = {}
        self._astray: dict[tuple[str, object], _Seen] = {}
        self._lookups: dict[str, _Seen] = {}
        self._errors: dict[_Words, _Seen] = {}
        self._ended: dict[tuple[str, _Words], _Seen] = {}

    def lines(self, besides: Iterable[BaseException] = ()) -> list[str]:
        """Return the records in sentences, those about mail first.

        Args:
            besides: errors that are known already.
        """
        known = {_words(error) for error in besides}
        ended = {
            (who, words): seen
            for (who, words), seen in dict(self._ended).items()
            # The test itself may be a task.
            if who.startswith(_THREAD) or words not in known
        }
        known |= {words for _, words in ended}
        errors = {
            key: seen for key, seen in dict(self._errors).items() if key not in known
        }
        connections = sorted(
            dict(self._connections).items(),
            key=lambda each: each[0][1] not in _MAIL_PORTS,
        )
        return [
            *_some(
                f"The program connected to {self._wrong(host, port)}{seen.everywhere}"
                for (host, port), seen in dict(self._astray).items()
            ),
            *_some(
                f"The program tried to connect to {host} port {port}{seen.everywhere}"
                for (host, port), seen in connections
            ),
            *_some(
                f"The program looked up {name}{seen.everywhere}"
                for name, seen in dict(self._lookups).items()
            ),
            *_some(_sentence(words, seen) for words, seen in errors.items()),
            *_some(
                f"The {who} ended with {_joined(words)}{seen.everywhere}"
                for (who, words), seen in ended.items()
            ),
        ]

    @property
    def cause(self) -> str:
        """The likeliest reason why no mail came, in a few words; ``""``: unknown."""
        for host, port in dict(self._astray):
            return f"the program connected to {self._wrong(host, port)}"
        for (host, port), seen in dict(self._connections).items():
            if seen.mail:
                return f"the program connected to {host} port {port}"
        for who, words in dict(self._ended):
            kind = _THREAD if who.startswith(_THREAD) else _TASK
            return f"{_ARTICLES[kind]} {kind} ended with {_joined(words)}"
        for words, seen in dict(self._errors).items():
            if seen.mail:
                return _trust(words) or f"the program {_verb(seen)} {_joined(words)}"
        for name, seen in dict(self._lookups).items():
            if seen.mail:
                return f"the program looked up {name}"
        return outbox() if self.enabled else ""

    @property
    def elsewhere(self) -> str:
        """A connection to send mail to another address, in words; ``""``: none.

        Unlike `cause` it leaves out what may be meant: other test servers that run,
        and ports of this host that are not known to be for mail.
        """
        for host, port in dict(self._astray):
            return f"the program connected to {self._wrong(host, port)}"
        for (host, port), seen in dict(self._connections).items():
            is_meant = _is_local(host) and port not in _MAIL_PORTS
            if seen.mail and not is_meant and not SOURCES.listens(port):
                return (
                    f"the program tried to connect to {host} port {port}"
                    f"{seen.everywhere.rstrip('.')}"
                )
        return outbox() if self.enabled else ""

    @property
    def port(self) -> int:
        """The port of the server that it was started for; 0: none."""
        return self._port

    def _wrong(self, host: str, port: object) -> str:
        return f"{host} port {port}, the server listens on {self.address}"

    # What the sources call, in the thread of the event

    def contacted(self, how: str, host: str, port: object) -> None:
        """Record a connection or a look-up, unless it is one of the server's clients.

        For these nothing else is done: they are what tests are full of.
        """
        if how == "connect":
            self._connected(host, port)
        elif host.lower() not in self._hosts and not _is_address(host):
            seen = _note(self._lookups, host, calling())
            if seen is not None and not seen.mail:
                seen.mail = is_sending()

    def _connected(self, host: str, port: object) -> None:
        is_here = _is_loopback(host) or host in self._hosts
        if is_here and port in SOURCES.readers:
            return
        if port != self._port or not is_here:
            seen = _note(self._connections, (host, port), calling())
            if seen is not None and not seen.mail:
                seen.mail = port in _MAIL_PORTS or is_sending()
        elif not self._is_server(host):
            _note(self._astray, (host, port), calling())
        elif self._astray:
            # A client tries all addresses of a name, one after the other.
            place = calling()
            self._astray = {
                key: seen
                for key, seen in dict(self._astray).items()
                if seen.place != place
            }

    def _is_server(self, host: str) -> bool:
        """Return whether the server listens on an address of this host."""
        return (
            host in self._hosts
            or not _is_address(self.address)
            or _address(self.address).is_unspecified
            or _address(host) == _address(self.address)
        )

    def passed(self, error: BaseException, place: Place, caught: bool) -> None:
        """Record an error of mail that was caught somewhere, or left a function."""
        words = _words(error)
        # A wait with a time limit may end in a TimeoutError, which has no text.
        if words[1]:
            seen = _note(self._errors, words, place, caught)
            if seen is not None:
                # Those of the server's replies are in the session.
                seen.mail = not is_of_mail(error) or isinstance(
                    error, ssl.SSLCertVerificationError
                )

    def ended(self, error: BaseException, who: str, place: Place | None) -> None:
        """Record an error that ended a thread or a task, which is named."""
        _note(self._ended, (who, _words(error)), place)


def _note(
    records: dict[Any, _Seen], key: object, place: Place | None, caught: bool = False
) -> _Seen | None:
    """Record an event; return what is known of its kind, `None`: there is no room."""
    seen = records.get(key)
    if seen is None:
        if len(records) >= _BOUND:
            return None
        seen = records.setdefault(key, _Seen())
    seen.again(place, caught)
    return seen


def _some(sentences: Iterable[str]) -> Iterator[str]:
    listed = list(sentences)
    yield from listed[:_SHOWN]
    if len(listed) > _SHOWN:
        yield f"... and {len(listed) - _SHOWN} more of these."


def _sentence(words: _Words, seen: _Seen) -> str:
    return f"The program {_verb(seen)} {_joined(words)}{seen.here}"


def _verb(seen: _Seen) -> str:
    return "caught" if seen.caught else "raised"


def _trust(words: _Words) -> str:
    """Return what the error of a client that checks certificates means; or ``""``."""
    if not words[0].endswith("SSLCertVerificationError"):
        return ""
    return certificate_trouble(words[1])


def _joined(words: _Words) -> str:
    return ": ".join(filter(None, words))


def _words(error: BaseException) -> _Words:
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    try:
        text = str(error)
    except Exception:
        text = ""
    line = " ".join(text[:_TEXT].split())
    return f"{module}{kind.__qualname__}", line


@lru_cache(maxsize=100)
def _is_address(host: str) -> bool:
    try:
        _address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return host in _LOCAL or _is_loopback(host)


@lru_cache(maxsize=100)
def _is_loopback(host: str) -> bool:
    return _is_address(host) and _address(host).is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an IP address without its zone; an IPv4 one if it is mapped to IPv6."""
    address = ipaddress.ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
