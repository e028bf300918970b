"""Parse the addresses in a header field (RFC 5322 section 3.4).

Mailers leave quotes, comments and brackets unclosed, and names contain such characters
without a meaning. A character that is not closed, or whose closing would swallow an
address, is taken literally.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import chain, groupby, islice

import attrs

from lazr_smtptest.mime.address_keys import PAIR, address_key
from lazr_smtptest.mime.charsets import guess
from lazr_smtptest.mime.comments import find_comments
from lazr_smtptest.mime.words import decode_words

__all__ = [
    "MOST",
    "ONE_ADDRESS",
    "PLAIN_ADDRESS",
    "address_key",
    "address_trouble",
    "read_addresses",
    "read_entries",
    "read_mailboxes",
]

MOST = 1000

_SHOWN = 64
_MOST_UNREAD = 5
_MAILBOX_OF_MANY = re.compile(r"<[^<>@]*@[^<>]*>\s{0,64}[,;]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_LITERAL = re.compile(r"\[[^\[\]<>,;\s]*\]")
# All but the specials of RFC 5322, and control characters; to compile what it is, with
# all that is beyond ASCII, takes as long as a hundredth of the start of a server.
_ATOM = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f]+'
_WORD = rf'(?:{_ATOM}|"(?:[^"\\]|\\.)*")'
_MAILBOX = re.compile(
    rf"(?s){_WORD}(?:\.{_WORD})*@(?:{_ATOM}(?:\.{_ATOM})*|\[[^\[\]\\\s]*\])"
)
# Most addresses, and most fields with one: nothing in them can be malformed.
_ATOMS = r"[A-Za-z0-9]{1,60}(?:[.+_-][A-Za-z0-9]{1,60}){0,4}"
PLAIN_ADDRESS = rf"{_ATOMS}@{_ATOMS}"
ONE_ADDRESS = re.compile(
    rf"(?P<bare>{PLAIN_ADDRESS})|"
    rf"(?P<name>(?:[A-Za-z0-9]{{1,60}} ){{0,4}})<(?P<angle>{PLAIN_ADDRESS})>"
)
# White space around these is obsolete (RFC 5322 section 4.4).
_AROUND_DOTS = re.compile(r" ?([.@]) ?")
# The characters around a quoted string; elsewhere a quote is taken literally.
_AROUND_QUOTE = frozenset([*" \t\r\n,;:<(>).@\uff0c\uff1b\u3001", ""])
# Full-width separators, too, which are common in Chinese and Japanese.
_SEPARATORS = frozenset(",;\uff0c\uff1b\u3001")
_OPENING, _CLOSING = "<\uff1c", ">\uff1e"
_PLAIN = re.compile(r"[^\s\\\"(<\uff1c\[:,;\uff0c\uff1b\u3001]+")
_ANGLE_END = re.compile(r"[<>\uff1c\uff1e,;(]")
_UNPAIRED = {"(": "a '(' without its ')'", '"': "a '\"' that opens no quoted string"}
_EDGES = "<>()[]'\"\uff1c\uff1e\uff08\uff09"
_REMOVED = frozenset(f"{_EDGES}.")


def read_addresses(body: bytes) -> tuple[str, ...]:
    """Parse the addresses of a field such as To; never raises.

    Encoded words are not decoded: they may be in names only (RFC 2047 section 5),
    and a decoded name may look like an address.

    Returns:
        the first 1000, such as ``ann@example.com``.
    """
    text = guess(body)
    if one := ONE_ADDRESS.fullmatch(text):
        return (one["bare"] or one["angle"],)
    found = chain.from_iterable(entry.addresses() for entry in _entries(text))
    return tuple(islice(found, MOST))


def read_mailboxes(body: bytes) -> tuple[tuple[str, str], ...]:
    """Parse the names and addresses of a field such as To; never raises.

    Returns:
        the first 1000 pairs of a decoded name, ``""`` if there is none, and an
        address as from `read_addresses`; ``""`` for text without an address.
    """
    text = guess(body)
    if one := ONE_ADDRESS.fullmatch(text):
        return (((one["name"] or "").rstrip(), one["bare"] or one["angle"]),)
    found = chain.from_iterable(entry.mailboxes() for entry in _entries(text))
    return tuple(islice(found, MOST))


def read_entries(body: bytes) -> list[tuple[str, list[str]]]:
    """Parse all entries of a field such as To; never raises.

    Returns:
        pairs of the text of an entry, without comments, and its addresses, as from
        `read_addresses`. There are none if an address would leave out some of the
        text that is no name.
    """
    return [
        (entry.text, entry.addresses() if entry.is_read else [])
        for entry in _entries(guess(body))
        if entry.text
    ]


def address_trouble(body: bytes) -> list[str]:
    """Return what could not be parsed in a field such as To."""
    text = guess(body)
    if ONE_ADDRESS.fullmatch(text):
        return []
    scanner = _Scanner(text)
    scanner.scan()
    unread = (
        f"{entry.text[:_SHOWN]!r} is no address"
        for entry in scanner.entries
        if entry.text and not entry.addresses()
    )
    malformed = (
        f"{entry.text[:_SHOWN]!r} is not as left@right (RFC 5322 section 3.4)"
        for entry in scanner.entries
        if entry.addresses() and not entry.is_well_formed
    )
    return [
        *scanner.trouble,
        *islice(unread, _MOST_UNREAD),
        *islice(malformed, _MOST_UNREAD),
    ]


@attrs.frozen
class _Entry:
    """An entry of a list, between two commas.

    Attributes:
        tokens: pieces of text and white space, and the same with the contents of
            quoted strings left out.
        angles: the texts in angle brackets that contain an ``@``.
    """

    tokens: list[tuple[str, str]] = attrs.Factory(list)
    angles: list[str] = attrs.Factory(list)

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.tokens).strip()

    @property
    def is_well_formed(self) -> bool:
        """Return whether it is one address as RFC 5322 section 3.4 has it."""
        if not self.angles:
            return _is_mailbox("".join(bare for _, bare in self.tokens))
        angle = self.angles[0].strip()
        if angle.startswith("@"):  # a source route (RFC 5322 section 4.4)
            angle = angle.partition(":")[2]
        return len(self.angles) == 1 and _is_mailbox(angle)

    @property
    def is_read(self) -> bool:
        """Return whether the addresses have all of the text, except a name."""
        found = self.addresses()
        if self.angles:
            return len(found) == len(self.angles)
        return _core(self.text) == _core("".join(found))

    def mailboxes(self) -> list[tuple[str, str]]:
        addresses = self.addresses()
        if addresses and not self.angles:
            return [("", address) for address in addresses]
        name = self._name()
        if not addresses:
            return [(name, "")] if name else []
        return [(name, addresses[0]), *(("", other) for other in addresses[1:])]

    def _name(self) -> str:
        """Return the text outside of angle brackets, decoded."""
        words = "".join(
            " " if text[:1] in tuple(_OPENING) else _unquoted(text)
            for text, _ in self.tokens
        )
        name, _ = decode_words(words.encode("utf-8", "replace"))
        return " ".join(name.split())

    def addresses(self) -> list[str]:
        if self.angles:
            return list(filter(None, map(_in_angles, self.angles)))
        words: list[tuple[str, str]] = []
        goes_on = False
        for is_word, tokens in groupby(
            self.tokens, lambda token: not token[1].isspace()
        ):
            if not is_word:
                continue
            text, bare = map("".join, zip(*tokens, strict=True))
            # White space around these is obsolete (RFC 5322 section 4.4).
            joined = words and (goes_on or bare[0] in "@.")
            goes_on = bare.endswith("@") or bare == "."
            if joined:
                text, bare = words[-1][0] + text, words[-1][1] + bare
                words.pop()
            words.append((text, bare))
        return [_trimmed(text) for text, bare in words if _is_address(bare)]


def _entries(text: str) -> list[_Entry]:
    """Split a list at its commas, and groups at their colons and semicolons."""
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.entries


class _Scanner:
    """Scans a field once, in a time that is linear in its length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._comments = _comments(text)
        self._entry = _Entry()
        self.entries = [self._entry]
        self.trouble: dict[str, None] = {}

    def scan(self) -> None:
        text = self._text
        while self._position < len(text):
            char = text[self._position]
            if char == "\\":
                self._take(text[self._position : self._position + 2])
            elif char == "(" and self._position in self._comments:
                self._position = self._comments[self._position]
            elif char == '"' and (quoted := self._quoted()):
                self._take(quoted, '""')
            elif char == "[" and (literal := self._literal()):
                self._take(literal)
            elif char in _OPENING:
                self._take_angle()
            elif char in _SEPARATORS:
                self._end_entry()
            elif char == ":":
                self._end_name()
            elif found := _PLAIN.match(text, self._position):
                self._take(found[0])
            else:
                self._take(char)
                if char in _UNPAIRED:
                    self.trouble[_UNPAIRED[char]] = None

    def _take(self, text: str, bare: str | None = None) -> None:
        self._position += len(text)
        self._entry.tokens.append((text, text if bare is None else bare))

    def _end_entry(self) -> None:
        self._position += 1
        if self._entry.tokens:
            self._entry = _Entry()
            self.entries.append(self._entry)

    def _end_name(self) -> None:
        """End the name of a group; after an address a colon ends no name."""
        self._position += 1
        if not self._entry.angles:
            self.entries[-1] = self._entry = _Entry()

    def _quoted(self) -> str:
        """Return the quoted string that begins here, or ``""``."""
        text, start = self._text, self._position
        if text[max(0, start - 1) : start] not in _AROUND_QUOTE:
            return ""
        found = _QUOTED.match(text, start)
        if found is None or text[found.end() : found.end() + 1] not in _AROUND_QUOTE:
            return ""
        return found[0]

    def _literal(self) -> str:
        """Return the address literal that begins here, or ``""``."""
        if self._text[self._position - 1 : self._position] != "@":
            return ""
        found = _LITERAL.match(self._text, self._position)
        return found[0] if found else ""

    def _take_angle(self) -> None:
        """Add the text in angle brackets, up to their end or that of the entry."""
        text, start = self._text, self._position + 1
        pieces, position = [], start
        if quoted := _QUOTED.match(text, start):
            pieces, position = [quoted[0]], quoted.end()
        while found := _ANGLE_END.search(text, position):
            end = found.start()
            pieces.append(text[position:end])
            position = end
            if found[0] == "(":
                comment = self._comments.get(end)
                pieces += [] if comment else ["("]
                position = comment or end + 1
            elif found[0] == "," and pieces[0].lstrip().startswith("@"):
                pieces.append(",")  # a source route
                position += 1
            else:
                break
        else:
            pieces.append(text[position:])
            position = len(text)
        angle = "".join(pieces)
        if text[position : position + 1] in tuple(_CLOSING):
            position += 1
        else:
            self.trouble["a '<' without its '>'"] = None
        self._entry.tokens.append((text[start - 1 : position], " "))
        self._position = position
        if "@" in angle:
            self._entry.angles.append(angle)


