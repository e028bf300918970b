"""Assertions that messages arrived, or that none did."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Literal, overload

import attrs

from lazr_smtptest._callers import warn_caller
from lazr_smtptest.errors import StateError
from lazr_smtptest.mailbox.blocking import cannot_wait
from lazr_smtptest.mailbox.waiting import Waiting, check
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["Asserting"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


class Asserting(Waiting):
    """Messages that any thread can assert on; see `Mailbox`."""

    @overload
    def assert_received(
        self,
        *predicates: Predicate,
        count: Literal[1] | None = None,
        timeout: float = 0.0,
        **criteria: Any,
    ) -> Envelope: ...

    @overload
    def assert_received(
        self,
        *predicates: Predicate,
        count: int,
        timeout: float = 0.0,
        **criteria: Any,
    ) -> list[Envelope]: ...

    def assert_received(
        self,
        *predicates: Predicate,
        count: int | None = None,
        timeout: float = 0.0,
        **criteria: Any,
    ) -> Envelope | list[Envelope]:
        """Assert that messages are there.

        Args:
            predicates: see `Mailbox`.
            count: exactly how many; ``None``: one or more.
            timeout: seconds to wait for them; 0: they have to be there now.
            criteria: see `Mailbox`.

        Returns:
            the first `Envelope`; with a `count` over 1 a list of `count` envelopes.

        Raises:
            NotReceived: there are too few; an AssertionError.
            AssertionError: there are too many.
            StateError: see `wait_for`, with a `timeout`.
        """
        query = self._query(predicates, criteria)
        least = 1 if count is None else count
        check(least, timeout)
        if timeout:
            self.wait_for(*predicates, count=least, timeout=timeout, **criteria)
        found = self._found(query)
        if len(found) < least:
            # The texts of failures are imported when something fails.
            from lazr_smtptest.mailbox.report import not_received

            late = self._lateness(query, least, len(found), "the assertion")
            evidence = attrs.evolve(self._evidence(), reason=late)
            raise not_received(query, len(found), least, "", evidence)
        if count is not None and len(found) > count:
            from lazr_smtptest.mailbox.report import unexpected

            what = f"{len(found)} messages match, wanted {count}:"
            raise unexpected(what, query, found, self._evidence())
        return found[0] if least == 1 else found

    # What the test's own program sent is what the server received.
    assert_sent = assert_received

    def assert_none(
        self, *predicates: Predicate, within: float = 0.2, **criteria: Any
    ) -> None:
        """Assert that no such message is there, and that none arrives.

        A pass that may be a mistake causes a `UserWarning`: a message would match if
        ``*``, ``?`` or a regular expression in a text were meant as such, or no message
        arrived at all and this process connected to another server to send mail.

        Args:
            predicates: see `Mailbox`.
            within: seconds to wait for one; 0 does not wait.
            criteria: see `Mailbox`.

        Raises:
            AssertionError: there is one.
            StateError: no message could arrive: the server was not started, or was
                stopped before a client connected; a hook does not keep what comes;
                the mailbox is or was closed; or the wait would block a running event
                loop or reactor.
        """
        query = self._query(predicates, criteria)
        check(1, within, "within")
        _raise_if(self._unreachable())
        found = self._found(query) or self._found_within(query, within)
        if found:
            from lazr_smtptest.mailbox.report import headline, unexpected

            what = f"{headline(found[0])}\na message arrived that should not have:"
            raise unexpected(what, query, found, self._evidence())
        _raise_if(self._lost(query))
        from lazr_smtptest.mailbox.doubts import doubts

        arrived = partial(self._among, query.key)
        for doubt in doubts(query, arrived, self._elsewhere()):
            warn_caller(doubt)

    def _unreachable(self) -> str:
        """Return why no message could have come so far; ``""``: one could."""
        return ""

    def _lost(self, query: Criteria) -> str:
        """Return why a message that came is not here; ``""``: none came."""
        return ""

    def _found_within(self, query: Criteria, within: float) -> list[Envelope]:
        if not within:
            return []
        _raise_if(cannot_wait(within, self._on_reactor()))
        woken = threading.Event()
        with self._waiting(query, 1, woken.set) as waiter:
            woken.wait(within)
        if waiter.error is not None:
            raise waiter.error
        return waiter.found


def _raise_if(trouble: str) -> None:
    """Raise a StateError with this text, if there is one."""
    if trouble:
        raise StateError(trouble)
