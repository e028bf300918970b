"""`lazr_smtptest.client.box`: what a mailbox over HTTP has of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IStreamServerEndpoint
from zope.interface import implementer

from lazr_smtptest import RemoteError, RemoteMailbox
from lazr_smtptest.client.narrowing import query_of, query_of_key
from lazr_smtptest.errors import StateError
from lazr_smtptest.mailbox import Mailbox, NotReceived
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.stores import MemoryStore, SQLiteStore
from lazr_smtptest.tls.context import TLS

from .conftest import PATIENCE, Both, Make, Running


def refuse(mailbox: Mailbox, id: str, recipient: str, *, tls: bool = False) -> None:
    """Let a session go by in which a recipient is refused."""
    session = Session(id=id, helo="client.example.com", peer=("192.0.2.1", 40000))
    mailbox.sessions.session_began(session)
    said = session.transcript
    said.at(0.25)
    said.server(b"220 mx.example.com ESMTP\r\n")
    if tls:
        said.tls("TLSv1.3, AES")
        session.tls_version, session.tls_cipher = "TLSv1.3", "AES"
    said.client(b"RCPT TO:<" + recipient.encode() + b">")
    said.server(b"550 5.1.1 No such user\r\n")
    session.refusals = 1
    transaction = session.begin("ann@example.com")
    transaction.refuse(recipient, Reply(550, "No such user", "5.1.1"))
    transaction.outcome = "aborted"
    session.ended = 1.0
    mailbox.sessions.session_ended(session)
    session.close()


def text_of(mailbox: Any, **criteria: Any) -> str:
    """Return the text of the failure for a message that is not there."""
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(**criteria)
    return str(caught.value)


# The same text


@pytest.mark.parametrize("tls", [False, True])
def test_a_failure_has_the_text_that_it_has_in_process(
    mailbox: Both, make: Make, tls: bool
) -> None:
    """With the nearest message, and the transcript of the refused session."""
    mailbox.local.add(make("Welcome"))
    refuse(mailbox.local, "a-1", "eve@example.com", tls=tls)
    criteria = {"recipient": "eve@example.com", "subject": "Your code"}
    told = text_of(mailbox, **criteria)
    assert "550 5.1.1 No such user" in told
    assert told == text_of(mailbox.local, **criteria)


def test_a_failure_has_the_messages_and_sessions(mailbox: Both, make: Make) -> None:
    """A test may look at them."""
    mailbox.add(make("Welcome"))
    refuse(mailbox.local, "a-1", "eve@example.com")
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(subject="Your code")
    error = caught.value
    assert [each.subject for each in error.arrived] == ["Welcome"]
    assert [each.id for each in error.sessions] == ["a-1"]


def test_a_session_has_its_transcript(mailbox: Both) -> None:
    """It is fetched when it is read."""
    refuse(mailbox.local, "a-1", "eve@example.com", tls=True)
    [session] = mailbox.sessions
    assert session.transcript.text() == mailbox.local.sessions[0].transcript.text()


def test_clear_leaves_the_sessions_so_far_out(mailbox: Both) -> None:
    """Later ones are shown."""
    refuse(mailbox.local, "a-1", "eve@example.com")
    mailbox.clear()
    refuse(mailbox.local, "a-2", "eve@example.com")
    assert [each.id for each in mailbox.sessions] == ["a-2"]


def test_sessions_are_counted(mailbox: Both) -> None:
    """The totals are of those that are shown."""
    refuse(mailbox.local, "a-1", "eve@example.com")
    counters = mailbox.sessions.counters
    assert (counters.connections, counters.refusals) == (1, 1)


# Messages


def test_a_message_outlives_its_removal(mailbox: Both, make: Make) -> None:
    """Its content came with it."""
    mailbox.add(make())
    found = mailbox.wait_for(subject="Hello")
    mailbox.clear()
    assert (found.text, len(mailbox)) == ("Hi.\n", 0)


def test_a_message_has_what_the_client_said(mailbox: Both, make: Make) -> None:
    """With all parameters, and its irregularities."""
    sent = make(
        content=b"Subject: a\nb\r\n\r\n",
        mail_options={"SIZE": "10", "SMTPUTF8": None},
        rcpt_options=({"NOTIFY": "NEVER"},),
        user="ann",
        tls=True,
        peer=("192.0.2.1", 40000),
    )
    mailbox.add(sent)
    assert mailbox.latest == sent
    assert mailbox[0].warnings == sent.warnings != ()


def test_skip_shows_later_messages_only(mailbox: Both, make: Make) -> None:
    """The server keeps those before."""
    mailbox.add(make("A"))
    mailbox.skip()
    assert (len(mailbox), mailbox.latest, mailbox.find()) == (0, None, None)
    mailbox.add(make("B"))
    assert [each.subject for each in mailbox] == ["B"]
    mailbox.clear()
    assert [each.subject for each in mailbox.local] == ["A"]


def test_a_message_is_found_and_deleted_by_its_id(mailbox: Both, make: Make) -> None:
    """As in a store."""
    mailbox.add(make())
    id = mailbox.local[0].id
    assert mailbox.get(id) == make()
    assert (mailbox.delete(id), mailbox.delete(id)) == (True, False)


def test_messages_can_be_read_backwards(mailbox: Both, make: Make) -> None:
    """The newest is first."""
    mailbox.add(make("A"))
    mailbox.add(make("B"))
    assert [each.subject for each in reversed(mailbox)] == ["B", "A"]


def test_a_view_clears_on_the_server(mailbox: Both, make: Make) -> None:
    """The other messages stay there."""
    mailbox.add(make("A", rcpt_tos=("a@example.com",)))
    mailbox.add(make("B"))
    mailbox.for_recipient("a@*").clear()
    assert [each.subject for each in mailbox.local] == ["B"]


# Waiting


def test_a_wait_goes_on_when_the_server_is_started_again(
    mailbox: Both, make: Make
) -> None:
    """It gets what comes then, though the numbers are counted anew."""
    for subject in "ABC":
        mailbox.add(make(subject))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mailbox.wait_for, subject="D", timeout=PATIENCE)
        assert mailbox.parked.wait(PATIENCE)
        mailbox.running.stop()
        mailbox.running.store = MemoryStore()
        mailbox.running.store.add(make("D"))
        mailbox.running.start()
        assert waiting.result(PATIENCE).subject == "D"


def test_a_wait_fails_when_the_server_is_gone(
    mailbox: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names it."""
    monkeypatch.setattr("lazr_smtptest.client.watch._PAUSES", (0.001,))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mailbox.wait_for, timeout=PATIENCE)
        assert mailbox.parked.wait(PATIENCE)
        mailbox.running.stop()
        with pytest.raises(RemoteError, match=r"no server answers at http://127"):
            waiting.result(PATIENCE)


