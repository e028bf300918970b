"""A server and its HTTP side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .served import Served


@pytest.fixture
def served() -> Iterator[Served]:
    """A server without any mail, and its HTTP side."""
    served = Served()
    yield served
    served.reader.close()
