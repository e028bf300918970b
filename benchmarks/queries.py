"""The queries of the scenario ``million``: each term of the search language.

They are about messages of `load.letters`.
"""

from __future__ import annotations

import attrs

__all__ = ["QUERIES", "TAG", "TAGGED", "Query"]

# The tag that the newest of some messages get.
TAG, TAGGED = "ten-thousand", 10_000


@attrs.frozen
class Query:
    """A query, as it is asked for a page and for a count.

    Attributes:
        key: its name in samples.
        text: the query.
        in_part: why its answer covers a part of the messages only; ``""`` if it covers
            all of them.
    """

    key: str
    text: str
    in_part: str = ""


_TEXTS = "all texts would have to be read"
_COUNTS = "all of these would have to be counted"
_CONTENTS = "all contents would have to be parsed"

QUERIES = (
    Query("q-all", ""),
    Query("q-one", "u{middle}@example.com"),
    Query("q-phrase", '"shelf 500"'),
    Query("q-words", "shelf 500"),
    Query("q-eighth", "invoice", _COUNTS),
    Query("q-every", "about", _COUNTS),
    Query("q-two", "about invoice", _COUNTS),
    Query("q-without", "-invoice", _COUNTS),
    Query("q-none", "nothing"),
    Query("q-beginning", "invo*", _COUNTS),
    Query("q-letter", "u*", _TEXTS),
    Query("q-part", "*voic*", _TEXTS),
    Query("q-no-part", "*nothing*", _TEXTS),
    Query("q-from", "from:shop", _COUNTS),
    Query("q-from-short", "from:sh", _TEXTS),
    Query("q-to", "to:u{middle}@example.com"),
    Query("q-subject", 'subject:"invoice {middle}"'),
    Query("q-addressed", "addressed:u{middle}"),
    Query("q-message-id", "message-id:{middle}@example.com"),
    Query("q-cc", "cc:nobody"),
    Query("q-header", "header:subject", _CONTENTS),
    Query("q-no-header", "header:x-nothing", _CONTENTS),
    Query("q-unread", "is:unread"),
    Query("q-read", "is:read"),
    Query("q-flagged", "is:flagged"),
    Query("q-tagged", "is:tagged", _COUNTS),
    Query("q-tag", "tag:ten-thousand"),
    Query("q-untagged", "-is:tagged", _COUNTS),
    Query("q-attachment", "has:attachment"),
    Query("q-warning", "has:warning", _COUNTS),
    Query("q-larger", "larger:100k"),
    Query("q-smaller", "smaller:2k", _COUNTS),
    Query("q-before", "before:2020-01-01"),
    Query("q-after", "after:1d", _COUNTS),
    Query("q-user", "user:nobody"),
    Query("q-session", "session:nobody"),
    Query("q-recipient", "rcpt:recipient-{middle}-0@example.com"),
    Query("q-id", "id:nobody"),
    Query("q-or", "u{middle}@example.com OR tag:ten-thousand"),
    Query("q-many", "invoice is:unread larger:500 from:shop", _COUNTS),
    Query("q-no-many", "invoice -from:shop is:read", _COUNTS),
)
