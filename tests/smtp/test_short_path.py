"""A line that was parsed before takes the short path, and nothing else differs.

Each session is replayed with the short path on and off, in pieces that may take it; the
replies, each write, the envelopes, the session and its transcript are compared.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.mail.smtp import SMTPBadSender

import lazr_smtptest
from lazr_smtptest.faults import Faults
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.delivery import HandlerDelivery
from lazr_smtptest.smtp import short_path
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.path import Address
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..chance import some
from ..conformance.table import SCRIPTS
from ..wire import Capture, Wire
from .test_chunking import LISTENER, SESSIONS

EHLO = b"EHLO client.example.com\r\n"
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.com>\r\n"
DATA = b"DATA\r\n"
CONTENT = b"Subject: Hi\r\n\r\nHi.\r\n.\r\n"
MESSAGE = [MAIL, RCPT, DATA, CONTENT]


class Observer:
    """Keeps the sessions."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []

    def session_began(self, session: Session) -> None:
        self.sessions.append(session)

    def session_ended(self, session: Session) -> None:
        pass


def outcome(pieces: list[bytes], **options: Any) -> dict[str, Any]:
    """Send pieces to a server of its own; return everything that they lead to."""
    observer = Observer()
    wire = Wire(observer=observer, **options)
    for piece in pieces:
        wire.protocol.dataReceived(piece)
        wire.clock.advance(0.25)
    result: dict[str, Any] = {"writes": wire.transport.writes, "closed": wire.closed}
    wire.disconnect()
    [session] = observer.sessions
    result["envelopes"] = [facts(each, "id", "session") for each in wire.envelopes]
    result["warnings"] = [each.warnings for each in wire.envelopes]
    result["session"] = facts(session, "id", "transcript")
    result["transcript"] = session.transcript.text(secrets=True)
    return result


def facts(item: Any, *without: str) -> dict[str, Any]:
    """Return the values of all fields, private ones and those of transactions too."""
    values = attrs.asdict(item, filter=lambda field, _: field.name not in without)
    for transaction in (values.get("_transaction"), *values.get("_transactions", ())):
        if transaction is not None:
            # A copy for readers, made when it is asked for.
            del transaction["_shared"]
    return values


def ordinary(pieces: list[bytes], **options: Any) -> dict[str, Any]:
    """Return the outcome of pieces without the short path."""
    with mock.patch.object(SMTPServerProtocol, "has_short_path", return_value=False):
        return outcome(pieces, **options)


def assert_same(pieces: list[bytes], **options: Callable[[], Any]) -> None:
    """Assert that the pieces lead to the same with the short path and without it.

    Args:
        pieces: what the client sends.
        options: make the options of `Wire`, for each run anew.
    """
    without = ordinary(pieces, **{name: make() for name, make in options.items()})
    # Now all lines are known.
    assert (
        outcome(pieces, **{name: make() for name, make in options.items()}) == without
    )


@pytest.fixture
def taken() -> Iterator[list[str]]:
    """The verbs of the lines that take the short path; "." is a content."""
    verbs: list[str] = []

    def watched(verb: str, function: Any) -> Any:
        def handle(connection: Any, subject: Any) -> bool:
            handled: bool = function(connection, subject)
            if handled:
                verbs.append(verb)
            return handled

        return handle

    handlers = {verb: watched(verb, each) for verb, each in short_path._HANDLE.items()}
    with (
        mock.patch.object(short_path, "_HANDLE", handlers),
        mock.patch.dict(short_path.KNOWN_LINES, clear=True),
        mock.patch.dict(short_path.KNOWN_CHUNKS, clear=True),
        mock.patch(
            "lazr_smtptest.smtp.engine.take_content",
            watched(".", short_path.take_content),
        ),
    ):
        yield verbs


# Which lines take it


def test_the_second_message_takes_the_short_path(taken: list[str]) -> None:
    """The first one has filled the table; a content takes it at once."""
    outcome([EHLO, *MESSAGE, *MESSAGE])
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]


