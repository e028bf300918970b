"""FETCH: its items, and its responses (RFC 3501 sections 6.4.5 and 7.4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.section import Section, Span, parse_section
from lazr_smtptest.readers.imap.syntax import is_atom

__all__ = ["MONTHS", "Items", "internal_date", "parse_items", "render"]

_ALL = ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE")
_MACROS = {"ALL": _ALL, "FAST": _ALL[:3], "FULL": (*_ALL, "BODY")}
_TIMES_AND_SIZES = frozenset(["INTERNALDATE", "RFC822.SIZE"])
_STRUCTURES = frozenset(["ENVELOPE", "BODY", "BODYSTRUCTURE"])
# What older names mean; their responses have the old names.
_OLD = {
    "RFC822": Section("BODY"),
    "RFC822.HEADER": Section("BODY", is_peek=True, text="HEADER"),
    "RFC822.TEXT": Section("BODY", text="TEXT"),
}
_NUMBER = re.compile(rb"[0-9]{1,19}")
# The most items of a command.
_MOST = 1000
# Bytes of a content that are sent at once.
_PIECE = 1 << 18
MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]

_Value = Callable[[Message], bytes]
# What returns the value of an item without a section.
_VALUES: dict[str, _Value] = {
    "FLAGS": lambda message: b"(%s)" % b" ".join(message.flags),
    "UID": lambda message: b"%d" % message.uid,
    "RFC822.SIZE": lambda message: b"%d" % message.size,
    "INTERNALDATE": lambda message: b'"%s"' % internal_date(message.received_at),
    "MODSEQ": lambda message: b"(%d)" % message.change,
    "EMAILID": lambda message: b"(%s)" % message.id,
    # Threads have no ids here (RFC 8474 section 5.2).
    "THREADID": lambda message: b"NIL",
    "ENVELOPE": lambda message: message.structure.envelope,
    "BODY": lambda message: message.structure.describe(extended=False),
    "BODYSTRUCTURE": lambda message: message.structure.describe(extended=True),
}


def _values_of(items: Items) -> Sequence[tuple[bytes, _Value]]:
    values = [(name, _VALUES[name]) for name in items.names if name in _VALUES]
    return [(name.encode("ascii") + b" ", value) for name, value in values]


def _labelled_of(items: Items) -> Sequence[tuple[bytes, Section]]:
    older = [(name.encode("ascii"), _OLD[name]) for name in items.names if name in _OLD]
    return [*older, *((section.label, section) for section in items.sections)]


@attrs.frozen
class Items:
    """The items that a client fetches.

    Attributes:
        names: the items without a section, such as ``UID``, and the older names.
        sections: the others.
        changed_since: messages that have not changed since are not fetched (RFC 7162
            section 3.1.4.1); ``None`` for all.
        values: what is written before the value of each of `names` that is no section,
            and the function that returns this value of a message.
        labelled: the other ones of `names`, then `sections`, each with its name.
    """

    names: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    changed_since: int | None = None
    # Made once: there may be many messages.
    values: Sequence[tuple[bytes, _Value]] = attrs.field(
        init=False, repr=False, default=attrs.Factory(_values_of, takes_self=True)
    )
    labelled: Sequence[tuple[bytes, Section]] = attrs.field(
        init=False, repr=False, default=attrs.Factory(_labelled_of, takes_self=True)
    )

    @property
    def sets_seen(self) -> bool:
        r"""Return whether the messages get the flag ``\Seen``."""
        return not all(section.is_peek for _, section in self.labelled)

    @property
    def needs_facts(self) -> bool:
        """Return whether `Message.received_at` or `Message.size` is read."""
        return not _TIMES_AND_SIZES.isdisjoint(self.names)

    @property
    def needs_content(self) -> bool:
        """Return whether `Message.content` is read."""
        return bool(self.labelled) or "EMAILID" in self.names

    @property
    def needs_structure(self) -> bool:
        """Return whether `Message.structure` is read."""
        return not _STRUCTURES.isdisjoint(self.names) or any(
            section.needs_structure for _, section in self.labelled
        )

    def including(self, *names: str) -> Items:
        """Return these and more items, each once.

        Args:
            names: such as ``UID``, which the responses to UID FETCH have.
        """
        return attrs.evolve(self, names=tuple(dict.fromkeys((*names, *self.names))))


def parse_items(arguments: Sequence[bytes | list[bytes]]) -> Items:
    """Parse the arguments of FETCH after the set of messages.

    Raises:
        CommandError: they are malformed.
    """
    if not 1 <= len(arguments) <= 2:
        raise CommandError("usage: FETCH messages items [(CHANGEDSINCE number)]")
    first = arguments[0]
    words = first if isinstance(first, list) else [first]
    names: dict[str, None] = {}
    sections: dict[Section, None] = {}
    if not 0 < len(words) <= _MOST:
        raise CommandError(f"FETCH has 1 to {_MOST} items, not {len(words)}")
    for word in words:
        if not is_atom(word):
            raise CommandError("an item of FETCH is a string or a list")
        name = word.decode("ascii", "backslashreplace").upper()
        if "[" in name:
            sections[parse_section(word)] = None
        elif name in _MACROS and not isinstance(first, list):
            names |= dict.fromkeys(_MACROS[name])
        elif name in _VALUES or name in _OLD:
            names[name] = None
        else:
            raise CommandError(f"{name[:64]!r} is no item of FETCH")
    since = _changed_since(arguments[1]) if len(arguments) > 1 else None
    if since is not None:
        names["MODSEQ"] = None
    return Items(tuple(names), tuple(sections), since)


def _changed_since(argument: bytes | list[bytes]) -> int:
    """Parse the modifiers of FETCH (RFC 4466 section 2.4)."""
    words = argument if isinstance(argument, list) else []
    if len(words) == 2 and all(map(is_atom, words)):
        name, number = words
        # RFC 7162 section 7: at most 63 bits.
        is_number = _NUMBER.fullmatch(number) and int(number) < 1 << 63
        if name.upper() == b"CHANGEDSINCE" and is_number:
            return int(number)
    raise CommandError("a modifier of FETCH is (CHANGEDSINCE number)")


def render(items: Items, message: Message) -> Iterator[bytes]:
    """Return the untagged response for a message, in pieces.

    Contents in files are read piece by piece, so that a large message takes little
    memory. What can fail fails before the first piece.

    Raises:
        CommandError: a part is in an unknown transfer encoding.
        OSError: the file with the content cannot be read; later pieces raise it, too.
    """
    values = b" ".join([label + value(message) for label, value in items.values])
    start = b"* %d FETCH (%s" % (message.sequence, values)
    if not items.labelled:
        return iter((start + b")\r\n",))
    pieces: list[bytes | Span] = [start]
    space = b" " if values else b""
    for label, section in items.labelled:
        pieces.append(b"%s%s " % (space, label))
        pieces += _section(section, message)
        space = b" "
    pieces.append(b")\r\n")
    return _read(pieces, message.content)


def _read(pieces: list[bytes | Span], content: AnyContent) -> Iterator[bytes]:
    held: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            held.append(piece)
            continue
        for start in range(piece.start, piece.stop, _PIECE):
            held.append(part_of(content, start, min(piece.stop, start + _PIECE)))
            if start + _PIECE < piece.stop:
                yield b"".join(held)
                held.clear()
    yield b"".join(held)


def _section(section: Section, message: Message) -> list[bytes | Span]:
    structure = message.structure if section.needs_structure else None
    found = section.read(message.content, structure)
    if section.kind == "BINARY.SIZE":
        return [b"%d" % (0 if found is None else len(found))]
    if found is None:
        return [b"NIL"]
    tilde = b"~" if section.kind == "BINARY" and _has_nul(found, message) else b""
    return [b"%s{%d}\r\n" % (tilde, len(found)), found]


def _has_nul(found: Span | bytes, message: Message) -> bool:
    """Return whether octets can be sent by a literal8 only (RFC 3516 section 4.2)."""
    if isinstance(found, bytes):
        return b"\0" in found
    return any(
        b"\0" in part_of(message.content, start, min(found.stop, start + _PIECE))
        for start in range(found.start, found.stop, _PIECE)
    )


def internal_date(moment: datetime) -> bytes:
    """Return a time as INTERNALDATE has it, such as ``" 7-Feb-1994 21:52:25 -0800"``.

    The names of months are English in every locale.
    """
    month = MONTHS[moment.month - 1]
    return f"{moment.day:2}-{month}-{moment.year:04} {moment:%H:%M:%S %z}".encode(
        "ascii"
    )
