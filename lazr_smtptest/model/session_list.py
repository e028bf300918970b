"""Sessions that can be listed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import overload

from lazr_smtptest.model.session import Session

__all__ = ["SessionList"]


class SessionList(Sequence[Session]):
    """Sessions of a server, oldest first; each use shows those of its moment."""

    @abstractmethod
    def _all(self) -> list[Session]:
        """Return the sessions present at the call, oldest first."""

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        # An empty log is true, like an empty mailbox.
        return True

    def __iter__(self) -> Iterator[Session]:
        """Iterate over the sessions present at the call, oldest first."""
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Session: ...

    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...

    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._all()[index]