def test_lines_of_one_piece_take_the_short_path(taken: list[str]) -> None:
    """A client that pipelines sends known lines, too."""
    outcome([EHLO, *MESSAGE, MAIL + RCPT + DATA, CONTENT])
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]


def test_a_content_before_the_next_commands_takes_the_short_path(
    taken: list[str],
) -> None:
    """A client that pipelines sends them in one piece."""
    commands = MAIL + RCPT + DATA
    outcome([EHLO, *MESSAGE, commands, CONTENT + commands, CONTENT])
    assert taken == [".", *(["MAIL", "RCPT", "DATA", "."] * 2)]


@pytest.mark.parametrize(
    "content",
    [
        b".\r\n",
        b"..\r\n.\r\n",
        b"a\n.\r\nb\r\n.\r\n",
        b"a\r\n.b\r\n.\r\n",
        b"a\r\n.\r\n.\r\n",
        b"\r\n.\r\n",
        b"a\r\n.\n\r\n.\r\n",
        b"a" * 70_000 + b"\r\n.\r\n",
    ],
    ids=[
        "empty",
        "dots",
        "bare LF",
        "dot",
        "two ends",
        "blank",
        "LF of the end",
        "long",
    ],
)
@pytest.mark.parametrize("rest", [b"", MAIL + RCPT + DATA + CONTENT, b"MAIL FROM:<"])
def test_any_content_before_anything_is_the_same(content: bytes, rest: bytes) -> None:
    """Its end is found where the ordinary way finds it."""
    assert_same([EHLO, *MESSAGE, MAIL + RCPT + DATA, content + rest])
    assert_same([EHLO, *MESSAGE, MAIL + RCPT + DATA + content + rest])


def test_a_known_line_without_its_end_is_not_handled(taken: list[str]) -> None:
    """Its CRLF may never come."""
    outcome([EHLO, *MESSAGE, MAIL.rstrip(), b"\r\n"])
    assert taken == [".", "MAIL"]
    assert outcome([EHLO, *MESSAGE, MAIL.rstrip()])["writes"][-1].startswith(b"250 2.0")


def test_a_connection_with_a_login_has_the_short_path(taken: list[str]) -> None:
    """The state before MAIL makes no difference."""
    wire = Wire()
    for piece in [EHLO, *MESSAGE]:
        wire.protocol.dataReceived(piece)
    wire.protocol.session.user = "anna"
    for piece in MESSAGE:
        wire.protocol.dataReceived(piece)
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]
    assert wire.envelopes[-1].user == "anna"


@pytest.mark.parametrize("name", short_path.SKIPPED)
def test_a_method_of_a_subclass_is_called(taken: list[str], name: str) -> None:
    """So a connection whose class has its own of a skipped method has no short path."""

    class Own(SMTPServerProtocol):
        pass

    def method(self: Any, *arguments: Any) -> Any:
        return getattr(SMTPServerProtocol, name)(self, *arguments)

    setattr(Own, name, method)
    outcome([EHLO, *MESSAGE, *MESSAGE], protocol=Own)
    assert taken == []


def test_a_method_of_an_instance_is_called(taken: list[str]) -> None:
    """A test may replace a method of one connection."""
    wire = Wire()
    calls: list[bytes] = []
    wire.protocol.do_MAIL = calls.append
    for piece in [EHLO, MAIL, MAIL]:
        wire.protocol.dataReceived(piece)
    assert calls == [b"FROM:<a@example.com>"] * 2


def test_lmtp_takes_the_short_path(taken: list[str]) -> None:
    """Its commands within a transaction are those of SMTP."""
    outcome([b"LHLO a\r\n", *MESSAGE, *MESSAGE], protocol=LMTPServerProtocol)
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]


def test_a_line_with_parameters_goes_the_ordinary_way(taken: list[str]) -> None:
    """The meaning of a parameter depends on the session."""
    mail = b"MAIL FROM:<a@example.com> SIZE=20\r\n"
    outcome([EHLO, mail, RCPT, DATA, CONTENT, mail])
    assert "MAIL" not in taken


