"""The interfaces of faults."""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from lazr_smtptest.model.fault_context import FaultContext, Plan

__all__ = ["IFaultPolicy", "IFaultStep"]


class IFaultPolicy(Interface):
    """Decides where a server misbehaves. Its methods must not raise.

    A policy may also have a method ``asks(phase: str) -> bool``. Where it returns
    false, no context is made, and `decide` is not called. A method
    ``asks_about(recipient: str) -> bool`` may say the same of a recipient at RCPT.
    """

    armed = Attribute(
        "Whether any fault may be due; the protocol reads it at each fault point."
    )

    def marks() -> Sequence[int]:
        """Return the sizes of a received message, in bytes, at which to decide."""

    def decide(context: FaultContext) -> Plan | None:
        """Return the plan for a context; ``None`` for the normal behaviour."""

    def failed(error: BaseException) -> None:
        """Report that a plan could not be carried out."""


class IFaultStep(Interface):
    """One step of a fault."""

    def run(wire: Any) -> Awaitable[object] | None:
        """Carry out the step.

        Args:
            wire: the `FaultRunner` that carries out the plan.

        Returns:
            the result to wait for before the next step; ``None`` to go on at once.

        Raises:
            NotDueError: of `lazr_smtptest.model.fault_context`: the plan is not carried
                out, and the server behaves as it normally does. It may fail with it
                later, too. Only the first step may do so.
        """
