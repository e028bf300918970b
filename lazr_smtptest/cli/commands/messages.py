"""``smtptest list``, ``search`` and ``delete``: summaries of messages."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from lazr_smtptest.cli.argument_values import number
from lazr_smtptest.cli.commands.base import (
    INDEXING,
    CommandError,
    add_store,
    named_message,
    open_existing,
    parse,
    parser,
    run_command,
    write_json,
)
from lazr_smtptest.cli.commands.table import write_table
from lazr_smtptest.cli.copying import count_of
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.api.records import summary_of

__all__ = [
    "add_json",
    "delete_messages",
    "delete_parser",
    "list_messages",
    "list_parser",
    "search_messages",
    "search_parser",
    "write_summaries",
]

# Messages of one page of the store.
_PAGE = 500

_TITLES = ("NUMBER", "TIME", "FROM", "TO", "SUBJECT", "SIZE")


def list_parser() -> ArgumentParser:
    """Return the parser of ``smtptest list``."""
    return _listing("list", "List the messages of a store, newest first.")


def list_messages(arguments: Sequence[str]) -> int:
    """Run ``smtptest list``; return the exit status."""
    options = list_parser()
    given = parse(options, arguments)
    return run_command("list", partial(_list, given, ""))


def search_parser() -> ArgumentParser:
    """Return the parser of ``smtptest search``."""
    options = _listing("search", "List the messages that match, newest first.")
    options.add_argument("query", metavar="QUERY", nargs="+")
    return options


def search_messages(arguments: Sequence[str]) -> int:
    """Run ``smtptest search``; return the exit status: 1 if nothing matches."""
    options = search_parser()
    given = parse(options, arguments)
    return run_command("search", partial(_list, given, " ".join(given.query)))


def delete_parser() -> ArgumentParser:
    """Return the parser of ``smtptest delete``."""
    options = parser("delete", "Delete messages.", queries=True)
    add_store(options)
    options.add_argument(
        "words", metavar="QUERY or ID", nargs="*", help="a number, an id, or a query"
    )
    options.add_argument("--all", action="store_true", help="delete all messages")
    return options


def delete_messages(arguments: Sequence[str]) -> int:
    """Run ``smtptest delete``; return the exit status: 1 if nothing matches."""
    options = delete_parser()
    given = parse(options, arguments)
    if bool(given.words) == given.all:
        options.error("give a QUERY, an ID, or --all")
    return run_command("delete", partial(_delete, given))


def _listing(name: str, description: str) -> ArgumentParser:
    options = parser(name, description, queries=name == "search")
    add_store(options)
    options.add_argument(
        "--limit",
        metavar="COUNT",
        type=number,
        default=50,
        help="the most messages; 0 for all (default: 50)",
    )
    options.add_argument(
        "--oldest-first", action="store_true", help="in the order of arrival"
    )
    add_json(options)
    return options


def add_json(options: ArgumentParser) -> None:
    """Add the option ``--json``."""
    options.add_argument(
        "--json", action="store_true", help="print an object a line, for programs"
    )


def _list(given: Namespace, query: str) -> int:
    with open_existing(given.store, given.ca_file) as reader:
        found = _all_pages(reader, query, given.limit, given.oldest_first)
    write_summaries(found, as_json=given.json)
    return 0 if found or not query else 1


def _all_pages(
    reader: Any, query: str, limit: int, oldest_first: bool
) -> list[Summary]:
    """Return the messages that match.

    Args:
        reader: the store.
        query: a query; ``""`` for all messages.
        limit: the most messages; 0 for all.
        oldest_first: whether the order is that of arrival.
    """
    found: list[Summary] = []
    while not limit or len(found) < limit:
        page = reader.page(
            query,
            after=found[-1].number if found else None,
            limit=min(_PAGE, limit - len(found)) if limit else _PAGE,
            oldest_first=oldest_first,
            timeout=INDEXING,
        )
        if not page:
            break
        found += page
    return found


def write_summaries(summaries: Iterable[Summary], *, as_json: bool) -> None:
    """Write messages to standard output, as a table or as an object a line."""
    if as_json:
        for each in summaries:
            write_json(summary_of(each))
    else:
        write_table(_TITLES, [_row(each) for each in summaries])


def _row(summary: Summary) -> list[str]:
    received = summary.received_at
    sender = ", ".join(map(str, summary.sender)) or f"<{summary.mail_from}>"
    return [
        str(summary.number),
        "" if received is None else f"{received.astimezone():%Y-%m-%d %H:%M:%S}",
        sender,
        ", ".join(summary.rcpt_tos),
        summary.subject,
        str(summary.size),
    ]


def _delete(given: Namespace) -> int:
    query = " ".join(given.words)
    with open_existing(given.store, given.ca_file, only_read=False) as reader:
        summary = named_message(reader, given.words)
        if summary is not None:
            count = reader.remove(Selection(numbers=[summary.number]))
        else:
            # Wait until the latest messages are indexed.
            reader.page(query, limit=1, timeout=INDEXING)
            count = reader.remove(Selection(query=query))
    if not count and not given.all:
        raise CommandError(f"no message matches {query!r}")
    print(f"{count_of(count)} deleted")
    return 0
