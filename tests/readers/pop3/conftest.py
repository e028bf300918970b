"""A store in memory, and clients of its POP3 side, in one thread."""

from __future__ import annotations

import pytest

from lazr_smtptest.readers.pop3.factory import POP3Reader
from lazr_smtptest.tls.context import TLS
from tests.harness import Peer

from ..sides import SIMPLE, Side


class Post(Side):
    """A store, and the POP3 side of it."""

    make_reader = POP3Reader

    def log_in(self, user: str = "bob", password: str = "secret") -> Peer:
        """Make a connection, and log in."""
        peer = self.connect()
        peer.say(f"USER {user}")
        assert peer.say(f"PASS {password}").startswith(b"+OK")
        return peer


@pytest.fixture
def make_post() -> type[Post]:
    """Makes a store and a POP3 side."""
    return Post


@pytest.fixture
def post() -> Post:
    """A store with three messages, and its POP3 side."""
    return Post(
        SIMPLE, b"A: b\r\n\r\n.one\r\n..two\r\n", b"B: c\r\n\r\n1\r\n2\r\n3\r\n"
    )


@pytest.fixture(scope="session")
def tls() -> TLS:
    """A certificate."""
    return TLS.auto()
