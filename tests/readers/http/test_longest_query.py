"""The longest query that the calls for messages take, and one that is longer."""

from __future__ import annotations

import pytest

from lazr_smtptest.query.parser import LONGEST
from lazr_smtptest.readers.http.mailpit.queries import LONGEST_SEARCH

from .client import Client

PATHS = {
    "/api/v2/messages?query=": LONGEST,
    "/api/v2/counts?query=": LONGEST,
    "/api/v2/wait?timeout=0&query=": LONGEST,
    "/api/v1/search?query=": LONGEST_SEARCH,
}


def query_of(length: int) -> str:
    """Return terms, the last of which fills the rest."""
    query = "subject:hello " * 9
    return query + "x" * (length - len(query))


def url(path: str, query: str) -> str:
    """Return the target of a request."""
    return path + query.replace(" ", "%20")


@pytest.mark.parametrize(("path", "longest"), PATHS.items())
def test_the_longest_query_is_searched(client: Client, path: str, longest: int) -> None:
    """No bound of HTTP comes before that of queries; nothing matches it."""
    status = client.get(url(path, query_of(longest))).status
    assert status == (409 if "wait" in path else 200)


@pytest.mark.parametrize(("path", "longest"), PATHS.items())
def test_one_more_character_is_an_error_with_the_bound(
    client: Client, path: str, longest: int
) -> None:
    """Not a long URI: the query is what is too long."""
    answer = client.get(url(path, query_of(longest + 1)))
    assert answer.status == 400
    assert f"at most {longest} characters" in answer.text


@pytest.mark.parametrize("term", ["before:1d ", r"\,\x ", "message-id:x ", "tag:-x "])
def test_no_search_becomes_too_long_a_query(client: Client, term: str) -> None:
    """Whatever is added to its terms: that has a bound which no user knows."""
    query = (term * 30)[:LONGEST_SEARCH].rstrip()
    query += "\\" * (LONGEST_SEARCH - len(query) - 1)
    assert client.get(url("/api/v1/search?query=", query)).status == 200
