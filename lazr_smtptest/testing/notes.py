"""Notes on the failures of test cases: the messages that arrived."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

from lazr_smtptest.errors import error_text
from lazr_smtptest.mailbox.failure import shown_by
from lazr_smtptest.mailbox.used import used_since
from lazr_smtptest.testing.arrivals import write_arrivals
from lazr_smtptest.testing.awaiting import noted_coroutine
from lazr_smtptest.testing.causes import causes_of
from lazr_smtptest.testing.tracebacks import hide_library, show_callbacks
from lazr_smtptest.testing.transcripts import write_sessions

__all__ = ["NotesMixin", "is_noted"]

log = logging.getLogger("lazr.smtptest")

# Lines of transcripts that a note has room for.
_BOUND = 100

# The attribute of an error that has a note.
_NOTED = "_smtptest_note"

if TYPE_CHECKING:
    from unittest import TestCase as _Case
else:
    _Case = object

# unittest leaves frames of such modules out of its tracebacks.
__unittest = True


class NotesMixin(_Case):
    """A test case whose failures list the messages that arrived, and when.

    Put it before the case in the list of bases, for unittest or for trial. It covers
    the mailboxes of all servers that were started or cleared during the test.
    `SMTPTestMixin` includes it.
    """

    # Of the test that runs.
    __note: _Note | None = None

    def run(self, result: Any = None) -> Any:
        """Run the test; see `unittest.TestCase`."""
        name = self.id().rpartition(".")[2]
        own = vars(self)
        before, method = own.get(name), getattr(self, name, None)
        if method is None or inspect.isgeneratorfunction(method):
            return super().run(result)
        # On the object, and only during the run: suites are pickled before it.
        note = self.__note = _Note(self.id())
        own[name] = _noted(method, note)
        try:
            return super().run(result)
        finally:
            del self.__note
            if before is None:
                del own[name]
            else:
                own[name] = before

    @contextlib.contextmanager
    def subTest(self, *message: Any, **parameters: Any) -> Iterator[None]:
        """Run a part of the test; see `unittest.TestCase`."""
        note = self.__note
        with super().subTest(*message, **parameters):
            try:
                yield
            except Exception as error:
                if note is not None:
                    note.add_to(error)
                raise


def _noted(method: Callable[..., Any], note: _Note) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(method):
        return noted_coroutine(method, note.add_to)

    @functools.wraps(method)
    def called(*arguments: Any) -> Any:
        try:
            result = method(*arguments)
        except Exception as error:
            note.add_to(error)
            raise
        # A Deferred of a test of trial.
        if hasattr(result, "addErrback"):
            result.addErrback(note.add_to_failure)
        return result

    return called


class _Note:
    """The note on the error of a test that begins now."""

    def __init__(self, test: str) -> None:
        self._test = test
        self._began, self._moment = time.time(), time.monotonic()

    def add_to_failure(self, failure: Any) -> Any:
        self.add_to(failure.value)
        return failure

    def add_to(self, error: BaseException) -> None:
        if shown_by(error) is not None:
            hide_library(error.__traceback__)
        elif not isinstance(error, SkipTest):
            show_callbacks(error.__traceback__)
            text = "" if is_noted(error) else self._text(error)
            if text:
                _append(error, text)
                setattr(error, _NOTED, text)

        if not isinstance(error, SkipTest):
            self._report(error)

    def _report(self, error: BaseException) -> None:
        # Where no report is wanted, there is nothing to import either.
        if "lazr_smtptest.testing.report" in sys.modules:
            from lazr_smtptest.testing.report import report_failure

            text = "".join(traceback.format_exception(error))
            try:
                report_failure(self._test, text, self._moment)
            except Exception:
                # It must not take the place of the failure that it is about.
                log.exception("the report of %s cannot be written", self._test)

    def _text(self, error: BaseException) -> str:
        parts = ["".join(f"{each}\n" for each in causes_of(error, self._moment))]
        for mailbox in used_since(self._moment):
            if mailbox.settle is not None:
                mailbox.settle()
            lines = mailbox.activity.lines(besides=[error])
            activity = "".join(f"{line}\n" for line in lines)
            failed = [each for each in mailbox.sessions if each.failed]
            parts.append(write_arrivals(mailbox, self._began) + activity)
            parts.append(write_sessions(failed, _BOUND))
        return "\n".join(filter(None, parts)).rstrip("\n")


def is_noted(error: BaseException) -> bool:
    """Return whether an error has a note of a `NotesMixin`."""
    return hasattr(error, _NOTED)


def _append(error: BaseException, text: str) -> None:
    """Append a text to the text of an error, so that every framework shows it."""
    words = error.args[0] if error.args else ""
    # The text of some errors, such as a KeyError, is not their argument.
    if isinstance(words, str) and error_text(error) == words:
        error.args = (f"{words}\n\n{text}", *error.args[1:])
    elif hasattr(error, "add_note"):
        error.add_note(f"\n{text}")