def test_a_rule_at_another_phase_leaves_the_short_path_on(taken: list[str]) -> None:
    """The policy is not asked at these."""
    faults = Faults()
    faults.on("VRFY").reply(450)
    outcome([EHLO, *MESSAGE, *MESSAGE], faults=faults)
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "CONTENT", "EOD", "KEPT"])
def test_a_rule_at_its_phase_is_asked(phase: str) -> None:
    """Its replies are the same."""

    def faults() -> Faults:
        rules = Faults()
        rules.on(phase, times=1).reply(450)
        return rules

    assert_same([EHLO, *MESSAGE, *MESSAGE, *MESSAGE], faults=faults)


def test_a_rule_for_another_recipient_leaves_the_short_path_on(
    taken: list[str],
) -> None:
    """A rule in wait costs a comparison of addresses."""
    faults = Faults()
    faults.on("RCPT", recipient="c@example.com").reply(550)
    faults.on("RCPT", recipient="*@example.org", sender="*").reply(550)
    outcome([EHLO, *MESSAGE, *MESSAGE], faults=faults)
    assert taken == [".", "MAIL", "RCPT", "DATA", "."]


@pytest.mark.parametrize(
    "matches",
    [
        {"recipient": "b@EXAMPLE.com"},
        {"recipient": "*@example.com", "sender": "a@*"},
        {"recipient": "b@*"},
        {"recipient": re.compile("^b")},
        {"recipient": "nobody@example.com", "where": lambda context: True},
        {"nth": 2},
    ],
    ids=["address", "domain", "wildcard", "pattern", "function", "any"],
)
def test_a_rule_that_may_match_the_recipient_is_asked(
    taken: list[str], matches: dict[str, Any]
) -> None:
    """So is one with a function of the test: it may count its calls."""
    faults = Faults()
    faults.on("RCPT", **matches).reply(450)
    outcome([EHLO, *MESSAGE, *MESSAGE], faults=faults)
    assert "RCPT" not in taken


@pytest.mark.parametrize("recipient", ["b@example.com", "*@example.com", "c@*", "c@d"])
@pytest.mark.parametrize("phase", ["RCPT", "EOD", "KEPT", "ANY"])
def test_a_rule_for_a_recipient_is_the_same(phase: str, recipient: str) -> None:
    """Whether it matches this recipient or another one."""

    def faults() -> Faults:
        rules = Faults()
        rules.on(phase, recipient=recipient, times=1).reply(450)
        return rules

    assert_same([EHLO, *MESSAGE, *MESSAGE, *MESSAGE], faults=faults)


def test_a_policy_of_another_class_is_asked_about_each_recipient(
    taken: list[str],
) -> None:
    """A subclass may decide otherwise than by its rules."""

    class Refusing(Faults):
        def decide(self, context: Any) -> Any:
            return super().decide(context)

    faults = Refusing()
    faults.on("RCPT", recipient="c@example.com").reply(550)
    outcome([EHLO, *MESSAGE, *MESSAGE], faults=faults)
    assert taken == []


# The same outcome


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_the_same(name: str) -> None:
    """With a piece for each line, and the contents whole."""
    octets = SESSIONS[name]
    lines = octets.splitlines(keepends=True)
    head = [*lines[:4], b"".join(lines[4:])]
    for pieces in (lines, head, [octets]):
        assert_same([EHLO, *MESSAGE, *pieces, *MESSAGE], settings=lambda: LISTENER)


# One of five rows: the table is long.
@pytest.mark.parametrize(
    ("listener", "steps"),
    [pytest.param(listener, steps, id=name) for name, listener, steps in SCRIPTS[::5]],
)
def test_a_row_of_the_conformance_table_is_the_same(
    listener: Settings, steps: list[bytes]
) -> None:
    """With its own pieces."""
    assert_same(list(steps), settings=lambda: listener)


