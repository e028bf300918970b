"""The exception of a response that violates the specification of its mechanism."""

from __future__ import annotations

# The public name is in `twisted.mail.imap4`, a large module that nothing else needs.
from twisted.mail._except import IllegalClientResponse

__all__ = ["IllegalClientResponse"]
