"""The errors of user code: kept in the server's thread, raised in the test's.

Any exception counts, also those that are no `Exception`: the outcomes of pytest,
`SystemExit`, the `CancelledError` of asyncio.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from lazr_smtptest.errors import HandlerError

__all__ = ["Failures", "check_for_twisted", "raise_interrupt"]

# A server that runs for months keeps no more errors than this; each is logged.
_KEPT = 1000


class Failures:
    """Keeps errors until a test asks for them; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: list[BaseException] = []
        self._latest: BaseException | None = None

    def keep(self, error: BaseException) -> None:
        """Keep an error; the same one twice in a row is one.

        Whoever calls user code reports what it raised, and so may those that the
        error passes on its way.
        """
        with self._lock:
            if error is not self._latest and len(self._errors) < _KEPT:
                self._errors.append(error)
            self._latest = error

    def expect(self) -> None:
        """Take the next error for a new one, also if it is the latest again."""
        # No lock: this is done for each message, and is one step for Python.
        self._latest = None

    @property
    def kept(self) -> tuple[BaseException, ...]:
        """The errors that were kept since the last check."""
        with self._lock:
            return tuple(self._errors)

    def all(self) -> tuple[BaseException, ...]:
        """Return `kept`, as a function."""
        return self.kept

    def check(self) -> None:
        """Raise what was kept since the last check.

        Raises:
            BaseException: the error itself, if there was one; the first one, if all
                are of one type that is no `Exception`, such as pytest's outcomes.
            HandlerError: if there were several others.
        """
        with self._lock:
            errors, self._errors = self._errors, []
        if not errors:
            return
        first = errors[0]
        alike = {type(error) for error in errors} == {type(first)}
        if len(errors) == 1 or (alike and not isinstance(first, Exception)):
            raise first
        raise HandlerError(errors) from first


def check_for_twisted(check: Callable[[], object]) -> None:
    """Call a `check` whose error goes to a Deferred or to a cleanup of trial.

    Raises:
        Exception: what it raises.
        HandlerError: it raised something else, which trial ignores in a cleanup.
    """
    try:
        check()
    except Exception:
        raise
    except BaseException as error:
        raise HandlerError([error]) from error


def raise_interrupt(error: BaseException) -> None:
    """Raise the error again if it is the user's Ctrl-C, which is for no server.

    Python raises it in the main thread, as long as nobody, such as a reactor, has put
    another handler of the signal in place.

    Raises:
        KeyboardInterrupt: it is.
    """
    if (
        isinstance(error, KeyboardInterrupt)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        raise error
