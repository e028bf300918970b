"""What every store does in the same way: finding, and telling who asked to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores._subscribers import Subscribers

if TYPE_CHECKING:
    from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["Store"]


class Store(ABC):
    """The part of a store that does not depend on where it keeps its messages."""

    def __init__(self) -> None:
        self._subscribers = Subscribers()

    @abstractmethod
    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages, oldest first."""

    def get(self, id: str) -> Envelope | None:
        """Give the message with that `id`, the oldest if several have it."""
        return next((each for each in self if each.id == id), None)

    def __bool__(self) -> bool:
        # An empty store is a store: ``store or other`` gives the first.
        return True

    def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Give the first message that meets the criteria, ``None`` if none does.

        The criteria are those of `Mailbox`.
        """
        return next(self._found(predicates, criteria), None)

    def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Give the messages that meet the criteria, oldest first."""
        return list(self._found(predicates, criteria))

    def _found(
        self, predicates: tuple[Predicate, ...], given: dict[str, Any]
    ) -> Iterator[Envelope]:
        # Not at the top: it would choose a reactor.
        from lazr_smtptest.query.criteria import Criteria

        criteria = Criteria.of(*predicates, **given)
        return filter(criteria, self._candidates(criteria))

    def _candidates(self, criteria: Criteria) -> Iterator[Envelope]:
        """Give the messages, oldest first, that may meet the criteria."""
        return iter(self)

    def subscribe(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Have `function` called with each message; see `IMessageStore`."""
        return self._subscribers.add(function)
