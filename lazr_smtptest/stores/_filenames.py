"""The names of the files in a Maildir: when a message came, and its id.

A name is ``SECONDS.MmicrosecondsPprocessQcountNid.host``, as the standard library
and most servers make it, but for the last part before the host. Microseconds have
no leading zeros, so the names themselves do not sort.
"""

from __future__ import annotations

import os
import re
import socket
from hashlib import blake2b
from itertools import count

__all__ = ["Age", "age_of", "id_of", "new_file_name"]

# Seconds since 1970, microseconds, and a count for what comes in the same one.
Age = tuple[int, int, int]

_NAME = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)(?:N([0-9a-z-]{1,64}))?\.")
# What has a meaning in a name, or in a path.
_SPECIAL = re.compile(r"[/:,]")

_count = count(1)


def new_file_name(microseconds: int, id: str) -> str:
    """Make a name that no other message has.

    Args:
        microseconds: when it came, since 1970.
        id: that of its envelope.
    """
    seconds, rest = divmod(microseconds, 1_000_000)
    host = _SPECIAL.sub(
        lambda special: rf"\{ord(special[0]):03o}", socket.gethostname()
    )
    return f"{seconds}.M{rest}P{os.getpid()}Q{next(_count)}N{id}.{host}"


def age_of(name: str) -> Age | None:
    """Read when a message came; ``None``: the name does not say it."""
    match = _NAME.match(name)
    if match is None:
        return None
    seconds, microseconds, number, _ = match.groups()
    return int(seconds), int(microseconds), int(number)


def id_of(name: str) -> str:
    """Read the id of a message; one made of the name, if there is none in it."""
    match = _NAME.match(name)
    if match is not None and match[4]:
        return match[4]
    return blake2b(os.fsencode(name), digest_size=16).hexdigest()


def _octal(special: re.Match[str]) -> str:
    return rf"\{ord(special[0]):03o}"
