"""The servers that hostile clients meet: in memory, on sockets, in processes.

Whatever a client did, a test ends by showing that the server serves others: each
kind of server has a method `still_serves`, which delivers a message and looks it up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from .host import Host
from .process import Process
from .wire import Site


@pytest.fixture
def new_site() -> type[Site]:
    """Makes a server in memory."""
    return Site


@pytest.fixture
def site() -> Site:
    """A server in memory that is as it comes."""
    return Site()


@pytest.fixture
def host() -> Iterator[Host]:
    """A server on a socket that is as it comes."""
    with Host() as host:
        yield host


@pytest.fixture
def new_host() -> Iterator[Callable[..., Host]]:
    """Makes a server on a socket; it is stopped after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Host(**settings))


@pytest.fixture
def new_process() -> Iterator[Callable[..., Process]]:
    """Starts a server in a process of its own; it is ended after the test."""
    with contextlib.ExitStack() as stack:

        def start(*options: str) -> Process:
            return stack.enter_context(contextlib.closing(Process(*options)))

        yield start
