"""The short path changes nothing, whatever the client, the protocol and the store are.

Each client is replayed with the short path on and off; see `test_short_path`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from lazr_smtptest.faults import Faults
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.server.delivery import HandlerDelivery, HandlerDeliveryFactory
from lazr_smtptest.server.storing import CaptureServer, StoreServer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.smtp.short_path import KNOWN_CHUNKS, KNOWN_LINES
from lazr_smtptest.stores import open_store
from lazr_smtptest.tls.context import TLS

from ..chance import some
from ..conformance.table import SCRIPTS
from ..harness import STORES_ON_DISK, TLSPeer
from ..hostile.test_smuggling import LINE_ENDS, POSITIONS, SMUGGLED
from ..wire import Capture, Wire
from .test_chunking import LISTENER, SESSIONS, cut
from .test_short_path import (
    CONTENT,
    DATA,
    EHLO,
    MAIL,
    MESSAGE,
    PIECES,
    RCPT,
    Observer,
    assert_same,
    facts,
    ordinary,
    outcome,
    taken,
)

__all__ = ["taken"]

OTHERS = [b"RCPT TO:<%d@example.com>\r\n" % number for number in range(3)]
SEVERAL = [MAIL, RCPT, *OTHERS, DATA, CONTENT]
PLACES = st.lists(st.integers(0, 10_000), max_size=12)
PROTOCOLS = st.sampled_from([SMTPServerProtocol, LMTPServerProtocol])


def examples(count: int) -> Any:
    """Try so many; nothing of one is left for the next."""
    return settings(
        max_examples=some(count),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def hello(protocol: type[SMTPServerProtocol]) -> bytes:
    """Return how a client of this protocol begins."""
    return EHLO.replace(b"EHLO", protocol.hello_verb.encode())


# What is sent


@examples(100)
@given(script=st.sampled_from(SCRIPTS), places=PLACES)
def test_a_row_of_the_conformance_table_with_any_cuts_is_the_same(
    script: Any, places: list[int]
) -> None:
    """Between messages whose lines are known."""
    _, listener, steps = script
    pieces = cut(b"".join(steps), places)
    assert_same([EHLO, *MESSAGE, *pieces, *MESSAGE], settings=lambda: listener)


@examples(100)
@given(
    names=st.lists(st.sampled_from(sorted(SESSIONS)), max_size=3),
    places=PLACES,
    protocol=PROTOCOLS,
)
def test_sessions_one_after_another_with_any_cuts_are_the_same(
    names: list[str], places: list[int], protocol: Any
) -> None:
    """Good ones and bad ones, in SMTP and in LMTP."""
    pieces = cut(b"".join(SESSIONS[name] for name in names), places)
    assert_same(
        [hello(protocol), *SEVERAL, *pieces, *SEVERAL],
        settings=lambda: LISTENER,
        protocol=lambda: protocol,
    )


@pytest.mark.parametrize("where", POSITIONS)
@pytest.mark.parametrize("profile", ["standard", "strict"])
def test_smuggled_mail_is_the_same(where: str, profile: Any) -> None:
    """With every pair of line ends around the dot, whole and in two pieces."""
    for before in LINE_ENDS.values():
        for after in LINE_ENDS.values():
            content = POSITIONS[where] + before + b"." + after + SMUGGLED + b"\r\n.\r\n"
            assert_same(
                [EHLO, MAIL, RCPT, DATA, content, MAIL, RCPT, DATA, *cut(content, [9])],
                settings=lambda: Settings(profile=profile),
            )


# To whom


class _Choosy(HandlerDelivery):
    """Refuses some recipients."""

    def validateTo(self, user: Any) -> Any:
        if str(user).startswith("1"):
            return Reply(550, "no such user", "5.1.1")
        return super().validateTo(user)


RESULTS: dict[str, Callable[[], Any]] = {
    "accepted": lambda: None,
    "refused": lambda: Reply(550, "no", "5.7.1"),
    "refused for one": lambda: {"2@example.com": Reply(550, "no", "5.7.1")},
    "refused for all": lambda: {
        name: Reply(452, "full", "4.2.2")
        for name in ("b@example.com", "0@example.com", "2@example.com")
    },
    "closed for one": lambda: {"0@example.com": Reply(421, "gone", "4.3.2")},
    "an exception": lambda: 1 // 0,
    "pending": Deferred,
}


@pytest.mark.parametrize("protocol", [SMTPServerProtocol, LMTPServerProtocol])
@pytest.mark.parametrize("name", RESULTS)
def test_several_recipients_are_answered_alike(protocol: Any, name: str) -> None:
    """Whatever the handler says of each."""

    def replay(run: Any) -> Any:
        capture = Capture()
        capture.then = RESULTS[name]
        return run(
            [hello(protocol), *SEVERAL, *SEVERAL, *MESSAGE, b"QUIT\r\n"],
            handler=capture,
            delivery=_Choosy(capture),
            protocol=protocol,
        )

    assert replay(outcome) == replay(ordinary)


def test_a_message_to_several_takes_the_short_path(taken: list[str]) -> None:
    """Each line of it, and its content."""
    outcome([EHLO, *SEVERAL, *SEVERAL])
    assert taken == [".", "MAIL", *["RCPT"] * 4, "DATA", "."]


@pytest.mark.parametrize("protocol", [SMTPServerProtocol, LMTPServerProtocol])
def test_several_recipients_wait_for_one_handler(protocol: Any) -> None:
    """Their replies come together when its Deferred fires."""
    waiting: Deferred[Any] = Deferred()
    capture = Capture()
    capture.then = lambda: waiting
    wire = Wire(capture, protocol=protocol)
    for piece in [hello(protocol), *SEVERAL]:
        wire.protocol.dataReceived(piece)
    wire.heard()
    waiting.callback({"2@example.com": Reply(550, "no", "5.7.1")})
    each = ["250", "250", "250", "550"] if protocol is LMTPServerProtocol else ["550"]
    assert [line[:3] for line in wire.heard()] == each


# How it arrives


def secured(pieces: list[bytes], tls: TLS, **options: Any) -> Any:
    """Send pieces within TLS; return the replies to each, and what was kept."""
    observer = Observer()
    wire = Wire(observer=observer, settings=Settings(tls=tls), **options)
    wire.say("STARTTLS")
    client = TLSPeer(wire.transport, tls.client_context())
    client.handshake()
    replies = []
    for piece in pieces:
        if wire.closed:
            break
        client.ssl.write(piece)
        replies.append(client.heard())
        wire.clock.advance(0.25)
    wire.disconnect()
    [session] = observer.sessions
    return (
        replies,
        [facts(each, "id", "session") for each in wire.envelopes],
        facts(session, "id", "transcript"),
        session.transcript.text(secrets=True),
    )


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate for the loopback."""
    return TLS.auto()


