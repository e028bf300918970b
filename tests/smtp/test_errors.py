"""Refusals as values: raised or returned, they are the reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.mail.smtp import SMTPServerError

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import ClientError, PolicyError, ReplyError, ServerError


@pytest.mark.parametrize("kind", [ClientError, PolicyError, ServerError])
def test_a_refusal_has_a_reply(kind: type[ReplyError]) -> None:
    """The enhanced code may be in the text or beside it."""
    expected = Reply(452, "full", "4.2.2")
    assert kind(452, "4.2.2 full").reply == kind(452, "full", "4.2.2").reply == expected
    assert str(kind(452, "4.2.2 full")) == "452 4.2.2 full"


@pytest.mark.parametrize("code", [250, 354, 399, 600])
def test_what_refuses_nothing_is_no_refusal(code: int) -> None:
    """Its author hears of it."""
    with pytest.raises(ValueError, match=str(code)):
        PolicyError(code, "fine")


def returning(value: object) -> Callable[[], object]:
    return lambda: value


def raising(error: Exception) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


@pytest.mark.parametrize(
    ("then", "reply"),
    [
        (returning(None), "250 2.0.0 message accepted"),
        (returning(Reply(250, "queued as 17", "2.6.0")), "250 2.6.0 queued as 17"),
        (returning(Reply(550, "no", "5.7.1")), "550 5.7.1 no"),
        (returning(PolicyError(550, "5.7.1 no")), "550 5.7.1 no"),
        (raising(PolicyError(550, "5.7.1 no")), "550 5.7.1 no"),
        (raising(OSError("disk full")), "451 4.3.0 local error in processing"),
        (returning({"to@example.com": Reply(452, "full")}), "452 4.3.1 full"),
        (
            returning({"other@example.com": Reply(452, "full")}),
            "451 4.3.0 local error in processing",
        ),
    ],
)
def test_a_hook_determines_the_reply(
    wire: Any, then: Callable[[], object], reply: str
) -> None:
    """Whether it raises or returns it."""
    wire.handler.then = then
    wire.begin()
    assert wire.say("x", ".") == [reply]


def test_a_refusal_by_the_first_hook_spares_the_second(wire: Any) -> None:
    """`handle_message` does not see what `handle_envelope` has refused."""
    seen = []
    wire.handler.handle_message = seen.append
    wire.handler.then = returning(Reply(550, "no", "5.7.1"))
    wire.begin()
    wire.say("x", ".")
    wire.handler.then = returning(Reply(250, "first", "2.6.0"))
    wire.begin()
    assert wire.say("x", ".") == ["250 2.6.0 first"]
    assert len(seen) == 1


def test_one_failure_is_logged_once(
    wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """However many recipients it concerns."""
    wire.handler.then = lambda: 1 / 0
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA")
    assert wire.codes("x", ".") == ["451"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize(
    "error",
    [
        SMTPServerError(99, b"no"),
        SMTPServerError(650, "no"),
        SMTPServerError("550", "no"),
        SMTPServerError(550, "a\0b"),
        SMTPServerError(550, b"a\rb"),
        SMTPServerError(550, None),
    ],
    ids=lambda error: ascii((error.code, error.resp)),
)
def test_an_error_of_twisteds_that_is_no_reply_is_a_local_error(
    wire: Any, error: SMTPServerError
) -> None:
    """Twisted checks nothing; the test hears what is wrong with it."""
    errors: list[BaseException] = []
    wire.protocol.reporter.on_error = errors.append
    wire.handler.then = raising(error)
    wire.begin()
    assert wire.say("x", ".") == ["451 4.3.0 local error in processing"]
    assert wire.codes("NOOP") == ["250"]
    [reported] = errors
    assert "of a reply" in str(reported)


def test_a_reply_that_cannot_be_made_is_an_error_of_the_hook(wire: Any) -> None:
    """It is raised where it is written."""
    errors: list[BaseException] = []
    wire.protocol.reporter.on_error = errors.append
    wire.handler.then = lambda: Reply(99, "x")
    wire.begin()
    assert wire.say("x", ".") == ["451 4.3.0 local error in processing"]
    assert "200 to 599, not 99" in str(errors[0])