PIECES = st.sampled_from(
    [
        *(EHLO, MAIL, MAIL, RCPT, RCPT, DATA, DATA, CONTENT, CONTENT, CONTENT),
        *(b"HELO x\r\n", b"HELO a_b\r\n", b"RSET\r\n", b"NOOP\r\n", b"AUTH LOGIN\r\n"),
        *(b"MAIL FROM:<>\r\n", b"mail from:<a@example.com>\r\n", b".\r\n", b"*\r\n"),
        *(b"RCPT TO:<refused@example.com>\r\n", b"RCPT TO:<raises@example.com>\r\n"),
        *(
            MAIL.rstrip(),
            b"\r\n",
            b"\n",
            b"\r",
            b"a\nb\r\n",
            b"..\r\n.\r\n",
            b"\r\n.\r\n",
        ),
        *(b"BDAT 3\r\n", b"BDAT 1 LAST\r\nx", b"x" * 60 + b"\r\n.\r\n", b"QUIT\r\n"),
        *(MAIL + RCPT, RCPT + DATA, DATA + CONTENT, CONTENT + MAIL, b"x" * 200),
        b"MAIL FROM:<" + b"a" * 60 + b"@example.com>\r\n",
    ]
)


class _Picky(HandlerDelivery):
    """Refuses a recipient, and raises at another."""

    def validateTo(self, user: Any) -> Any:
        if str(user).startswith("refused"):
            return Reply(550, "no such user", "5.1.1")
        if str(user).startswith("raises"):
            raise PolicyError(550, "not for you", "5.7.1")
        return super().validateTo(user)


