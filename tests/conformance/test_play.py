"""A row that says something wrong of the server fails."""

from __future__ import annotations

import pytest

from .play import play
from .row import HELLO, MAIL, MESSAGE, RCPT, Row, kept, row
from .servers import Site

WRONG = [
    row("code", "-", ("NOOP", "251")),
    row("enhanced-code", "-", ("NOOP", "250 2.5.0")),
    row("no-enhanced-code", "-", ("NOOP", "250 -")),
    row("text", "-", ("NOOP", "250 ~ ^never said$")),
    row("reply-too-many", "-", ("NOOP", "250 + 250")),
    row("reply-too-few", "-", (b"NOOP\r\nNOOP\r\n", "250")),
    row("no-reply", "-", ("NOOP", "")),
    row("closed", "-", ("NOOP", "250 + closed")),
    row("not-closed", "-", ("QUIT", "221")),
    row("aborted", "-", ("QUIT", "221 + aborted")),
    row("greeting", "-", greeting="554"),
    row("nothing-stored", "-", HELLO, stored=(kept(),)),
    row(
        "something-stored",
        "-",
        HELLO,
        MAIL,
        RCPT,
        ("DATA", "354"),
        MESSAGE,
        stored=(),
    ),
    row(
        "other-sender",
        "-",
        HELLO,
        MAIL,
        RCPT,
        ("DATA", "354"),
        MESSAGE,
        stored=(kept(mail_from="other@example.com"),),
    ),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_a_wrong_row_fails(wrong: Row) -> None:
    """Whatever a row gets wrong is found."""
    with pytest.raises(AssertionError):
        play(wrong, Site(wrong.on, "memory"))


def test_a_malformed_expectation_is_refused() -> None:
    """A slip of the pen in a row is found at once."""
    with pytest.raises(ValueError, match="no expectation"):
        row("malformed", "-", ("NOOP", "250 OK"))
