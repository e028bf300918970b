"""What one value is compared with; see `lazr_smtptest.matching`."""

from __future__ import annotations

from lazr_smtptest.matching import (
    Matcher,
    address,
    containing,
    exactly,
    keys_of,
    matcher,
)

__all__ = ["Matcher", "address", "containing", "exactly", "keys_of", "matcher"]
