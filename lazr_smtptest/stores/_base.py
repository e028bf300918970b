"""The base class of all stores: finding messages and calling subscribers."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores._subscribers import Subscribers

if TYPE_CHECKING:
    from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["Store", "check_limit", "new_validity"]


class Store(ABC):
    """The part of a store that does not depend on where it keeps its messages."""

    def __init__(self) -> None:
        self._subscribers = Subscribers()

    @abstractmethod
    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages, oldest first."""

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`, the oldest if several have it."""
        return next((each for each in self if each.id == id), None)

    def __bool__(self) -> bool:
        # An empty store is true, so that ``store or other`` returns the store.
        return True

    def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Return the first message that meets the criteria, or ``None``.

        The criteria are those of `Mailbox`.
        """
        return next(self._found(predicates, criteria), None)

    def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Return the messages that meet the criteria, oldest first."""
        return list(self._found(predicates, criteria))

    def _found(
        self, predicates: tuple[Predicate, ...], given: dict[str, Any]
    ) -> Iterator[Envelope]:
        # Imported here, because importing it installs a reactor.
        from lazr_smtptest.query.criteria import Criteria

        criteria = Criteria.of(*predicates, **given)
        return filter(criteria, self._candidates(criteria))

    def _candidates(self, criteria: Criteria) -> Iterator[Envelope]:
        """Iterate over the messages that may meet the criteria, oldest first."""
        return iter(self)

    def subscribe(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Call `function` with each message that is kept; see `IMessageStore`."""
        return self._subscribers.add(function)


_validity_lock = threading.Lock()
_latest_validity = 0


def new_validity() -> int:
    """Return a value for `IMessageReader.validity`, greater than all earlier ones.

    It is the time in seconds since 1970, which fits until 2106.
    """
    global _latest_validity
    with _validity_lock:
        _latest_validity = max(int(time.time()), _latest_validity + 1)
        return _latest_validity


def check_limit(limit: int) -> None:
    """Check the most items of a page.

    Raises:
        ValueError: it is negative.
    """
    if limit < 0:
        raise ValueError(f"limit must be 0 or more, not {limit}")
