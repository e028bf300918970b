"""A reply of IMAP or POP3, without its tag."""

from __future__ import annotations

import attrs

__all__ = ["STATUSES", "StatusReply"]

# By protocol (RFC 3501 section 7.1, RFC 1939 section 3), those that refuse last.
STATUSES = {"IMAP": ("OK", "NO", "BAD", "BYE"), "POP3": ("+OK", "-ERR")}

_ACCEPTING = frozenset(["OK", "+OK"])


@attrs.frozen
class StatusReply:
    """A reply: a status and the text after it.

    Attributes:
        status: ``OK``, ``NO``, ``BAD`` or ``BYE`` of IMAP, ``+OK`` or ``-ERR`` of POP3.
        text: the text, with its response code if it has one.
    """

    status: str
    text: str = ""

    @classmethod
    def parse(cls, protocol: str, given: object) -> StatusReply:
        """Return the reply that a text is.

        Args:
            protocol: ``"IMAP"`` or ``"POP3"``.
            given: the text, such as ``"NO [SERVERBUG] try later"``.

        Raises:
            TypeError: it is not a text.
            ValueError: it has no such status, or more than a line.
        """
        known = " ".join(STATUSES[protocol])
        if not isinstance(given, str):
            raise TypeError(
                f"a reply of {protocol} is a text that begins with one of {known}, "
                f"not {given!r:.100}"
            )
        status, _, text = given.partition(" ")
        if status.upper() not in STATUSES[protocol]:
            raise ValueError(
                f"a reply of {protocol} begins with one of {known}, not {given!r:.100}"
            )
        if any(each in given for each in "\r\n\0"):
            raise ValueError(
                f"a reply of {protocol} is one line, not {given!r:.100}; raw() sends "
                "any bytes"
            )
        return cls(status.upper(), text.strip() or "on purpose")

    @property
    def accepts(self) -> bool:
        """Return whether the command is carried out."""
        return self.status in _ACCEPTING
