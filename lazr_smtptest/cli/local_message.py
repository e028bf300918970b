"""A message that a program hands over to be sent, which need not be complete yet.

The header of such a message may lack the fields that a message must have (RFC 5322
section 3.6); who submits it adds them (RFC 6409 section 8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header
from email.utils import formatdate, getaddresses, make_msgid, quote

from lazr_smtptest.mime.addresses import read_addresses

__all__ = ["LocalMessage", "read_recipients"]

# The name of a field (RFC 5322 section 2.2) and its colon; older programs have a
# space before it.
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
# The line that programs with mailboxes as files write before a message.
_FROM_LINE = re.compile(rb"From [^\r\n]*\r?\n")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")

_RECIPIENTS = ("to", "cc", "bcc")
_HIDDEN = ("bcc", "resent-bcc")


def read_recipients(body: bytes) -> list[str]:
    """Return the addresses of a list, and the users of this machine without domain.

    Args:
        body: such as that of a field To: ``b"root, Anna <anna@example.com>"``.
    """
    text = body.decode("utf-8", "surrogateescape").strip()
    users = [each for _, each in getaddresses([text]) if each and "@" not in each]
    return [*read_addresses(body), *users]


class LocalMessage:
    """A message as a program wrote it.

    Args:
        data: its bytes, with any line ends.
    """

    def __init__(self, data: bytes) -> None:
        self._fields: list[tuple[str, bytes]] = []
        if found := _FROM_LINE.match(data):
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