def test_no_wait_is_left_at_the_server(mailbox: Both) -> None:
    """The request ends with the wait of the test."""
    with pytest.raises(NotReceived):
        mailbox.wait_for(timeout=0.01)
    assert mailbox._watches == {}


def test_a_deferred_fires_in_the_reactors_thread(mailbox: Both, make: Make) -> None:
    """The requests of `when` are made in other threads."""
    running = mailbox.running

    def wait() -> Deferred[Any]:
        waiting = mailbox.when(reactor=running.reactor, timeout=PATIENCE)
        waiting.addCallback(lambda found: (found.subject, threading.current_thread()))
        mailbox.add(make())
        return waiting

    found, thread = running.call(wait)
    assert (found, thread.name) == (
        "Hello",
        running.call(threading.current_thread).name,
    )


@pytest.mark.slow
def test_a_loop_runs_while_a_coroutine_waits(mailbox: Both, make: Make) -> None:
    """Many may wait at the same time."""

    async def main() -> list[str]:
        names = [f"{number}@example.com" for number in range(20)]
        tasks = [
            asyncio.create_task(
                mailbox.wait_for_async(recipient=each, timeout=PATIENCE)
            )
            for each in names
        ]
        await asyncio.sleep(0)
        for name in reversed(names):
            mailbox.add(make(rcpt_tos=(name,)))
        return [each.rcpt_tos[0] for each in await asyncio.gather(*tasks)]

    assert asyncio.run(main()) == [f"{number}@example.com" for number in range(20)]


# Queries


@pytest.mark.parametrize(
    ("criteria", "query"),
    [
        ({}, ""),
        ({"recipient": "bob@example.com"}, 'rcpt:"bob@example.com"'),
        ({"recipient": "*@example.com"}, ""),
        ({"recipient": '"a b"@example.com'}, ""),
        ({"user": "ann", "subject": "Your code"}, 'user:"ann" subject:"Your code"'),
        ({"subject": 'Say "hi"'}, ""),
        ({"subject": "..."}, ""),
        ({"subject": lambda subject: True}, ""),
        ({"sender": "ann@example.com"}, ""),
    ],
)
def test_the_server_is_asked_for_what_its_language_can_say(
    criteria: dict[str, Any], query: str
) -> None:
    """The rest is checked here."""
    assert query_of(Criteria.of(**criteria)) == query


