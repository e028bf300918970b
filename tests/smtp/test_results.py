"""The results of handlers: replies, and what is none."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from twisted.internet.defer import succeed

from lazr_smtptest import CaptureServer, PolicyError, Reply
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.results import checked, reply_of_envelope

from ..wire import Wire


def generate() -> Any:
    """Return a generator."""
    yield None


async def no() -> str:
    """Return a text from a coroutine."""
    return "550 no"


WRONG = [
    "550 5.7.1 no",
    (550, "no"),
    [Reply(550, "no")],
    ValueError("x"),
    False,
    Future(),
    generate(),
    {"to@example.com": "550 no"},
    {"other@example.com": Reply(550, "no")},
    {b"to@example.com": Reply(550, "no")},
    Reply(354, "go on"),
    Reply(221, "bye"),
]


def replies_to(handler: Any, *recipients: str, **options: Any) -> tuple[Wire, Any]:
    """Send a message to a server with a handler; return the replies."""
    server = CaptureServer()
    server.handle_envelope = handler  # type: ignore[method-assign]
    wire = Wire(server, on_error=server._keep, **options)  # type: ignore[arg-type]
    hello = "LHLO" if options else "EHLO"
    rcpt = [f"RCPT TO:<{each}>" for each in recipients or ["to@example.com"]]
    wire.say(f"{hello} client.example.com", "MAIL FROM:<from@example.com>", *rcpt)
    wire.say("DATA")
    return wire, (wire.codes("x", "."), server)


@pytest.mark.parametrize("result", WRONG, ids=lambda each: type(each).__name__)
def test_what_is_no_reply_is_answered_with_451(result: object) -> None:
    """The message is not accepted."""
    codes, _ = replies_to(lambda envelope: result)[1]
    assert codes == ["451"]


@pytest.mark.parametrize("result", WRONG, ids=lambda each: type(each).__name__)
def test_what_is_no_reply_fails_the_test_in_one_line(result: object) -> None:
    """The error names the hook."""
    _, server = replies_to(lambda envelope: result)[1]
    with pytest.raises((TypeError, ValueError), match=r"^handle_envelope .*$"):
        server.check()


@pytest.mark.parametrize("make", [lambda: succeed("550 no"), no])
def test_a_later_result_that_is_no_reply_is_answered_with_451(make: Any) -> None:
    """From a Deferred or a coroutine."""
    codes, _ = replies_to(lambda envelope: make())[1]
    assert codes == ["451"]


@pytest.mark.parametrize("result", [None, True, {}, Reply(250, "a"), Reply(251, "b")])
def test_a_message_is_accepted(result: object) -> None:
    """By nothing, by true and by a reply."""
    codes, server = replies_to(lambda envelope: result)[1]
    assert codes[0][:2] == "25"
    server.check()


def test_a_domain_in_a_dictionary_has_no_case() -> None:
    """RFC 5321 section 2.4."""
    codes, _ = replies_to(lambda envelope: {"q@Y.z": Reply(550, "no")}, "q@y.z")[1]
    assert codes == ["550"]


def test_an_address_without_a_domain_is_a_key() -> None:
    """Postmaster has none."""
    handler = {"Postmaster": Reply(550, "no")}
    codes, _ = replies_to(lambda envelope: handler, "postmaster")[1]
    assert codes == ["550"]


def test_a_handlers_421_closes_the_session() -> None:
    """RFC 5321 section 3.8."""
    wire, (codes, _) = replies_to(lambda envelope: Reply(421, "no more"))
    assert (codes, wire.closed) == (["421"], True)


def test_a_421_for_one_recipient_closes_an_lmtp_session() -> None:
    """After the replies for all."""
    handler = {"a@b.c": Reply(421, "no more")}
    recipients = "a@b.c", "d@e.f"
    wire, (codes, _) = replies_to(
        lambda envelope: handler, *recipients, protocol=LMTPServerProtocol
    )
    assert (codes, wire.closed) == (["421", "250"], True)


def test_a_refusal_in_the_result_of_a_message_is_its_reply() -> None:
    """Of an `IEnvelopeMessage` of the user's."""
    assert reply_of_envelope(PolicyError(550, "no")).code == 550


def test_what_is_no_reply_is_no_result_of_a_message() -> None:
    """Of an `IEnvelopeMessage` of the user's."""
    with pytest.raises(TypeError, match="envelope_received must return"):
        reply_of_envelope("550 no")


def test_a_discarded_recipient_may_be_a_key() -> None:
    """A fault discards the message for it after the handler was written."""
    seen: list[Envelope] = []

    def handle(envelope: Envelope) -> object:
        seen.append(envelope)
        return {"d@e.f": Reply(550, "no")}

    server = CaptureServer()
    server.handle_envelope = handle  # type: ignore[method-assign]
    server.faults.on("EOD", recipient="d@e.f").discard()
    wire = Wire(server, faults=server.faults)  # type: ignore[arg-type]
    wire.say("EHLO a", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "RCPT TO:<d@e.f>")
    wire.say("DATA")
    assert (wire.codes("x", "."), seen[0].rcpt_tos) == (["250"], ("a@b.c",))


def test_the_recipients_of_a_message_without_a_session_are_keys() -> None:
    """Twisted's own server has no sessions."""
    envelope = Envelope(mail_from="", rcpt_tos=("a@b.c",), content=b"")
    assert checked("handler", {"a@B.c": None}, envelope) == {"a@b.c": None}
