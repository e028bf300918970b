"""Faults of time and connections, as three clients see them.

The rules are those of the table in ``doc/faults.rst``, each in both of its forms.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.settings import Settings
from tests.clients.senders import (
    PATIENCE,
    Aiosmtplib,
    Node,
    Nodemailer,
    Sender,
    Smtplib,
    server_lines,
)
from tests.wishes import Wish, wish

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Program, Receiver, Serve

SCRIPT = Path(__file__).parent / "send.cjs"
# Seconds after which a client gives up where the server says nothing.
SHORT = 1
# More than all buffers between a client and the server take.
BIG = "Subject: Hi\r\n\r\n" + "0123456789\r\n" * 1_500_000


@pytest.fixture(scope="module")
def node(
    program_class: type[Program],
    programs: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Node]:
    """The process of Node.js for all tests of this module."""
    modules = programs("node_modules/nodemailer").parent
    home = tmp_path_factory.mktemp("node")
    node = Node(program_class("node", home, NODE_PATH=str(modules)).start(str(SCRIPT)))
    yield node
    node.close()


class Stage:
    """A server with a rule, and a client of it.

    Attributes:
        receiver: the server.
        client: the client.
        rules: the rule, or several.
        began: when the first rule had not been written yet, monotonic seconds.
        ready: when they were.
    """

    def __init__(
        self, receiver: Receiver, client: Sender, wishes: tuple[Wish, ...]
    ) -> None:
        self.receiver = receiver
        self.client = client
        self.began = time.monotonic()
        for each in wishes:
            each.apply(receiver.server.faults)
        self.ready = time.monotonic()

    @property
    def kept(self) -> int:
        """How many messages have come since it was asked last."""
        return len(self.receiver.all())


Play = Callable[..., Stage]


@pytest.fixture(params=["smtplib", "aiosmtplib", "nodemailer"])
def play(request: pytest.FixtureRequest, serve: Serve) -> Iterator[Play]:
    """Start a server with a rule, which has to fire, and a client."""
    stages: list[Stage] = []

    def start(*wishes: Wish, **attributes: Any) -> Stage:
        receiver = serve(**attributes)
        client: Sender
        if request.param == "nodemailer":
            client = Nodemailer(receiver, request.getfixturevalue("node"))
        elif request.param == "aiosmtplib":
            client = Aiosmtplib(receiver)
        else:
            client = Smtplib(receiver)
        stages.append(Stage(receiver, client, wishes))
        return stages[-1]

    yield start
    for stage in stages:
        stage.client.close()
    for stage in stages:
        stage.receiver.server.faults.assert_all_fired()


@contextlib.contextmanager
def connections(receiver: Receiver, number: int) -> Iterator[None]:
    """Open `number` other connections to the server, and read their greetings."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            address = (receiver.host, receiver.port)
            client = stack.enter_context(socket.create_connection(address, PATIENCE))
            assert client.recv(3) == b"220"
        yield


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def until_gone(receiver: Receiver) -> None:
    """Wait until the server's last session has ended."""
    until(lambda: receiver.server.sessions[-1].ended is not None)


def said_to(receiver: Receiver, command: str) -> str:
    """Return the first line of the reply to a command of the last session."""
    lines = iter(receiver.server.sessions[-1].transcript)
    for line in lines:
        if line.who == "client" and line.text.upper().startswith(command):
            return next(each.text for each in lines if each.who == "server")
    raise AssertionError(f"no client has said {command}")


@contextlib.contextmanager
def takes(seconds: float) -> Iterator[None]:
    """Check that the block takes at least that long."""
    before = time.monotonic()
    yield
    assert time.monotonic() - before >= seconds


# Connections and messages that are too many


@wish("2")
def test_a_connection_ends_after_ten_messages(play: Play, wish: Wish) -> None:
    """The eleventh gets 421, and is the first one of the next connection."""
    stage = play(wish)
    outcomes = [stage.client.send(keep=True) for _ in range(11)]
    assert [each.accepted for each in outcomes] == [True] * 10 + [False]
    assert outcomes[10].code == 421
    assert stage.client.send(keep=True).accepted
    assert stage.kept == 11
    assert stage.receiver.server.sessions[0].delivered == 10


