"""MailHog's Jim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.storing import StoreServer

from ....harness import Peer

if TYPE_CHECKING:
    from .conftest import Hog

NEVER = {
    "DisconnectChance": 0,
    "AcceptChance": 1,
    "LinkSpeedAffect": 0,
    "LinkSpeedMin": 1024,
    "LinkSpeedMax": 10240,
    "RejectSenderChance": 0,
    "RejectRecipientChance": 0,
    "RejectAuthChance": 0,
}


def status(hog: Hog, method: str, body: object = None) -> int:
    return hog.client.request(method, "/api/v2/jim", json=body).status


def rules(hog: Hog) -> list[str]:
    return [str(rule) for rule in hog.faults.rules]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_it_is_off_at_first(hog: Hog, method: str) -> None:
    assert status(hog, method, {}) == 404


def test_it_is_switched_on_with_defaults(hog: Hog) -> None:
    assert hog.client.request("POST", "/api/v2/jim").status == 201
    assert hog.client.get("/api/v2/jim").json == {
        "DisconnectChance": 0.005,
        "AcceptChance": 0.99,
        "LinkSpeedAffect": 0.1,
        "LinkSpeedMin": 1024,
        "LinkSpeedMax": 10240,
        "RejectSenderChance": 0.05,
        "RejectRecipientChance": 0.05,
        "RejectAuthChance": 0.05,
    }
    kinds = [each.partition("(")[2].partition(")")[0][:6] for each in rules(hog)]
    assert kinds[:5] == ["'CONNE", "'MAIL'", "'RCPT'", "'AUTH'", "'EHLO'"]
    assert kinds[5:] == ["'EOD',", "'ANY',"] * 4


def test_it_is_not_switched_on_twice(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "POST", {}) == 400


def test_what_is_left_out_of_a_change_is_0(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "PUT", {"AcceptChance": 1, "rejectsenderchance": 0.5}) == 200
    (rule,) = rules(hog)
    assert rule.startswith("on('MAIL', probability=0.5, optional=True).reply(550, ")


def test_it_is_switched_off(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "DELETE") == 200
    assert rules(hog) == []
    assert status(hog, "GET") == 404


def test_rules_of_others_stay(hog: Hog) -> None:
    hog.faults.on("EOD").reply(451, "no")
    status(hog, "POST", NEVER)
    assert len(rules(hog)) == 1
    status(hog, "DELETE")
    assert len(rules(hog)) == 1


@pytest.mark.parametrize("value", [-1, 1.5, "x", True, None])
def test_a_chance_that_is_none_changes_nothing(hog: Hog, value: object) -> None:
    status(hog, "POST", NEVER)
    assert status(hog, "PUT", {"RejectAuthChance": value}) == 400
    assert hog.client.get("/api/v2/jim").json == NEVER


def test_a_body_that_is_no_json_keeps_the_defaults(hog: Hog) -> None:
    answer = hog.client.request("POST", "/api/v2/jim", body=b"{")
    assert answer.status == 201


class JimServer(StoreServer):
    """A server with logins, and with the fault rules of Jim."""

    auth = Auth.users({"ann": "secret"})

    def __init__(self, hog: Hog) -> None:
        super().__init__(hog.store)
        self._take_faults(hog.faults)


class TestWire:
    """Sessions with Jim switched on."""

    def peer(self, hog: Hog, **chances: float) -> Peer:
        """Switch Jim on with these chances, and connect."""
        status(hog, "POST", {**NEVER, **chances})
        server = JimServer(hog)
        return Peer(server.factory(hog.reactor))

    def test_a_connection_is_not_accepted(self, hog: Hog) -> None:
        assert self.peer(hog, AcceptChance=0).closed

    def test_a_connection_is_closed_after_a_command(self, hog: Hog) -> None:
        peer = self.peer(hog, DisconnectChance=1)
        peer.say("EHLO client.example")
        assert peer.closed

    @pytest.mark.parametrize("sender", ["ann@example.com", ""])
    def test_a_sender_is_invalid(self, hog: Hog, sender: str) -> None:
        peer = self.peer(hog, RejectSenderChance=1)
        peer.say("EHLO client.example")
        wanted = f"550 5.1.1 Invalid sender <{sender}>\r\n"
        assert peer.say(f"MAIL FROM:<{sender}>").decode() == wanted

    def test_a_recipient_is_invalid(self, hog: Hog) -> None:
        peer = self.peer(hog, RejectRecipientChance=1)
        peer.say("EHLO client.example", "MAIL FROM:<ann@example.com>")
        reply = peer.say("RCPT TO:<bob@example.com>")
        assert reply == b"550 5.1.1 Invalid recipient <bob@example.com>\r\n"

    def test_authentication_is_not_recognised(self, hog: Hog) -> None:
        peer = self.peer(hog, RejectAuthChance=1)
        peer.say("EHLO client.example")
        reply = peer.say("AUTH PLAIN AGFubgBzZWNyZXQ=")
        assert reply == b"500 5.5.2 Unrecognised command\r\n"

    def test_a_slow_session_is_slow_from_its_greeting_on(self, hog: Hog) -> None:
        speeds = {"LinkSpeedMin": 10, "LinkSpeedMax": 10}
        peer = self.peer(hog, LinkSpeedAffect=1, **speeds)
        read = peer.heard()
        hog.reactor.advance(1)
        assert len(read) < 10
        hog.reactor.pump([0.1] * 2000)
        assert peer.heard().endswith(b"\r\n")

    def test_a_slow_session_takes_its_time_for_a_message(self, hog: Hog) -> None:
        speeds = {"LinkSpeedMin": 1024, "LinkSpeedMax": 1024}
        peer = self.peer(hog, LinkSpeedAffect=1, **speeds)
        for line in (
            *("EHLO a", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>"),
            *("DATA", "x\r\n."),
        ):
            hog.reactor.pump([0.001] * 2000)
            peer.say(line)
        hog.reactor.advance(9.5)
        assert peer.heard() == b""
        hog.reactor.pump([0.001] * 2000)
        assert peer.heard().startswith(b"250 ")

    def test_a_session_has_an_id_to_be_drawn_by(self, hog: Hog) -> None:
        """Otherwise all sessions were slow, or none."""
        seen = []
        hog.faults.on(
            "CONNECT", where=lambda context: seen.append(context.session.id)
        ).drop()
        server = JimServer(hog)
        for _ in range(2):
            Peer(server.factory(hog.reactor)).say("EHLO client.example")
        assert len(set(filter(None, seen))) == 2

    def test_a_session_is_slow_or_is_not(self, hog: Hog) -> None:
        """Half of them are, and each of these in all of its replies."""
        status(hog, "POST", {**NEVER, "LinkSpeedAffect": 0.5})
        sessions = [Session(id=str(number)) for number in range(400)]
        found = [
            [is_slow(hog, session, phase) for phase in ("CONNECT", "MAIL", "EOD")]
            for session in sessions
        ]
        assert 100 < found.count([True] * 3) < 300
        assert 100 < found.count([False] * 3) < 300
        assert all(len(set(each)) == 1 for each in found)


def is_slow(hog: Hog, session: Session, phase: str) -> bool:
    """Return whether a rule fires at a phase of a session."""
    context = FaultContext(phase=phase, session=session, now=0)
    return hog.faults.decide(context) is not None
