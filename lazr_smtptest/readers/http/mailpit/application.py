"""Mailpit's paths about the server itself: what it counts, and what it can do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lazr_smtptest.net.clock import monotonic
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

# The messages that are counted at once, and how often for one request.
_PAGE, _PAGES = 1000, 20

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
        self._began = monotonic()
        self._sessions = context.sessions
        # The messages that were there at the beginning, and the number of the last; the
        # bytes of those that have come since then, and the number of the last. They are
        # counted when somebody asks: to follow all mail would take time of the server.
        self._before = self._first = self._counted_size = 0
        self._last: int | None = None
        self._reader.call(_newest, self._store).addCallbacks(self._begin, _ignore)

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
        await self._count_new()
        accepted, refused = (self._last or 0) - self._first, 0
        if self._sessions is not None:
            counters = self._sessions.counters
            accepted = max(accepted, counters.messages)
            refused = counters.refusals
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
                    "Uptime": int(monotonic() - self._began),
                    "Memory": _memory(),
                    "MessagesDeleted": max(
                        0, self._before + accepted - counts.messages
                    ),
                    "SMTPAccepted": accepted,
                    "SMTPAcceptedSize": self._counted_size,
                    "SMTPRejected": refused,
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

    def _begin(self, found: tuple[int, int]) -> None:
        self._before, self._first = found
        self._last = self._first

    async def _count_new(self) -> None:
        """Count the messages since the last call; very many by several calls."""
        for _ in range(_PAGES):
            if self._last is None:
                return
            after = self._last or None
            found = await self._reader.page(after=after, limit=_PAGE, oldest_first=True)
            # Another request may have counted them meanwhile.
            new = [each for each in found if each.number > self._last]
            self._counted_size += sum(each.size for each in new)
            self._last = max([self._last, *(each.number for each in new)])
            if len(found) < _PAGE:
                return


def _newest(store: Any) -> tuple[int, int]:
    """Return how many messages there are, and the number of the last; in a thread."""
    count = store.counts().messages
    numbers = [each.number for each in store.page(limit=1)]
    return count, numbers[0] if numbers else 0


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
