"""Two clients of one mailbox, against a model of what they see."""

from __future__ import annotations

import re
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lazr_smtptest.query.selection import Selection

from ...chance import some
from .peers import SIMPLE, Inbox

_FLAGS = ("\\Deleted", "\\Flagged", "\\Seen", "later")
_FETCHED = re.compile(
    rb"\* (\d+) FETCH \((?:UID (\d+) ?)?(?:MODSEQ \((\d+)\) ?)?(?:FLAGS \(([^)]*)\))?\)"
)
CLIENTS = st.sampled_from([0, 1])
FLAGS = st.sets(st.sampled_from(_FLAGS), min_size=1)
NAMES = st.sampled_from(["INBOX", "other"])
PICKS = st.integers(0, 9)


@attrs.define
class Message:
    """A message of the model.

    Attributes:
        flags: its flags and keywords.
    """

    flags: frozenset[str] = frozenset()


@attrs.define
class Client:
    """A client, and what it was told.

    Attributes:
        peer: the connection.
        reactor: its clock.
        name: the mailbox that it has selected.
        uids: the messages by their sequence numbers.
        flags: the flags that it knows, by UID.
        highest: the greatest MODSEQ that it was told.
        is_idle: whether it waits for changes.
    """

    peer: Any
    reactor: Any
    name: str = ""
    uids: list[int] = attrs.field(factory=list)
    flags: dict[int, frozenset[str]] = attrs.field(factory=dict)
    highest: int = 0
    is_idle: bool = False

    def say(self, line: str) -> bytes:
        """Send a line, and return what is told, after the turn of others if any."""
        told: bytes = self.peer.say(line)
        self.reactor.advance(0)
        return told + self.peer.heard()

    def send(self, command: str) -> str:
        """Send a command, take in what is told, and return the tagged reply."""
        self.finish()
        data = self.say(f"a {command}")
        reply = self.take(data)
        assert reply.startswith(("a OK", "a NO")), (command, data)
        return reply

    def finish(self) -> None:
        """End IDLE."""
        if self.is_idle:
            self.is_idle = False
            assert self.take(self.say("DONE")).startswith("a OK")

    def take(self, data: bytes) -> str:
        """Note what is told; return the line that is no untagged response."""
        reply = ""
        for line in data.split(b"\r\n")[:-1]:
            reply = self._take_line(line) or reply
        return reply

    def _take_line(self, line: bytes) -> str:
        if line.endswith(b" EXPUNGE"):
            uid = self.uids.pop(int(line.split()[1]) - 1)
            # 0 for one that it was not told the UID of.
            self.flags.pop(uid, None)
        elif line.endswith(b" EXISTS"):
            count = int(line.split()[1])
            assert count >= len(self.uids), "EXISTS never removes messages"
            self.uids += [0] * (count - len(self.uids))
        elif found := _FETCHED.fullmatch(line):
            self._take_fetched(*found.groups())
        elif not line.startswith(b"* "):
            return line.decode()
        return ""

    def _take_fetched(self, number: bytes, uid: Any, change: Any, flags: Any) -> None:
        at = int(number) - 1
        if uid is not None:
            assert self.uids[at] in (0, int(uid)), "a sequence number is that message"
            self.uids[at] = int(uid)
        if change is not None:
            self.highest = max(self.highest, int(change))
        if flags is not None:
            self.flags[self.uids[at]] = frozenset(flags.decode().split())


