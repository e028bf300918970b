"""The read side of a store in a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lazr_smtptest.errors import SearchTimeoutError, StoreError
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found, IndexProgress
from lazr_smtptest.model.marks import MessageFacts, MessageMarks
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tree import Node, Words, all_of
from lazr_smtptest.query.words import sought_words
from lazr_smtptest.stores import _changes, _fact_rows, _session_rows, _tag_rows
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._base import check_limit
from lazr_smtptest.stores._compiler import needs_index
from lazr_smtptest.stores._durable import WaitingStore
from lazr_smtptest.stores._indexer import Indexer, reason
from lazr_smtptest.stores._reader import Catalog, Page
from lazr_smtptest.stores._watcher import Watcher

if TYPE_CHECKING:
    from lazr_smtptest.query.criteria import Criteria

__all__ = ["GREATEST", "SQLReader", "is_number"]

_Result = TypeVar("_Result")

# The greatest integer of SQLite.
GREATEST = 2**63 - 1


class SQLReader(WaitingStore):
    """The part of a store in a database that only reads; see `IMessageReader`.

    Attributes that a subclass sets: ``_catalog``, ``_indexer``, ``_watcher``.
    """

    _catalog: Catalog
    _indexer: Indexer
    _watcher: Watcher

    # Messages

    def __len__(self) -> int:
        """Count the messages."""
        return self._catalog.state().messages

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`, the oldest if several have it."""
        return self.envelope(id)

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages, oldest first; each is read when it is reached."""
        return self._catalog.read(self._catalog.upwards(0, self._catalog.newest()))

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages, newest first; each is read when it is reached."""
        return self._catalog.read(self._catalog.downwards(self._catalog.newest() + 1))

    def _candidates(self, criteria: Criteria) -> Iterator[Envelope]:
        recipient = criteria.given.get("recipient")
        if not isinstance(recipient, str) or any(each in recipient for each in "*?"):
            return iter(self)
        return self._catalog.read(self._catalog.to(recipient))

    def envelope(self, message: str | int) -> Envelope | None:
        """Return a message; see `IMessageReader`."""
        number = self._number_of(message)
        return None if number is None else self._catalog.envelope(number)

    def summary(self, message: str | int) -> Summary | None:
        """Return the summary of a message; see `IMessageReader`."""
        number = self._number_of(message)
        return None if number is None else self._catalog.summary(number)

    def marks(self, numbers: Collection[int]) -> list[MessageMarks]:
        """Return the flags and tags of messages; see `IMessageReader`."""
        found: list[MessageMarks] = self._catalog.read_with(
            partial(_tag_rows.marks, numbers=sorted(filter(is_number, set(numbers))))
        )
        return found

    def facts(self, numbers: Collection[int]) -> list[MessageFacts]:
        """Return the marks, times and sizes of messages; see `IMessageReader`."""
        found: list[MessageFacts] = self._catalog.read_with(
            partial(_fact_rows.facts, numbers=sorted(filter(is_number, set(numbers))))
        )
        return found

    def numbered(self, ids: Collection[str]) -> Mapping[str, int]:
        """Return the numbers of messages by their ids; see `IMessageReader`."""
        found: dict[str, int] = self._catalog.read_with(
            partial(_tables.numbered, ids=list(ids))
        )
        return found

    def ids(self) -> frozenset[str]:
        """Return the ids of all messages."""
        ids: frozenset[str] = self._catalog.read_with(_tables.ids)
        return ids

    def _number_of(self, message: str | int) -> int | None:
        number = self._catalog.number_of(message)
        return None if number is None or not is_number(number) else number

    # Searching

    @property
    def validity(self) -> int:
        """The validity of the numbers; see `IMessageReader`."""
        return self._catalog.state().validity

    def page(
        self,
        query: str = "",
        *,
        after: str | int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match; see `IMessageReader`.

        A query that cannot be answered from an index stops after some hundredths of a
        second, when it has searched 20,000 messages at least; 2000 where it needs their
        texts, and 50 where it needs other header fields. `Found.missing` counts those
        that were not searched; those are the older ones.
        """
        node = parse(query)
        check_limit(limit)
        page = Page(
            node=node,
            after=after,
            limit=limit,
            oldest_first=oldest_first,
            newest=self._wait(node, timeout),
        )
        return self._ask(lambda catalog: catalog.page(page))

    def _ask(self, function: Callable[[Catalog], _Result]) -> _Result:
        """Return the result of a function that reads pages, searches or counts."""
        return function(self._catalog)

    def counts(self, query: str = "", *, timeout: float | None = None) -> Counts:
        """Count the messages: all, the unread ones, and those that match.

        The count stops as a search does, see `page`.
        """
        node = parse(query)
        newest = self._wait(node, timeout)
        return self._ask(lambda catalog: catalog.counts(node, newest))

    def numbers(
        self,
        query: str = "",
        *,
        timeout: float | None = None,
        limit: int | None = None,
    ) -> Sequence[int]:
        """Return the numbers of the messages that match; see `IMessageReader`.

        All messages are searched, however long that takes.
        """
        node = parse(query)
        newest = self._wait(node, timeout)
        return self._ask(lambda catalog: catalog.numbers(node, newest, limit))

    def search(
        self,
        text: str,
        after: str | None = None,
        limit: int = 50,
        timeout: float = 5.0,
        *,
        wait: bool = True,
    ) -> Found:
        """Return the messages that have all the words of a text, newest first.

        The search covers the subject, the addresses of the envelope and of From, To
        and Cc, the text (of a message without a text part the text that the HTML shows)
        and the names of attachments: the first 65,536 characters of each. Other
        header fields and the contents of attachments are not indexed. Case and
        accents are ignored. A word that ends in ``*`` finds all words with that
        beginning; a word with punctuation in it, such as an address, finds its parts
        next to each other. `page` takes a query in the search language.

        Args:
            text: the words to search for.
            after: the `id` of the last message of the previous page; ``None`` for
                the first page.
            limit: the most messages.
            timeout: seconds to wait until all messages that were kept before the
                call are indexed.
            wait: whether to wait. ``False``: search the messages indexed now;
                `Found.missing` is the number of those that are not.

        Raises:
            ValueError: there is no word in `text`.
            KeyError: there is no message `after`; it may have been deleted.
            SearchTimeoutError: messages are still not indexed after `timeout`.
            StoreError: the database cannot be read, or the index cannot be written.
        """
        node = _words_of(text)
        newest = self._wait(node, timeout if wait else None)
        page = Page(
            node=node, after=after, limit=limit, newest=newest, is_bounded=False
        )
        return self._ask(lambda catalog: catalog.page(page))

    def index_progress(self) -> IndexProgress:
        """Return how many messages can be searched now, and how many cannot.

        Raises:
            StoreError: the database cannot be read.
        """
        return self._catalog.progress()

    def _wait(self, node: Node, timeout: float | None) -> int | None:
        """Wait until all messages that are kept now are indexed; see `search`.

        Returns:
            the greatest number of these messages; ``None`` if it has not waited.
        """
        if not needs_index(node):
            return None
        newest = self._catalog.newest()
        is_behind = self._catalog.indexed() < newest
        if timeout is None:
            if is_behind:
                # The process that kept them may have ended meanwhile.
                self._indexer.wake()
            return None
        if is_behind:
            self._indexer.catch_up(lambda: self._catalog.indexed() >= newest, timeout)
            if self._catalog.indexed() < newest:
                self._raise_missing(timeout)
        return newest

    def _raise_missing(self, timeout: float) -> None:
        error = self._indexer.error
        if error is not None:
            raise StoreError(
                f"messages cannot be made searchable: {reason(error)}"
            ) from error
        progress = self._catalog.progress()
        raise SearchTimeoutError(progress.missing, progress.messages, timeout)

    # Changes

    def changes(self, since: int, limit: int = 1000) -> Changes:
        """Return the changes after the one with a number; see `IMessageReader`."""
        found: Changes = self._catalog.read_with(
            partial(
                _changes.since,
                number=min(since, GREATEST),
                limit=min(limit, GREATEST - 1),
            )
        )
        return found

    def next_number(self) -> int:
        """Return the number of the next message; see `IMessageReader`."""
        return self._catalog.newest() + 1

    def last_change(self) -> int:
        """Return the number of the latest change; 0 if there was none."""
        return self._catalog.state().changes

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change from now on; see `IMessageReader`.

        A change by another process is noticed within a tenth of a second. Messages that
        a process kept and did not index before it ended are indexed now.
        """
        stop = self._watcher.add(function)
        self._indexer.wake()
        return stop

    # Sessions

    def sessions(
        self, *, after: str | None = None, limit: int = 50, failed: bool | None = None
    ) -> list[Session]:
        """Return a page of the kept sessions; see `IMessageReader`."""
        check_limit(limit)
        self._writer.call(self._write_ended)
        found: list[Session] = self._catalog.read_with(
            partial(
                _session_rows.page,
                after=after,
                limit=min(limit, GREATEST),
                failed=failed,
            )
        )
        return found

    def session(self, id: str) -> Session | None:
        """Return a kept session with its transcript; ``None`` if there is none."""
        self._writer.call(self._write_ended)
        found: Session | None = self._catalog.read_with(
            partial(_session_rows.get, id=id)
        )
        return found


def is_number(number: int) -> bool:
    """Return whether a message may have a number."""
    return 0 < number <= GREATEST


def _words_of(text: str) -> Node:
    """Return the query for all words of a text.

    Raises:
        ValueError: there is no word in it.
    """
    sought = [
        sought_words(word, is_beginning=word.endswith("*")) for word in text.split()
    ]
    words = [Words(each.words, each.is_beginning) for each in sought if each.words]
    if not words:
        raise ValueError(f"there is no word to look for in {text!r}")
    return all_of(words)