def test_within_tls_lines_take_the_short_path(taken: list[str], tls: TLS) -> None:
    """As in clear."""
    _, envelopes, _, _ = secured([EHLO, *SEVERAL, *SEVERAL], tls)
    assert taken == [".", "MAIL", *["RCPT"] * 4, "DATA", "."]
    assert [each["tls"] for each in envelopes] == [True, True]


@settings(
    max_examples=some(40),
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(pieces=st.lists(PIECES, max_size=10), protocol=PROTOCOLS)
def test_any_pieces_within_tls_are_the_same(
    tls: TLS, pieces: list[bytes], protocol: Any
) -> None:
    """In any order."""
    sent = [hello(protocol), *SEVERAL, *pieces]
    off = mock.patch.object(SMTPServerProtocol, "has_short_path", return_value=False)
    with off:
        without = secured(sent, tls, protocol=protocol)
    assert secured(sent, tls, protocol=protocol) == without


# Where it is kept


def stored(spec: str, run: Any, pieces: list[bytes], **options: Any) -> Any:
    """Send pieces to a server with a store; return what came of it and what is kept."""
    server = CaptureServer() if spec == "mailbox" else StoreServer(open_store(spec))
    store = server.store
    try:
        factory = HandlerDeliveryFactory(server, server.keeper)
        result = run(pieces, delivery_factory=factory, **options)
        kept = [facts(each, "id", "session", "received_at", "_id") for each in store]
    finally:
        close = getattr(store, "close", None)
        if close is not None:
            close()
    return result, kept


@pytest.mark.parametrize("protocol", [SMTPServerProtocol, LMTPServerProtocol])
@pytest.mark.parametrize("spec", ["memory", "mailbox", *STORES_ON_DISK])
def test_every_store_keeps_the_same(tmp_path: Path, spec: str, protocol: Any) -> None:
    """Envelopes, contents and their order; the replies as well."""
    bounded = f"{spec}?max-count=3" if spec == "memory" else spec
    pieces = [
        *(hello(protocol), *SEVERAL, *MESSAGE, *SEVERAL, MAIL + RCPT + DATA, CONTENT),
        *(MAIL, RCPT, b"RSET\r\n", *MESSAGE, MAIL, RCPT, DATA, b"x\r\n", b".\r\n"),
    ]
    results = []
    for name, run in (("off", ordinary), ("on", outcome)):
        folder = tmp_path / name
        folder.mkdir()
        spec = bounded.format(folder / "mail")
        results.append(stored(spec, run, pieces, protocol=protocol))
    assert results[0] == results[1]
    assert results[0][1]


@examples(100)
@given(
    spec=st.sampled_from(["memory", "mailbox"]),
    names=st.lists(st.sampled_from(sorted(SESSIONS)), max_size=3),
    places=PLACES,
    protocol=PROTOCOLS,
)
def test_any_session_leaves_the_same_messages(
    spec: str, names: list[str], places: list[int], protocol: Any
) -> None:
    """With cuts anywhere, between messages that take the short path."""
    pieces = [
        *(hello(protocol), *SEVERAL),
        *cut(b"".join(SESSIONS[name] for name in names), places),
        *SEVERAL,
    ]
    without = stored(spec, ordinary, pieces, protocol=protocol)
    assert stored(spec, outcome, pieces, protocol=protocol) == without


@examples(100)
@given(pieces=st.lists(PIECES, max_size=14), protocol=PROTOCOLS)
def test_any_pieces_leave_the_same_messages(pieces: list[bytes], protocol: Any) -> None:
    """In any order, also with a limit that ends a message or refuses a recipient."""
    sent = [hello(protocol), *SEVERAL, *pieces]
    limits = Limits(command_line=90, body_line=50, recipients=4, message_size=300)

    def replay(run: Any) -> Any:
        listener = Settings(limits=limits)
        return stored("memory", run, sent, protocol=protocol, settings=listener)

    without = replay(ordinary)
    assert replay(outcome) == without


# A delivery that accepts all, and is not asked


def _discard(rules: Faults) -> None:
    rules.on("EOD", recipient="1@example.com").discard()


def _duplicate(rules: Faults) -> None:
    rules.on("EOD", recipient="1@example.com").duplicate()


def _refuse(phase: str) -> Callable[[Faults], None]:
    def add(rules: Faults) -> None:
        rules.on(phase, sender="a@example.com", times=1).reply(450)

    return add


_PHASES = ("MAIL", "RCPT", "DATA", "CONTENT", "EOD", "KEPT")


@pytest.mark.parametrize(
    "add",
    [_discard, _duplicate, *map(_refuse, _PHASES)],
    ids=["discard", "duplicate", *_PHASES],
)
def test_a_rule_finds_the_recipients_that_the_delivery_was_not_asked_about(
    add: Callable[[Faults], None],
) -> None:
    """At any phase."""

    def faults() -> Faults:
        rules = Faults()
        add(rules)
        return rules

    sent = [EHLO, *SEVERAL, *SEVERAL, *MESSAGE, MAIL, RCPT, *OTHERS, b"RSET\r\n"]
    without = stored("memory", ordinary, sent, faults=faults())
    assert stored("memory", outcome, sent, faults=faults()) == without


def test_a_delivery_that_accepts_all_is_not_asked() -> None:
    """No delivery is made for a transaction whose lines are known."""
    sent = [EHLO, *SEVERAL]
    stored("memory", outcome, sent)
    with mock.patch.object(HandlerDelivery, "validateFrom") as asked:
        _, kept = stored("memory", outcome, sent)
    assert (asked.called, len(kept)) == (False, 1)


def test_it_is_asked_once_a_line_is_new() -> None:
    """Then it knows of all recipients."""
    stored("memory", outcome, [EHLO, *SEVERAL])
    new = b"RCPT TO:<new@example.com>\r\n"
    sent = [EHLO, MAIL, RCPT, new, *OTHERS, DATA, CONTENT]
    KNOWN_LINES.pop(new.rstrip(), None)
    KNOWN_CHUNKS.pop(new, None)
    asked: list[str] = []
    ask = HandlerDelivery.validateTo

    def validate(delivery: HandlerDelivery, user: Any) -> Any:
        asked.append(str(user))
        return ask(delivery, user)

    with mock.patch.object(HandlerDelivery, "validateTo", validate):
        _, kept = stored("memory", outcome, sent)
    others = [f"{number}@example.com" for number in range(3)]
    assert asked == ["b@example.com", "new@example.com", *others]
    assert len(kept) == 1
