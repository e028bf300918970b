r"""The format of a message in an mbox file.

A message is a line that begins with ``From ``, the field ``X-Kept``, the header
fields of the envelope, the message, and a blank line. The format changes a message
in two ways, which reading undoes exactly:

- a line of the message that begins with ``From ``, after any number of ``>``,
  gets one more ``>`` (this variant is called mboxrd);
- lines end in LF. A message with a CR or LF that is not part of a CRLF, or
  without a CRLF at its end, is written unchanged, after an extra field
  ``X-Line-Ends: as received``.

The flags of a message are in the fields ``Status`` and ``X-Status``, as other programs
read and write them: directly after ``X-Kept`` where this store has written them, which
then hide those that the header of the message has.

``X-Kept: no`` is written first. When the whole message is on the disk it becomes
``X-Kept: yes``, which has the same length. So a message that a crash cut off can be
recognized, whatever other programs did to the file since.
"""

from __future__ import annotations

import math
import re
import time
from calendar import timegm
from collections.abc import Collection, Sequence
from hashlib import blake2b
from itertools import pairwise

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Flag
from lazr_smtptest.stores import _fields

__all__ = [
    "BEGINNING",
    "KEPT",
    "MBOX_INDEX",
    "deserialised",
    "flag_offset",
    "flags_of",
    "is_damaged",
    "is_mbox",
    "joined",
    "kept_at",
    "located",
    "messages",
    "serialised",
    "session_id_of",
    "sound_size",
    "times",
    "with_flags",
]

#: The end of the name of the index file beside an mbox.
MBOX_INDEX = ".lazr-smtptest-index.db"

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

# The letters in Status and X-Status.
_LETTERS: dict[bytes, Flag] = {
    b"R": "seen",
    b"A": "answered",
    b"F": "flagged",
    b"D": "deleted",
    b"T": "draft",
}
_STATUS = re.compile(rb"(?:X-)?Status:[ \t]*([A-Za-z]*)[ \t]*\r?\n", re.I)
_STATUSES = re.compile(rb"(?:(?:X-)?Status:[ \t]*[A-Za-z]*[ \t]*\n)+", re.I)
_STATUS_IN_HEADER = re.compile(b"^" + _STATUS.pattern, re.I | re.M)
# The most bytes of a header in which they are looked for.
_HEADER = 65_536

_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_PLAIN_SENDER = re.compile(r"[!-~]+")

# The date of a message's first line: month, day, time and year, in UTC.
_KEPT_AT = re.compile(
    rb"From \S+ [A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) "
    rb"(\d\d):(\d\d):(\d\d) ([1-9]\d{3})\n"
)
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"


def serialised(envelope: Envelope, at: float) -> bytes:
    """Return what an mbox file holds for `envelope`, flagged as not kept yet.

    Args:
        envelope: the message.
        at: the time in its first line, in seconds since 1970.
    """
    sender = envelope.mail_from
    if not _PLAIN_SENDER.fullmatch(sender):
        # Readers split this line at spaces and expect ASCII.
        sender = "MAILER-DAEMON"
    # Whole seconds, rounded up: rounded down, it would expire too soon.
    kept = time.asctime(time.gmtime(math.ceil(at)))
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
    data = _QUOTED.sub(rb"\1", data[_parts(data)[1] :])
    if data.startswith(_AS_RECEIVED):
        envelope = _fields.from_bytes(data[len(_AS_RECEIVED) : -len(_LF)])
    else:
        envelope = _fields.from_bytes(data)
        content = envelope.content.replace(_LF, _CRLF)
        envelope = attrs.evolve(envelope, content=content)
    if not envelope.id:
        # It must not change when another program changes the flags.
        header, blank, rest = data.partition(_LF + _LF)
        data = _STATUS_IN_HEADER.sub(b"", header + _LF) + blank + rest
        id = blake2b(data, digest_size=16).hexdigest()
        envelope = attrs.evolve(envelope, id=id)
    return envelope


def session_id_of(data: bytes) -> str:
    """Return the id of the session in the result of `serialised`; ``""`` for none."""
    return _fields.session_id_of(
        data[_parts(data)[1] :].removeprefix(_AS_RECEIVED)[:_HEADER]
    )


def _parts(data: bytes) -> tuple[int, int]:
    """Return where the flags of a message are, and where they end."""
    start = data.find(_LF) + 1
    if data.startswith(_FLAG + KEPT + _LF, start):
        start += len(_FLAG + KEPT + _LF)
    found = _STATUSES.match(data, start)
    return start, found.end() if found else start


def flags_of(data: bytes) -> frozenset[Flag]:
    """Return the flags of a message."""
    start, end = _parts(data)
    lines = data[start:end]
    if not lines:
        lines = data[end : end + _HEADER].partition(_LF + _LF)[0] + _LF
    letters = b"".join(_STATUS_IN_HEADER.findall(lines))
    return frozenset(flag for letter, flag in _LETTERS.items() if letter in letters)


def with_flags(data: bytes, flags: Collection[Flag]) -> bytes:
    """Return a message with other flags."""
    start, end = _parts(data)
    read = b"R" if "seen" in flags else b""
    others = b"".join(
        letter for letter, flag in _LETTERS.items() if flag in flags and flag != "seen"
    )
    lines = b"Status: " + read + b"O\nX-Status: " + others + _LF
    return data[:start] + lines + data[end:]


def messages(data: bytes) -> list[bytes]:
    """Split the content of a file into the messages that were kept.

    Returns:
        each message without the blank line after it.
    """
    return [text for _, text in located(data)]


def located(data: bytes) -> list[tuple[int, bytes]]:
    """Return the messages that were kept, as `messages` does, and where each begins."""
    found, start = [], 0
    for text in _split(data[: sound_size(data)]):
        if not _has_flag(text, _NOT_KEPT):
            is_ended = text.endswith(_LF + _LF)
            found.append((start, text.removesuffix(_LF) if is_ended else text))
        start += len(text)
    return found


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
