"""The messages of a mailbox by their subjects."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from lazr_smtptest.mime.fields import first_text
from lazr_smtptest.model.received_mail import Mail, envelope_of

__all__ = ["Subjects"]


class Subjects:
    """An index of subjects, made when one is asked for; any thread may use it.

    It reads the header of each message once. Its lock is not that of the mailbox, so
    that messages can arrive meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = self._size = 0
        # The positions of the messages.
        self._by_subject: dict[str | None, list[int]] = {}
        # Those of messages that could not be read: each search tries again.
        self._unread: list[int] = []

    def having(self, subject: str, mails: Sequence[Mail], generation: int) -> list[int]:
        """Return the positions of messages that may have that subject, ascending.

        Args:
            subject: the subject.
            mails: all messages.
            generation: changes when messages have been removed, see `Kept`.
        """
        with self._lock:
            if generation != self._generation:
                self._generation, self._size = generation, 0
                self._by_subject, self._unread = {}, []
            while self._size < len(mails):
                self._add(self._size, mails[self._size])
                self._size += 1
            found = [*self._by_subject.get(subject, ()), *self._unread]
        # Another thread may have added newer messages.
        return [each for each in sorted(found) if each < len(mails)]

    def _add(self, position: int, mail: Mail) -> None:
        try:
            self._by_subject.setdefault(_subject_of(mail), []).append(position)
        except OSError:
            # It was in a file that is gone.
            self._unread.append(position)


def _subject_of(mail: Mail) -> str | None:
    """Return the subject as its envelope does, which would read the whole header.

    Raises:
        OSError: the message is in a file that is gone.
    """
    content = mail.kept
    if isinstance(content, bytes):
        return first_text(content, b"subject")
    return envelope_of(mail).subject