def test_the_key_of_a_domain_has_no_query() -> None:
    """There is no term for it."""
    assert query_of_key("@example.com") == ""


@pytest.mark.parametrize(
    "recipient",
    ["bob@EXAMPLE.com", "o'neil+a=b@example.com", "bob@bücher.example", '"bob"@a.test'],
)
def test_a_narrowed_search_finds_what_a_mailbox_finds(
    serve: Callable[..., Running], make: Make, tmp_path: Path, recipient: str
) -> None:
    """Also in a store whose index is on the disk."""
    store = SQLiteStore(tmp_path / "mail.db")
    running = serve(store)
    try:
        store.add(make("Your code: 1", rcpt_tos=(recipient,), user="ann"))
        with RemoteMailbox(running.url, grace=0.0) as mailbox:
            found = mailbox.assert_received(
                recipient=recipient, user="ann", subject="Your code: 1"
            )
            assert found.rcpt_tos == (recipient,)
            assert mailbox.wait_for(subject="Your code: 1", timeout=0) == found
    finally:
        running.stop()
        store.close()


# TLS


@implementer(IStreamServerEndpoint)
class OverTLS:
    """An endpoint on which connections begin with TLS."""

    def __init__(self, reactor: PrivateReactor, tls: TLS) -> None:
        self._reactor, self._tls = reactor, tls
        self._endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")

    def listen(self, factory: Any) -> Any:
        return self._endpoint.listen(self._tls.wrap(factory, self._reactor))


@pytest.fixture
def secure(reactor: PrivateReactor) -> Iterator[tuple[str, TLS]]:
    """The URL of a server over TLS, and its TLS."""
    tls = TLS.auto()
    running = Running(reactor, MemoryStore(), endpoint=OverTLS(reactor, tls))
    running.start()
    yield f"https://localhost:{running.port}", tls
    running.stop()


def test_a_certificate_that_is_not_trusted_is_refused(secure: tuple[str, TLS]) -> None:
    """The error says what to give."""
    with (
        RemoteMailbox(secure[0]) as mailbox,
        pytest.raises(
            RemoteError, match=r"is not trusted: .*; name the file of its CA: --ca-file"
        ),
    ):
        len(mailbox)


def test_the_authority_of_a_server_can_be_trusted(
    secure: tuple[str, TLS], tmp_path: Path
) -> None:
    """By a file, or by a context."""
    url, tls = secure
    file = tmp_path / "ca.pem"
    tls.authority.cert_pem.write_to_path(str(file))
    for verify in (file, tls.client_context(), False):
        with RemoteMailbox(url, verify=verify) as mailbox:
            assert len(mailbox) == 0


# Errors


