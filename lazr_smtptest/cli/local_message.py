"""A message that a program hands over to be sent, which need not be complete yet.

The header of such a message may lack the fields that a message must have (RFC 5322
section 3.6); who submits it adds them (RFC 6409 section 8).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from email.header import Header
from email.utils import formatdate, make_msgid, quote

from lazr_smtptest.mime.addresses import read_entries

__all__ = [
    "AddressError",
    "LocalMessage",
    "read_arguments",
    "read_recipients",
    "read_sender",
]

# The name of a field (RFC 5322 section 2.2) and its colon; older programs have a
# space before it.
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
# The lines that programs with mailboxes as files write before a message; one that was
# there already has a mark.
_FROM_LINES = re.compile(rb"(?:>?From [^\r\n]*\r?\n)+")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")

_RECIPIENTS = ("to", "cc", "bcc")
_HIDDEN = ("bcc", "resent-bcc")


# A user of this machine, alone or with a name: root, Anna <root>.
_USER = re.compile(r"(?:[^<>]*<)?\s*([^\s<>@\"()]+)\s*>?")
# An address that is the same in a command of SMTP: only a quoted string has spaces.
_PATH = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s<>"])+')


class AddressError(ValueError):
    """An address cannot be used; nothing of it is sent."""


def read_recipients(body: bytes) -> list[str]:
    """Return the addresses of a list, and the users of this machine without domain.

    Args:
        body: such as that of a field To: ``b"root, Anna <anna@example.com>"``.

    Raises:
        AddressError: an entry of the list is neither.
    """
    found: list[str] = []
    wrong: list[str] = []
    for text, addresses in read_entries(body):
        user = _USER.fullmatch(text)
        paths = addresses or ([user[1]] if user else [])
        if paths and all(map(_is_path, paths)):
            found += paths
        else:
            wrong.append(repr(text))
    if wrong:
        raise AddressError(_none(wrong))
    return found


def read_arguments(texts: Iterable[str]) -> list[str]:
    """Return the addresses of arguments, of which each has one or several.

    Raises:
        AddressError: one has none, or is no list of addresses.
    """
    found: list[str] = []
    for text in texts:
        # A line end would end a command of SMTP.
        addresses = read_recipients(os.fsencode(text)) if text.isprintable() else []
        if not addresses:
            raise AddressError(_none([repr(text)]))
        found += addresses
    return found


def read_sender(text: str) -> str:
    """Return the sender of an envelope; ``""``: the null sender.

    Args:
        text: such as ``anna@example.com`` or ``Anna <anna@example.com>``; ``""`` or
            ``<>`` for the null sender.

    Raises:
        AddressError: it is no address, or several.
    """
    if text.strip() in ("", "<>"):
        return ""
    found = read_arguments([text])
    if len(found) != 1:
        raise AddressError(_none([repr(text)]))
    return found[0]


def _is_path(address: str) -> bool:
    return address.isprintable() and _PATH.fullmatch(address) is not None


def _none(texts: Sequence[str]) -> str:
    """Return the error of texts that are no addresses."""
    verb = "is no address" if len(texts) == 1 else "are no addresses"
    return f"{', '.join(texts)} {verb}"


class LocalMessage:
    """A message as a program wrote it.

    Args:
        data: its bytes, with any line ends.
    """

    def __init__(self, data: bytes) -> None:
        self._fields: list[tuple[str, bytes]] = []
        if found := _FROM_LINES.match(data):
            data = data[found.end() :]
        end = self._read_fields(data)
        # A line that is no field begins the body, also without an empty line.
        self._body = re.sub(rb"\A\r?\n", b"", data[end:])

    def _read_fields(self, data: bytes) -> int:
        """Read the header; return the index of its end."""
        end = 0
        for line in _LINE.finditer(data):
            text = line[0]
            if text[:1] in (b" ", b"\t") and self._fields and text.strip():
                name, former = self._fields[-1]
                self._fields[-1] = (name, former + text)
            elif found := _FIELD.match(text):
                self._fields.append((found[1].decode("ascii").lower(), text))
            else:
                break
            end = line.end()
        return end

    def recipients(self) -> list[str]:
        """Return the addresses of To, Cc and Bcc, each once.

        A message that was sent again has others: those of Resent-To, Resent-Cc and
        Resent-Bcc (RFC 5322 section 3.6.6).

        Raises:
            AddressError: an entry is no address.
        """
        names = {name for name, _ in self._fields}
        wanted: Sequence[str] = [f"resent-{each}" for each in _RECIPIENTS]
        if names.isdisjoint(wanted):
            wanted = _RECIPIENTS
        found = [
            address
            for name, field in self._fields
            if name in wanted
            for address in read_recipients(field.partition(b":")[2])
        ]
        return list(dict.fromkeys(found))

    def remove_bcc(self) -> None:
        """Remove the fields Bcc and Resent-Bcc (RFC 5322 section 3.6.3)."""
        self._fields = [each for each in self._fields if each[0] not in _HIDDEN]

    def complete(self, author: str, name: str, domain: str) -> None:
        """Add the fields From, Date and Message-ID where they are missing.

        Args:
            author: the address for From.
            name: the name beside it; ``""``: none.
            domain: the domain of the Message-ID.
        """
        self._add("From", f"{_phrase(name)} <{author}>" if name else author)
        self._add("Date", formatdate(localtime=True))
        self._add("Message-ID", make_msgid(domain=domain))

    def _add(self, name: str, value: str) -> None:
        if all(each != name.lower() for each, _ in self._fields):
            field = f"{name}: {value}\r\n".encode()
            self._fields.append((name.lower(), field))

    def content(self) -> bytes:
        """Return the message, with CRLF line ends (RFC 5321 section 2.3.8)."""
        header = b"".join(_ended(field) for _, field in self._fields)
        lines = (header + b"\n" + self._body).replace(b"\r\n", b"\n").split(b"\n")
        return b"\r\n".join(lines)


def _phrase(name: str) -> str:
    """Return the name of a person as a header has it (RFC 5322 section 3.2.5)."""
    if name.isascii():
        return f'"{quote(name)}"'
    return Header(name, "utf-8", maxlinelen=10_000).encode()


def _ended(field: bytes) -> bytes:
    """Return a field whose last line has an end."""
    return field if field.endswith(b"\n") else field + b"\n"
