"""What a test writes down of an answer, and of what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from lazr_smtptest.faults.builder import Writing, action, make_reply
from lazr_smtptest.faults.checks import check_bytes, check_lines, check_number
from lazr_smtptest.faults.history import Dictated, dictated_code
from lazr_smtptest.faults.steps import Raw
from lazr_smtptest.faults.transforms import (
    Blank,
    Cut,
    Endless,
    Garbled,
    Offered,
    Pace,
    Swallowed,
    Together,
)
from lazr_smtptest.model.fault_context import Moment

__all__ = ["Answers"]

Text = str | Callable[[Moment], str]
_Self = TypeVar("_Self", bound="Answers")

_ON_PURPOSE = "on purpose"
_AS_ASKED = "as the address asks"
_ENDLESS = 1024 * 1024


class Answers(Writing):
    """What the client is told; see `Actions`."""

    # Answers

    @action
    def reply(self: _Self, code: int, text: Text = _ON_PURPOSE) -> _Self:
        """Answer with a reply of the test's.

        One of 2xx or 3xx is only said in place of the server's own; one of 4xx or
        5xx refuses. After ``421`` the connection is closed (RFC 5321 section
        4.2.1).

        Args:
            code: 200 to 599. At AUTH and LOGIN a 334 is a challenge: the client's
                next line is read, and where the server would have decided on the
                login nobody is logged in.
            text: sent exactly as it is; line feeds make a reply of several lines.
                A refusal without an enhanced code in any line gets the usual one
                in each (RFC 2034 section 4). Or a function of a `Moment` that
                returns it.
        """
        check_number("code", code, 200, 599, int)
        if "CONTENT" in self._names() and code < 400:
            raise ValueError(f"at CONTENT only a refusal can be said, not {code}")
        if not callable(text):
            if not isinstance(text, str):
                raise TypeError(f"a reply's text is str, not {text!r}")
            return self._answer("reply", make_reply(code, text))
        make = text
        return self._answer("reply", lambda moment: make_reply(code, make(moment)))

    @action
    def raw(self: _Self, octets: bytes) -> _Self:
        """Send these octets in place of the reply, or of the TLS handshake.

        Where they begin as a reply of 2xx or 3xx does, the server does what it
        was asked.
        """
        check_bytes("raw", octets)
        if "TLS" in self._names():
            return self._add("raw", Raw(octets))
        return self._answer("raw", octets)

    @action
    def go_on(self: _Self) -> _Self:
        """Answer as if nothing was wrong, before what follows."""
        return self._answer("go_on", None)

    @action
    def reply_by_address(self: _Self, text: str = _AS_ASKED) -> _Self:
        """Refuse with the code that the address begins with: ``421@example.com``.

        At MAIL that is the sender, at RCPT the recipient. The rule does not fire
        at an address that begins with no code of 400 to 599.

        Args:
            text: see `reply`.
        """
        if not isinstance(text, str):
            raise TypeError(f"a reply's text is str, not {text!r}")
        self._answer(
            "reply_by_address",
            lambda moment: make_reply(int(dictated_code(moment)), text),
        )
        self._gate = Dictated()
        return self

    # What becomes of a reply

    @action
    def garble(self: _Self) -> _Self:
        """Set the highest bit of each octet of the reply, but for its line ends."""
        return self._change("garble", Garbled())

    @action
    def inject(self: _Self, octets: bytes) -> _Self:
        """Send further octets with the reply: at STARTTLS, in clear before TLS."""
        check_bytes("inject", octets)
        return self._change("inject", Together(octets))

    @action
    def split(self: _Self) -> _Self:
        """Send each octet of the reply by itself."""
        return self._pace("split", Pace(0.0, single=True))

    @action
    def trickle(self: _Self, rate: float) -> _Self:
        """Send so many octets of the reply a second."""
        check_number("rate", rate, 0, math.inf)
        if not rate:
            raise ValueError("rate must be over 0 octets a second; see hold()")
        return self._pace("trickle", Pace(1 / rate, single=True))

    @action
    def pieces(self: _Self, seconds: float, *offsets: int) -> _Self:
        """Send the reply in pieces, with so many seconds between them.

        Args:
            seconds: the pause.
            offsets: bytes of the reply at which a piece begins, in order; without
                any each line is a piece.
        """
        check_number("seconds", seconds, 0, math.inf)
        for before, offset in pairwise([0, *offsets]):
            check_number("offset", offset, before + 1, math.inf, int)
        return self._pace("pieces", Pace(seconds, offsets or None))

    @action
    def blank(self: _Self, *places: int) -> _Self:
        """Send empty lines before the reply or within it.

        Args:
            places: after how many lines of the reply each stands, 0 before the
                first; without any one stands there.
        """
        for place in places:
            check_number("place", place, 0, math.inf, int)
        return self._change("blank", Blank(places or (0,)))

    @action
    def swallow(self: _Self) -> _Self:
        """Send no reply; the session goes on."""
        return self._change("swallow", Swallowed())

    @action
    def cut(self: _Self, octets: int) -> _Self:
        """Send so many octets of the reply, then close the connection."""
        check_number("octets", octets, 0, math.inf, int)
        return self._change("cut", Cut(octets))

    @action
    def endless(self: _Self, octets: int = _ENDLESS) -> _Self:
        """Send the reply's first line again and again, and never a last one.

        Args:
            octets: after so many the connection is closed.
        """
        check_number("octets", octets, 1, math.inf, int)
        return self._change("endless", Endless(octets))

    @action
    def announce(self: _Self, *lines: str) -> _Self:
        """Announce these extensions too, or with other values: ``"SIZE 1000"``.

        The number of SIZE is enforced from then on, until the next EHLO. Of all
        else only what is announced changes.
        """
        return self._change("announce", Offered(lines=check_lines("announce", lines)))

    @action
    def hide(self: _Self, *keywords: str) -> _Self:
        """Do not announce these extensions. Only what is announced changes."""
        hidden = frozenset(word.upper() for word in check_lines("hide", keywords))
        return self._change("hide", Offered(hidden))