def test_a_server_that_is_not_there_is_named() -> None:
    """In one line."""
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox("http://127.0.0.1:1"))
    assert str(caught.value) == (
        "no server answers at http://127.0.0.1:1: Connection refused; "
        "`smtptest` starts one"
    )


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], int]]:
    """Starts servers that send these bytes to each client; returns their port."""
    with contextlib.ExitStack() as stack:

        def answering(sent: bytes) -> int:
            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    with contextlib.suppress(ConnectionError):
                        self.request.sendall(sent)
                        # A close with unread bytes could take back what was sent.
                        while self.request.recv(4096):
                            pass

            server = stack.enter_context(
                socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            )
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server.server_address[1]

        yield answering


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handshakes are given up early, and probes are patient."""
    monkeypatch.setattr("lazr_smtptest.client.connections._HANDSHAKE", 0.05)
    monkeypatch.setattr("lazr_smtptest.client.probe._PATIENCE", PATIENCE)


@pytest.mark.usefixtures("probed")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "greeting", [b"220 localhost ESMTP\r\n", b"220-a\r\n220 b\r\n", b"554 no\r\n"]
)
def test_an_smtp_server_is_told(
    answering: Callable[[bytes], int], scheme: str, greeting: bytes
) -> None:
    """In one line, with the port to use."""
    url = f"{scheme}://127.0.0.1:{answering(greeting)}"
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox(url))
    assert str(caught.value) == (
        f"the server at {url} speaks SMTP: use its HTTP port (smtptest --http PORT)"
    )


def test_a_server_of_another_protocol_is_quoted(
    answering: Callable[[bytes], int],
) -> None:
    """In one line."""
    url = f"http://127.0.0.1:{answering(b'+OK <1@a>' + bytes(2) + b'!' + b'x' * 9)}"
    # A server that leaves the line open is given up.
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox(url, timeout=0.5))
    assert len(str(caught.value).splitlines()) == 1


def test_a_line_of_another_protocol_is_escaped(
    answering: Callable[[bytes], int],
) -> None:
    """Nothing that a server sent breaks the line of the error."""
    url = f"http://127.0.0.1:{answering(bytes([43, 79, 75, 27, 13, 10]))}"
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox(url))
    assert str(caught.value) == (
        f"the server at {url} speaks no HTTP: it sent '+OK\\x1b\\r\\n'; check the port"
    )


def test_what_a_server_says_of_an_error_is_one_line(
    answering: Callable[[bytes], int],
) -> None:
    """Line ends and control characters do not reach the terminal."""
    body = json.dumps({"detail": "a\nb\x1b" + "c" * 1000}).encode()
    head = b"HTTP/1.1 400 Bad\r\nContent-Type: application/problem+json\r\n"
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    url = f"http://127.0.0.1:{answering(head + length + body)}"
    with RemoteMailbox(url) as mailbox, pytest.raises(RemoteError) as caught:
        len(mailbox)
    assert re.fullmatch(r"a b\\x1bc+\.\.\.", str(caught.value))


@pytest.mark.usefixtures("probed")
def test_http_at_the_port_of_https_is_told(secure: tuple[str, TLS]) -> None:
    """With the URL to use."""
    url = secure[0].replace("https", "http")
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox(url))
    assert str(caught.value) == f"the server at {url} speaks https: use {secure[0]}"


@pytest.mark.usefixtures("probed")
def test_https_at_the_port_of_http_is_told(mailbox: Both) -> None:
    """Long before the timeout: the server waits for the end of a line."""
    url = mailbox.url.replace("http", "https")
    with pytest.raises(RemoteError) as caught:
        len(RemoteMailbox(url, timeout=600.0))
    assert str(caught.value) == f"the server at {url} speaks http: use {mailbox.url}"


def test_a_slow_handshake_is_given_the_whole_timeout(
    answering: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is silent in a probe too is only slow."""
    monkeypatch.setattr("lazr_smtptest.client.connections._HANDSHAKE", 0.01)
    monkeypatch.setattr("lazr_smtptest.client.probe._PATIENCE", 0.01)
    url = f"https://127.0.0.1:{answering(b'')}"
    with pytest.raises(RemoteError, match=r"no answer within 0\.1 s"):
        len(RemoteMailbox(url, timeout=0.1))


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("", "needs a login: use http://USER:PASSWORD@HOST:PORT"),
        ("ann:wrong@", "refuses the login of 'ann'"),
    ],
)
def test_a_wrong_login_is_told(
    serve: Callable[..., Running], login: str, words: str
) -> None:
    """Without the password."""
    running = serve(MemoryStore(), gate=Gate(users={"ann": "secret"}))
    with pytest.raises(RemoteError, match=words) as caught:
        len(RemoteMailbox(running.url.replace("//", f"//{login}")))
    assert (caught.value.status, "wrong" in str(caught.value)) == (401, False)


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("http://ann:s%40cret@", {}),
        ("http://", {"user": "ann", "password": "s@cret"}),
    ],
)
def test_a_login_is_in_the_url_or_in_arguments(
    serve: Callable[..., Running], url: str, settings: dict[str, str]
) -> None:
    """Both are the same."""
    running = serve(MemoryStore(), gate=Gate(users={"ann": "s@cret"}))
    with RemoteMailbox(running.url.replace("http://", url), **settings) as mailbox:
        assert (len(mailbox), "cret" in mailbox.url) == (0, False)


def test_a_wrong_path_is_told(mailbox: Both) -> None:
    """The server is there, the API is not."""
    with (
        RemoteMailbox(f"{mailbox.url}/elsewhere/") as elsewhere,
        pytest.raises(RemoteError, match=r"/elsewhere is no server .*--http-base"),
    ):
        elsewhere.get("a")


@pytest.mark.parametrize(
    "url", ["localhost:8025", "ftp://localhost", "http://", "http://a:b", "http://a/?b"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """The error says what one is."""
    with pytest.raises(ValueError, match="use http://HOST:PORT or https://HOST:PORT"):
        RemoteMailbox(url)


def test_the_server_may_close_an_idle_connection(mailbox: Both) -> None:
    """The next request opens another one."""
    assert len(mailbox) == 0
    mailbox.running.stop()
    mailbox.running.start()
    assert len(mailbox) == 0


def test_close_ends_the_waits(mailbox: Both) -> None:
    """Their error says why."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mailbox.wait_for, timeout=PATIENCE)
        assert mailbox.waiting.wait(PATIENCE)
        mailbox.close()
        with pytest.raises(StateError, match="closed while a test waited"):
            waiting.result(PATIENCE)
