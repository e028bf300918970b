"""Faults on demand: rules that make the server misbehave, and their journal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lazr_smtptest.faults.rules import Faults

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import LimitedFaults
    from lazr_smtptest.faults.errors import FaultFileError
    from lazr_smtptest.faults.journal import Fired
    from lazr_smtptest.faults.rule import Rule

__all__ = ["FaultFileError", "Faults", "Fired", "LimitedFaults", "Rule"]

# The modules of what is imported when it is first used: most servers have no rules.
_MODULES = {
    "FaultFileError": "errors",
    "Fired": "journal",
    "LimitedFaults": "base",
    "Rule": "rule",
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
