"""The actions that send a reply or change it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from lazr_smtptest._checks import LONGEST, brief
from lazr_smtptest._guesses import nearest
from lazr_smtptest.faults.builder import action, make_reply
from lazr_smtptest.faults.checks import (
    MOST,
    check_bytes,
    check_lines,
    check_number,
    check_reply_text,
)
from lazr_smtptest.faults.history import Dictated, dictated_code
from lazr_smtptest.faults.reader_answers import ReaderAnswers
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
from lazr_smtptest.model.extensions import EXTENSION_KEYWORDS
from lazr_smtptest.model.fault_context import FaultContext

__all__ = ["Answers"]

Text = str | Callable[[FaultContext], str]
_Self = TypeVar("_Self", bound="Answers")

# A code, and the text that follows it on the wire.
_WHOLE_REPLY = re.compile(r"([2-5]\d\d)(?:[ -](.*))?", re.DOTALL)

_ON_PURPOSE = "on purpose"
_AS_ASKED = "as the address asks"
_ENDLESS = 1024 * 1024
# They are made at once.
_MOST_ENDLESS = 10**9


class Answers(ReaderAnswers):
    """The replies of a rule; see `Actions`."""

    # Replies

    @action
    def reply(self: _Self, code: int | str, text: Text = _ON_PURPOSE) -> _Self:
        """Send this reply.

        A reply of 2xx or 3xx replaces only the text of the server's own; one of 4xx
        or 5xx refuses. After ``421`` the connection is closed (RFC 5321 section
        4.2.1).

        Args:
            code: the code, 200 to 599. At AUTH and LOGIN a 334 is a challenge: the
                client's next line is read, and if the server would decide on the
                login then, no user is logged in. At phases of IMAP and POP3 it is the
                whole reply, a text: ``"NO [SERVERBUG] try later"``, ``"-ERR no"``.
                NO, BAD and -ERR refuse; BYE closes the connection; OK and +OK replace
                only the text of the server's own.
            text: the text, or a function that takes a `FaultContext` and returns it.
                It is sent unchanged, except that each LF or CR LF begins a new line
                with the code, a line end at the end of the text is left out, and a
                refusal without an enhanced code in any line gets the usual one in
                each (RFC 2034 section 4). `raw` sends any bytes.

        Raises:
            TypeError: the code is no number, or the text is no text.
            ValueError: the code is not 200 to 599, or the text has a NUL, or a CR
                without LF. For a function's text, `Server.check` raises it.
        """
        if self._protocol != "SMTP":
            return self._reply_status(code, *(() if text is _ON_PURPOSE else (text,)))
        if isinstance(code, str) and (found := _WHOLE_REPLY.fullmatch(code)):
            more = f", {found[2]!r}" if found[2] else ""
            raise TypeError(
                f"code is a number, not {brief(code)}: use reply({found[1]}{more})"
            )
        check_number("code", code, 200, 599, int)
        assert isinstance(code, int)
        if "CONTENT" in self._names() and code < 400:
            raise ValueError(f"at CONTENT only a refusal can be said, not {code}")
        if isinstance(text, str) or not callable(text) or isinstance(text, type):
            check_reply_text(text)
            return self._answer("reply", make_reply(code, str(text)))
        make = text
        return self._answer("reply", lambda context: make_reply(code, make(context)))

    @action
    def raw(self: _Self, data: bytes) -> _Self:
        """Send these bytes in place of the reply, or of the TLS handshake.

        If they begin like a reply of 2xx or 3xx, the server carries out the
        command.
        """
        check_bytes("raw", data)
        if "TLS" in self._names():
            return self._add("raw", Raw(data))
        return self._answer("raw", data)

    @action
    def go_on(self: _Self) -> _Self:
        """Send the server's own reply, before the steps that follow."""
        return self._answer("go_on", None)

    @action
    def reply_by_address(self: _Self, text: str = _AS_ASKED) -> _Self:
        """Refuse with the code at the start of the address: ``421@example.com``.

        At MAIL that is the sender, at RCPT the recipient. The rule does not fire if
        the address does not begin with a code of 400 to 599.

        Args:
            text: see `reply`.
        """
        check_reply_text(text)
        self._answer(
            "reply_by_address",
            lambda context: make_reply(int(dictated_code(context)), text),
        )
        self._gate = Dictated()
        return self

    # Changes of a reply

    @action
    def garble(self: _Self) -> _Self:
        """Set the highest bit of each byte of the reply, except its line ends."""
        return self._change("garble", Garbled())

    @action
    def inject(self: _Self, data: bytes) -> _Self:
        """Send these bytes with the reply; at STARTTLS, in clear before TLS."""
        check_bytes("inject", data)
        return self._change("inject", Together(data))

    @action
    def split(self: _Self) -> _Self:
        """Send each byte of the reply in a separate write."""
        return self._pace("split", Pace(0.0, single=True))

    @action
    def trickle(self: _Self, rate: float) -> _Self:
        """Send the reply at `rate` bytes per second."""
        check_number("rate", rate, 0, LONGEST)
        if not rate:
            raise ValueError("rate must be over 0 bytes a second; see hold()")
        return self._pace("trickle", Pace(1 / rate, single=True))

    @action
    def pieces(self: _Self, seconds: float, *offsets: int) -> _Self:
        """Send the reply in pieces, with a pause of `seconds` between them.

        Args:
            seconds: the pause.
            offsets: the offsets in the reply, in bytes, at which a piece begins, in
                order; without any each line is a piece.
        """
        check_number("seconds", seconds, 0, LONGEST)
        for before, offset in pairwise([0, *offsets]):
            check_number("offset", offset, before + 1, MOST, int)
        return self._pace("pieces", Pace(seconds, offsets or None))

    @action
    def blank(self: _Self, *places: int) -> _Self:
        """Send empty lines before the reply or within it.

        Args:
            places: the number of lines of the reply before each empty line; 0:
                before the first line; by default there is one, at 0.
        """
        for place in places:
            check_number("place", place, 0, MOST, int)
        return self._change("blank", Blank(places or (0,)))

    @action
    def swallow(self: _Self) -> _Self:
        """Send no reply; the session continues."""
        return self._change("swallow", Swallowed())

    @action
    def cut(self: _Self, size: int) -> _Self:
        """Send the first `size` bytes of the reply, then close the connection."""
        check_number("size", size, 0, MOST, int)
        return self._change("cut", Cut(size))

    @action
    def endless(self: _Self, size: int = _ENDLESS) -> _Self:
        """Repeat the reply's first line without end; never send a last line.

        After `size` bytes the connection is closed.
        """
        check_number("size", size, 1, _MOST_ENDLESS, int)
        return self._change("endless", Endless(size))

    @action
    def announce(self: _Self, *lines: str) -> _Self:
        """Announce further extensions, or other values of them: ``"SIZE 1000"``.

        The value of SIZE is enforced from then on, until the next EHLO. For all
        other extensions, and the capabilities of IMAP and POP3, only the announcement
        changes.
        """
        announced = check_lines("announce", lines)
        if self._protocol != "SMTP":
            return self._change_capabilities("announce", announced=announced)
        return self._change("announce", Offered(lines=announced))

    @action
    def hide(self: _Self, *keywords: str) -> _Self:
        """Remove these extensions from the announcement; they still work.

        Any keyword in X is possible: the settings may announce it. At phases of IMAP
        and POP3 these are capabilities, and any can be named.
        """
        if self._protocol != "SMTP":
            return self._change_capabilities(
                "hide", hidden=check_lines("hide", keywords)
            )
        hidden = frozenset(word.upper() for word in check_lines("hide", keywords))
        for word in keywords:
            known = EXTENSION_KEYWORDS
            if word.upper() not in known and not word.upper().startswith("X"):
                raise ValueError(
                    f"hide takes keywords of extensions, {', '.join(known)}, not "
                    f"{brief(word)}{nearest(word, known)}"
                )
        return self._change("hide", Offered(hidden))