@settings(
    max_examples=some(150), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(pieces=st.lists(PIECES, max_size=14))
def test_any_pieces_are_the_same(pieces: list[bytes]) -> None:
    """In any order, whatever state the connection is in."""
    limits = Limits(command_line=90, body_line=50, recipients=3, message_size=300)

    def replay(run: Any) -> Any:
        capture = Capture()
        return run(
            [EHLO, *pieces],
            handler=capture,
            delivery=_Picky(capture),
            settings=Settings(limits=limits),
        )

    assert replay(outcome) == replay(ordinary)


# Deliveries


class _Answering(HandlerDelivery):
    """Answers a command as the test says."""

    def __init__(self, capture: Capture, verb: str, answer: Callable[[Any], Any]):
        super().__init__(capture)
        self._verb, self._answer = verb, answer

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        super().validateFrom(helo, origin)
        return self._answer(origin) if self._verb == "MAIL" else origin

    def validateTo(self, user: Any) -> Any:
        make = super().validateTo(user)
        return self._answer(make) if self._verb == "RCPT" else make


def _raise(subject: Any) -> Any:
    raise ZeroDivisionError


class _Maker:
    """A factory of messages that is no function."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self) -> Any:
        return self._make()

    def __str__(self) -> str:
        return "maker@example.com"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
@pytest.mark.parametrize(
    "answer", [_raise, lambda _: Reply(450, "later", "4.2.0"), _Maker, lambda x: x]
)
def test_any_answer_of_a_delivery_is_handled_alike(verb: str, answer: Any) -> None:
    """An exception, a refusal, and what is no function."""
    pieces = [EHLO, *MESSAGE, *MESSAGE, b"RSET\r\n", MAIL + RCPT, DATA, CONTENT]

    def replay(run: Any) -> Any:
        capture = Capture()
        delivery = _Answering(capture, verb, answer)
        return run(pieces, handler=capture, delivery=delivery)

    assert replay(outcome) == replay(ordinary)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
@pytest.mark.parametrize("parameters", [b"", b" BODY=8BITMIME"])
def test_an_address_that_a_delivery_changes_is_that_of_its_transaction(
    verb: str, parameters: bytes
) -> None:
    """The next transaction has what its client sends, on the short path or not."""
    capture = Capture()
    seen = []

    class Changing(HandlerDelivery):
        def validateFrom(self, helo: Any, origin: Any) -> Any:
            if verb == "MAIL":
                change(origin)
            return super().validateFrom(helo, origin)

        def validateTo(self, user: Any) -> Any:
            if verb == "RCPT":
                change(user.dest)
            return super().validateTo(user)

    def change(address: Any) -> None:
        seen.append((address.local, address.domain, address.text, bytes(address)))
        address.local = address.domain = address.addrstr = address._octets = b"x"
        address.text = "x"

    mail = MAIL.rstrip() + parameters + b"\r\n"
    outcome([EHLO, *[mail, RCPT, DATA, CONTENT] * 3], delivery=Changing(capture))
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_recipient_that_a_delivery_changes_is_another_recipient() -> None:
    """It may send a message on: the envelope has the new address."""
    capture = Capture()

    class Sending(HandlerDelivery):
        def validateTo(self, user: Any) -> Any:
            user.dest = Address(b"other", b"example.com")
            return super().validateTo(user)

    wire = Wire(capture, delivery=Sending(capture))
    for piece in [EHLO, *MESSAGE]:
        wire.protocol.dataReceived(piece)
    assert wire.envelopes[-1].rcpt_tos == ("other@example.com",)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_deferred_of_a_delivery_is_waited_for(taken: list[str], verb: str) -> None:
    """No further command is handled before it has fired."""
    waiting: list[tuple[Deferred[Any], Any]] = []

    def answer(subject: Any) -> Any:
        waiting.append((Deferred(), subject))
        return waiting[-1][0]

    outcome([EHLO, *MESSAGE])
    capture = Capture()
    wire = Wire(capture, delivery=_Answering(capture, verb, answer))
    for piece in [EHLO, *MESSAGE]:
        wire.protocol.dataReceived(piece)
    assert wire.envelopes == []
    [(deferred, subject)] = waiting
    deferred.callback(subject)
    assert [str(each.rcpt_tos) for each in wire.envelopes] == ["('b@example.com',)"]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_an_interrupt_in_a_delivery_leaves_the_server(verb: str, ctrl_c: None) -> None:
    """It stops the program, as on the ordinary way, and the connection goes on."""

    def answer(subject: Any) -> Any:
        raise KeyboardInterrupt

    outcome([EHLO, *MESSAGE])
    capture = Capture()
    wire = Wire(capture, delivery=_Answering(capture, verb, answer))
    wire.protocol.dataReceived(EHLO)
    if verb == "RCPT":
        wire.send(MAIL)
    with pytest.raises(KeyboardInterrupt):
        wire.send(MAIL if verb == "MAIL" else RCPT)
    wire.heard()
    assert wire.say("NOOP") == ["250 2.0.0 OK"]


@pytest.mark.parametrize("then", [Deferred, _raise, lambda: Reply(550, "no", "5.7.1")])
def test_any_result_of_a_handler_is_handled_alike(then: Any) -> None:
    """The reply to the message is that of the ordinary way."""

    def replay(run: Any) -> Any:
        capture = Capture()
        capture.then = (lambda: _raise(None)) if then is _raise else then
        return run([EHLO, *MESSAGE, *MESSAGE], handler=capture)

    assert replay(outcome) == replay(ordinary)


def test_a_deferred_of_a_handler_is_the_reply_to_the_message() -> None:
    """Also to a content that took the short path."""
    waiting: Deferred[None] = Deferred()
    capture = Capture()
    capture.then = lambda: waiting
    wire = Wire(capture)
    for piece in [EHLO, *MESSAGE]:
        wire.protocol.dataReceived(piece)
    wire.heard()
    waiting.callback(None)
    assert [each[:3] for each in wire.heard()] == ["250"]


def test_a_rule_that_a_handler_adds_holds_for_its_message() -> None:
    """The rule is at a phase after the handler."""

    def replay(run: Any) -> Any:
        capture, faults = Capture(), Faults()
        capture.then = lambda: faults.on("KEPT").reply(450) and None
        return run([EHLO, *MESSAGE], handler=capture, faults=faults)

    assert replay(outcome) == replay(ordinary)


def test_a_client_that_leaves_in_its_handler_has_aborted() -> None:
    """The message is kept all the same."""

    def replay(run: Any) -> Any:
        capture = Capture()
        wires: list[Wire] = []

        def leave() -> None:
            wires[0].disconnect()

        capture.then = leave
        wire = Wire(capture)
        wires.append(wire)
        for piece in [EHLO, *MESSAGE]:
            run(wire, piece)
        return wire.transport.writes, wire.protocol.session.latest.outcome

    def short(wire: Wire, piece: bytes) -> None:
        wire.protocol.dataReceived(piece)

    def octets(wire: Wire, piece: bytes) -> None:
        for start in range(len(piece)):
            wire.protocol.dataReceived(piece[start : start + 1])

    assert replay(short) == replay(octets)


def test_what_comes_while_a_delivery_is_asked_is_handled_after_it() -> None:
    """Nothing is left in the buffer."""
    outcome([EHLO, *MESSAGE])
    capture = Capture()
    wires: list[Wire] = []

    def answer(origin: Any) -> Any:
        wires[0].protocol.dataReceived(b"NOOP\r\n")
        return origin

    wires.append(Wire(capture, delivery=_Answering(capture, "MAIL", answer)))
    wires[0].send(EHLO)
    assert [each[:3] for each in wires[0].send(MAIL)] == ["250", "250"]


def test_what_comes_while_a_delivery_refuses_is_handled_after_it() -> None:
    """The reply to the refused command is the first."""
    outcome([EHLO, *MESSAGE])
    capture = Capture()
    wires: list[Wire] = []

    def answer(origin: Any) -> Any:
        wires[0].protocol.dataReceived(b"NOOP\r\n")
        raise SMTPBadSender(origin)

    wires.append(Wire(capture, delivery=_Answering(capture, "MAIL", answer)))
    wires[0].send(EHLO)
    assert [each[:3] for each in wires[0].send(MAIL)] == ["550", "250"]


def test_an_exception_on_the_short_path_is_a_reply() -> None:
    """As an exception of the ordinary way is."""
    outcome([EHLO, *MESSAGE])
    wire = Wire()
    wire.send(EHLO + MAIL)
    broken = mock.patch.object(short_path, "Recipient", side_effect=ZeroDivisionError)
    with broken:
        assert [each[:3] for each in wire.send(RCPT)] == ["451"]


def test_an_interrupt_on_the_short_path_leaves_the_server(ctrl_c: None) -> None:
    """And the connection can be used again."""
    outcome([EHLO, *MESSAGE])
    wire = Wire()
    wire.send(EHLO + MAIL)
    broken = mock.patch.object(short_path, "Recipient", side_effect=KeyboardInterrupt)
    with broken, pytest.raises(KeyboardInterrupt):
        wire.send(RCPT)
    assert [each[:3] for each in wire.send(RCPT)] == ["250"]


# The table


def test_only_the_ordinary_commands_add_to_the_table() -> None:
    """There is one grammar: a known line is one that they have parsed."""
    callers = []
    files = Path(lazr_smtptest.__file__).parent.rglob("*.py")
    texts = [text for file in files if "learn" in (text := file.read_text("utf-8"))]
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                callers += [
                    node.name
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id == "learn"
                ]
    assert sorted(callers) == ["do_DATA", "do_MAIL", "do_RCPT"]


def test_the_short_path_parses_nothing() -> None:
    """It calls no parser, searches nothing and splits nothing."""
    tree = ast.parse(Path(short_path.__file__).read_text("utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names.isdisjoint(
        {"read_path", "parse_path", "re", "match", "search", "find", "split"}
        | {"partition", "startswith", "endswith", "strip"}
    )


def test_the_table_has_a_bound(taken: list[str]) -> None:
    """A client that sends very many addresses fills no memory."""
    for number in range(short_path._MOST + 10):
        short_path.learn("RCPT", b"TO:<%d@example.com>" % number)
    assert len(short_path.KNOWN_LINES) == len(short_path.KNOWN_CHUNKS) == 10


def test_a_very_long_line_is_not_added(taken: list[str]) -> None:
    """The lines of the table are short."""
    short_path.learn("RCPT", b"TO:<" + b"a" * short_path._LONGEST + b"@example.com>")
    assert short_path.KNOWN_LINES == {}
