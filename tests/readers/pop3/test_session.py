"""Sessions of POP3 with logins, TLS, time, and stores that fail."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.internet.defer import Deferred, fail
from twisted.protocols.policies import WrappingFactory
from zope.interface import implementer

from lazr_smtptest import Auth
from lazr_smtptest.auth.credentials import IToken
from lazr_smtptest.errors import StoreError
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.tls.context import TLS
from tests.harness import Peer, TLSPeer, Transport

from .conftest import SIMPLE, Post

USERS = {"bob": "secret", "ann": "other"}
DENIED = b"-ERR [AUTH] wrong user or password\r\n"


def base64_of(*parts: str) -> str:
    return base64.b64encode("\0".join(parts).encode()).decode()


class TestLogins:
    """Who may log in, and what a login shows."""

    @pytest.fixture
    def post(self) -> Post:
        return Post(SIMPLE, server={"auth": Auth.users(USERS)}, offers_apop=True)

    @pytest.fixture
    def peer(self, post: Post) -> Peer:
        return post.connect()

    def test_the_right_password_is_accepted(self, peer: Peer) -> None:
        assert peer.say("USER bob", "PASS secret").endswith(b"+OK 1 message\r\n")

    @pytest.mark.parametrize("user", ["bob", "eve"])
    def test_a_wrong_password_is_refused(self, peer: Peer, user: str) -> None:
        """With the code of RFC 3206; nobody learns which users there are."""
        peer.say(f"USER {user}")
        assert peer.say("PASS wrong") == DENIED

    def test_after_a_refusal_the_name_is_sent_again(self, peer: Peer) -> None:
        peer.say("USER bob", "PASS wrong")
        assert peer.say("PASS secret") == b"-ERR USER first\r\n"

    def test_after_many_refusals_the_connection_ends(self) -> None:
        post = Post(server={"auth": Auth.users(USERS)}, max_errors=3)
        peer = post.connect()
        for _ in range(3):
            assert not peer.closed
            assert peer.say("USER bob", "PASS wrong").endswith(DENIED)
        assert peer.closed

    def test_sasl_asks_the_same_users(self, peer: Peer) -> None:
        assert peer.say(f"AUTH PLAIN {base64_of('', 'bob', 'no')}") == DENIED
        assert b"+OK 1 m" in peer.say(f"AUTH PLAIN {base64_of('', 'bob', 'secret')}")

    def test_a_user_may_not_act_for_another(self, peer: Peer) -> None:
        assert peer.say(f"AUTH PLAIN {base64_of('ann', 'bob', 'secret')}") == DENIED

    def test_a_token_is_refused_with_its_reason(self, peer: Peer) -> None:
        """Which the client answers, before it is told (RFC 7628 section 3.2.3)."""
        token = base64.b64encode(b"user=bob\1auth=Bearer no\1\1").decode()
        challenge = peer.say(f"AUTH XOAUTH2 {token}")
        assert challenge.startswith(b"+ ")
        assert b"401" in base64.b64decode(challenge[2:])
        assert peer.say("") == DENIED

    def test_apop_takes_the_digest_of_the_greeting(self, post: Post) -> None:
        """RFC 1939 section 7."""
        peer = post.join()
        stamp = peer.heard().split()[-1]
        digest = hashlib.md5(stamp + b"secret").hexdigest()
        assert peer.say(f"APOP bob {digest}") == b"+OK 1 message\r\n"

    def test_apop_refuses_another_digest(self, peer: Peer) -> None:
        assert peer.say(f"APOP bob {'0' * 32}") == DENIED

    def test_each_greeting_has_another_stamp(self, post: Post) -> None:
        assert post.join().heard() != post.join().heard()

    def test_scram_proves_that_the_server_knows_the_password(self, peer: Peer) -> None:
        """The last challenge is answered, with nothing (RFC 5034 section 4)."""
        first = b"n,,n=bob,r=nonce"
        challenge = peer.say(f"AUTH SCRAM-SHA-256 {base64.b64encode(first).decode()}")
        server_first = base64.b64decode(challenge[2:])
        assert b"r=nonce" in server_first
        final, verifier = scram_final(first, server_first, b"secret")
        challenge = peer.say(base64.b64encode(final))
        assert base64.b64decode(challenge[2:]) == b"v=" + verifier
        assert peer.say("") == b"+OK 1 message\r\n"


def scram_final(first: bytes, server: bytes, password: bytes) -> tuple[bytes, bytes]:
    """Return the client's last message, and the server's signature (RFC 5802)."""
    import hmac

    fields = dict(part.split(b"=", 1) for part in server.split(b","))
    salt, rounds = base64.b64decode(fields[b"s"]), int(fields[b"i"])
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, rounds)
    key = hmac.digest(salted, b"Client Key", "sha256")
    bare = b"c=biws,r=" + fields[b"r"]
    message = b",".join((first.removeprefix(b"n,,"), server, bare))
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    verifier = base64.b64encode(hmac.digest(server_key, message, "sha256"))
    return bare + b",p=" + base64.b64encode(proof), verifier


@implementer(ICredentialsChecker)
class Tokens:
    """A checker that knows no passwords."""

    credentialInterfaces = (IToken,)

    def requestAvatarId(self, credentials: Any) -> Any:
        raise AssertionError("nobody has a token here")


class TestOffers:
    """RFC 2449 section 6.3, RFC 5034 section 3: what a client can log in by."""

    def test_a_login_by_tokens_only(self) -> None:
        post = Post(server={"auth": Auth.checkers(Tokens())})
        lines = post.connect().say("CAPA").splitlines()
        assert b"USER" not in lines
        assert b"SASL XOAUTH2 OAUTHBEARER" in lines

    def test_no_login_without_tls(self) -> None:
        auth = Auth.users({"bob": "x"}, mechanisms=["PLAIN"], tls_only=["PLAIN"])
        lines = Post(server={"auth": auth}).connect().say("CAPA").splitlines()
        assert [line for line in lines if line.startswith(b"SASL")] == []


class TestAccounts:
    """Each address has a maildrop of its own, if the settings say so."""

    @pytest.fixture
    def post(self) -> Post:
        post = Post(has_accounts=True)
        post.add(b"A: 1\r\n\r\n", "bob@example.com")
        post.add(b"A: 2\r\n\r\n", "ann@example.com", "bob@Example.com")
        post.add(b"A: 3\r\n\r\n", "ann@example.com")
        return post

    @pytest.mark.parametrize(
        ("user", "count"),
        [
            ("bob@example.com", 2),
            ("bob@EXAMPLE.COM", 2),
            ("BOB@example.com", 0),
            ("ann@example.com", 2),
            ("eve@example.com", 0),
            ("bob", 0),
            ("b*b@example.com", 0),
            ('"bob@example.com', 0),
            ("bob@example.com\\", 0),
        ],
    )
    def test_a_user_sees_the_mail_to_the_address(
        self, post: Post, user: str, count: int
    ) -> None:
        peer = post.log_in(user)
        assert peer.say("STAT").startswith(b"+OK %d " % count)

    def test_the_name_of_a_disposable_mailbox_is_an_account(self) -> None:
        names = {"0a1b": "ann@example.com"}
        post = Post(has_accounts=True, server={"mailbox_addresses": names})
        post.add(SIMPLE, "ann@example.com")
        post.add(SIMPLE, "bob@example.com")
        assert post.log_in("0a1b").say("STAT").startswith(b"+OK 1 ")

    def test_accents_make_another_address(self, post: Post) -> None:
        post.add(b"A: 4\r\n\r\n", "müller@example.com")
        assert post.log_in("muller@example.com").say("STAT") == b"+OK 0 0\r\n"
        assert post.log_in("müller@example.com").say("STAT") == b"+OK 1 8\r\n"

    def test_the_identity_to_act_as_is_the_account(self, post: Post) -> None:
        """RFC 4422 section 3.4.1, where everybody may log in."""
        login = base64_of("ann@example.com", "admin", "x")
        peer = post.connect()
        assert peer.say(f"AUTH PLAIN {login}") == b"+OK 2 messages\r\n"

    def test_a_folder_of_another_account_hides_nothing(self, post: Post) -> None:
        _, shared, _ = post.store
        folder = post.store.folders.create("bob@example.com", "done")
        post.store.folders.place(folder.number, [shared.id])
        counts = [
            post.log_in(f"{user}@example.com").say("STAT")[:5]
            for user in ("bob", "ann")
        ]
        assert counts == [b"+OK 1", b"+OK 2"]

    def test_a_removal_is_one_of_the_store(self, post: Post) -> None:
        peer = post.log_in("bob@example.com")
        peer.say("DELE 2", "QUIT")
        left = [envelope.content for envelope in post.store]
        assert left == [b"A: 1\r\n\r\n", b"A: 3\r\n\r\n"]


class TestMaildrop:
    """What a session sees of the store."""

    def test_mail_that_comes_later_is_not_seen(self, post: Post) -> None:
        """RFC 1939 section 4."""
        peer = post.log_in()
        post.add()
        assert peer.say("STAT") == b"+OK 3 61\r\n"

    def test_the_next_session_sees_it(self, post: Post) -> None:
        post.log_in()
        post.add()
        assert post.log_in().say("STAT").startswith(b"+OK 4 ")

    def test_unique_ids_are_the_same_in_each_session(self, post: Post) -> None:
        assert post.log_in().say("UIDL") == post.log_in().say("UIDL")

    def test_unique_ids_are_those_of_the_envelopes(self, post: Post) -> None:
        ids = [line.split()[1] for line in post.log_in().say("UIDL").splitlines()[1:-1]]
        assert ids == [envelope.id.encode() for envelope in post.store]

    def test_what_is_in_a_folder_is_not_seen(self, post: Post) -> None:
        first, *_ = post.store
        folder = post.store.folders.create("", "done")
        post.store.folders.place(folder.number, [first.id])
        ids = [line.split()[1] for line in post.log_in().say("UIDL").splitlines()[1:-1]]
        assert ids == [envelope.id.encode() for envelope in post.store][1:]

    def test_a_message_that_somebody_removed_is_refused(self, post: Post) -> None:
        peer = post.log_in()
        post.store.remove(Selection(query=""))
        refusal = b"-ERR the message was removed by somebody else\r\n"
        assert peer.say("RETR 1", "TOP 1 0") == refusal * 2
        assert peer.say("DELE 1", "QUIT").endswith(b"are removed\r\n")

    def test_two_sessions_may_remove_the_same_message(self, post: Post) -> None:
        one, other = post.log_in(), post.log_in()
        for peer in (one, other):
            assert peer.say("DELE 1", "QUIT").count(b"+OK") == 2
        assert len(list(post.store)) == 2

    def test_a_client_that_leaves_without_quit_removes_nothing(
        self, post: Post
    ) -> None:
        """RFC 1939 section 6."""
        peer = post.log_in()
        peer.say("DELE 1")
        peer.leave()
        assert len(list(post.store)) == 3

    def test_more_messages_than_a_page_of_the_store(
        self, make_post: type[Post]
    ) -> None:
        post = make_post(*[SIMPLE] * 2500)
        assert post.log_in().say("UIDL").count(b"\r\n") == 2502


class FailingStore(MemoryStore):
    """A store whose methods with a name in `failing` raise an error."""

    failing: frozenset[str] = frozenset()

    def _check(self, name: str) -> None:
        if name in self.failing:
            raise StoreError("disk on fire")

    def facts(self, numbers: Any) -> Any:
        self._check("facts")
        return super().facts(numbers)

    def envelope(self, message: Any) -> Any:
        self._check("envelope")
        return super().envelope(message)

    def remove(self, selection: Selection) -> int:
        self._check("remove")
        return super().remove(selection)


class TestBrokenStore:
    """A store that cannot be used: the session goes on (RFC 3206 section 3)."""

    @pytest.fixture
    def store(self) -> FailingStore:
        return FailingStore()

    @pytest.fixture
    def post(self, store: FailingStore) -> Post:
        return Post(SIMPLE, store=store)

    def test_a_login_is_refused_for_now(self, post: Post, store: FailingStore) -> None:
        peer = post.connect()
        store.failing = frozenset(["facts"])
        peer.say("USER bob")
        assert peer.say("PASS x").startswith(b"-ERR [SYS/TEMP] ")
        store.failing = frozenset()
        assert peer.say("USER bob", "PASS x").endswith(b"+OK 1 message\r\n")

    def test_a_message_is_refused_for_now(
        self, post: Post, store: FailingStore
    ) -> None:
        peer = post.log_in()
        store.failing = frozenset(["envelope"])
        assert peer.say("RETR 1").startswith(b"-ERR [SYS/TEMP] ")
        store.failing = frozenset()
        assert peer.say("RETR 1").startswith(b"+OK 23 octets\r\n")

    def test_a_removal_that_failed_is_told(
        self, post: Post, store: FailingStore
    ) -> None:
        peer = post.log_in()
        store.failing = frozenset(["remove"])
        peer.say("DELE 1")
        assert peer.say("QUIT") == (
            b"-ERR [SYS/TEMP] the deleted messages could not be removed\r\n"
        )
        assert peer.closed
        assert len(list(store)) == 1

    def test_a_client_that_leaves_while_a_message_is_read(self, post: Post) -> None:
        """What is read then goes nowhere."""
        peer = post.log_in()
        post.held = []
        assert peer.say("RETR 1") == b""
        peer.leave()
        post.release()
        assert peer.heard() == b""

    def test_commands_wait_for_those_before_them(self, post: Post) -> None:
        """The replies are in their order (RFC 2449 section 6.6)."""
        peer = post.log_in()
        post.held = []
        assert peer.say("RETR 1", "NOOP", "STAT") == b""
        post.release()
        replies = peer.heard()
        assert replies.startswith(b"+OK 23 octets\r\n")
        assert replies.endswith(b"\r\n.\r\n+OK\r\n+OK 1 23\r\n")


class TestTLS:
    """STLS (RFC 2595), and servers that require TLS."""

    @pytest.fixture
    def post(self, tls: TLS) -> Post:
        return Post(SIMPLE, server={"tls": tls})

    def begin(self, peer: Peer, tls: TLS) -> TLSPeer:
        assert peer.say("STLS") == b"+OK begin TLS\r\n"
        client = TLSPeer(peer.transport, tls.client_context())
        client.handshake()
        return client

    def test_it_is_a_capability(self, post: Post) -> None:
        assert b"\r\nSTLS\r\n" in post.connect().say("CAPA")

    def test_after_the_login_it_still_is_one(self, post: Post) -> None:
        """RFC 2449 section 5: one CAPA is enough for a client."""
        assert b"\r\nSTLS\r\n" in post.log_in().say("CAPA")

    def test_commands_go_on_within_tls(self, post: Post, tls: TLS) -> None:
        client = self.begin(post.connect(), tls)
        assert client.say("USER bob", "PASS x") == ["+OK send PASS", "+OK 1 message"]

    def test_it_begins_behind_a_wrapper(self, post: Post, tls: TLS) -> None:
        """An endpoint may have put a protocol in between, such as PROXY's."""
        peer = Peer(WrappingFactory(post.reader.factory))
        peer.heard()
        assert self.begin(peer, tls).say("USER bob") == ["+OK send PASS"]

    def test_within_tls_it_is_no_capability(self, post: Post, tls: TLS) -> None:
        client = self.begin(post.connect(), tls)
        assert "STLS" not in client.say("CAPA")

    def test_it_begins_once(self, post: Post, tls: TLS) -> None:
        client = self.begin(post.connect(), tls)
        assert client.say("STLS") == ["-ERR TLS is on already"]

    def test_the_name_that_was_sent_in_clear_is_forgotten(
        self, post: Post, tls: TLS
    ) -> None:
        peer = post.connect()
        peer.say("USER bob")
        assert self.begin(peer, tls).say("PASS x") == ["-ERR USER first"]

    def test_commands_behind_it_are_not_run_within_tls(self, post: Post) -> None:
        """They were sent in clear: the connection ends (RFC 2595 section 2.4)."""
        peer = post.connect()
        reply = peer.say("STLS", "USER eve")
        assert reply == b"-ERR commands came after STLS, closing\r\n"
        assert peer.closed

    @pytest.fixture
    def strict(self, tls: TLS) -> Post:
        settings = Settings(tls=tls, require_tls=True)
        return Post(SIMPLE, server={"tls": tls, "settings": settings})

    @pytest.mark.parametrize("line", ["USER bob", "PASS x", "AUTH PLAIN", "AUTH"])
    def test_where_it_is_required_nobody_logs_in_without(
        self, strict: Post, line: str
    ) -> None:
        assert strict.connect().say(line) == b"-ERR STLS first\r\n"

    def test_where_it_is_required_no_login_is_offered_without(
        self, strict: Post
    ) -> None:
        capabilities = strict.connect().say("CAPA").split(b"\r\n")
        assert not [
            each for each in capabilities if each.startswith((b"USER", b"SASL"))
        ]

    def test_where_it_is_required_users_log_in_within(
        self, strict: Post, tls: TLS
    ) -> None:
        client = self.begin(strict.connect(), tls)
        assert client.say("USER bob", "PASS x")[-1] == "+OK 1 message"

    def test_mechanisms_for_tls_are_offered_within(self, tls: TLS) -> None:
        auth = Auth.users(USERS, tls_only=["PLAIN"])
        post = Post(server={"tls": tls, "auth": auth})
        peer = post.connect()
        assert peer.say("AUTH PLAIN").startswith(b"-ERR mechanisms are: LOGIN ")
        assert self.begin(peer, tls).say("AUTH PLAIN") == ["+ "]

    def test_a_certificate_logs_its_user_in(self) -> None:
        """EXTERNAL (RFC 4422 appendix A)."""
        tls = TLS.auto(ask_client_certificate=True)
        auth = Auth.users({"bob@example.com": "x"})
        post = Post(SIMPLE, server={"tls": tls, "auth": auth})
        peer = post.connect()
        peer.say("STLS")
        context = tls.client_context("bob@example.com")
        client = TLSPeer(peer.transport, context)
        client.handshake()
        assert client.say("AUTH EXTERNAL =") == ["+OK 1 message"]

    def test_tls_from_the_beginning_needs_a_certificate(self) -> None:
        with pytest.raises(ValueError, match="needs the certificate of a server"):
            Post(begins_with_tls=True)


