"""`lazr_smtptest.smtp.tally`: what ends a session, without a connection."""

from __future__ import annotations

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.tally import Tally


class Connection:
    """Keeps the replies that it was ended with."""

    limits = Limits(errors=2, junk=2)

    def __init__(self) -> None:
        self.ends: list[str] = []

    def end(self, reply: Reply | None) -> None:
        self.ends.append(str(reply))


def test_the_last_error_that_is_allowed_ends_the_session() -> None:
    """Later ones do not end it again."""
    connection = Connection()
    tally = Tally(connection)
    tally.count_error()
    assert connection.ends == []
    tally.count_error()
    tally.count_error()
    assert connection.ends == ["421 4.7.0 too many errors"]


def test_junk_above_the_limit_ends_the_session() -> None:
    """As many commands as the limit are allowed."""
    connection = Connection()
    tally = Tally(connection)
    tally.count_junk()
    tally.count_junk()
    assert connection.ends == []
    tally.count_junk()
    assert connection.ends == ["421 4.7.0 too many commands without mail"]


def test_junk_before_a_message_does_not_count_after_it() -> None:
    """A client that sends mail may send NOOP between any two messages."""
    connection = Connection()
    tally = Tally(connection)
    for _ in range(3):
        tally.count_junk()
        tally.count_junk()
        tally.junk = 0
    assert connection.ends == []
