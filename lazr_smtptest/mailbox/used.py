"""The mailboxes that a test has used, for its report."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lazr_smtptest.mailbox.box import Mailbox

__all__ = ["use", "used_since"]

_used: weakref.WeakKeyDictionary[Mailbox, float] = weakref.WeakKeyDictionary()


def use(mailbox: Mailbox) -> None:
    """Record that a server or a test begins to use a mailbox now."""
    _used[mailbox] = time.monotonic()


def used_since(moment: float) -> list[Mailbox]:
    """Return the mailboxes that were first used at a moment or later, in order.

    Args:
        moment: in seconds of the monotonic clock.
    """
    found = [(when, mailbox) for mailbox, when in list(_used.items()) if when >= moment]
    return [mailbox for _, mailbox in sorted(found, key=lambda each: each[0])]