class TestTime:
    """Clients that do nothing, too much, or read slowly."""

    def test_a_client_that_does_nothing_is_disconnected(self, post: Post) -> None:
        """Without a reply, and nothing is removed (RFC 1939 section 3)."""
        peer = post.log_in()
        peer.say("DELE 1")
        post.reactor.advance(599)
        assert not peer.aborted
        post.reactor.advance(2)
        assert (peer.aborted, peer.heard()) == (True, b"")
        assert len(list(post.store)) == 3

    def test_each_command_begins_the_time_anew(self, post: Post) -> None:
        peer = post.log_in()
        for _ in range(5):
            post.reactor.advance(500)
            peer.say("NOOP")
        assert not peer.aborted

    def test_a_client_that_has_left_costs_no_timer(self, post: Post) -> None:
        post.log_in().leave()
        assert post.reactor.getDelayedCalls() == []

    def test_many_commands_at_once_are_answered_in_turns(self, post: Post) -> None:
        """Others have theirs between them."""
        peer = post.log_in()
        replies = peer.say(*["NOOP"] * 1000)
        assert 0 < replies.count(b"+OK") < 100
        while not post.reactor.getDelayedCalls()[0].getTime() > post.reactor.seconds():
            post.reactor.advance(0)
            replies += peer.heard()
        assert replies.count(b"+OK") == 1000

    def test_octets_that_wait_are_bounded(self, post: Post) -> None:
        """While a command runs, the client is not read without end."""
        peer = post.log_in()
        post.held = []
        peer.say("RETR 1")
        peer.send(b"NOOP\r\n" * 20_000)
        assert peer.transport.producerState == "paused"
        post.release()
        while peer.transport.producerState == "paused":
            post.reactor.advance(0)
        assert not peer.closed

    def test_more_connections_than_the_most_are_refused(
        self, make_post: type[Post]
    ) -> None:
        post = make_post(max_connections=1)
        first, second = post.join(), post.join()
        assert first.heard().startswith(b"+OK")
        assert second.heard() == b"-ERR [SYS/TEMP] too many connections\r\n"
        assert second.closed
        first.leave()
        second.leave()
        assert post.join().heard().startswith(b"+OK")


