"""Mailpit's paths about the server itself: what it counts, and what it can do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.found import Counts
from lazr_smtptest.outbound.settings import Relay
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailpit.swagger import document
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.version import __version__

__all__ = ["VERSION", "Application"]

# The version that clients of Mailpit are told.
VERSION = f"v{__version__}"

_STATM = Path("/proc/self/statm")


class Application:
    """The part of the API about the server.

    Args:
        context: the server, and its store.
        base: the path before all paths of the site, such as ``/``.
        relay: the server that messages are released to; ``None`` for none.
        has_chaos: whether clients can make the server misbehave.
        has_spam_check: whether messages can be checked for spam.
    """

    def __init__(
        self,
        context: ReaderContext,
        base: str,
        *,
        relay: Relay | None = None,
        has_chaos: bool = False,
        has_spam_check: bool = False,
    ) -> None:
        self._store = context.store
        self._reader = context.reader
        self._base = base
        self._relay = relay
        self._has_chaos = has_chaos
        self._has_spam_check = has_spam_check
        self._began = time.monotonic()
        self._accepted = self._accepted_size = self._rejected = 0
        # The messages that were there at the beginning.
        self._before = 0
        self.close = context.delivery_events.subscribe(self._count)
        self._reader.counts().addCallbacks(self._begin_counting, _ignore)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        for path, handler in (
            ("info", self.info),
            ("webui", self.webui),
            ("swagger.json", self.swagger),
        ):
            yield Route(method="GET", template=f"{prefix}/{path}", handler=handler)

    async def info(self, call: Call) -> Answer:
        """Answer with the numbers of the store and of the process."""
        counts = await self._reader.counts()
        tags = await self._reader.tags()
        size = await self._reader.call(_size_of, self._store)
        return json_answer(
            {
                "Version": VERSION,
                "LatestVersion": "disabled",
                "Database": repr(self._store),
                "DatabaseSize": size,
                "Messages": counts.messages,
                "Unread": counts.unread,
                "Tags": dict(tags),
                "RuntimeStats": {
                    "Uptime": int(time.monotonic() - self._began),
                    "Memory": _memory(),
                    "MessagesDeleted": max(
                        0, self._before + self._accepted - counts.messages
                    ),
                    "SMTPAccepted": self._accepted,
                    "SMTPAcceptedSize": self._accepted_size,
                    "SMTPRejected": self._rejected,
                    "SMTPIgnored": 0,
                },
            }
        )

    async def webui(self, call: Call) -> Answer:
        """Answer with what a page can offer."""
        relay = self._relay
        allowed = "" if relay is None else relay.allowed
        return json_answer(
            {
                "Label": "",
                "MessageRelay": {
                    "Enabled": relay is not None,
                    "SMTPServer": "" if relay is None else relay.server.address,
                    "ReturnPath": "" if relay is None else relay.return_path,
                    "AllowedRecipients": allowed,
                    "BlockedRecipients": "" if relay is None else relay.blocked,
                    "OverrideFrom": "" if relay is None else relay.override_from,
                    "PreserveMessageIDs": relay is not None
                    and relay.preserves_message_ids,
                    "RecipientAllowlist": allowed,
                },
                "SpamAssassin": self._has_spam_check,
                "ChaosEnabled": self._has_chaos,
                "DuplicatesIgnored": False,
                "HideDeleteAllButton": False,
            }
        )

    async def swagger(self, call: Call) -> Answer:
        """Answer with the description of the API."""
        return json_answer(document(self._base))

    # Counting

    def _count(self, event: MailEvent) -> None:
        if event.outcome == "accepted":
            self._accepted += 1
            self._accepted_size += event.size or 0
        elif event.outcome == "refused":
            self._rejected += 1

    def _begin_counting(self, counts: Counts) -> None:
        self._before = counts.messages


def _ignore(failure: object) -> None:
    """Ignore that a store cannot be read: each request of it says so."""


def _size_of(store: Any) -> int:
    """Return the bytes of the files of a store; in a thread."""
    path = getattr(store, "path", None)
    if path is None:
        return 0
    try:
        if not Path(path).is_dir():
            return Path(path).stat().st_size
        return sum(
            each.stat().st_size for each in Path(path).rglob("*") if each.is_file()
        )
    except OSError:
        return 0


def _memory() -> int:
    """Return the bytes of memory of this process; 0 where that is not known."""
    try:
        pages = int(_STATM.read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
