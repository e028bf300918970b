"""A database that fails, and its replica that takes its place.

``LAZR_SMTPTEST_KILLS=100`` has this happen ten times, not once.
"""

from __future__ import annotations

import random
import time

import psycopg

from ...postgresql import USER, Server, server_of_test
from .test_postgresql import ROUNDS, check, clients, wait_for_more
from .victim import PATIENCE, Fate, Victim


def be_primary(server: Server) -> None:
    """Answer to a commit when the replica has it, and wait until there is one."""
    limit = time.monotonic() + PATIENCE
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        while not connection.execute(
            "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
        ).fetchone():
            assert time.monotonic() < limit, "there is no replica"
            time.sleep(0.01)


def test_a_replica_that_is_promoted_has_what_was_acknowledged(
    postgresql_server: Server, chance: random.Random
) -> None:
    """The nodes find it by themselves: their URL has the hosts of both."""
    fate = Fate()
    primary = postgresql_server
    with server_of_test(primary) as replica:
        hosts = f"{primary.folder},{replica.folder}".replace("/", "%2F")
        url = f"postgresql://{USER}@/postgres?host={hosts}"
        be_primary(primary)
        with Victim(f"{url}&target_session_attrs=read-write") as victim:
            sending = clients(victim, fate, 0)
            for left in reversed(range(max(1, ROUNDS // 10))):
                wait_for_more(fate, chance.randint(5, 30))
                primary.stop("immediate")
                replica.promote()
                wait_for_more(fate, 5)
                primary, replica = replica, primary
                if left:
                    replica.follow(primary)
                    replica.start()
                    be_primary(primary)
            victim.kill()
            for client in sending:
                client.join(PATIENCE)
        check(fate, primary.url())
