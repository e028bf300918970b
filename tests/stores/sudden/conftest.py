"""What tests of sudden ends share."""

from __future__ import annotations

import random

import pytest


@pytest.fixture
def chance() -> random.Random:
    """Return what chooses the moments of a test; a failure shows its seed."""
    seed = random.randrange(10**6)
    print(f"random seed: {seed}")
    return random.Random(seed)
