"""Parse header fields with parameters (RFC 2045 section 5.1, RFC 2231, RFC 5322).

Malformed fields of real mailers are read as they were meant: quotes that do not end,
quotes and blanks in file names, Windows paths, encoded words, a missing semicolon.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import attrs

from lazr_smtptest.mime.charsets import decode, guess
from lazr_smtptest.mime.comments import find_comments, without_comments
from lazr_smtptest.mime.words import decode_words

__all__ = ["Structured", "raw_parameters", "read_parameters", "read_structured"]

_LONGEST = 8 * 1024
_MOST = 100

_NAME = re.compile(r"[^\s=;\"()]+")
_EQUALS = re.compile(r"\s*=\s*")
_SEPARATORS = re.compile(r"[;,\s]*")
_BLANKS = re.compile(r"\s*")
_ENDING = re.compile(r"[;(\\]")
# name*0*=, name*0=, name*=
_PIECE = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\(.)", re.S)
_PATH = re.compile(r"\\\w")
_LAST_COMMENT = re.compile(r"\s\([^()]*\)\s*\Z")
_MISSING_SEMICOLON = re.compile(r"[\s,][^\s=;,\"()]{1,64}\s{0,64}=")
# What may follow a quoted string: the end, a semicolon, a comment or a parameter.
_AFTER_QUOTE = re.compile(r"\s{0,64}(?:\Z|[;(]|[^\s=;\"()]{1,64}\s{0,64}=)")
_END_OF_VALUE = re.compile(r"\s{0,64}(?:\Z|;)")
# The text before the quote of the next parameter.
_NEXT = re.compile(r";\s{0,64}[^\s=;\"]{1,64}\s{0,64}=\s{0,64}\Z")
# The most quotes that are tried as the end of a quoted string.
_MOST_QUOTES = 16

# Parentheses in the values of these are not comments.
_VERBATIM = frozenset(["name", "filename", "boundary"])
_NAMES = frozenset(["name", "filename"])


@attrs.frozen
class Structured:
    """A field with parameters.

    value: the text before the parameters, in lower case.
    parameters: by name, in lower case.
    boundary: the parameter of that name in its original bytes, not as text.
    trouble: what was malformed.
    """

    value: str
    parameters: dict[str, str]
    boundary: bytes
    trouble: tuple[str, ...]


def read_parameters(body: bytes) -> tuple[str, dict[str, str]]:
    """Parse the body of a field such as Content-Type; never raises.

    Returns:
        the value before the parameters, in lower case, and the parameters by
        name, in lower case. Beyond 8 KiB or 100 parameters the rest is ignored.
    """
    field = read_structured(body)
    return field.value, field.parameters


def read_structured(body: bytes) -> Structured:
    """Parse the body of a field such as Content-Type; see `read_parameters`."""
    if not body:  # most parts of most messages have no Content-Disposition
        return Structured("", {}, b"", ())
    # One character for each byte: it is decoded once its role is known.
    reader = _Reader(body[:_LONGEST].decode("latin-1"))
    reader.read()
    if len(body) > _LONGEST:
        reader.trouble[f"a field of over {_LONGEST} octets: the rest is not read"] = (
            None
        )
    parameters = {name: reader.plain(raw) for name, raw in reader.whole.items()}
    # The form of RFC 2231 wins: mailers add the old one for readers without it.
    for name, pieces in reader.pieces.items():
        parameters[name] = reader.joined(name, pieces)
    boundary = reader.whole.get("boundary", "").encode("latin-1")
    if "boundary" in reader.pieces:
        boundary = parameters["boundary"].encode("utf-8", "replace")
    elif boundary:
        parameters["boundary"] = guess(boundary)
    return Structured(reader.value.lower(), parameters, boundary, tuple(reader.trouble))


def raw_parameters(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Parse the body of a field such as Content-Type, and decode nothing; never raises.

    Returns:
        the value before the parameters, in lower case, and the parameters with their
        names, in lower case: those of RFC 2231 as they are sent, such as
        ``filename*`` and ``filename*1``.
    """
    reader = _Reader(body[:_LONGEST].decode("latin-1"))
    reader.read()
    found = list(reader.whole.items())
    for name, pieces in reader.pieces.items():
        for number, (is_encoded, text) in sorted(pieces.items()):
            is_whole = is_encoded and len(pieces) == 1 and not number
            index = "" if is_whole else f"*{number}"
            found.append((f"{name}{index}{'*' if is_encoded else ''}", text))
    encoded = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in found]
    return reader.value.lower().encode("latin-1", "replace"), encoded


