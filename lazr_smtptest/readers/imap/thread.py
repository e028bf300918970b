"""THREAD: its arguments, its two algorithms, and its response (RFC 5256 section 3).

Nothing recurses: a thread may be as deep as a mailbox has messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

import attrs

from lazr_smtptest.readers.imap.arguments import upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.search import Scope, Search, parse_keys
from lazr_smtptest.readers.imap.sort import Entry, sent_at
from lazr_smtptest.readers.imap.subjects import base_subject, collation_key

__all__ = ["Thread", "parse_thread", "thread_response"]


class Node:
    """A message in a thread, or one that is missing.

    Attributes:
        entry: the message; ``None`` for a dummy.
        parent: the message that it replies to.
        children: its replies.
    """

    def __init__(self, entry: Entry | None, children: Iterable[Node] = ()) -> None:
        self.entry = entry
        self.parent: Node | None = None
        self.children = list(children)


@attrs.frozen
class Thread:
    """A THREAD command.

    Attributes:
        algorithm: ``REFERENCES`` or ``ORDEREDSUBJECT``.
        search: which messages are put into threads.
    """

    algorithm: str
    search: Search

    def threads(self, entries: Iterable[Entry]) -> list[Node]:
        """Return the roots of the threads of messages, in their order."""
        found = sorted(entries, key=lambda entry: entry.message.sequence)
        return _ALGORITHMS[self.algorithm](found)


def parse_thread(arguments: Sequence[Any], scope: Scope) -> Thread:
    """Parse the arguments of THREAD: algorithm, charset, and the keys of a search.

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    if len(arguments) < 3 or any(isinstance(each, list) for each in arguments[:2]):
        raise CommandError("usage: THREAD algorithm charset keys")
    algorithm, charset, *keys = arguments
    name = upper(algorithm)
    if name not in _ALGORITHMS:
        known = " ".join(_ALGORITHMS)
        raise CommandError(f"{name[:64]!a} is no algorithm of THREAD: {known}")
    return Thread(name, parse_keys(keys, charset, scope))


def thread_response(
    threads: Iterable[Node], number_of: Callable[[Message], int]
) -> bytes:
    """Return ``* THREAD``, which is sent even if there are no messages.

    Args:
        threads: the roots, from `Thread.threads`.
        number_of: returns the number of a message, or its unique identifier.
    """
    pieces = [b"* THREAD "]
    todo: list[Node | bytes] = [*_in_brackets(threads)]
    while todo:
        item = todo.pop()
        if isinstance(item, bytes):
            pieces.append(item)
            continue
        if item.entry is not None:
            pieces.append(b"%d" % number_of(item.entry.message))
            pieces += [b" "] if item.children else []
        is_chain = len(item.children) == 1
        todo += item.children if is_chain else _in_brackets(item.children)
    return b"".join(pieces).rstrip() + b"\r\n"


def _in_brackets(nodes: Iterable[Node]) -> list[Node | bytes]:
    """Return nodes in brackets, the last one first."""
    found: list[Node | bytes] = []
    for node in nodes:
        found += [b"(", node, b")"]
    return found[::-1]


def _by_subject(entries: list[Entry]) -> list[Node]:
    """Thread by ORDEREDSUBJECT: replies are siblings below the first message."""
    ordered = sorted(sorted(entries, key=sent_at), key=_subject_of)
    threads = [list(group) for _, group in groupby(ordered, _subject_of)]
    threads.sort(key=lambda group: _order(group[0]))
    return [Node(first, map(Node, others)) for first, *others in threads]


def _by_references(entries: list[Entry]) -> list[Node]:
    """Thread by REFERENCES."""
    nodes = _linked(entries)
    root = Node(None, [node for node in nodes if node.parent is None])
    _prune(root)
    _sort(root)
    _merge_subjects(root)
    _sort(root)
    return root.children


_ALGORITHMS: dict[str, Callable[[list[Entry]], list[Node]]] = {
    "REFERENCES": _by_references,
    "ORDEREDSUBJECT": _by_subject,
}


def _subject_of(entry: Entry) -> str:
    return collation_key(base_subject(entry.header.subject).text)


def _order(entry: Entry) -> tuple[float, int]:
    return sent_at(entry), entry.message.sequence


def _linked(entries: list[Entry]) -> list[Node]:
    """Return all messages and missing ones, linked by their Message-IDs (step 1)."""
    by_id: dict[bytes, Node] = {}
    nodes: list[Node] = []

    def node_of(id_: bytes) -> Node:
        if id_ not in by_id:
            by_id[id_] = Node(None)
            nodes.append(by_id[id_])
        return by_id[id_]

    for entry in entries:
        id_ = entry.header.message_id
        if not id_ or node_of(id_).entry is not None:
            # Without an id of its own it is as one that has an id of nobody.
            node = Node(None)
            nodes.append(node)
        else:
            node = node_of(id_)
        node.entry = entry
        references = [node_of(each) for each in entry.header.references]
        for parent, child in pairwise(references):
            if child.parent is None and not _is_within(parent, child):
                _link(parent, child)
        # Another message may have had a shorter list of references.
        if node.parent is not None:
            node.parent.children.remove(node)
            node.parent = None
        if references and not _is_within(references[-1], node):
            _link(references[-1], node)
    return nodes


def _is_within(node: Node, other: Node) -> bool:
    """Return whether a node is another one, or below it."""
    if not other.children:
        return node is other
    current: Node | None = node
    while current is not None and current is not other:
        current = current.parent
    return current is other


def _link(parent: Node, child: Node) -> None:
    child.parent = parent
    parent.children.append(child)


def _children_first(root: Node) -> list[Node]:
    """Return all nodes below and with a root, children before their parents."""
    found, todo = [], [root]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += node.children
    return found[::-1]


def _prune(root: Node) -> None:
    """Remove messages that are missing, and promote their replies (step 3)."""
    for node in _children_first(root):
        children: list[Node] = []
        for child in node.children:
            # Several replies to a missing message stay together.
            if child.entry or (node is root and len(child.children) > 1):
                children.append(child)
            else:
                children += child.children
        node.children = children


def _sort(root: Node) -> None:
    """Sort siblings by their sent dates (steps 4 and 6)."""
    for node in _children_first(root):
        node.children.sort(key=lambda child: _order(_first(child)))


def _first(node: Node) -> Entry:
    """Return a message, or the first reply to one that is missing."""
    entry = node.entry or node.children[0].entry
    assert entry is not None, "a reply to a missing message is there"
    return entry


def _is_reply(node: Node) -> bool:
    return base_subject(_first(node).header.subject).is_reply


def _merge_subjects(root: Node) -> None:
    """Join threads with the same base subject (step 5)."""
    by_subject: dict[str, Node] = {}
    subjects = [(node, _subject_of(_first(node))) for node in root.children]
    for node, subject in subjects:
        known = by_subject.get(subject)
        if known is None or (
            known.entry is not None
            and (node.entry is None or (_is_reply(known) and not _is_reply(node)))
        ):
            by_subject[subject] = node
    merged: dict[Node, None] = dict.fromkeys(root.children)
    for node, subject in subjects:
        known = by_subject[subject]
        if not subject or known is node:
            continue
        del merged[node]
        if known.entry is None:
            known.children += [node] if node.entry else node.children
        elif _is_reply(node) and not _is_reply(known):
            known.children.append(node)
        else:
            by_subject[subject] = Node(None, [known, node])
            del merged[known]
            merged[by_subject[subject]] = None
    root.children = list(merged)
