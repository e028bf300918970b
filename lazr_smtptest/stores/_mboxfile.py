r"""The format of a message in an mbox file.

A message is a line that begins with ``From ``, the field ``X-Kept``, the header
fields of the envelope, the message, and a blank line. The format changes a message
in two ways, which reading undoes exactly:

- a line of the message that begins with ``From ``, after any number of ``>``,
  gets one more ``>`` (this variant is called mboxrd);
- lines end in LF. A message with a CR or LF that is not part of a CRLF, or
  without a CRLF at its end, is written unchanged, after an extra field
  ``X-Line-Ends: as received``.

``X-Kept: no`` is written first. When the whole message is on the disk it becomes
``X-Kept: yes``, which has the same length. So a message that a crash cut off can be
recognized, whatever other programs did to the file since.
"""

from __future__ import annotations

import math
import re
import time
from calendar import timegm
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _fields

__all__ = [
    "BEGINNING",
    "KEPT",
    "deserialised",
    "flag_offset",
    "is_damaged",
    "is_mbox",
    "joined",
    "kept_at",
    "messages",
    "serialised",
    "sound_size",
    "times",
]

_CRLF, _LF = b"\r\n", b"\n"

# The beginning of every message.
_FROM = b"From "
#: The number of bytes at the beginning of a file by which an mbox is recognized.
BEGINNING = len(_FROM)

_FLAG = b"X-Kept: "
_NOT_KEPT = b"no "
#: The value of the flag once the message is durable.
KEPT = b"yes"

# Precedes a message whose line ends cannot be converted and restored.
_AS_RECEIVED = b"X-Line-Ends: as received\n"

_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_PLAIN_SENDER = re.compile(r"[!-~]+")

# The date of a message's first line: month, day, time and year, in UTC.
_KEPT_AT = re.compile(
    rb"From \S+ [A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) "
    rb"(\d\d):(\d\d):(\d\d) ([1-9]\d{3})\n"
)
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"


def serialised(envelope: Envelope, now: float) -> bytes:
    """Return what an mbox file holds for `envelope`, flagged as not kept yet.

    Args:
        envelope: the message.
        now: seconds since 1970.
    """
    sender = envelope.mail_from
    if not _PLAIN_SENDER.fullmatch(sender):
        # Readers split this line at spaces and expect ASCII.
        sender = "MAILER-DAEMON"
    # Whole seconds, rounded up: rounded down, it would expire too soon.
    kept = time.asctime(time.gmtime(math.ceil(now)))
    head = _FROM + f"{sender} {kept}\n".encode("ascii")
    head += _FLAG + _NOT_KEPT + _LF
    # Read once: it may be in a file.
    received = envelope.content
    content = received.replace(_CRLF, _LF)
    if content.replace(_LF, _CRLF) != received or content[-1:] != _LF:
        head += _AS_RECEIVED
        content = received + _LF
    message = _fields.to_bytes(envelope, content, _LF)
    return head + _TO_QUOTE.sub(rb">\1", message) + _LF


def flag_offset(data: bytes) -> int:
    """Return the offset of the flag's value in a serialised message."""
    return data.index(_LF) + len(_LF + _FLAG)


def deserialised(data: bytes) -> Envelope:
    """Parse the result of `serialised`; a message of another program is content only.

    Args:
        data: the message, without the blank line after it.
    """
    data = data.partition(_LF)[2].removeprefix(_FLAG + KEPT + _LF)
    data = _QUOTED.sub(rb"\1", data)
    if data.startswith(_AS_RECEIVED):
        envelope = _fields.from_bytes(data[len(_AS_RECEIVED) : -len(_LF)])
    else:
        envelope = _fields.from_bytes(data)
        content = envelope.content.replace(_LF, _CRLF)
        envelope = attrs.evolve(envelope, content=content)
    if not envelope.id:
        id = blake2b(data, digest_size=16).hexdigest()
        envelope = attrs.evolve(envelope, id=id)
    return envelope


def messages(data: bytes) -> list[bytes]:
    """Split the content of a file into the messages that were kept.

    Returns:
        each message without the blank line after it.
    """
    texts = _split(data[: sound_size(data)])
    return [
        text.removesuffix(_LF) if text.endswith(_LF + _LF) else text
        for text in texts
        if not _has_flag(text, _NOT_KEPT)
    ]


def joined(texts: Sequence[bytes]) -> bytes:
    """Join the messages that `messages` returned into the content of a file."""
    return b"".join([text + _LF for text in texts])


def kept_at(text: bytes) -> float | None:
    """Parse the time at which a message was kept from its first line (RFC 4155).

    Returns:
        seconds since 1970; ``None`` if the line has no such time.
    """
    match = _KEPT_AT.match(text)
    month = _MONTHS.find(match[1]) if match else -1
    if match is None or month < 0:
        return None
    day, hour, minute, second, year = map(int, match.groups()[1:])
    return timegm((year, month // 3 + 1, day, hour, minute, second))


def times(texts: Sequence[bytes], now: float) -> list[float]:
    """Return the times at which messages were kept, in seconds since 1970.

    A message without a time gets that of the next one that has a time.

    Args:
        texts: the messages, oldest first.
        now: seconds since 1970, for the last ones.
    """
    found, later = [], now
    for said in map(kept_at, reversed(texts)):
        later = later if said is None else said
        found.append(later)
    return found[::-1]


def sound_size(data: bytes) -> int:
    """Return the size in bytes of a file without the cut-off part at its end.

    Args:
        data: the content of the file, or its end from some message on.
    """
    size = len(data) - _remnant(data)
    for text in reversed(_split(data[:size])):
        if not _is_unfinished(text):
            break
        size -= len(text)
    return size


def _remnant(data: bytes) -> int:
    """Return the size of a cut-off ``From `` at the end; 0 if there is none."""
    last = data[data.rfind(_LF) + 1 :]
    texts = _split(data)
    # Not if it may be the last line of another program's message.
    ours = not texts or _has_flag(texts[-1], KEPT)
    return len(last) if _FROM.startswith(last) and ours else 0


def is_mbox(data: bytes) -> bool:
    """Return whether `data` is an mbox file, or empty."""
    return data.startswith(_FROM) or _FROM.startswith(data)


def is_damaged(data: bytes) -> bool:
    """Return whether a file ends within a message of ours that was kept."""
    texts = _split(data[: sound_size(data)])
    return bool(texts) and _has_flag(texts[-1], KEPT) and texts[-1][-1:] != _LF


def _has_flag(text: bytes, value: bytes) -> bool:
    start = text.find(_LF) + 1
    return start > 0 and text.startswith(_FLAG + value + _LF, start)


def _is_unfinished(text: bytes) -> bool:
    """Return whether the last message of a file was cut off."""
    _, newline, rest = text.partition(_LF)
    flag = _FLAG + _NOT_KEPT + _LF
    return not newline or rest.startswith(flag) or flag.startswith(rest)


def _split(data: bytes) -> list[bytes]:
    # A regular expression would take ten times as long.
    starts = [0] if data.startswith(_FROM) else []
    newline = data.find(_LF + _FROM)
    while newline >= 0:
        starts.append(newline + 1)
        newline = data.find(_LF + _FROM, newline + 1)
    return [data[start:end] for start, end in pairwise([*starts, len(data)])]
