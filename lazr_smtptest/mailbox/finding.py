"""Finding: what a mailbox and a part of one have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, overload

from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["Finding"]


class Finding(ABC):
    """Messages to be read and to be found, by any thread; see `Mailbox`."""

    @abstractmethod
    def _among(self, key: str) -> tuple[Envelope, ...]:
        """Give every message with a recipient of that key, also if not ours."""

    @abstractmethod
    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        """Make criteria that only messages of ours meet."""

    @abstractmethod
    def _sessions(self) -> tuple[Session, ...]:
        """Give the sessions that concern our messages, oldest first."""

    @abstractmethod
    def _evidence(self) -> Evidence:
        """Give what a failure has to go by."""

    @abstractmethod
    def clear(self) -> None:
        """Forget these messages."""

    def _found(self, query: Criteria) -> list[Envelope]:
        return list(filter(query, self._among(query.key)))

    def _snapshot(self) -> list[Envelope]:
        return self._found(self._query((), {}))

    def __len__(self) -> int:
        return len(self._snapshot())

    def __bool__(self) -> bool:
        # An empty mailbox is a mailbox: ``mailbox or other`` gives the first.
        return True

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages that are there now, oldest first."""
        return iter(self._snapshot())

    def __reversed__(self) -> Iterator[Envelope]:
        """Go through the messages that are there now, newest first."""
        return reversed(self._snapshot())

    @overload
    def __getitem__(self, index: int) -> Envelope: ...

    @overload
    def __getitem__(self, index: slice) -> list[Envelope]: ...

    def __getitem__(self, index: int | slice) -> Envelope | list[Envelope]:
        return self._snapshot()[index]

    @property
    def latest(self) -> Envelope | None:
        """The message that came last, ``None`` if there is none."""
        return next(iter(self._snapshot()[::-1]), None)

    def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Give the first message that meets the criteria, ``None`` if none does."""
        query = self._query(predicates, criteria)
        return next(filter(query, self._among(query.key)), None)

    def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Give the messages that meet the criteria, oldest first."""
        return self._found(self._query(predicates, criteria))
