"""Faults on demand: rules that make the server misbehave, and their journal."""

from __future__ import annotations

from lazr_smtptest.faults.base import LimitedFaults
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.faults.rules import Faults

__all__ = ["FaultFileError", "Faults", "Fired", "LimitedFaults", "Rule"]