@wish("3")
def test_a_fourth_connection_is_one_too_many(play: Play, wish: Wish) -> None:
    """The greeting says so; with fewer there is room."""
    stage = play(wish)
    with connections(stage.receiver, 3):
        assert stage.client.send().code == 421
    until(lambda: stage.client.send().accepted)
    assert stage.kept == 1


@wish("4")
def test_a_message_waits_for_other_connections_to_end(play: Play, wish: Wish) -> None:
    """It is refused at its end, and nothing of it is kept."""
    stage = play(wish)
    with connections(stage.receiver, 3):
        assert stage.client.send().code == 432
    assert stage.kept == 0
    until(lambda: stage.client.send().accepted)
    assert stage.kept == 1


# STARTTLS


@wish("6")
def test_starttls_is_refused(play: Play, wish: Wish, tls: TLS) -> None:
    """A client that insists on TLS sends nothing then."""
    stage = play(wish, settings=Settings(tls=tls))
    assert stage.client.send(tls=tls).code == 454
    assert stage.kept == 0
    assert stage.client.send().accepted


@wish("7")
def test_the_connection_ends_before_the_handshake(
    play: Play, wish: Wish, tls: TLS
) -> None:
    """Though STARTTLS was accepted; nothing is sent in clear."""
    stage = play(wish, settings=Settings(tls=tls))
    assert stage.client.send(tls=tls).lost
    assert "220" in said_to(stage.receiver, "STARTTLS")
    assert stage.kept == 0


@wish("8")
def test_plain_text_comes_late_instead_of_a_handshake(
    play: Play, wish: Wish, tls: TLS
) -> None:
    """The client knows no such TLS."""
    stage = play(wish, settings=Settings(tls=tls))
    with takes(0.2):
        assert stage.client.send(tls=tls).lost
    assert "220" in said_to(stage.receiver, "STARTTLS")
    assert stage.kept == 0


@wish("8b")
def test_a_handshake_is_late(play: Play, wish: Wish, tls: TLS) -> None:
    """The client waits for it, and sends its message within TLS."""
    stage = play(wish, settings=Settings(tls=tls))
    with takes(0.2):
        assert stage.client.send(tls=tls).accepted
    assert stage.receiver.only().tls


# Replies


@wish("10")
def test_data_is_answered_late(play: Play, wish: Wish) -> None:
    """The client waits, and sends the message then."""
    stage = play(wish)
    with takes(0.2):
        assert stage.client.send().accepted
    assert stage.kept == 1


@wish("11")
def test_a_reply_may_be_250_alone(play: Play, wish: Wish) -> None:
    """RFC 5321 section 4.2: clients do not need a text."""
    stage = play(wish)
    assert stage.client.send().accepted
    assert server_lines(stage.receiver).count("250") == 3
    assert stage.kept == 1


@wish("11b")
def test_a_reply_may_be_354_alone(play: Play, wish: Wish) -> None:
    """RFC 5321 section 4.2: clients do not need a text."""
    stage = play(wish)
    assert stage.client.send().accepted
    assert "354" in server_lines(stage.receiver)
    assert stage.kept == 1


@wish("12")
def test_the_reply_to_ehlo_comes_line_by_line(play: Play, wish: Wish) -> None:
    """There is a pause after each line but the last one."""
    stage = play(wish)
    before = time.monotonic()
    assert stage.client.send().accepted
    elapsed = time.monotonic() - before
    pauses = [line for line in server_lines(stage.receiver) if line[:4] == "250-"]
    assert len(pauses) > 5
    assert elapsed >= 0.02 * len(pauses)
    assert stage.kept == 1


@wish("13")
def test_a_reply_comes_byte_by_byte(play: Play, wish: Wish) -> None:
    """It has a hundred of them at least."""
    stage = play(wish)
    with takes(0.1):
        assert stage.client.send().accepted
    assert stage.kept == 1


@wish("13b")
def test_a_line_of_a_reply_comes_in_two_parts(play: Play, wish: Wish) -> None:
    """The client waits for its end."""
    stage = play(wish)
    with takes(0.1):
        assert stage.client.send().accepted
    assert stage.kept == 1


