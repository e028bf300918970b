"""Fixtures for the tests of the wire."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from ..wire import Wire


@pytest.fixture
def wire() -> Wire:
    """A connection to a server that takes everything."""
    return Wire()


@pytest.fixture
def new_wire() -> type[Wire]:
    """Makes a connection to a server with options of its own."""
    return Wire


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own handler of SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
