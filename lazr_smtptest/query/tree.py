"""The tree of a search query: what `lazr_smtptest.query.parser.parse` returns.

All text in it is folded as by `fold_line`, unless a class says otherwise, and never
empty unless it says so; all times are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import attrs

from lazr_smtptest.model.summary import Flag

__all__ = [
    "After",
    "And",
    "Before",
    "Equal",
    "EqualName",
    "Everything",
    "Field",
    "FieldName",
    "Flagged",
    "Has",
    "HasKind",
    "HasTags",
    "Header",
    "Larger",
    "Node",
    "Not",
    "Or",
    "Smaller",
    "Substring",
    "Words",
    "all_of",
    "any_of",
    "leaves",
    "needs_tags",
]

FieldName = Literal["from", "to", "cc", "bcc", "reply-to", "subject", "message-id"]
EqualName = Literal["rcpt", "user", "session", "id", "tag"]
HasKind = Literal["attachment", "inline", "warning"]


class Node:
    """A query, or a part of one."""

    __slots__ = ()


@attrs.frozen
class Everything(Node):
    """Every message: the empty query."""


@attrs.frozen
class And(Node):
    """All of some queries: two or more, none of them an `And`. See `all_of`."""

    nodes: tuple[Node, ...]


@attrs.frozen
class Or(Node):
    """At least one of some queries: two or more, none of them an `Or`. See `any_of`."""

    nodes: tuple[Node, ...]


@attrs.frozen
class Not(Node):
    """Every message that a query does not match."""

    node: Node


@attrs.frozen
class Words(Node):
    """Adjacent words in one of the columns of text, see `Columns`.

    Attributes:
        words: what to find in the result of `index_words`: see `Sought`.
        is_beginning: whether the last word is the beginning of one.
    """

    words: str
    is_beginning: bool = False


@attrs.frozen
class Substring(Node):
    """A text anywhere in one of the columns of text, see `Columns`."""

    text: str


@attrs.frozen
class Field(Node):
    """A text within a field of the `Summary`.

    An address field is searched mailbox by mailbox, each as ``name <address>``, or
    ``address`` if there is no name.
    """

    name: FieldName
    text: str


@attrs.frozen
class Header(Node):
    """A header field of that name whose decoded body contains a text.

    Attributes:
        name: in lower case.
        text: ``""`` if the field only has to be there.
    """

    name: str
    text: str = ""


@attrs.frozen
class Equal(Node):
    """A value of the `Summary` that equals a text.

    Attributes:
        name: ``"rcpt"`` for one of `rcpt_tos`, ``"tag"`` for one of `tags`,
            ``"session"`` for `session_id`.
        text: not folded, but for these two: the `address_key` of a recipient, and
            the `tag_key` of a tag.
    """

    name: EqualName
    text: str


@attrs.frozen
class Flagged(Node):
    """A flag that is set."""

    flag: Flag


@attrs.frozen
class HasTags(Node):
    """One tag or more."""


@attrs.frozen
class Has(Node):
    """One attachment, inline part or irregularity, or more."""

    kind: HasKind


@attrs.frozen
class Larger(Node):
    """A content of more than `size` bytes."""

    size: int


@attrs.frozen
class Smaller(Node):
    """A content of less than `size` bytes."""

    size: int


@attrs.frozen
class Before(Node):
    """Received at a time or earlier; never true of a message without a time."""

    time: datetime


@attrs.frozen
class After(Node):
    """Received at a time or later; never true of a message without a time."""

    time: datetime


def all_of(nodes: Iterable[Node]) -> Node:
    """Return the query for all of some queries; `Everything` for none."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, And):
            found += node.nodes
        elif not isinstance(node, Everything):
            found.append(node)
    if len(found) > 1:
        return And(tuple(found))
    return found[0] if found else Everything()


def any_of(nodes: Iterable[Node]) -> Node:
    """Return the query for at least one of some queries, of which there must be one."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Everything):
            return node
        found += node.nodes if isinstance(node, Or) else (node,)
    return Or(tuple(found)) if len(found) > 1 else found[0]


def leaves(node: Node) -> Iterator[Node]:
    """Yield the parts of a query that are neither `And`, `Or` nor `Not`."""
    if isinstance(node, (And, Or)):
        for each in node.nodes:
            yield from leaves(each)
    elif isinstance(node, Not):
        yield from leaves(node.node)
    else:
        yield node


def needs_tags(node: Node) -> bool:
    """Return whether a query is about the tags of a message."""
    return any(
        isinstance(leaf, HasTags) or (isinstance(leaf, Equal) and leaf.name == "tag")
        for leaf in leaves(node)
    )
