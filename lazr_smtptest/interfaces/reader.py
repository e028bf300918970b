"""The interface of what reads a store."""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from lazr_smtptest.model.change import Change, Changes
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.found import Counts, Found, IndexProgress
    from lazr_smtptest.model.marks import MessageFacts, MessageMarks
    from lazr_smtptest.model.session import Session
    from lazr_smtptest.model.summary import Flag, Summary
    from lazr_smtptest.query.edit import Edit
    from lazr_smtptest.query.selection import Selection

__all__ = ["IMessageReader"]


class IMessageReader(Interface):
    """The read side of a store: lists, searches, flags, tags, changes and sessions.

    Everything that reads captured mail, in whatever protocol, uses this interface and
    no other. Its methods may be called in any thread, and may wait for a disk: on a
    reactor, use the `DeferredReader` of the store.

    A query is a text in the search language, see `lazr_smtptest.query`. Every method
    that takes one raises a `QueryError`, a ValueError with the position, if it cannot
    be parsed, and a `StoreError` if the store cannot be read or written.

    A message is named by its id, or by its number. Numbers are positive, grow in the
    order of arrival, and are never used again (RFC 3501 section 2.3.1.1).
    """

    validity = Attribute(
        "An `int` from 1 to 2**32 - 1 that is another one if the numbers are counted "
        "anew: UIDVALIDITY of RFC 3501 section 2.3.1.1."
    )

    folders = Attribute("The `Folders` that readers make, see `lazr_smtptest.stores`.")

    def page(
        query: str = "",
        *,
        after: str | int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match, newest first.

        Args:
            query: ``""`` for all messages.
            after: the number, or the id, of the last message of the previous page;
                ``None`` for the first page. A number need not exist any more.
            limit: the most messages, 0 or more.
            oldest_first: whether the order is that of arrival.
            timeout: seconds to wait until the messages that were kept before the call
                are indexed, if the query needs the index; then a SearchTimeoutError.
                ``None``: search what is indexed now; `Found.missing` counts the rest.

        Raises:
            KeyError: there is no message with the id `after`.
            ValueError: `limit` is negative.
        """

    def counts(query: str = "", *, timeout: float | None = None) -> Counts:
        """Count the messages: all, the unread ones, and those that match."""

    def numbers(
        query: str = "", *, timeout: float | None = None, limit: int | None = None
    ) -> Sequence[int]:
        """Return the numbers of the messages that match, ascending.

        Args:
            query: ``""`` for all messages.
            timeout: see `page`.
            limit: the most numbers, the least ones; ``None`` for all.
        """

    def summary(message: str | int) -> Summary | None:
        """Return the summary of a message; ``None`` if there is none."""

    def marks(numbers: Collection[int]) -> list[MessageMarks]:
        """Return the flags and tags of messages, ascending; no message is read.

        Args:
            numbers: the numbers of the messages, in any order; those that are gone are
                left out.
        """

    def facts(numbers: Collection[int]) -> list[MessageFacts]:
        """Return the same as `marks` with the times and sizes of the messages.

        No message is parsed. A store whose messages are files may read them.
        """

    def envelope(message: str | int) -> Envelope | None:
        """Return a message; ``None`` if there is none."""

    def numbered(ids: Collection[str]) -> Mapping[str, int]:
        """Return the numbers of messages by their ids, without those that are gone."""

    def change(
        selection: Selection,
        *,
        set_flags: Collection[Flag] = (),
        clear_flags: Collection[Flag] = (),
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        tags: Collection[str] | None = None,
    ) -> int:
        """Change flags and tags of messages, all or none; return how many changed.

        A tag is shown as it was written when the first message got it. The arguments
        are checked and applied as by `Edit`.

        Args:
            selection: the messages.
            set_flags: flags to set.
            clear_flags: flags to clear.
            add_tags: tags to add, see `check_tag`.
            remove_tags: tags to remove; a tag's letter case does not matter.
            tags: the tags that replace all others, before tags are removed and added;
                ``None`` to keep them.

        Raises:
            TypeError: a single str is given instead of a collection.
            ValueError: a flag or a tag is not valid, or a flag is to be set and
                cleared.
        """

    def change_unchanged(
        numbers: Collection[int], since: int, edit: Edit
    ) -> Sequence[int]:
        """Change messages as `change`, except for those that have changed since.

        Nothing else changes them in between: UNCHANGEDSINCE of RFC 7162.

        Args:
            numbers: the numbers of the messages.
            since: the number of a change: those whose `Summary.change` is greater are
                left as they are.
            edit: the change of each of the others.

        Returns:
            the numbers of the messages that were left, ascending.
        """

    def touch(selection: Selection) -> int:
        """Count messages as changed, as if their flags had; return how many there are.

        It tells the watchers that messages are in another folder.
        """

    def remove(selection: Selection) -> int:
        """Remove messages; return how many there were."""

    def tags(*, timeout: float | None = 5.0) -> Mapping[str, int]:
        """Return each tag in use and the number of its messages, sorted by name.

        Args:
            timeout: seconds to wait until the messages that were kept before the call
                are tagged by rule; ``None`` to return the tags that they have now.
        """

    def rename_tag(old: str, new: str) -> int:
        """Rename a tag, or merge it into another; return how many messages had it.

        A tag may be renamed to another spelling of itself.

        Raises:
            ValueError: `new` is not a valid tag.
        """

    def changes(since: int, limit: int = 1000) -> Changes:
        """Return the changes after the one with a number; 0 for all there ever were.

        `Changes.is_reset` is true if some of them are no longer known, and if `since`
        is greater than the number of the latest change: it is one of another store.

        Raises:
            ValueError: `since` or `limit` is negative.
        """

    def next_number() -> int:
        """Return a number that no message had so far, and no earlier one will have.

        It is the number of the next message (UIDNEXT of RFC 3501 section 2.3.1.1),
        whatever was removed, and after a restart.
        """

    def last_change() -> int:
        """Return the number of the latest change; 0 if there was none."""

    def watch(function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change from now on, in order.

        Changes by other processes that use the same file count too. It is called in a
        thread of the store, after the change is durable. It must be quick, and must not
        use the store; an exception is logged.

        Returns:
            a function that ends the calls.
        """

    def keep_session(session: Session) -> None:
        """Keep a session that has ended, within bounds of the store.

        It does not wait for a disk, so a reactor may call it: a store on a disk writes
        the session in a thread of its own soon after, and before `close` returns. A
        crash of the machine may take the latest ones.
        """

    def sessions(
        *, after: str | None = None, limit: int = 50, failed: bool | None = None
    ) -> list[Session]:
        """Return a page of the kept sessions, newest first, those without mail too.

        Args:
            after: the id of the last session of the previous page.
            limit: the most sessions, 0 or more.
            failed: whether `Session.failed` is to be true or false; ``None`` for all.

        Raises:
            KeyError: there is no session with the id `after`.
            ValueError: `limit` is negative.
        """

    def session(id: str) -> Session | None:
        """Return a kept session with its transcript; ``None`` if there is none."""

    def index_progress() -> IndexProgress:
        """Return how many messages can be searched now, and how many cannot."""
