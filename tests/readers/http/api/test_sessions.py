"""Our own API: sessions and their transcripts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores.session_log import SessionLog

from ..client import Client
from ..conftest import Mail


def make_session(id: str, started: float = 1_769_860_800.0, **fields: Any) -> Session:
    """Make a session in which a recipient was refused, and which took 1.5 seconds."""
    session = Session(
        id=id,
        peer=("127.0.0.1", 40001),
        helo="client.example.com",
        started=started,
        ended=started + 1.5,
        refusals=1,
        **fields,
    )
    transaction = session.begin("ann@example.com")
    transaction.refuse("bob@example.com", Reply(550, "No such user", "5.1.1"))
    transaction.outcome = "aborted"
    session.transcript.client(b"AUTH PLAIN c2VjcmV0")
    session.transcript.server(b"550 5.1.1 No such user\r\n")
    session.close()
    return session


def ids(mail: Mail, arguments: str = "") -> list[str]:
    """Return the ids of a page."""
    page = mail.client.get(f"/api/v2/sessions?{arguments}").json
    return [each["id"] for each in page["sessions"]]


def test_the_newest_session_is_the_first(mail: Mail) -> None:
    """Those without a message too."""
    for id in ("a", "b", "c"):
        mail.store.keep_session(make_session(id))
    assert ids(mail) == ["c", "b", "a"]


def test_pages_follow_each_other(mail: Mail) -> None:
    """By the id of the last one."""
    for id in ("a", "b", "c"):
        mail.store.keep_session(make_session(id))
    page = mail.client.get("/api/v2/sessions?limit=2").json
    assert page["next"] == "b"
    assert ids(mail, f"after={page['next']}") == ["a"]


def test_failed_sessions_can_be_asked_for(mail: Mail) -> None:
    """They are what one looks for when a message is missing."""
    mail.store.keep_session(make_session("a"))
    good = Session(id="b", delivered=1, ended=1.0)
    mail.store.keep_session(good)
    assert (ids(mail, "failed=true"), ids(mail, "failed=false")) == (["a"], ["b"])


def test_a_probe_is_listed_and_has_not_failed(mail: Mail) -> None:
    """As a load balancer does it; it is of no kind, either."""
    session = Session(id="a", ended=1.0)
    session.transcript.server(b"220 hello\r\n")
    session.transcript.client(b"QUIT")
    session.transcript.note("the server closed the connection")
    session.close()
    mail.store.keep_session(session)
    assert (ids(mail), ids(mail, "failed=true")) == (["a"], [])
    assert mail.client.get("/api/v2/sessions").json["sessions"][0]["kinds"] == []


class TestReading:
    """Sessions in which mail was read."""

    @pytest.fixture
    def reading(self, mail: Mail) -> SessionLog:
        """Those of a server: two of IMAP, one of which has ended, and one of POP3."""
        log = mail.context.reader_sessions
        for id, protocol, ended in (
            ("i1", "imap", 2.0),
            ("i2", "imap", None),
            ("i3", "imap", 2.0),
            ("p1", "pop3", 2.0),
        ):
            session = Session(id=id, protocol=protocol, started=1.0)  # type: ignore
            session.transcript.client(b"a NOOP")
            log.session_began(session)
            session.refusals = int(id == "i3")
            if ended is not None:
                session.ended = ended
                session.close()
                log.session_ended(session)
        return log

    @pytest.mark.usefixtures("reading")
    @pytest.mark.parametrize(
        ("arguments", "wanted"),
        [
            ("", []),
            ("protocol=imap", ["i3", "i1"]),
            ("protocol=imap&limit=1", ["i3"]),
            ("protocol=imap&after=i3", ["i1"]),
            ("protocol=imap&failed=true", ["i3"]),
            ("protocol=imap&kind=refused", ["i3"]),
            ("protocol=pop3", ["p1"]),
        ],
    )
    def test_they_are_asked_for_by_protocol(
        self, mail: Mail, arguments: str, wanted: list[str]
    ) -> None:
        """Those that have ended, newest first."""
        assert ids(mail, arguments) == wanted

    @pytest.mark.usefixtures("reading")
    def test_open_ones_are_asked_for_likewise(self, mail: Mail) -> None:
        """With their transcripts so far."""
        [found] = mail.client.get("/api/v2/sessions/open?protocol=imap").json
        assert (found["session"]["id"], found["session"]["protocol"]) == ("i2", "imap")
        assert found["transcript"][0]["text"] == "a NOOP"

    @pytest.mark.usefixtures("reading")
    def test_one_is_found_by_its_id(self, mail: Mail) -> None:
        """With its transcript."""
        assert "a NOOP" in mail.client.get("/api/v2/sessions/p1/transcript").text

    @pytest.mark.usefixtures("reading")
    @pytest.mark.parametrize("arguments", ["protocol=nntp", "protocol=imap&after=x"])
    def test_what_is_wrong_is_an_error(self, mail: Mail, arguments: str) -> None:
        """As among those of SMTP."""
        assert mail.client.get(f"/api/v2/sessions?{arguments}").status == 400


@pytest.mark.parametrize("arguments", ["after=unknown", "failed=maybe", "limit=0"])
def test_a_bad_argument_is_an_error(client: Client, arguments: str) -> None:
    """One line that names it."""
    answer = client.get(f"/api/v2/sessions?{arguments}")
    assert answer.status == 400
    assert answer.json["detail"].startswith(f"bad {arguments.partition('=')[0]}")


def test_a_session_has_its_transactions_and_its_transcript(mail: Mail) -> None:
    """With each reply, and without secrets."""
    mail.store.keep_session(make_session("a"))
    found = mail.client.get("/api/v2/sessions/a").json
    assert found["session"]["seconds"] == 1.5
    assert found["session"]["failed"] is True
    assert found["session"]["transactions"] == [
        {
            "number": 1,
            "mail_from": "ann@example.com",
            "rcpt_tos": [],
            "refused": [
                {"address": "bob@example.com", "reply": "550 5.1.1 No such user"}
            ],
            "outcome": "aborted",
            "reply": None,
        }
    ]
    texts = [line["text"] for line in found["transcript"]]
    assert texts == ["AUTH PLAIN ********", "550 5.1.1 No such user"]


def test_a_transcript_is_text(mail: Mail) -> None:
    """As a failure of a test prints it."""
    mail.store.keep_session(make_session("a"))
    answer = mail.client.get("/api/v2/sessions/a/transcript")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "<** 550 5.1.1 No such user" in answer.text


@pytest.mark.parametrize("part", ["", "/transcript"])
def test_a_session_is_found_by_its_number(mail: Mail, part: str) -> None:
    """As failures and transcripts show it."""
    mail.store.keep_session(make_session("5e-18", number=24))
    mail.store.keep_session(make_session("5e-19", number=25))
    wanted = mail.client.get(f"/api/v2/sessions/5e-18{part}")
    assert mail.client.get(f"/api/v2/sessions/24{part}").text == wanted.text


def test_a_session_with_that_id_is_preferred_to_a_number(mail: Mail) -> None:
    """An id may consist of digits."""
    mail.store.keep_session(make_session("24", number=1))
    mail.store.keep_session(make_session("b", number=24))
    assert mail.client.get("/api/v2/sessions/24").json["session"]["id"] == "24"


def test_a_number_of_several_sessions_is_a_conflict_with_their_ids(mail: Mail) -> None:
    """Each run of a server begins with 1."""
    mail.store.keep_session(make_session("a", number=24))
    mail.store.keep_session(make_session("b", number=24))
    answer = mail.client.get("/api/v2/sessions/24")
    assert answer.status == 409
    assert answer.json["detail"] == "2 sessions have the number 24: b, a"


@pytest.mark.parametrize("number", ["0", "24", "\u0662\u0664", "9" * 50])
def test_a_number_of_no_session_is_not_found(mail: Mail, number: str) -> None:
    """0 is that of sessions whose server is not known."""
    mail.store.keep_session(make_session("a", number=0))
    assert mail.client.get(f"/api/v2/sessions/{quote(number)}").status == 404


@pytest.mark.parametrize("part", ["", "/transcript"])
def test_an_unknown_session_is_not_found(client: Client, part: str) -> None:
    """And named."""
    answer = client.get(f"/api/v2/sessions/unknown{part}")
    assert answer.status == 404
    assert answer.json["detail"] == "there is no session 'unknown'"


def test_open_ones_are_shown_as_far_as_they_are() -> None:
    """With what was said in them."""
    log = SessionLog()
    server = Mail(server={"sessions": log})
    ended, session = Session(id="a"), Session(id="b")
    for each in (ended, session):
        log.session_began(each)
    ended.ended = 2.0
    log.session_ended(ended)
    session.transcript.client(b"EHLO x")
    [found] = server.client.get("/api/v2/sessions/open").json
    assert (found["session"]["id"], found["session"]["seconds"]) == ("b", None)
    assert [line["text"] for line in found["transcript"]] == ["EHLO x"]


def test_open_ones_may_be_in_another_process(client: Client) -> None:
    """It is told so."""
    answer = client.get("/api/v2/sessions/open")
    assert answer.status == 409
    assert "no open sessions here" in answer.json["detail"]


class TestKinds:
    """The kinds of sessions that went wrong."""

    @staticmethod
    def keep(mail: Mail, id: str, *said: tuple[str, str], **fields: Any) -> None:
        """Keep a session with a transcript of lines (who, text)."""
        session = Session(id=id, started=1.0, ended=2.0, **fields)
        for who, text in said:
            if who == "note":
                session.transcript.note(text)
            else:
                getattr(session.transcript, who)(text.encode() + b"\r\n")
        session.close()
        mail.store.keep_session(session)

    def kinds(self, mail: Mail) -> list[str]:
        [found] = mail.client.get("/api/v2/sessions").json["sessions"]
        kinds: list[str] = found["kinds"]
        return kinds

    def test_a_delivery_has_none(self, mail: Mail) -> None:
        """Nothing went wrong."""
        self.keep(mail, "a", delivered=1)
        assert self.kinds(mail) == []

    def test_a_refusal(self, mail: Mail) -> None:
        """Any reply of 4xx or 5xx, a delivery or not."""
        self.keep(mail, "a", delivered=1, refusals=1)
        assert self.kinds(mail) == ["refused"]

    def test_a_failed_handshake(self, mail: Mail) -> None:
        """It is no reply, and no client that left by itself."""
        self.keep(mail, "a", ("note", "the TLS handshake failed: no cipher"))
        assert self.kinds(mail) == ["tls"]

    def test_a_wrong_password(self, mail: Mail) -> None:
        """It was checked, and is a refusal too."""
        self.keep(mail, "a", refusals=1, login_attempts=1)
        assert self.kinds(mail) == ["refused", "auth"]

    def test_a_login_that_succeeds_at_last(self, mail: Mail) -> None:
        """It is no failed login."""
        self.keep(mail, "a", refusals=1, login_attempts=2, user="ann", delivered=1)
        assert self.kinds(mail) == ["refused"]

    def test_a_login_that_is_refused_before_it_is_checked(self, mail: Mail) -> None:
        """By a fault rule, or for want of TLS, after a challenge too."""
        said = [
            ("client", "AUTH LOGIN"),
            ("server", "334 VXNlcm5hbWU6"),
            ("client", "YW5u"),
            ("server", "454 4.7.0 Temporary failure"),
        ]
        self.keep(mail, "a", *said, refusals=1)
        assert self.kinds(mail) == ["refused", "auth"]

    def test_a_refusal_after_an_unfinished_login(self, mail: Mail) -> None:
        """The reply to another command does not make it a failed login."""
        said = [
            ("client", "AUTH PLAIN AGEAYg=="),
            ("server", "235 2.7.0 ok"),
            ("client", "VRFY ann"),
            ("server", "550 no"),
        ]
        self.keep(mail, "a", *said, refusals=1)
        assert self.kinds(mail) == ["refused"]

    def test_a_client_that_leaves(self, mail: Mail) -> None:
        """Without a refusal, and without mail."""
        self.keep(mail, "a", helo="here.test")
        assert self.kinds(mail) == ["dropped"]

    @pytest.mark.parametrize("kind", ["refused", "tls", "auth", "dropped"])
    def test_those_of_a_kind_can_be_asked_for(self, mail: Mail, kind: str) -> None:
        """And no others."""
        self.keep(mail, "auth", refusals=1, login_attempts=1)
        self.keep(mail, "tls", ("note", "the TLS handshake failed: no cipher"))
        self.keep(mail, "dropped")
        self.keep(mail, "delivered", delivered=1)
        assert ids(mail, f"kind={kind}") == ["auth" if kind == "refused" else kind]

    def test_pages_of_a_kind_follow_each_other(self, mail: Mail) -> None:
        """By the last one of the page."""
        for id in ("a", "b", "c"):
            self.keep(mail, id)
            self.keep(mail, f"{id}-other", refusals=1)
        page = mail.client.get("/api/v2/sessions?kind=dropped&limit=2").json
        assert [each["id"] for each in page["sessions"]] == ["c", "b"]
        rest = mail.client.get(
            f"/api/v2/sessions?kind=dropped&limit=2&after={page['next']}"
        ).json
        assert ([each["id"] for each in rest["sessions"]], rest["next"]) == (
            ["a"],
            None,
        )

    def test_an_unknown_kind_is_refused(self, client: Client) -> None:
        """With the kinds there are."""
        answer = client.get("/api/v2/sessions?kind=slow")
        assert answer.status == 400
        assert "auth or dropped or refused or tls" in answer.json["detail"]