@wish("33")
def test_empty_lines_stand_in_a_reply(play: Play, wish: Wish) -> None:
    """RFC 5321 section 4.2 knows none, and none of these clients takes them."""
    stage = play(wish)
    assert not stage.client.send(timeout=SHORT).accepted
    said = server_lines(stage.receiver)
    assert said[1] == said[4] == ""
    assert said[2][:4] == said[3][:4] == said[5][:4] == "250-"


@wish("34")
def test_the_end_of_a_message_is_answered_twice(play: Play, wish: Wish) -> None:
    """The message is there once; the second reply is nobody's."""
    stage = play(wish)
    assert stage.client.send().accepted
    said = server_lines(stage.receiver)
    at = said.index("250 2.0.0 OK, once more")
    assert said[at - 1].startswith("250 2.0.0")
    assert stage.kept == 1


@wish("35")
def test_a_prompt_has_other_words(play: Play, wish: Wish) -> None:
    """The clients do not read it, and log in."""
    auth = Auth.users({"anna": "secret"}, mechanisms=["LOGIN"])
    stage = play(wish, auth=auth)
    assert stage.client.send(login=("anna", "secret", "LOGIN")).accepted
    assert "334 VXNlciBOYW1lAA==" in server_lines(stage.receiver)
    assert stage.receiver.only().user == "anna"


@wish("35b")
def test_a_prompt_has_no_words(play: Play, wish: Wish) -> None:
    """The clients do not read it, and log in."""
    auth = Auth.users({"anna": "secret"}, mechanisms=["LOGIN"])
    stage = play(wish, auth=auth)
    assert stage.client.send(login=("anna", "secret", "LOGIN")).accepted
    assert "334 " in server_lines(stage.receiver)
    assert stage.receiver.only().user == "anna"


# Messages that the client does not know about


@wish("14")
def test_a_message_is_there_twice_where_the_reply_was_late(
    play: Play, wish: Wish
) -> None:
    """The client gives up, and sends it again."""
    stage = play(wish)
    assert stage.client.send(timeout=SHORT).lost
    assert stage.client.send().accepted
    assert stage.kept == 2


@wish("17")
def test_a_message_is_kept_and_the_connection_reset(play: Play, wish: Wish) -> None:
    """The client cannot know."""
    stage = play(wish)
    assert stage.client.send().lost
    assert stage.kept == 1


@wish("43")
def test_the_connection_is_reset_within_a_message(play: Play, wish: Wish) -> None:
    """Nothing of it is kept."""
    stage = play(wish)
    assert stage.client.send(content=BIG[:2000]).lost
    assert stage.kept == 0


@wish("44")
def test_quit_resets_the_connection(play: Play, wish: Wish) -> None:
    """The message was delivered before."""
    stage = play(wish)
    assert stage.client.send().accepted
    assert stage.kept == 1
    if isinstance(stage.client, Nodemailer):
        # It says QUIT only where it checks a connection.
        stage.client.verify()
    until(lambda: stage.receiver.server.faults.journal)


@wish("44b")
def test_quit_is_not_answered(play: Play, wish: Wish) -> None:
    """The message was delivered before."""
    stage = play(wish)
    assert stage.client.send(timeout=SHORT).accepted
    assert stage.kept == 1
    if isinstance(stage.client, Nodemailer):
        # It says QUIT only where it checks a connection.
        stage.client.verify()
    until(lambda: stage.receiver.server.faults.journal)


# Idle connections


@wish("15")
def test_an_idle_connection_ends_with_421(play: Play, wish: Wish) -> None:
    """A client finds that out with the next message, or before."""
    stage = play(wish)
    assert stage.client.send(keep=True).accepted
    until_gone(stage.receiver)
    assert server_lines(stage.receiver)[-1] == "421 4.4.2 Timeout exceeded"
    outcome = stage.client.send(keep=True)
    reconnects = isinstance(stage.client, Nodemailer)
    assert (outcome.accepted, outcome.code) == (
        (True, None) if reconnects else (False, 421)
    )