class Slow(Transport):
    """A transport whose client reads one write at a time."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()


class TestSlowReaders:
    """A large message is written as fast as the client reads it."""

    LARGE = b"A: b\r\n\r\n" + b"x" * 62 + b"\r\n" + b"y" * 300_000 + b"\r\n"

    @pytest.fixture
    def post(self) -> Post:
        return Post(self.LARGE)

    @pytest.fixture
    def peer(self, post: Post) -> Peer:
        peer = post.log_in()
        slow = Slow()
        slow.protocol = peer.protocol
        peer.protocol.transport = peer.transport = slow
        return peer

    def test_the_rest_waits_for_the_client(self, peer: Peer) -> None:
        first = peer.say("RETR 1")
        assert len(first) < 100_000
        producer = peer.transport.producer
        rest = b""
        while peer.transport.producer is not None:
            producer.resumeProducing()
            rest += peer.heard()
        assert (first + rest).endswith(b"yyy\r\n.\r\n")
        assert len(first + rest) > len(self.LARGE)

    def test_a_client_that_reads_nothing_is_disconnected(
        self, post: Post, peer: Peer
    ) -> None:
        peer.say("RETR 1")
        post.reactor.advance(601)
        assert peer.aborted

    def test_a_client_that_leaves_ends_the_producer(self, peer: Peer) -> None:
        peer.say("RETR 1")
        peer.transport.producer.stopProducing()
        peer.leave()
        peer.heard()
        assert peer.heard() == b""


class TestStop:
    """The server stops."""

    def test_connections_end(self, post: Post) -> None:
        peer = post.log_in()
        ended = post.reader.close()
        assert peer.closed
        assert not ended.called
        peer.leave()
        assert ended.called

    def test_a_client_that_does_not_leave_is_disconnected(self, post: Post) -> None:
        peer = post.log_in()
        post.reader.close()
        post.reactor.advance(6)
        assert peer.aborted


class TestOtherMaildrops:
    """Any `IMailboxPOP3` of Twisted's may be behind the login."""

    def test_what_it_returns_may_be_deferred(self, post: Post) -> None:
        """Also an error that is not expected: the client gets a reply, and no more."""
        peer = post.log_in()
        opened: Deferred[Any] = Deferred()
        peer.protocol._maildrop.getMessage = lambda index: opened
        assert peer.say("RETR 1") == b""
        from io import BytesIO

        opened.callback(BytesIO(b"A: b\r\n\r\n"))
        assert peer.heard().endswith(b"A: b\r\n\r\n.\r\n")

    def test_an_unexpected_error_ends_the_connection(
        self, post: Post, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is logged."""
        peer = post.log_in()
        peer.protocol._maildrop.getMessage = lambda index: fail(ZeroDivisionError("no"))
        assert peer.say("RETR 1") == b"-ERR [SYS/TEMP] something went wrong here\r\n"
        assert peer.closed
        assert "ZeroDivisionError" in caplog.text


class Unparsed(MemoryStore):
    """A store whose messages are not to be parsed."""

    def page(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a page was read")

    def summary(self, message: str | int) -> Any:
        raise AssertionError("a summary was read")


@pytest.mark.parametrize("newest_first", [False, True])
def test_no_message_is_parsed_for_a_session(newest_first: bool) -> None:
    """Sizes and ids are known without."""
    store = Unparsed()
    post = Post(SIMPLE, SIMPLE + b"x", store=store, newest_first=newest_first)
    peer = post.connect()
    said = peer.say("USER bob", "PASS x", "LIST", "UIDL", "TOP 1 0", "RETR 2")
    sizes = [len(SIMPLE), len(SIMPLE) + 1]
    first, second = sizes[::-1] if newest_first else sizes
    assert b"1 %d\r\n2 %d\r\n.\r\n" % (first, second) in said
    assert said.count(b"+OK") == 6
