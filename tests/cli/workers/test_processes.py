"""``twistd smtptest --workers`` as real processes."""

from __future__ import annotations

import os
import re
import select
import signal
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest.stores import MaildirStore

from ...commands import COMMANDS, LOOPBACK, MAIL, PATIENCE, Process, Start, send

TWO = ["--workers=2"]

# Each of them goes to either worker; that all go to one does not happen.
MANY = 40


class Cluster:
    """A supervisor and its workers.

    Attributes:
        process: the supervisor.
        port: where they listen.
        pids: the workers' processes, by their numbers.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.port = int(process.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1])
        self.pids: dict[int, int] = {}
        for _ in range(2):
            self.wait_for_worker()
        process.wait_for("ready, keeping messages in .*, by 2 workers$")

    def wait_for_worker(self) -> int:
        """Wait until a worker has started; give its number."""
        found = self.process.wait_for(r"worker (\d+) is process (\d+)$")
        self.pids[int(found[1])] = int(found[2])
        return int(found[1])

    def lines(self) -> str:
        return "\n".join(self.process.lines)


@pytest.fixture
def cluster(start: Start) -> Cluster:
    """Give a server with two workers that keep their messages in ``box``."""
    process = start("twistd", *LOOPBACK, *TWO, "--store=maildir:box")
    return Cluster(process)


@contextmanager
def greeted(port: int) -> Iterator[list[Any]]:
    """Connect clients that are greeted, enough for both workers."""
    with ExitStack() as stack:
        clients = []
        for _ in range(MANY):
            client = socket.create_connection(("127.0.0.1", port), PATIENCE)
            stack.enter_context(client)
            clients.append(stack.enter_context(client.makefile("rb")))
        for client in clients:
            assert client.readline().startswith(b"220 ")
        yield clients


@pytest.fixture
def clients(cluster: Cluster) -> Iterator[list[Any]]:
    """Give clients that were greeted."""
    with greeted(cluster.port) as clients:
        yield clients


@pytest.fixture
def watched(cluster: Cluster) -> Iterator[list[int]]:
    """Give what can be read from as soon as a worker has ended."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("this system cannot tell of the end of a foreign process")
    watched = [os.pidfd_open(pid) for pid in cluster.pids.values()]
    yield watched
    for each in watched:
        os.close(each)


def wait_for_all(watched: list[int]) -> None:
    for each in watched:
        assert select.select([each], [], [], PATIENCE)[0]


@attrs.frozen
class Run:
    """What a cluster left that took `MANY` messages and was ended by SIGTERM.

    Attributes:
        cluster: it, with its lines.
        status: its exit status.
        box: the Maildir that it was given.
        farewells: what clients that were greeted and stayed read until the end.
    """

    cluster: Cluster
    status: int
    box: Path
    farewells: list[bytes]


@pytest.fixture(scope="module", params=COMMANDS)
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Run each command once: whichever reactor runs, and whatever started it."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [*COMMANDS[request.param], *LOOPBACK, *TWO, "--store=maildir:box"]
    process = Process(command, folder)
    try:
        cluster = Cluster(process)
        for _ in range(MANY):
            send(cluster.port)
        with greeted(cluster.port) as clients:
            status = process.terminate()
            farewells = [client.read() for client in clients]
    finally:
        process.close()
    return Run(cluster, status, folder / "box", farewells)


def test_both_workers_take_mail_into_one_maildir(run: Run) -> None:
    """And each writes a line for what it took."""
    assert len(MaildirStore(run.box)) == MANY
    accepted = re.findall(r"accepted: .* session=(\d)\.", run.cluster.lines())
    assert len(accepted) == MANY
    assert set(accepted) == {"1", "2"}


def test_sigterm_is_a_clean_end(run: Run) -> None:
    """Nothing has failed, and the sum of both workers is logged."""
    assert run.status == 0
    assert re.search(rf"counted: .* messages={MANY} ", run.cluster.lines())
    assert "Traceback" not in run.cluster.lines()
    assert "#error]" not in run.cluster.lines()


def test_sigterm_gives_every_session_421(run: Run) -> None:
    """Those of all workers."""
    assert len(run.farewells) == MANY
    for farewell in run.farewells:
        assert farewell.startswith(b"421 ")
        assert farewell.count(b"\n") == 1