class _Reader:
    """Splits a field at its semicolons, in a time that is linear in its length.

    Attributes:
        value: the text before the parameters.
        whole: the values of the parameters that are in one piece, by name.
        pieces: of the others, whether each piece is encoded, and its text, by number.
        trouble: what was malformed.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._comments = find_comments(text)
        self.value = ""
        self.whole: dict[str, str] = {}
        self.pieces: dict[str, dict[int, tuple[bool, str]]] = {}
        self.trouble: dict[str, None] = {}

    def read(self) -> None:
        self._skip(_BLANKS)
        name = _NAME.match(self._text, self._position)
        if name is None or _EQUALS.match(self._text, name.end()) is None:
            self.value = self._read_value()
        for _ in range(_MOST):
            self._skip(_SEPARATORS)
            if self._position == len(self._text):
                return
            self._read_parameter()
        if self._text[self._position :].strip(" \t;"):
            self.trouble[f"over {_MOST} parameters: the rest is not read"] = None

    def _read_value(self) -> str:
        raw = self._until_semicolon()
        found = _MISSING_SEMICOLON.search(raw)
        if found and "(" not in raw[: found.start()]:
            self.trouble["a parameter without the semicolon before it"] = None
            self._position -= len(raw) - found.start()
            raw = raw[: found.start()]
        words = without_comments(raw).replace('"', " ").split()
        if len(words) > 1 and (words[0].endswith("/") or words[1].startswith("/")):
            words = ["".join(words)]  # blanks around the slash
        return words[0].rstrip(",") if words else ""

    def _read_parameter(self) -> None:
        name = _NAME.match(self._text, self._position)
        piece = None
        if name:
            self._position = name.end()
            self._skip(_BLANKS)
            piece = _PIECE.fullmatch(name[0].lower())
        equals = _EQUALS.match(self._text, self._position)
        if piece is None or equals is None:
            self._until_semicolon()
            self.trouble["a parameter without a name or a value"] = None
            return
        self._position = equals.end()
        value = self._read_parameter_value(piece[1])
        if piece[2] is None and piece[3] is None:
            self._note_double(piece[1], piece[1] in self.whole)
            self.whole.setdefault(piece[1], value)
        else:
            numbered = self.pieces.setdefault(piece[1], {})
            number = int(piece[2] or 0)
            self._note_double(piece[1], number in numbered)
            numbered.setdefault(number, (bool(piece[3]), value))

    def _note_double(self, name: str, is_double: bool) -> None:
        if is_double:
            self.trouble[
                f"the parameter {name[:64]!r} is there twice: the first one is read"
            ] = None

    def _read_parameter_value(self, name: str) -> str:
        if name not in _VERBATIM:
            self._skip(_BLANKS)
        if self._text.startswith('"', self._position):
            return self._read_quoted(name)
        raw = self._until_semicolon(name in _VERBATIM)
        if name in _VERBATIM:
            return _LAST_COMMENT.sub("", raw).strip()
        return without_comments(raw).strip()

    def _read_quoted(self, name: str) -> str:
        """Return the quoted string that begins here.

        It ends at the first quote that a parameter list allows as an end, so that
        quotes in a file name are part of it. Without one it ends at the semicolon.
        """
        start = self._position + 1
        end = self._closing(start)
        if end < 0:
            self.trouble["a quoted string that does not end"] = None
            stop = self._text.find(";", start)
            self._position = len(self._text) if stop < 0 else stop
            raw = self._text[start : self._position].partition('"')[0].strip()
        else:
            self._position = end + 1
            raw = self._text[start:end]
            if '"' in raw.replace('\\"', ""):
                self.trouble["a quote within a quoted string"] = None
        return _unescaped(raw, name)

    def _closing(self, start: int) -> int:
        text, quote = self._text, start - 1
        for number in range(_MOST_QUOTES):
            quote = text.find('"', quote + 1)
            if quote < 0:
                return -1
            before = text[max(start, quote - 64) : quote]
            escapes = len(before) - len(before.rstrip("\\"))
            if escapes % 2 and not self._is_path(start, quote):
                continue
            if number == 0 and _NEXT.search(text, start, quote):
                return -1
            if _AFTER_QUOTE.match(text, quote + 1):
                return quote
        return -1

    def _is_path(self, start: int, end: int) -> bool:
        r"""Return whether a value is the path of a folder, such as ``"C:\files\"``."""
        ends = _END_OF_VALUE.match(self._text, end + 1) is not None
        return ends and _PATH.search(self._text, start, end) is not None

    def _until_semicolon(self, verbatim: bool = False) -> str:
        """Return the text up to the next semicolon, or to the end.

        A semicolon in a comment does not count, unless the comment does not end.
        """
        start = position = self._position
        while found := _ENDING.search(self._text, position):
            position = found.end()
            if found[0] == ";":
                self._position = found.start()
                return self._text[start : self._position]
            if found[0] == "\\":
                position += 1
            elif (end := self._comments.get(found.start())) is not None:
                position = end
            elif not verbatim:
                self.trouble["a comment that does not end"] = None
        self._position = len(self._text)
        return self._text[start:]

    def _skip(self, blanks: re.Pattern[str]) -> None:
        """Skip blanks and comments."""
        while True:
            found = blanks.match(self._text, self._position)
            self._position = found.end() if found else self._position
            if not self._text.startswith("(", self._position):
                return
            end = self._comments.get(self._position)
            if end is None:
                return
            self._position = end

    def plain(self, raw: str) -> str:
        # RFC 2047 section 5 forbids encoded words here, but many mailers send them.
        text, wrong = decode_words(raw.encode("latin-1"))
        self.trouble |= dict.fromkeys(wrong)
        return text

    def joined(self, name: str, pieces: dict[int, tuple[bool, str]]) -> str:
        """Join the pieces of a value in order, and decode those that are encoded."""
        if sorted(pieces) != list(range(len(pieces))):
            self.trouble[f"a piece of the parameter {name[:64]!r} is missing"] = None
        first = min(pieces)
        charset, octets = "", b""
        for number, (encoded, piece) in sorted(pieces.items()):
            if encoded and number == first and piece.count("'") >= 2:
                charset, _, piece = piece.split("'", 2)
            raw = piece.encode("latin-1")
            if encoded and _NO_CODE.search(piece):
                self.trouble[
                    f"a '%' that begins no code in the parameter {name[:64]!r} (RFC "
                    "2231 section 4)"
                ] = None
            octets += unquote_to_bytes(raw) if encoded else raw
        if any("=?" in piece for _, piece in pieces.values()):
            return self.plain(octets.decode("latin-1"))
        if not charset:
            return guess(octets)
        text, wrong = decode(octets, charset)
        if wrong:
            self.trouble[wrong] = None
        return text


def _unescaped(raw: str, name: str) -> str:
    r"""Remove the backslashes of the quoted pairs of a quoted string.

    A file name such as ``"C:\files\bill.pdf"`` has none, although it should: there
    only ``\"`` is one.
    """
    if "\\" not in raw:
        return raw
    single = raw.replace("\\\\", "")
    if name in _NAMES and (_PATH.search(single) or raw.endswith("\\")):
        return raw.replace('\\"', '"')
    return _ESCAPED.sub(r"\1", raw)
