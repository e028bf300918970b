"""Every row of the conformance table, over every transport that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .play import play
from .row import Row
from .servers import Servers
from .table import ROWS

# The rows say what the server does; sockets and TLS below it are those of Twisted.
MARKS = {"memory": [], "tcp": [pytest.mark.twice], "tls": [pytest.mark.twice]}

CASES = [
    pytest.param(row, transport, id=f"{row.id}[{transport}]", marks=MARKS[transport])
    for row in ROWS
    for transport in row.only
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Keep the servers that several rows share."""
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.mark.parametrize(("row", "transport"), CASES)
def test_row(row: Row, transport: str, servers: Servers) -> None:
    """The server answers, and keeps, what the row says."""
    play(row, servers.site(row.on, transport))