def _comments(text: str) -> dict[int, int]:
    """Return the ends of comments by their starts.

    Text with an address in angle brackets and then a comma is not a comment: its
    closing bracket belongs to something else.
    """
    ends = find_comments(text)
    commas = [found.end() for found in _MAILBOX_OF_MANY.finditer(text)]
    return {
        start: end
        for start, end in ends.items()
        if bisect_left(commas, start) == bisect_left(commas, end)
    }


def _unquoted(text: str) -> str:
    """Return a token without the quotes of a quoted string, or its backslash."""
    if len(text) > 1 and text.startswith('"'):
        text = text[1:-1]
    return PAIR.sub(r"\1", text)


def _in_angles(angle: str) -> str:
    angle = angle.strip()
    if angle.startswith("@"):  # a source route (RFC 5322 section 4.4)
        angle = angle.partition(":")[2]
    if angle[:7].lower() == "mailto:":
        angle = angle[7:]
    if not angle.startswith('"'):
        angle = "".join(angle.split())
    local, _, domain = angle.rpartition("@")
    return angle if local and domain else ""


def _is_mailbox(text: str) -> bool:
    joined = _AROUND_DOTS.sub(r"\1", " ".join(text.split()))
    return _MAILBOX.fullmatch(joined) is not None


def _is_address(bare: str) -> bool:
    local, _, domain = bare.rpartition("@")
    return bool(local.strip(_EDGES) or '""' in local) and bool(domain.strip(_EDGES))


def _core(text: str) -> str:
    """Return a text without what `_trimmed` may remove, and without white space."""
    return "".join(char for char in text if not (char in _REMOVED or char.isspace()))


def _trimmed(word: str) -> str:
    local, _, domain = word.rpartition("@")
    if not domain.startswith("["):
        domain = domain.rstrip(_EDGES + ".")
    if not local.startswith('"'):
        local = local.lstrip(_EDGES)
    return f"{local}@{domain}"
