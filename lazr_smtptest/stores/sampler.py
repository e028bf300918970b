"""Chooses which of the accepted messages a server keeps, and counts them."""

from __future__ import annotations

from collections.abc import Callable

from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.stores.keep_policy import KEEP_ALL, KeepPolicy

__all__ = ["Sampler"]


class Sampler:
    """Applies a `KeepPolicy` to the messages of a server.

    The reactor's thread calls it; any thread may read the counts.

    Args:
        policy: what is kept.

    Attributes:
        policy: the same.
        kept: the number of messages that the store has taken since the start.
        left_out: the number of messages that were accepted and not kept.
        keeps_all: whether all messages are kept: `choose` need not be called.
        changed: called after each message that was counted; ``None`` for no call.
    """

    def __init__(self, policy: KeepPolicy = KEEP_ALL) -> None:
        self.policy = policy
        self.kept = 0
        self.left_out = 0
        self.changed: Callable[[], object] | None = None
        self.keeps_all = policy == KEEP_ALL
        # The messages since the last one of `KeepPolicy.one_in` that was kept.
        self._since = 0

    @property
    def accepted(self) -> int:
        """The number of messages that were kept or left out."""
        return self.kept + self.left_out

    def choose(self, mail: Mail) -> Mail | None:
        """Return what is kept of a message; ``None``: it is left out, and counted.

        A message that came by another protocol than SMTP or LMTP is kept whole: who
        added it wants to read it.

        Raises:
            OSError: the message is in a file that cannot be read.
        """
        if self.keeps_all or mail.session is None:
            return mail
        policy = self.policy
        if policy.matches(mail.rcpt_tos):
            turn, self._since = self._since, (self._since + 1) % policy.one_in
            if not turn:
                return policy.reduced(mail)
        self.count(left_out=1)
        return None

    def count_kept(self) -> None:
        """Count a message that the store has taken."""
        # Called for each message: written out.
        self.kept += 1
        if self.changed is not None:
            self.changed()

    def count(self, kept: int = 0, left_out: int = 0) -> None:
        """Count messages, such as those of a worker."""
        self.kept += kept
        self.left_out += left_out
        if self.changed is not None:
            self.changed()