class TwoClients(RuleBasedStateMachine):
    """Each step is a command of a client, or a change by another reader.

    After each step, both clients ask for all flags at times; then they know what the
    model knows.
    """

    @initialize()
    def begin(self) -> None:
        """Make a store with two messages, a folder, and two clients."""
        self.inbox = Inbox(SIMPLE, SIMPLE)
        self.boxes: dict[str, dict[int, Message]] = {
            "INBOX": {1: Message(), 2: Message()},
            "other": {},
        }
        self.following = {"INBOX": 3, "other": 1}
        self.clients = [
            Client(self.inbox.log_in(), self.inbox.reactor) for _ in range(2)
        ]
        self.clients[0].send("CREATE other")
        for client in self.clients:
            self._select(client, "INBOX")

    def _select(self, client: Client, name: str) -> None:
        client.finish()
        client.uids, client.flags = [], {}
        client.send(f"SELECT {name} (CONDSTORE)")
        client.name = name
        self._learn(client)

    def _learn(self, client: Client) -> None:
        """Ask a client for all flags, and compare them with the model."""
        client.send("NOOP")
        client.send("UID FETCH 1:* (FLAGS)")
        box = self.boxes[client.name]
        assert client.uids == sorted(box)
        assert client.flags == {uid: each.flags for uid, each in box.items()}

    def _keep(self, name: str) -> None:
        """Use the next number of a mailbox; INBOX has those of the store."""
        self.following["INBOX"] += 1
        if name != "INBOX":
            self.following[name] += 1

    def _pick(self, client: Client, pick: int) -> int:
        """Return one of the messages that a client knows; 0 for none."""
        known = [uid for uid in client.uids if uid]
        return known[pick % len(known)] if known else 0

    # What clients do

    @rule(at=CLIENTS, name=NAMES)
    def select(self, at: int, name: str) -> None:
        """A client looks at a mailbox."""
        self._select(self.clients[at], name)

    @rule(at=CLIENTS)
    def look(self, at: int) -> None:
        """A client asks for everything."""
        self._learn(self.clients[at])

    @rule(at=CLIENTS)
    def idle(self, at: int) -> None:
        """A client waits for changes."""
        client = self.clients[at]
        if not client.is_idle:
            client.take(client.say("a IDLE"))
            client.is_idle = True

    @rule(at=CLIENTS, name=NAMES, flags=FLAGS)
    def append(self, at: int, name: str, flags: set[str]) -> None:
        """A client adds a message."""
        words = " ".join(sorted(flags))
        reply = self.clients[at].send(f"APPEND {name} ({words}) {{6+}}\r\nA: b\r\n")
        uid = self.following[name]
        assert f" {uid}] " in reply
        self.boxes[name][uid] = Message(frozenset(flags))
        self._keep(name)

    @rule(
        at=CLIENTS,
        pick=PICKS,
        sign=st.sampled_from(["", "+", "-"]),
        flags=FLAGS,
        is_silent=st.booleans(),
    )
    def store(
        self, at: int, pick: int, sign: str, flags: set[str], is_silent: bool
    ) -> None:
        """A client changes the flags of a message that it knows."""
        client = self.clients[at]
        client.finish()
        uid = self._pick(client, pick)
        silent = ".SILENT" if is_silent else ""
        words = " ".join(sorted(flags))
        reply = client.send(f"UID STORE {uid or 99} {sign}FLAGS{silent} ({words})")
        message = self.boxes[client.name].get(uid)
        if message is None:
            return
        assert reply.startswith("a OK")
        message.flags = _changed(message.flags, sign, flags)
        if is_silent:
            client.flags[uid] = message.flags

    @rule(at=CLIENTS, pick=PICKS, flags=FLAGS)
    def store_unchanged(self, at: int, pick: int, flags: set[str]) -> None:
        """A client changes a message if nobody has, since it last asked."""
        client = self.clients[at]
        client.finish()
        uid = self._pick(client, pick)
        if not uid or uid not in self.boxes[client.name]:
            return
        client.send(f"UID FETCH {uid} (MODSEQ)")
        number = client.highest
        other = self.clients[1 - at]
        has_changed = False
        if other.name == client.name and pick % 2:
            other.finish()
            other.send(f"UID STORE {uid} +FLAGS ($Forwarded)")
            message = self.boxes[client.name][uid]
            has_changed = "$Forwarded" not in message.flags
            message.flags |= {"$Forwarded"}
        words = " ".join(sorted(flags))
        reply = client.send(
            f"UID STORE {uid} (UNCHANGEDSINCE {number}) FLAGS ({words})"
        )
        assert (f"[MODIFIED {uid}]" in reply) == has_changed
        if not has_changed:
            self.boxes[client.name][uid].flags = frozenset(flags)

    @rule(at=CLIENTS)
    def expunge(self, at: int) -> None:
        """A client removes what is marked."""
        client = self.clients[at]
        client.finish()
        # It removes the messages that it knows.
        client.send("NOOP")
        client.send("EXPUNGE")
        box = self.boxes[client.name]
        for uid in [uid for uid, each in box.items() if "\\Deleted" in each.flags]:
            del box[uid]

    @rule(at=CLIENTS, pick=PICKS, name=NAMES)
    def move(self, at: int, pick: int, name: str) -> None:
        """A client moves a message that it knows."""
        client = self.clients[at]
        client.finish()
        uid = self._pick(client, pick)
        if not uid:
            return
        reply = client.send(f"UID MOVE {uid} {name}")
        message = self.boxes[client.name].pop(uid, None)
        # RFC 3501 section 6.4.8, also for one that is gone.
        assert reply.startswith("a OK")
        if message is not None:
            self.boxes[name][self.following[name]] = message
            # It stays the same message of the store, except in INBOX.
            self.following[name] += 1

    # What others do

    @rule()
    def receive(self) -> None:
        """A message comes by SMTP."""
        self.inbox.add()
        self.boxes["INBOX"][self.following["INBOX"]] = Message()
        self.following["INBOX"] += 1

    @rule(pick=PICKS)
    def remove(self, pick: int) -> None:
        """Another reader removes a message of INBOX."""
        box = self.boxes["INBOX"]
        if box:
            uid = sorted(box)[pick % len(box)]
            self.inbox.store.remove(Selection(numbers=[uid]))
            del box[uid]

    @invariant()
    def waiting_clients_know_what_there_is(self) -> None:
        """A client that waits is told at once how many messages there are."""
        for client in getattr(self, "clients", ()):
            if client.is_idle:
                client.take(client.peer.heard())
                assert len(client.uids) == len(self.boxes[client.name])

    @invariant()
    def numbers_go_on(self) -> None:
        """UIDNEXT is the number of the next message, also in a folder."""
        for client in getattr(self, "clients", ())[:1]:
            for name, following in self.following.items():
                if not client.is_idle:
                    data = client.say(f"z STATUS {name} (UIDNEXT)")
                    client.take(data)
                    assert f"(UIDNEXT {following})".encode() in data

    def teardown(self) -> None:
        """In the end both know everything."""
        for client in getattr(self, "clients", ()):
            self._learn(client)


def _changed(before: frozenset[str], sign: str, flags: set[str]) -> frozenset[str]:
    """Return the flags after STORE."""
    if sign == "+":
        return before | flags
    return before - flags if sign == "-" else frozenset(flags)


TestTwoClients = TwoClients.TestCase
TestTwoClients.settings = settings(
    max_examples=some(20), stateful_step_count=20, deadline=None
)
