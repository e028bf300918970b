"""The rules that tag messages at arrival."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import attrs

from lazr_smtptest._spool import start_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.query.evaluation import Searchable, matches
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tags import check_tag, clean_tag, joined_tags
from lazr_smtptest.query.tree import Node

__all__ = ["TagRules"]

# The most tags of a message by rule: its sender decides how many it asks for.
_MOST = 100

# The address fields whose plus-addresses tag a message, besides its recipients.
_FIELDS = ("from", "to", "cc", "bcc")

# The most bytes of a header that is looked at.
_HEADER = 65_536


def _parsed(queries: Mapping[str, str]) -> tuple[tuple[str, Node], ...]:
    return tuple((check_tag(tag), parse(query)) for tag, query in queries.items())


@attrs.frozen(kw_only=True)
class TagRules:
    """The rules by which a store tags each message that it keeps.

    A store applies them when it indexes a message: at the latest before a reader sees
    the message. At most 100 tags of a message come from rules. In those that the
    message asks for, each character but letters, digits and ``-_.@`` becomes a space;
    what is no valid tag then is left out.

    Args:
        header: whether the header field ``X-Tags`` has tags, separated by commas.
        plus_addresses: whether the parts after a plus sign of the local part of a
            recipient, or of an address in From, To, Cc or Bcc, are tags:
            ``user+tag@example.com``, ``user+one+two@example.com``.
        user: whether the name of the user that logged in by SMTP AUTH is a tag.
        queries: a search query for each tag; it is given to messages that match.
            They are parsed once: a relative time such as ``after:7d`` is relative to
            the creation of the rules.

    Raises:
        QueryError: a query cannot be parsed.
        ValueError: a tag of `queries` is not valid.
    """

    header: bool = True
    plus_addresses: bool = True
    user: bool = False
    queries: Mapping[str, str] = attrs.field(factory=dict)
    _nodes: tuple[tuple[str, Node], ...] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: _parsed(self.queries), takes_self=True),
    )

    def __bool__(self) -> bool:
        return bool(self.header or self.plus_addresses or self.user or self.queries)

    def may_tag(self, mail: Mail) -> bool:
        """Return whether `tags_of` has to look at a message.

        It is much faster, and false for most messages if there are no queries.
        """
        if self._nodes or "+" in "".join(mail.rcpt_tos):
            return True
        if self.user and mail.user:
            return True
        head = _head(mail).lower()
        return b"x-tags" in head or _has_plus_address(head)

    def tags_of(self, envelope: Envelope, message: Searchable) -> tuple[str, ...]:
        """Return the tags of a message by these rules, sorted.

        Args:
            envelope: the message.
            message: the message for the queries, without flags and tags.
        """
        found = [*self._asked_for(envelope)]
        found += [tag for tag, node in self._nodes if matches(node, message)]
        return joined_tags(found)[:_MOST]

    def _asked_for(self, envelope: Envelope) -> Iterator[str]:
        """Yield the tags that the message itself asks for."""
        # Of a copy: the envelope would keep all that is parsed of it.
        envelope = attrs.evolve(envelope)
        if self.user and envelope.user:
            yield from _valid([envelope.user])
        if self.header:
            for body in envelope.headers("x-tags"):
                yield from _valid(body.split(","))
        if self.plus_addresses:
            addresses = [*envelope.rcpt_tos]
            for name in _FIELDS:
                addresses += envelope.addresses(name)
            for address in addresses:
                local_part = address.rpartition("@")[0].strip('"')
                yield from _valid(local_part.split("+")[1:])


def _head(mail: Mail) -> bytes:
    """Return the beginning of a message, as far as its header may go."""
    start = start_of(mail.kept, _HEADER)
    end = start.find(b"\r\n\r\n")
    return start if end < 0 else start[:end]


def _has_plus_address(head: bytes) -> bool:
    """Return whether a field of a header may have an address with a plus sign.

    The time zone of a date has one, too, but nothing with an at sign follows it.
    """
    plus = head.find(b"+")
    while plus >= 0:
        end = _field_end(head, plus)
        if head.find(b"@", plus, end) >= 0:
            return True
        plus = head.find(b"+", end)
    return False


def _field_end(head: bytes, start: int) -> int:
    """Return the end of the header field around an offset; it may be folded."""
    end = head.find(b"\n", start)
    while end >= 0 and head.startswith((b" ", b"\t"), end + 1):
        end = head.find(b"\n", end + 1)
    return len(head) if end < 0 else end


def _valid(tags: list[str]) -> Iterator[str]:
    for tag in tags[:_MOST]:
        with contextlib.suppress(ValueError):
            yield clean_tag(tag)
