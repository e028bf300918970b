"""The option of tags by rule: ``--tag bill=subject:invoice``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from twisted.python import usage

from lazr_smtptest.errors import QueryError
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tags import check_tag

__all__ = ["join_rules", "split_rules", "tag_queries"]

# A text in quotes, or the comma before the next rule.
_QUOTED_OR_COMMA = re.compile(r'"(?:\\.|[^"\\])*"?|(,)(?=[^,="]+=)')


def split_rules(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tag and the query of each rule: ``TAG=QUERY, TAG=QUERY``.

    Raises:
        ValueError: a rule has not both.
    """
    start = 0
    for match in _QUOTED_OR_COMMA.finditer(text):
        if match[1]:
            yield _rule(text[start : match.start()])
            start = match.end()
    yield _rule(text[start:])


def _rule(text: str) -> tuple[str, str]:
    tag, _, query = (part.strip() for part in text.partition("="))
    if not (tag and query):
        raise ValueError("it is TAG=QUERY, such as bill=subject:invoice")
    return tag, query


def join_rules(rules: Mapping[str, str]) -> str:
    """Return the value of the option in the environment: a line for each rule."""
    return "\n".join(f"{tag}={query}" for tag, query in rules.items())


def tag_queries(options: Mapping[str, Any], name: str = "--tag") -> dict[str, str]:
    """Return the queries by tag; of several for a tag one has to match.

    Args:
        options: the parsed options.
        name: what an error calls the option.

    Raises:
        UsageError: a rule is wrong.
    """
    queries: dict[str, str] = {}
    for value in options["tag"]:
        try:
            for tag, query in split_rules(value):
                parse(query)
                tag = check_tag(tag)
                before = queries.get(tag)
                queries[tag] = f"({before}) OR ({query})" if before else query
        except (ValueError, QueryError) as error:
            raise usage.UsageError(f"{name}: {error}, not {value!r}") from error
    return queries
