"""The names of mailboxes (RFC 3501 section 5.1), and the patterns of LIST."""

from __future__ import annotations

import re

# It registers the codec of RFC 3501 section 5.1.3.
import twisted.mail.imap4  # noqa: F401

from lazr_smtptest.readers.imap.errors import CommandError

__all__ = ["DELIMITER", "INBOX", "decode_name", "encode_name", "is_match"]

# Separates the levels of a name.
DELIMITER = "/"
INBOX = "INBOX"

_CODEC = "imap4-utf-7"
# RFC 9051 section 5.1: no control characters, no separators of lines or paragraphs.
# Halves of a surrogate pair are what the codec makes of UTF-16 that is cut.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The most bytes of a name, so that a pattern is compared in a short time.
_LONGEST = 1000
# The bytes of a name that an error shows.
_SHOWN = 40


def decode_name(sent: bytes, *, is_utf8: bool) -> str:
    """Return the name of a mailbox, or a pattern, as text.

    ``INBOX`` in any case is `INBOX`, also above others.

    Args:
        sent: the bytes of the client.
        is_utf8: whether the client enabled UTF-8 (RFC 6855 section 3); otherwise names
            are in modified UTF-7.

    Raises:
        CommandError: it is too long, has control characters, or is not encoded as it
            has to be. RFC 3501 section 5.1.3 allows one encoding for each name.
    """
    if len(sent) > _LONGEST:
        raise CommandError(f"a mailbox name has at most {_LONGEST} bytes")
    try:
        name = sent.decode("utf-8" if is_utf8 else _CODEC)
        is_sound = encode_name(name, is_utf8=is_utf8) == sent
        is_sound = is_sound and not _FORBIDDEN.search(name)
    except ValueError:
        is_sound = False
    if not is_sound:
        encoding = "UTF-8" if is_utf8 else "modified UTF-7"
        shown = sent[:_SHOWN].decode("latin-1")
        raise CommandError(f"a mailbox name is a line of {encoding}, not {shown!a}")
    first, delimiter, rest = name.partition(DELIMITER)
    return INBOX + delimiter + rest if _upper(first) == INBOX else name


def _upper(name: str) -> str:
    """Return a name with its ASCII letters in capitals; others stay as they are."""
    return name.encode().upper().decode()


def encode_name(name: str, *, is_utf8: bool) -> bytes:
    """Return the name of a mailbox in bytes, for a response.

    Args:
        name: the name.
        is_utf8: see `decode_name`.
    """
    return name.encode("utf-8" if is_utf8 else _CODEC)


def is_match(pattern: str, name: str) -> bool:
    """Return whether a name matches a pattern of LIST (RFC 3501 section 6.3.8).

    It takes time in proportion to the product of both lengths, whatever the pattern.

    Args:
        pattern: ``*`` stands for any characters, ``%`` for any but the delimiter.
        name: the name of a mailbox.
    """
    first, _, _ = name.partition(DELIMITER)
    # The letters of INBOX match in any case, also above others.
    any_case = len(INBOX) if first == INBOX else 0
    # The ends of the beginnings of the name that the pattern so far matches.
    ends = [True] + [False] * len(name)
    for sign in pattern:
        if sign in "*%":
            for at, character in enumerate(name):
                may_pass = sign == "*" or character != DELIMITER
                ends[at + 1] |= ends[at] and may_pass
        else:
            capital = _upper(sign)
            ends = [False] + [
                ends[at] and character == (capital if at < any_case else sign)
                for at, character in enumerate(name)
            ]
    return ends[-1]
