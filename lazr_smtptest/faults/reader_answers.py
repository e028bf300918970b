"""The actions that change replies of IMAP and POP3."""

from __future__ import annotations

from typing import TypeVar

from lazr_smtptest._checks import brief
from lazr_smtptest.faults.builder import Writing, action
from lazr_smtptest.faults.checks import MOST, check_number
from lazr_smtptest.faults.reader_transforms import (
    CutLiteral,
    Expunged,
    OtherCapabilities,
    OtherValidity,
    RepeatedExists,
    ResizedLiteral,
)
from lazr_smtptest.model.status_reply import StatusReply

__all__ = ["ReaderAnswers"]

_Self = TypeVar("_Self", bound="ReaderAnswers")

# RFC 3501 section 9: nz-number.
_LARGEST = 2**32 - 1


class ReaderAnswers(Writing):
    """The replies of a rule for IMAP or POP3; see `Actions`."""

    @action
    def cut_literal(self: _Self, size: int) -> _Self:
        """Send `size` bytes of the first literal, then close the connection.

        The whole size is announced (RFC 3501 section 4.3).
        """
        check_number("size", size, 0, MOST, int)
        return self._change("cut_literal", CutLiteral(size))

    @action
    def resize_literal(self: _Self, by: int) -> _Self:
        """Announce a size of the first literal that is wrong by `by` bytes."""
        check_number("by", by, -MOST, MOST, int)
        if not by:
            raise ValueError("by must not be 0: the size would be right")
        return self._change("resize_literal", ResizedLiteral(by))

    @action
    def expunge(self: _Self, number: int = 1) -> _Self:
        """Report message `number` as removed before the reply; nothing is removed.

        RFC 3501 section 7.4.1 forbids that within FETCH, STORE and SEARCH.
        """
        check_number("number", number, 1, _LARGEST, int)
        return self._change("expunge", Expunged(number))

    @action
    def repeat_exists(self: _Self) -> _Self:
        """Send each EXISTS of the reply twice, in IDLE also those that come later."""
        return self._change("repeat_exists", RepeatedExists())

    @action
    def uidvalidity(self: _Self, value: int) -> _Self:
        """Send another UIDVALIDITY: a client has to forget what it knows."""
        check_number("value", value, 1, _LARGEST, int)
        return self._change("uidvalidity", OtherValidity(value))

    def _reply_status(self: _Self, given: object, *further: object) -> _Self:
        """Send a reply of IMAP or POP3; see `StatusReply`."""
        name = self.phases[0].name
        if further:
            raise TypeError(
                f"at {name} a reply is one text, such as 'NO try later', not "
                f"{brief(given)} and {brief(further[0])}"
            )
        reply = StatusReply.parse(self._protocol, given)
        if name == "IMAP GREETING" and reply.status not in ("OK", "BYE"):
            raise ValueError(f"a greeting is OK or BYE, not {reply.status}")
        return self._answer("reply", reply)

    def _change_capabilities(
        self: _Self,
        name: str,
        *,
        hidden: tuple[str, ...] = (),
        announced: tuple[str, ...] = (),
    ) -> _Self:
        upper = frozenset(word.upper() for word in hidden)
        return self._change(name, OtherCapabilities(upper, announced))
