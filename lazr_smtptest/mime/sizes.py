"""Sizes in words."""

from __future__ import annotations

__all__ = ["byte_count"]


def byte_count(octets: bytes) -> str:
    """Return how many bytes there are, in words."""
    return "1 byte" if len(octets) == 1 else f"{len(octets)} bytes"
