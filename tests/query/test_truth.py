"""`lazr_smtptest.query.truth`: a result that is always true is an error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest import mock

import pytest

from lazr_smtptest import CaptureServer, Mailbox
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.truth import check_predicate, truth


async def _async_generator(value: object = None) -> AsyncIterator[bool]:
    yield False


def _generator(value: object = None) -> Iterator[bool]:
    yield False


ALWAYS_TRUE: dict[str, Any] = {
    "generator": _generator(),
    "generator expression": (each for each in "ab"),
    "async generator": _async_generator(),
    "map": map(bool, [0]),
    "filter": filter(None, [0]),
    "zip": zip([0], [0], strict=True),
    "Mock": mock.Mock(),
    "MagicMock": mock.MagicMock(),
    "function": len,
    "method": "text".startswith,
    "tuple": (False, "a message"),
}


@pytest.mark.parametrize("result", ALWAYS_TRUE.values(), ids=ALWAYS_TRUE)
def test_a_result_that_is_always_true_is_an_error(result: object) -> None:
    """The criterion would match every message."""
    with pytest.raises(TypeError, match=r"^f returned .*, which is always true: "):
        truth(result, "f")


@pytest.mark.parametrize(
    "result", [0, 1, "", "text", None, [], [0], (), ("a", "b"), {}, {"a": 1}, 0.0]
)
def test_another_result_is_as_true_as_python_says(result: object) -> None:
    """Lists and texts are results, too."""
    assert truth(result, "f") is bool(result)


@pytest.mark.parametrize("function", [_generator, _async_generator])
def test_a_predicate_with_a_yield_is_an_error(function: Any) -> None:
    """Nothing runs it."""
    with pytest.raises(TypeError, match=r"^f has a yield, and nothing runs it"):
        check_predicate(function, "f")


def test_a_predicate_with_a_yield_is_an_error_where_it_is_written() -> None:
    """Of a mailbox, of a criterion, and of a rule."""
    mailbox = Mailbox()
    for call in (
        lambda: mailbox.find(_generator),
        lambda: mailbox.find(subject=_generator),
        lambda: mailbox.faults.on("MAIL", where=_generator),
        lambda: mailbox.faults.on("MAIL", sender=_generator),
    ):
        with pytest.raises(TypeError, match="has a yield"):
            call()


@pytest.mark.parametrize("generator", [_generator, _async_generator])
def test_a_hook_with_a_yield_is_an_error(generator: Any) -> None:
    """What it asserts would never be checked."""
    server = CaptureServer()
    server._hooks.call("handle_session", generator, None)
    with pytest.raises(TypeError, match=r"^handle_session has a yield"):
        server.check()


@pytest.mark.parametrize("generator", [_generator, _async_generator])
def test_a_subscriber_that_returns_a_generator_is_an_error(generator: Any) -> None:
    """Hidden in a lambda."""
    mailbox = Mailbox()
    mailbox.subscribe(lambda envelope: generator(envelope))
    with pytest.raises(TypeError, match=r"^a subscriber has a yield"):
        mailbox.add(Envelope(mail_from="", rcpt_tos=(), content=b""))
