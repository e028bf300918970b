"""Fixtures for the tests of the wire."""

from __future__ import annotations

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
