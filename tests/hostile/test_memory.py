"""What a client may send without a reply costs neither memory nor time.

The server is a process of its own; its memory and its processor time are those
that the system counts for it.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc/self/status is Linux's"
)

MEGABYTE = 1024 * 1024
TOO_MUCH = 60 * MEGABYTE
# More than the buffers of the system hold.
ENOUGH = 32 * MEGABYTE
BEGIN = (
    b"EHLO a\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\n"
)


class Meter:
    """What a server has used since the meter was made."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._before = process.status()

    def used(self) -> tuple[float, float]:
        """Seconds of processor time, and megabytes at the most."""
        after = self._process.status()
        megabytes = (after["peak"] - self._before["rss"]) / MEGABYTE
        return after["cpu"] - self._before["cpu"], megabytes


def connect(process: Any) -> socket.socket:
    """Connect, and wait for the greeting."""
    client = socket.create_connection(("127.0.0.1", process.port), timeout=60)
    assert client.recv(4096).startswith(b"220 ")
    return client


def pour(client: socket.socket, piece: bytes, total: int = TOO_MUCH) -> None:
    """Send `piece` again and again."""
    for _ in range(total // len(piece)):
        client.sendall(piece)


def test_a_command_without_an_end_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """60 MB without a newline: flat memory, and less than a second."""
    process = new_process()
    meter = Meter(process)
    with connect(process) as client:
        pour(client, b"x" * MEGABYTE)
        client.sendall(b"\r\nQUIT\r\n")
        assert [line[:3] for line in client.makefile("rb")] == [b"500", b"221"]
        seconds, megabytes = meter.used()
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


def test_a_message_over_the_limit_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """60 MB of content without a newline, of which 1 MB is allowed."""
    process = new_process("--message-size", str(MEGABYTE))
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"x" * MEGABYTE)
        client.sendall(b"\r\n.\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        seconds, megabytes = meter.used()
    assert codes[-2:] == [b"552", b"221"]
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


def test_a_message_of_short_lines_over_the_limit_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """The same 60 MB in lines of two octets: no work is done for each line."""
    process = new_process("--message-size", str(MEGABYTE))
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"x\r\n" * (MEGABYTE // 3))
        client.sendall(b".\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        seconds, megabytes = meter.used()
    assert codes[-2:] == [b"552", b"221"]
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


@pytest.mark.parametrize("line", [b"x" * 76 + b"\r\n", b"..\r\n"], ids=["x", "dots"])
def test_a_large_message_in_a_file_costs_little(
    new_process: Callable[..., Any], tmp_path: Path, line: bytes
) -> None:
    """100 MB, of which 1 MB may be in memory; the file goes with the process."""
    process = new_process(
        *("--spool", str(MEGABYTE), "--folder", str(tmp_path)),
        *("--message-size", str(200 * MEGABYTE)),
    )
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, line * (MEGABYTE // len(line)), 100 * MEGABYTE)
        client.sendall(b".\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        _, megabytes = meter.used()
    assert codes[-2:] == [b"250", b"221"]
    assert megabytes < 20
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size > 70 * MEGABYTE
    assert process.still_serves()
    process.close()
    assert list(tmp_path.iterdir()) == []


def test_large_chunks_in_a_file_cost_little(
    new_process: Callable[..., Any], tmp_path: Path
) -> None:
    """100 MB in two chunks, of which 1 MB may be in memory."""
    process = new_process(
        *("--spool", str(MEGABYTE), "--folder", str(tmp_path)),
        *("--message-size", str(200 * MEGABYTE)),
    )
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN.removesuffix(b"DATA\r\n"))
        for last in (b"", b" LAST"):
            client.sendall(b"BDAT %d%b\r\n" % (50 * MEGABYTE, last))
            pour(client, b"x" * MEGABYTE, 50 * MEGABYTE)
        client.sendall(b"QUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        _, megabytes = meter.used()
    assert codes[-3:] == [b"250", b"250", b"221"]
    assert megabytes < 20
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [100 * MEGABYTE]


def test_a_file_that_may_not_grow_refuses_the_message(
    new_process: Callable[..., Any], tmp_path: Path
) -> None:
    """452 at its end, as on a disk that is full; nothing is left there."""
    process = new_process(
        *("--spool", str(MEGABYTE), "--folder", str(tmp_path)),
        *("--file-size", str(4 * MEGABYTE)),
    )
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"QUIT\r\n" * 10_000, 10 * MEGABYTE)
        client.sendall(b".\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
    assert codes[-2:] == [b"452", b"221"]
    assert list(tmp_path.iterdir()) == []
    assert process.still_serves()


LINES = [b"NOOP\r\n", b"FOO\r\n", b"VRFY x\r\n", b"\r\n"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:4])
def test_a_client_that_never_reads_costs_nothing(
    new_process: Callable[..., Any], line: bytes
) -> None:
    """Its commands are not worked on while its replies are not taken."""
    process = new_process("--patient")
    meter = Meter(process)
    client = process.connect(small_buffers=True)
    assert client.pour(line * 2000, ENOUGH) < ENOUGH
    _, megabytes = meter.used()
    assert megabytes < 5
    assert process.still_serves()


def test_a_client_that_does_not_wait_for_a_handler_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """While a message is being handled, what follows is read up to a limit only."""
    process = new_process("--stall")
    meter = Meter(process)
    client = process.connect(small_buffers=True)
    client.begin()
    assert client.say(b"DATA\r\n") == "354"
    client.send(b".\r\n")
    assert client.pour(b"x" * 10_000, ENOUGH) < ENOUGH
    _, megabytes = meter.used()
    assert megabytes < 5
    with connect(process) as other:
        other.sendall(b"NOOP\r\n")
        assert other.recv(100).startswith(b"250 ")


def encrypt(client: Any) -> None:
    """Do STARTTLS and the handshake; whose certificate it is does not matter."""
    assert client.code() == "220"
    assert client.say(b"STARTTLS\r\n") == "220"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client.socket = context.wrap_socket(client.socket)


def test_a_command_without_an_end_within_tls_costs_little(
    new_process: Callable[..., Any],
) -> None:
    """The same 60 MB have to be decrypted; the memory stays flat."""
    process = new_process("--tls")
    client = process.connect()
    encrypt(client)
    meter = Meter(process)
    pour(client.socket, b"x" * MEGABYTE)
    client.socket.sendall(b"\r\nQUIT\r\n")
    with client.socket.makefile("rb") as file:
        assert [line[:3] for line in file] == [b"500", b"221"]
    seconds, megabytes = meter.used()
    assert seconds < 3
    assert megabytes < 10
    assert process.still_serves()


def test_a_client_within_tls_that_never_reads_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """Back-pressure goes through TLS."""
    process = new_process("--tls", "--patient")
    client = process.connect(small_buffers=True)
    encrypt(client)
    meter = Meter(process)
    assert client.pour(b"FOO\r\n" * 2000, ENOUGH) < ENOUGH
    _, megabytes = meter.used()
    assert megabytes < 5
    assert process.still_serves()


def test_many_idle_clients_cost_little(new_process: Callable[..., Any]) -> None:
    """A budget of 20 kB for each connection that does nothing."""
    process = new_process()
    with connect(process):
        meter = Meter(process)
        clients = [connect(process) for _ in range(500)]
        _, megabytes = meter.used()
    assert megabytes * MEGABYTE / 500 < 20_000
    assert process.still_serves()
    for client in clients:
        client.close()


NOOP = b"NOOP " + b"x" * 2000 + b"\r\n"


@pytest.mark.parametrize("open_ones", [True, False], ids=["open", "ended"])
def test_the_transcripts_of_talkative_clients_have_a_bound(
    new_process: Callable[..., Any], open_ones: bool
) -> None:
    """Sixty sessions of 500 long commands say 60 MB."""
    process = new_process()
    meter = Meter(process)
    clients = []
    for _ in range(60):
        client = process.connect()
        assert client.code() == "220"
        for _ in range(50):
            client.send(NOOP * 10)
            assert [client.code() for _ in range(10)] == ["250"] * 10
        clients.append(client)
        if not open_ones:
            assert client.say(b"QUIT\r\n") == "221"
            client.close()
    _, megabytes = meter.used()
    assert megabytes < 30
    assert process.still_serves()


def test_a_message_without_memory_is_refused_and_the_server_goes_on(
    new_process: Callable[..., Any],
) -> None:
    """A message of 150 MB, and memory for 50 MB."""
    process = new_process(
        *("--address-space", str(50 * MEGABYTE)),
        *("--message-size", str(200 * MEGABYTE)),
    )
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"x" * 998 + b"\r\n", 150 * MEGABYTE)
        client.sendall(b".\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
    assert codes[-2:] == [b"452", b"221"]
    assert process.still_serves()


@pytest.mark.parametrize(
    ("size", "reads"),
    [(1000, False), (20_000, False), (1_000_000, False), (20_000, True)],
)
def test_the_default_bound_bounds_the_process(size: int, reads: bool) -> None:
    """Its size at the start and 1.2 times the bound, whatever the messages are.

    What others read of them by the read side counts for nothing.
    """
    script = """
import os, random, sys
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores import MemoryStore, memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

# A quarter of the default, which takes a quarter of the time.
memory._BYTES //= 4
store = MemoryStore(max_bytes=memory._BYTES)
size, start, most = int(sys.argv[1]), resident(), 0
chance = random.Random(1)
for number in range(2 * memory._BYTES // size):
    session = Session(id=str(number), helo=f"client-{number}.example.com")
    session.transcript.at(number)
    session.transcript.client(b"MAIL FROM:<%d@example.com>" % number)
    session.close()
    # Memory of zeros would be none.
    content = b"word " * (chance.randrange(size // 2, size) // 5)
    to = tuple(f"{each}-{number}@example.com" for each in range(chance.randrange(30)))
    store.add(Envelope(mail_from=f"{number}@example.com", rcpt_tos=to,
                       content=content, session=session))
    if len(sys.argv) > 2 and number % 5 == 0:
        envelope = store.envelope(number + 1)
        envelope.text, envelope.links, envelope.message, envelope.code()
    if number % max(1, 100_000 // size) == 0:
        most = max(most, resident())
assert len(store) < number
print((most - start) / memory._BYTES)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(size), *["read"] * reads],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=300,
    )
    assert float(done.stdout) < 1.2
