"""Splits a query in a part that an index can answer, and a rest."""

from __future__ import annotations

from collections.abc import Callable

from lazr_smtptest.query.tree import (
    And,
    Everything,
    Node,
    Or,
    all_of,
    any_of,
    leaves,
)

__all__ = ["split"]


def split(node: Node, is_indexed: Callable[[Node], bool]) -> tuple[Node, Node]:
    """Return a wider query that an index can answer, and the rest.

    A message matches the query if, and only if, it matches both: the rest has to be
    evaluated for the messages that the index finds. It is `Everything` if the index
    answers the whole query.

    Args:
        node: the query.
        is_indexed: returns whether the index can answer a query that is neither an
            `And`, an `Or` nor a `Not`; all other leaves are left to the rest.
    """

    def is_answered(part: Node) -> bool:
        return all(map(is_indexed, leaves(part)))

    def widened(part: Node) -> Node:
        if is_answered(part):
            return part
        if isinstance(part, And):
            return all_of(map(widened, part.nodes))
        if isinstance(part, Or):
            return any_of(map(widened, part.nodes))
        # The opposite of a wider query would be a narrower one.
        return Everything()

    parts = node.nodes if isinstance(node, And) else (node,)
    rest = [part for part in parts if not is_answered(part)]
    return widened(node), all_of(rest)
