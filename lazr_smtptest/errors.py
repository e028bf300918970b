"""The errors of this package, one class for each kind of remedy."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "BlockedError",
    "BusyError",
    "CheckError",
    "DKIMError",
    "Error",
    "HandlerError",
    "ListenError",
    "QueryError",
    "ReleaseError",
    "RequestError",
    "SearchTimeoutError",
    "SendError",
    "StateError",
    "StoreError",
    "StoreFullError",
    "SubscriberError",
    "error_repr",
    "error_text",
]


class Error(Exception):
    """The base of every error that this package itself raises."""


class StateError(Error):
    """An operation is not allowed in the present state of a server or store.

    Raised, for example, when a controller is started twice or used while stopped.
    """


class StoreError(Error):
    """A message store cannot be opened or used.

    A client that was sending a message gets the reply ``451 4.3.0``.
    """


class StoreFullError(StoreError):
    """There is no room for a message: the disk is full, or a bound is reached.

    A client that was sending it gets the reply ``452 4.3.1``.
    """


class SubscriberError(Error):
    """A subscriber of a store raised a StoreError, which is its ``__cause__``.

    It is not an error of the store that it subscribed to: the message was kept. A
    client that was sending it gets the reply ``451 4.3.0``.
    """


class QueryError(Error, ValueError):
    """A search query cannot be parsed.

    Attributes:
        query: the whole query.
        position: the index of the first wrong character, from 0 on; the length of the
            query if it ends too early.
        expected: what is allowed there.
    """

    def __init__(self, query: str, position: int, expected: str) -> None:
        super().__init__(query, position, expected)
        self.query = query
        self.position = position
        self.expected = expected

    def __str__(self) -> str:
        return (
            f"bad query {self.query!r:.200}: at character {self.position + 1} "
            f"expected {self.expected}"
        )


class BusyError(Error):
    """Too many reads of a store wait for a thread: try again later.

    Attributes:
        waiting: the most calls that may wait.
    """

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.waiting} reads of the store wait already: try again later"


class SearchTimeoutError(StoreError, TimeoutError):
    """A search timed out before all messages it has to cover were indexed.

    Attributes:
        missing: the number of messages not yet indexed.
        messages: the number of messages in the store.
        timeout: seconds waited.
    """

    def __init__(self, missing: int, messages: int, timeout: float) -> None:
        super().__init__(missing, messages, timeout)
        self.missing = missing
        self.messages = messages
        self.timeout = timeout

    def __str__(self) -> str:
        return (
            f"{self.missing} of {self.messages} messages are not indexed after "
            f"{self.timeout:g} s: use a longer timeout, or "
            "wait=False to search without them"
        )


class CheckError(Error):
    """A check of a message cannot be made: it is not configured, or lacks a package.

    A check that was made and found something raises nothing.
    """


class SendError(Error):
    """A message could not be sent to another server.

    Attributes:
        code: the code of the reply that refused it; 0 if there was none.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class ReleaseError(Error):
    """A message must not be sent on.

    Attributes:
        rule: the rule that forbids it, such as ``"relay-allowed"``.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.rule = rule
        self.message = message

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


class DKIMError(Error):
    """The packages that verify DKIM signatures are not installed."""


class RequestError(Error):
    """An HTTP request of the server got no answer; the text is the reason."""


class BlockedError(RequestError):
    """An HTTP request of the server was not made: its target is not allowed."""


class ListenError(Error):
    """A server could not listen on its address.

    Attributes:
        host: the address asked for, as it was given.
        port: the port asked for; 0 means any.
        reason: the operating system's error.
    """

    def __init__(self, host: str, port: int, reason: OSError) -> None:
        super().__init__(host, port, reason)
        self.host = host
        self.port = port
        self.reason = reason

    def __str__(self) -> str:
        why = self.reason.strerror or str(self.reason)
        return f"cannot listen on {self.host!r} port {self.port}: {why}"


class HandlerError(Error):
    """Several messages failed in the handler; a single failure is raised itself.

    A single failure that is not an `Exception` is also raised as this error where a
    Deferred fails or in a test of trial: trial's cleanups ignore others.

    Attributes:
        exceptions: the exceptions that the handler raised, oldest first.
    """

    def __init__(self, exceptions: Sequence[BaseException]) -> None:
        super().__init__(tuple(exceptions))
        self.exceptions = tuple(exceptions)

    def __str__(self) -> str:
        each = "; ".join(error_repr(exception) for exception in self.exceptions)
        messages = "message" if len(self.exceptions) == 1 else "messages"
        return f"{len(self.exceptions)} {messages} failed in the handler: {each}"


def error_repr(error: BaseException | None) -> str:
    """Return the `repr` of an error; its type, if that raises; see `error_text`."""
    try:
        return repr(error)
    except Exception:
        return f"an object of type {type(error).__name__}"


def error_text(error: BaseException) -> str:
    """Return the text of an error; if it has none, that is its ``str`` raises, ``""``.

    The error may be of user code, whose class may have any method.
    """
    try:
        return str(error)
    except Exception:
        return ""
