"""Faults on demand: rules that make the server misbehave, and their journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lazr_smtptest.faults.base import LimitedFaults
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.rules import Faults

if TYPE_CHECKING:
    from lazr_smtptest.faults.rule import Rule

__all__ = ["FaultFileError", "Faults", "Fired", "LimitedFaults", "Rule"]


def __getattr__(name: str) -> object:
    # Most servers have no rules, and the class has all their actions.
    if name == "Rule":
        from lazr_smtptest.faults.rule import Rule

        return Rule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
