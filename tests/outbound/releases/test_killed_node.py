"""A server that is killed while it sends mail on, and another one beside it."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from contextlib import closing

import psycopg

from lazr_smtptest import Controller, StoreServer
from lazr_smtptest.stores import MemoryStore

from ...commands import PATIENCE, Start

MESSAGES = 30


def test_every_message_is_sent_on_and_none_twice_but_the_one_in_its_attempt(
    postgresql: str, start: Start
) -> None:
    """The relay may have it, and the server that is killed has not noted that."""
    with closing(MemoryStore()) as kept, Controller(StoreServer(kept)) as relay:
        options = [
            *("--port=0", f"--store={postgresql}", "--relay-all"),
            *(f"--relay-host={relay.host}", f"--relay-port={relay.port}"),
        ]
        killed, other = (start("smtptest", *options) for _ in range(2))
        killed.wait_for(r"^ready smtp=\d+")
        port = int(other.wait_for(r"^ready smtp=(\d+)")[1])
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
            for number in range(MESSAGES):
                mail = f"Subject: {number}\r\n\r\n"
                client.sendmail("a@x.example", ["b@x.example"], mail)
        limit = time.monotonic() + PATIENCE
        while len(kept) < 3:
            assert time.monotonic() < limit
            time.sleep(0.005)
        killed.popen.kill()
        with psycopg.connect(postgresql, autocommit=True) as connection:
            state = "SELECT count(*) FROM smtptest.release WHERE state = 'sent'"
            while connection.execute(state).fetchone() != (MESSAGES,):
                assert time.monotonic() < limit
                # Instead of waiting until the time of the killed one has passed.
                connection.execute(
                    "UPDATE smtptest.release SET leased = 0 WHERE state = 'queued' "
                    "AND leased > extract(epoch FROM clock_timestamp()) "
                    "AND changed < extract(epoch FROM clock_timestamp()) - 3"
                )
                time.sleep(0.1)
        subjects = Counter(each.subject for each in kept.page("", limit=1000))
    assert set(subjects) == {str(number) for number in range(MESSAGES)}
    assert subjects.total() <= MESSAGES + 1
