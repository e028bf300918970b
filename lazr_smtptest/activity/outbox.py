"""Mail that Django kept in this process instead of sending it."""

from __future__ import annotations

import sys

__all__ = ["outbox"]


def outbox() -> str:
    """Return that Django's locmem backend has mail, in a few words; ``""``: none.

    Django's test runner and pytest-django set that backend, and empty it for each test.
    """
    kept = getattr(sys.modules.get("django.core.mail"), "outbox", None)
    if not isinstance(kept, list) or not kept:
        return ""
    mails = "1 mail" if len(kept) == 1 else f"{len(kept)} mails"
    return f"Django put {mails} into mail.outbox (EMAIL_BACKEND is locmem, not smtp)"