@wish("16")
def test_an_idle_connection_ends_silently(play: Play, wish: Wish) -> None:
    """A client finds that out with the next message, or before."""
    stage = play(wish)
    assert stage.client.send(keep=True).accepted
    until_gone(stage.receiver)
    assert server_lines(stage.receiver)[-1].startswith("250")
    outcome = stage.client.send(keep=True)
    if isinstance(stage.client, Nodemailer):
        assert outcome.accepted
    else:
        assert outcome.lost


# Connections that are not served


@wish("25")
def test_every_second_connection_is_turned_away(play: Play, wish: Wish) -> None:
    """And no other."""
    stage = play(wish)
    outcomes = [stage.client.send() for _ in range(4)]
    assert [each.accepted for each in outcomes] == [True, False, True, False]
    assert outcomes[1].lost


@wish("25b")
def test_connections_are_turned_away_at_random(play: Play, wish: Wish) -> None:
    """The same ones with the same seed."""
    runs = []
    for _ in range(2):
        stage = play(wish)
        runs.append([stage.client.send().accepted for _ in range(8)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {True, False}


@wish("26")
def test_a_server_restarts(play: Play, wish: Wish) -> None:
    """Its port refuses for half a second after the first message."""
    stage = play(wish)
    before = time.monotonic()
    assert stage.client.send().accepted
    outcome = stage.client.send()
    if time.monotonic() - before < 0.5:
        assert outcome.lost
        assert len(stage.receiver.server.sessions) == 1
    until(lambda: stage.client.send().accepted)
    assert time.monotonic() - before >= 0.5


@wish("27")
def test_a_server_is_down_in_the_middle_of_a_batch(play: Play, wish: Wish) -> None:
    """It is refused what comes in that time, and nothing else."""
    stage = play(wish)
    end = 0.6
    elapsed = 0.0
    while elapsed < end:
        # The rule was made at some moment between those two.
        first = time.monotonic() - stage.ready
        outcome = stage.client.send()
        elapsed = time.monotonic() - stage.began
        if elapsed < 0.2:
            assert outcome.accepted
        elif first >= 0.2 and elapsed < end:
            assert outcome.code == 421
    until(lambda: stage.client.send().accepted)


@wish("28")
def test_the_greeting_comes_late(play: Play, wish: Wish) -> None:
    """The client waits for it."""
    stage = play(wish)
    with takes(0.2):
        assert stage.client.send().accepted
    assert stage.kept == 1


@wish("29")
def test_the_greeting_never_comes(play: Play, wish: Wish) -> None:
    """The client gives up in its own time."""
    stage = play(wish)
    with takes(SHORT):
        assert stage.client.send(timeout=SHORT).lost
    assert server_lines(stage.receiver) == []


@wish("32")
def test_ehlo_ends_the_session_by_421(play: Play, wish: Wish) -> None:
    """A client that tries HELO then finds nobody."""
    stage = play(wish)
    outcome = stage.client.send()
    assert not outcome.accepted
    assert outcome.code == (None if isinstance(stage.client, Smtplib) else 421)
    assert stage.kept == 0


# Greylisting


@wish("36")
def test_a_pair_that_is_not_known_is_deferred(play: Play, wish: Wish) -> None:
    """It is accepted 0.3 seconds after the first try, and not before."""
    stage = play(wish)
    began = time.monotonic()
    outcome = stage.client.send()
    codes = []
    while not outcome.accepted:
        codes.append(outcome.code)
        assert time.monotonic() - began < PATIENCE
        outcome = stage.client.send()
    assert time.monotonic() - began >= 0.3
    assert set(codes) == {450}
    assert stage.kept == 1


# Servers that read slowly


@wish("42")
def test_a_message_is_read_with_pauses(play: Play, wish: Wish) -> None:
    """Three of them, and it arrives whole."""
    stage = play(wish)
    content = BIG[:240_015]
    with takes(0.3):
        assert stage.client.send(content=content).accepted
    assert stage.receiver.only().content == content.encode()


@wish("42b")
def test_a_message_cannot_be_written(play: Play, wish: Wish) -> None:
    """The client gives up in its own time."""
    stage = play(wish)
    with takes(SHORT):
        assert stage.client.send(content=BIG, timeout=SHORT).lost
    assert stage.kept == 0
