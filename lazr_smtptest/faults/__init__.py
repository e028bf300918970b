"""Misbehaviour on demand: rules that a test writes, and what became of them."""

from __future__ import annotations

from lazr_smtptest.faults.base import LimitedFaults
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.faults.rules import Faults

__all__ = ["FaultFileError", "Faults", "Fired", "LimitedFaults", "Rule"]
