"""The names of the files in a Maildir: the time of arrival and the id.

A name is ``SECONDS.MmicrosecondsPprocessQcountNid.host``: the usual Maildir form
with the id added before the host. Microseconds have no leading zeros, so the
names themselves do not sort.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Collection
from hashlib import blake2b
from itertools import count

from lazr_smtptest.model.summary import Flag

__all__ = ["Age", "age_of", "flags_of", "id_of", "new_file_name", "with_flags"]

# Seconds since 1970, microseconds, and a count for messages of the same microsecond.
Age = tuple[int, int, int]

_NAME = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)(?:N([0-9a-z-]{1,64}))?\.")
# Characters with a meaning in a Maildir name or in a path.
_SPECIAL = re.compile(r"[/:,]")

# The letters after ":2," in a name: https://cr.yp.to/proto/maildir.html
_LETTERS: dict[str, Flag] = {
    "D": "draft",
    "F": "flagged",
    "R": "answered",
    "S": "seen",
    "T": "deleted",
}
_INFO = ":2,"

_count = count(1)


def new_file_name(microseconds: int, id: str) -> str:
    """Return a file name that no other message has.

    Args:
        microseconds: the time of arrival, since 1970.
        id: the id of its envelope.
    """
    seconds, rest = divmod(microseconds, 1_000_000)
    host = _SPECIAL.sub(
        lambda special: rf"\{ord(special[0]):03o}", socket.gethostname()
    )
    return f"{seconds}.M{rest}P{os.getpid()}Q{next(_count)}N{id}.{host}"


def age_of(name: str) -> Age | None:
    """Parse the time of arrival; ``None`` if the name has none."""
    match = _NAME.match(name)
    if match is None:
        return None
    seconds, microseconds, number, _ = match.groups()
    return int(seconds), int(microseconds), int(number)


def id_of(name: str) -> str:
    """Return the id in a file name, or one derived from the name by hashing."""
    match = _NAME.match(name)
    if match is not None and match[4]:
        return match[4]
    return blake2b(os.fsencode(name), digest_size=16).hexdigest()


def flags_of(name: str) -> frozenset[Flag]:
    """Return the flags in a file name."""
    letters = name.partition(_INFO)[2]
    return frozenset(_LETTERS[letter] for letter in letters if letter in _LETTERS)


def with_flags(name: str, flags: Collection[Flag]) -> str:
    """Return a file name with other flags; letters of other programs stay."""
    base, _, letters = name.partition(_INFO)
    kept = {letter for letter in letters if letter not in _LETTERS}
    kept.update(letter for letter, flag in _LETTERS.items() if flag in flags)
    return base + _INFO + "".join(sorted(kept))


def _octal(special: re.Match[str]) -> str:
    return rf"\{ord(special[0]):03o}"
