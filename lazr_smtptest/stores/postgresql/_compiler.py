"""The SQL of a search query, for PostgreSQL.

The words of a message are in a ``tsvector``, without their positions: PostgreSQL keeps
256 of each word, and none above 16,383. Where the order of words counts, the text is
compared, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lazr_smtptest.query.tree import Field, Substring, Words
from lazr_smtptest.query.words import index_words
from lazr_smtptest.stores._compiler import Compiler
from lazr_smtptest.stores._conditions import WINDOW, Part
from lazr_smtptest.stores.postgresql._schema import TEXTS

__all__ = ["LONGEST", "PostgreSQLCompiler"]

# The characters of a word that the index of words has.
LONGEST = 100

# The least characters that the index of three characters finds.
_TRIGRAM = 3

_WORDS = TEXTS[:4]


class PostgreSQLCompiler(Compiler):
    """Compiles one query.

    Args:
        indexed: see `compile_query`.
        has_trigrams: returns whether there is an index of three characters; it is
            called where that matters.
    """

    texts = "FROM texts"

    def __init__(self, indexed: bool, has_trigrams: Callable[[], bool]) -> None:
        super().__init__(lambda beginning: None, indexed)
        self._has_trigrams = has_trigrams

    def by(self, index: str) -> str:
        """Return the table of facts."""
        return "facts"

    def _words(self, node: Words) -> Part:
        words = node.words.split(" ")
        sought = " & ".join(f"'{word[:LONGEST]}'" for word in words)
        is_beginning = node.is_beginning and len(words[-1]) <= LONGEST
        match = f"words @@ CAST({self._name(sought + ':*' * is_beginning)} AS tsquery)"
        text = f" {node.words}{'' if node.is_beginning else ' '}"
        same = self._like(_WORDS, text)
        if len(words) > 1 or len(words[0]) > LONGEST:
            match = f"{match} AND ({same})"
        return self._texts(f"({match}) OR (is_cut AND ({same}))", by_index=True)

    def _substring(self, node: Substring) -> Part:
        words = index_words(node.text).split()
        if words == [node.text]:
            return self._contains(_WORDS, node.text)
        if words and "".join(word[0] for word in words) == node.text:
            # A run of CJK: its pairs of characters, and what may follow the last one.
            return self._contains(_WORDS, f" {' '.join(words[:-1])} ")
        # What is in the text is in the words, too, but for the punctuation.
        parts = [self._contains(_WORDS, word) for word in words]
        condition = " AND ".join(part.condition for part in parts) or "TRUE"
        return Part(condition, is_exact=False)

    def _field(self, node: Field) -> Part:
        column = f"h_{node.name.replace('-', '_')}"
        return self._contains([column], node.text)

    def _contains(self, columns: Sequence[str], text: str) -> Part:
        by_index = _has_trigram(text) and self._has_trigrams()
        return self._texts(self._like(columns, text), by_index)

    def _like(self, columns: Sequence[str], text: str) -> str:
        """Return the condition that one of some columns contains a text."""
        for each in "\\%_":
            text = text.replace(each, f"\\{each}")
        value = self._name(f"%{text}%")
        return " OR ".join(f"{column} LIKE {value}" for column in columns)

    def _texts(self, condition: str, by_index: bool) -> Part:
        numbers = f"SELECT number FROM texts WHERE ({condition}) AND number {WINDOW}"
        return Part(f"m.number IN ({numbers})", numbers=numbers if by_index else None)


def _has_trigram(text: str) -> bool:
    """Return whether an index of three characters says where a text may be."""
    return any(len(word) >= _TRIGRAM for word in index_words(text).split())