def test_sigterm_leaves_no_worker(run: Run) -> None:
    """The supervisor ends when they have ended."""
    for pid in run.cluster.pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_sigterm_frees_the_port(run: Run) -> None:
    """Nobody answers there any more."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", run.cluster.port), PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_of_them_is_a_clean_end(
    cluster: Cluster, number: int, clients: list[Any]
) -> None:
    """On Ctrl-C a terminal signals the workers, too."""
    for pid in [*cluster.pids.values(), cluster.process.popen.pid]:
        os.kill(pid, number)
    status = cluster.process.wait()
    assert status == (0 if number == signal.SIGTERM else -signal.SIGINT)
    for client in clients:
        assert client.readline().startswith(b"421 ")
    assert "Traceback" not in cluster.lines()
    assert "#error]" not in cluster.lines()


def test_workers_end_when_the_supervisor_is_killed(
    cluster: Cluster, clients: list[Any], watched: list[int]
) -> None:
    """They notice, and say good-bye to their clients."""
    cluster.process.popen.kill()
    wait_for_all(watched)
    for client in clients:
        assert client.readline().startswith(b"421 ")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", cluster.port), PATIENCE)


def test_a_worker_that_is_killed_is_started_anew(cluster: Cluster) -> None:
    """And no client is refused in between."""
    os.kill(cluster.pids[1], signal.SIGKILL)
    for _ in range(MANY):
        send(cluster.port)
    line = r"#error\] worker 1 was killed by SIGKILL: it is started anew"
    cluster.process.wait_for(line)
    assert cluster.wait_for_worker() == 1
    assert cluster.process.terminate() == 0


def test_workers_that_die_again_and_again_end_it(start: Start) -> None:
    """With a line that says why, and as a failure; six are too many, also at once."""
    process = start("twistd", *LOOPBACK, "--workers=6")
    pids = [int(process.wait_for(r"worker \d is process (\d+)$")[1]) for _ in range(6)]
    process.wait_for("ready, ")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    found = process.wait_for(r"worker \d was killed by SIGKILL: too many did")
    assert found.string.endswith("; giving up")
    assert process.wait() == -signal.SIGTERM
    assert "Traceback" not in "\n".join(process.lines)


def test_sigusr2_logs_the_sum(cluster: Cluster, clients: list[Any]) -> None:
    """Whenever one wants to know."""
    cluster.process.popen.send_signal(signal.SIGUSR2)
    cluster.process.wait_for(
        rf"counted: connections={len(clients)} open={len(clients)} messages=0"
    )


def test_they_show_one_certificate(start: Start, tmp_path: Path) -> None:
    """A client that trusts the CA trusts every worker."""
    smtps = ["--smtps=tcp:0:interface=127.0.0.1", "--tls=auto", "--ca-file=ca.pem"]
    cluster = Cluster(start("twistd", *smtps, *TWO))
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    for _ in range(MANY):
        with smtplib.SMTP_SSL(
            "localhost", cluster.port, timeout=PATIENCE, context=trust
        ) as client:
            client.sendmail("s@example.com", ["r@example.com"], MAIL)
    cluster.process.terminate()
    accepted = re.findall(r"accepted: .* session=(\d)\.", cluster.lines())
    assert set(accepted) == {"1", "2"}


def test_each_endpoint_has_its_protocol(start: Start, tmp_path: Path) -> None:
    """Also one that is wrapped."""
    here = "tcp:0:interface=127.0.0.1"
    ports = [f"--smtp=haproxy:{here}", f"--lmtp={here}"]
    process = start("twistd", *ports, *TWO, "--store=maildir:box")
    smtp, lmtp = (
        int(process.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1]) for _ in range(2)
    )
    process.wait_for("ready, ")
    with socket.create_connection(("127.0.0.1", smtp), PATIENCE) as client:
        client.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\r\n")
        replies = client.makefile("rb")
        assert replies.readline().startswith(b"220 ")
        client.sendall(
            b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\n"
        )
        replies.read()
    with smtplib.LMTP("localhost", lmtp) as client:
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    peers = {envelope.peer[0] for envelope in MaildirStore(tmp_path / "box")}
    assert peers == {"192.0.2.1", "127.0.0.1"}


def test_all_sessions_are_written_down(start: Start, tmp_path: Path) -> None:
    """In one directory, by whichever worker."""
    cluster = Cluster(start("twistd", *LOOPBACK, *TWO, "--transcripts=said"))
    for _ in range(MANY):
        send(cluster.port)
    cluster.process.terminate()
    assert len(list((tmp_path / "said").iterdir())) == MANY


def test_a_terminal_shows_the_mail_of_all(start: Start) -> None:
    """The session has the number of its worker in front."""
    cluster = Cluster(start("twistd", *LOOPBACK, *TWO, "--color=never", columns=100))
    for _ in range(MANY):
        send(cluster.port)
    cluster.process.terminate()
    found = re.findall(
        r"^\d\d:\d\d:\d\d +(\d)\.\d+ accepted  s@example.com -> r0@example.com  hello",
        cluster.lines(),
        re.MULTILINE,
    )
    assert len(found) == MANY
    assert set(found) == {"1", "2"}


def test_quiet_workers_only_count(start: Start) -> None:
    """Nothing is said of a single message."""
    cluster = Cluster(start("twistd", *LOOPBACK, *TWO, "--quiet"))
    for _ in range(3):
        send(cluster.port)
    cluster.process.terminate()
    assert "accepted" not in cluster.lines()
    assert "counted: connections=3 open=0 messages=3 refusals=0" in cluster.lines()


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        (
            "twistd",
            ["--smtp=unix:socket"],
            "smtptest: cannot listen on unix:socket: workers can share TCP ports only",
        ),
        ("twist", ["--hide=NOPE"], "smtptest: --hide knows no extension 'NOPE'"),
    ],
)
def test_what_cannot_be_is_one_line(
    start: Start, name: str, arguments: list[str], line: str
) -> None:
    """And status 1, before any worker is started."""
    process = start(name, *arguments, *TWO)
    assert process.wait() == 1
    assert [each for each in process.lines if line in each]
    assert "worker 1" not in "\n".join(process.lines)
    assert "Traceback" not in "\n".join(process.lines)


def test_a_port_that_other_workers_have_is_taken(
    start: Start, cluster: Cluster
) -> None:
    """Two servers never share a port by mistake."""
    endpoint = f"tcp:{cluster.port}:interface=127.0.0.1"
    process = start("twistd", f"--smtp={endpoint}", *TWO)
    assert process.wait() == 1
    assert f"cannot listen on {endpoint}: Address already in use" in process.lines[-1]
