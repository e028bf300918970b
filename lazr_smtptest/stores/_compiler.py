"""The SQL of a search query.

A query becomes a condition for the rows of a table that has a row for each message:
``facts``, or ``message`` for messages that are not indexed yet. Where SQL cannot say
all of a query, the condition is wider than the query, and the messages that meet it are
evaluated one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from lazr_smtptest.query.tree import (
    After,
    And,
    Before,
    Equal,
    Everything,
    Field,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Or,
    Smaller,
    Substring,
    Words,
    all_of,
    leaves,
    needs_tags,
)
from lazr_smtptest.query.words import index_words
from lazr_smtptest.stores._codec import address_key
from lazr_smtptest.stores._conditions import (
    ALL,
    NONE,
    UNKNOWN,
    WINDOW,
    Part,
    in_content,
    in_words,
    of_set,
    quoted,
    rows,
)
from lazr_smtptest.stores._summary_rows import microseconds
from lazr_smtptest.stores._tag_rows import BITS

__all__ = ["Compiler", "Plan", "compile_query", "needs_content", "needs_index"]

# The least characters that the index of header fields finds.
_TRIGRAM = 3

# The most characters that are looked for in it alone, and those that are looked for
# of a longer text.
_PHRASE = 8
_PIECE = 6

# The columns of the table of fields, as they are named in its contents.
_HEAD_COLUMNS = {
    "from": "c0",
    "to": "c1",
    "cc": "c2",
    "bcc": "c3",
    "reply-to": "c4",
    "subject": "c5",
    "message-id": "c6",
}
_COUNTS = {"attachment": "attachments", "inline": "inlines", "warning": "warnings"}


@attrs.frozen
class Plan:
    """A compiled query.

    Attributes:
        condition: of the row ``m``; its named values are in `values`.
        values: the values.
        sets: statements that each select numbers, some maybe twice, among them those
            of all messages that match; an index answers each of them.
        is_set: whether the only one of `sets` says the same as `condition`.
        reads_texts: whether the condition reads the texts of messages.
        rest: what is left to be evaluated for each message.
    """

    condition: str
    values: dict[str, Any]
    sets: Sequence[str]
    is_set: bool
    reads_texts: bool
    rest: Node


# Returns the words that begin so, and ``None`` for too many.
Complete = Callable[[str], "Sequence[str] | None"]


def compile_query(node: Node, complete: Complete, *, indexed: bool = True) -> Plan:
    """Compile a query.

    Args:
        node: the query.
        complete: returns the indexed words with a beginning; ``None`` for too many.
        indexed: whether it is for ``facts``, otherwise for ``message``: see
            `needs_index`.
    """
    return Compiler(complete, indexed).plan(node)


def needs_index(node: Node) -> bool:
    """Return whether a query cannot be answered for a message that is not indexed.

    The tags of such a message are not known: the indexer adds those by rule.
    """
    return needs_tags(node) or any(isinstance(leaf, _OF_INDEX) for leaf in leaves(node))


def needs_content(node: Node) -> bool:
    """Return whether a message is to be parsed to evaluate a query for it."""
    return any(isinstance(leaf, _OF_CONTENT) for leaf in leaves(node))


_OF_CONTENT = (Words, Substring, Header)
_OF_INDEX = (*_OF_CONTENT, Field, Has)


class Compiler:
    """Compiles one query for SQLite; a subclass for another database.

    Args:
        complete: see `compile_query`.
        indexed: see `compile_query`.

    Attributes:
        texts: the end of the name of every table of text that a condition reads.
    """

    texts = "_content"

    def __init__(self, complete: Complete, indexed: bool) -> None:
        self._complete = complete
        self._indexed = indexed
        self._values: dict[str, Any] = {}

    def plan(self, node: Node) -> Plan:
        """Return the compiled query."""
        nodes = node.nodes if isinstance(node, And) else (node,)
        parts = [self._part(each) for each in nodes]
        rest = all_of(
            each for each, part in zip(nodes, parts, strict=True) if not part.is_exact
        )
        joined = self._joined(parts, "AND")
        sets = [part.numbers for part in joined if part.numbers is not None]
        return Plan(
            condition=" AND ".join(part.condition for part in joined),
            values=self._values,
            sets=sets,
            is_set=len(joined) == 1 and joined[0].is_set,
            reads_texts=self.texts in " ".join(part.condition for part in joined),
            rest=rest,
        )

    def _part(self, node: Node) -> Part:
        part: Part = getattr(self, _COMPILE[type(node)])(node)
        return part

    def _name(self, value: object) -> str:
        """Return the placeholder of a value."""
        name = f"v{len(self._values)}"
        self._values[name] = value
        return f":{name}"

    def _joined(self, parts: Sequence[Part], how: str) -> list[Part]:
        """Replace the parts that are matches in one table by one match."""
        joined = [part for part in parts if not part.table]
        for table in ("words", "heads"):
            some = [part for part in parts if part.table == table]
            if len(some) > 1:
                match = f" {how} ".join(f"({part.match})" for part in some)
                joined.append(self._match(table, match))
            else:
                joined += some
        return joined

    def by(self, index: str) -> str:
        """Return the table of facts, for a statement that is to use an index."""
        return f"facts INDEXED BY {index}"

    def _everything(self, node: Everything) -> Part:
        return ALL

    def _and(self, node: And) -> Part:
        parts = [self._part(each) for each in node.nodes]
        exact = all(part.is_exact for part in parts)
        joined = self._joined(parts, "AND")
        if len(joined) == 1:
            return attrs.evolve(joined[0], is_exact=exact)
        condition = " AND ".join(f"({part.condition})" for part in joined)
        return Part(condition, exact)

    def _or(self, node: Or) -> Part:
        parts = [self._part(each) for each in node.nodes]
        exact = all(part.is_exact for part in parts)
        joined = self._joined(parts, "OR")
        if len(joined) == 1:
            return attrs.evolve(joined[0], is_exact=exact)
        condition = " OR ".join(f"({part.condition})" for part in joined)
        numbers = None
        if all(part.numbers is not None for part in joined):
            numbers = " UNION ALL ".join(str(part.numbers) for part in joined)
        return Part(f"({condition})", exact, numbers)

    def _not(self, node: Not) -> Part:
        if node.node == Flagged("seen"):
            return of_set(
                f"SELECT number FROM message WHERE flags & 1 = 0 AND number {WINDOW}"
            )
        part = self._part(node.node)
        # A message that is not met by a wider condition is not found for sure.
        return Part(f"NOT ({part.condition})") if part.is_exact else UNKNOWN

    def _match(self, table: str, match: str) -> Part:
        value = self._name(match)
        numbers = (
            f"SELECT rowid AS number FROM {table} "
            f"WHERE {table} MATCH {value} AND rowid {WINDOW}"
        )
        return attrs.evolve(of_set(numbers), table=table, match=match)

    def _words(self, node: Words) -> Part:
        if not node.is_beginning:
            return self._match("words", quoted(node.words))
        *before, last = node.words.split(" ")
        words = self._complete(last)
        if words is None:
            # `fts5` would first collect every occurrence of so many words. But most
            # messages have one of them.
            return Part(in_words(self._name(f" {node.words}")))
        if not words:
            return NONE
        phrases = (quoted(" ".join((*before, word))) for word in words)
        return self._match("words", " OR ".join(phrases))

    def _substring(self, node: Substring) -> Part:
        words = index_words(node.text).split()
        if words == [node.text]:
            return Part(in_words(self._name(node.text)))
        if words and "".join(word[0] for word in words) == node.text:
            # A run of CJK: its pairs of characters, and what may follow the last one.
            return Part(in_words(self._name(f" {' '.join(words[:-1])} ")))
        # What is in the text is in the words, too, but for the punctuation.
        conditions = [in_words(self._name(word)) for word in words]
        return Part(" AND ".join(conditions) or "TRUE", is_exact=False)

    def _field(self, node: Field) -> Part:
        if len(node.text) < _TRIGRAM:
            column = _HEAD_COLUMNS[node.name]
            condition = f"instr({column}, {self._name(node.text)})"
            return Part(in_content("heads", condition))
        column = quoted(node.name.replace("-", "_"))
        if len(node.text) <= _PHRASE:
            return self._match("heads", f"{column} : {quoted(node.text)}")
        # A phrase of many trigrams takes longer than a few of them and a comparison.
        part = self._match("heads", f"{column} : {quoted(_rarest(node.text))}")
        value = self._name(node.text)
        text = in_content("heads", f"instr({_HEAD_COLUMNS[node.name]}, {value})")
        return Part(f"({part.condition} AND {text})", numbers=part.numbers)

    def _header(self, node: Header) -> Part:
        return UNKNOWN

    def _equal(self, node: Equal) -> Part:
        if node.name in ("user", "session"):
            if not self._indexed:
                return UNKNOWN
            return rows("facts", f'"{node.name}" = {self._name(node.text)}')
        if node.name == "rcpt":
            # The table does not know the letter case of local parts.
            value = self._name(address_key(node.text))
            table, condition = "recipient", f"address = {value}"
            return attrs.evolve(rows(table, condition), is_exact=False)
        value = self._name(node.text)
        if node.name == "id":
            return rows("message", f"id = {value}")
        return rows("message_tag", f"tag = (SELECT tag FROM tag WHERE key = {value})")

    def _flagged(self, node: Flagged) -> Part:
        # The number of the bit is written out, for the index to be used.
        return rows("message", f"flags & {BITS[node.flag]} != 0")

    def _has_tags(self, node: HasTags) -> Part:
        return of_set(f"SELECT DISTINCT number FROM message_tag WHERE number {WINDOW}")

    def _has(self, node: Has) -> Part:
        condition = f"{_COUNTS[node.kind]} > 0"
        numbers = rows("facts", condition).numbers
        return Part(f"m.{condition}", numbers=numbers)

    def _sized(self, node: Larger | Smaller) -> Part:
        sign = ">" if isinstance(node, Larger) else "<"
        condition = f"size {sign} {self._name(node.size)}"
        if not self._indexed:
            return Part(f"m.{condition}")
        # A plus sign: in a window no index is to be used.
        numbers = rows(self.by("facts_by_size"), condition).numbers
        return Part(f"+m.{condition}", numbers=numbers)

    def _timed(self, node: Before | After) -> Part:
        if not self._indexed:
            return UNKNOWN
        sign = "<=" if isinstance(node, Before) else ">="
        condition = f"received_at {sign} {self._name(microseconds(node.time))}"
        numbers = rows(self.by("facts_by_time"), condition).numbers
        return Part(f"coalesce(+m.{condition}, FALSE)", numbers=numbers)


def _rarest(text: str) -> str:
    """Return the piece of a text that the fewest messages may have.

    These are digits, or the beginning: the end of an address is in many of them.
    """
    pieces = (text[at : at + _PIECE] for at in range(len(text) - _PIECE + 1))
    return max(pieces, key=lambda piece: sum(map(str.isdigit, piece)))


# The method for each class of node: a dialect may override it.
_COMPILE: dict[type[Node], str] = {
    Everything: "_everything",
    And: "_and",
    Or: "_or",
    Not: "_not",
    Words: "_words",
    Substring: "_substring",
    Field: "_field",
    Header: "_header",
    Equal: "_equal",
    Flagged: "_flagged",
    HasTags: "_has_tags",
    Has: "_has",
    Larger: "_sized",
    Smaller: "_sized",
    Before: "_timed",
    After: "_timed",
}
