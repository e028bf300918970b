"""Stores whose bounds and tag rules can be changed while they are open."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores._retention import Retention

__all__ = ["AdjustableStore"]


class AdjustableStore(ABC):
    """Implements `IAdjustableStore`."""

    _retention: Retention
    _tag_rules: TagRules

    @property
    def bounds(self) -> Retention:
        """The bounds; see `IAdjustableStore`."""
        return self._retention

    @property
    def tag_rules(self) -> TagRules:
        """The rules that tag messages; see `IAdjustableStore`."""
        return self._tag_rules

    def adjust(
        self, *, bounds: Retention | None = None, tag_rules: TagRules | None = None
    ) -> None:
        """Change bounds and tag rules; see `IAdjustableStore`."""
        if tag_rules is not None:
            self._tag_kept()
            self._tag_rules = tag_rules
        if bounds is not None:
            self._set_bounds(bounds)

    @abstractmethod
    def _tag_kept(self) -> None:
        """Tag the messages that are there by the rules so far."""

    @abstractmethod
    def _set_bounds(self, bounds: Retention) -> None:
        """Set the bounds, and remove the messages beyond them."""
