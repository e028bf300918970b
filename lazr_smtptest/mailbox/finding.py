"""Finding messages, in a mailbox and in a view of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, overload

from lazr_smtptest._guesses import Guessable
from lazr_smtptest.mailbox.lines import names, short
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria, Predicate

if TYPE_CHECKING:
    from lazr_smtptest.mailbox.evidence import Evidence

__all__ = ["Finding"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


_GUESSES = {
    **dict.fromkeys(
        (
            *("messages", "emails", "mails", "mail", "inbox", "outbox", "received"),
            *("sent", "sent_messages", "received_messages", "all", "items"),
            *("get_messages", "get_all", "fetch", "list"),
        ),
        "the mailbox itself: it can be gone through, has len(), [0] and .latest",
    ),
    **dict.fromkeys(
        ("last", "last_message", "last_email", "latest_message", "newest"), ".latest"
    ),
    **dict.fromkeys(("first", "oldest"), "[0]"),
    **dict.fromkeys(("count", "size", "message_count"), "len()"),
    **dict.fromkeys(("search", "filter", "find_messages", "get_by"), ".find_all()"),
    **dict.fromkeys(
        ("wait", "wait_for_message", "wait_for_messages", "wait_for_email"),
        ".wait_for()",
    ),
    **dict.fromkeys(("flush", "purge", "empty", "delete_all", "clear_all"), ".clear()"),
    "assert_empty": ".assert_none()",
    "assert_count": ".assert_received(count=...)",
    "address": ".host and .port of the server",
    "assert_sent_to": ".assert_sent(recipient=...)",
    "assert_not_received": ".assert_none()",
    "assert_not_sent": ".assert_none()",
}


class Finding(Guessable, ABC):
    """Messages to be read and to be found, by any thread; see `Mailbox`."""

    guesses = _GUESSES

    @abstractmethod
    def _among(self, key: str) -> tuple[Envelope, ...]:
        """Return every message with a recipient of that key, of other parts too."""

    def _candidates(self, query: Criteria) -> Sequence[Envelope]:
        """Return at least the messages that meet the criteria, oldest first."""
        return self._among(query.key)

    @abstractmethod
    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        """Return criteria that only messages of this part meet."""

    @abstractmethod
    def _sessions(self) -> tuple[Session, ...]:
        """Return the sessions that concern this part, oldest first."""

    @abstractmethod
    def _evidence(self) -> Evidence:
        """Return the facts for the text of a failure."""

    @abstractmethod
    def clear(self) -> None:
        """Remove these messages."""

    def _hand_out(self, envelopes: Iterable[Envelope]) -> list[Envelope]:
        """Return messages that the test may keep after they are removed."""
        return list(envelopes)

    def _found(self, query: Criteria) -> list[Envelope]:
        return self._hand_out(filter(query, self._candidates(query)))

    def _snapshot(self) -> list[Envelope]:
        return self._found(self._query((), {}))

    def _summary(self) -> str:
        """Return the number of messages and the first ones, on a short line."""
        found = self._snapshot()
        plural = "" if len(found) == 1 else "s"
        first = [
            f"{each.subject!r:.40} to {names(each.rcpt_tos)}" for each in found[:3]
        ]
        more = ["..."] if len(found) > len(first) else []
        listed = ", ".join(short(each) for each in (*first, *more))
        return f"{len(found)} message{plural}" + (f": {listed}" if listed else "")

    def __len__(self) -> int:
        return len(self._snapshot())

    def __bool__(self) -> bool:
        # An empty mailbox is a mailbox: ``mailbox or other`` gives the first.
        return True

    def __iter__(self) -> Iterator[Envelope]:
        """Yield the messages that are there now, oldest first."""
        return iter(self._snapshot())

    def __reversed__(self) -> Iterator[Envelope]:
        """Yield the messages that are there now, newest first."""
        return reversed(self._snapshot())

    @overload
    def __getitem__(self, index: int) -> Envelope: ...

    @overload
    def __getitem__(self, index: slice) -> list[Envelope]: ...

    def __getitem__(self, index: int | slice) -> Envelope | list[Envelope]:
        if isinstance(index, str):
            raise TypeError(
                f"a mailbox has numbers and slices, not {index!r}: use "
                "find(recipient=...) to find a message, and .header(name) of it"
            )
        return self._snapshot()[index]

    @property
    def latest(self) -> Envelope | None:
        """The newest message; ``None`` if there is none."""
        return next(iter(self._snapshot()[::-1]), None)

    def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Return the first message that meets the criteria; ``None`` if none does."""
        query = self._query(predicates, criteria)
        first = islice(filter(query, self._candidates(query)), 1)
        return next(iter(self._hand_out(first)), None)

    def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Return the messages that meet the criteria, oldest first."""
        return self._found(self._query(predicates, criteria))
