"""A process with many connections that say nothing after EHLO.

It says ``ready`` when all are there. When it reads a line it has them all say
goodbye, and says ``left`` if every one was still there.
"""

from __future__ import annotations

import socket
import sys

# Seconds for a reply.
_PATIENCE = 30
# As many as any server's queue takes. There is one that greets after 0.1 s, so they
# do not come one by one.
_TOGETHER = 50


def main() -> None:
    """Connect as often as the command line says."""
    port, number = map(int, sys.argv[1:])
    clients: list[socket.socket] = []
    while len(clients) < number:
        clients += _connect(port, min(_TOGETHER, number - len(clients)))
    print("ready", flush=True)
    sys.stdin.readline()
    for client in clients:
        _ask(client, b"QUIT\r\n", b"221")
    print("left", flush=True)


def _connect(port: int, number: int) -> list[socket.socket]:
    clients = [
        socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        for _ in range(number)
    ]
    for client in clients:
        _ask(client, b"", b"220")
        _ask(client, b"EHLO client.example.com\r\n", b"250")
    return clients


def _ask(client: socket.socket, line: bytes, code: bytes) -> None:
    client.sendall(line)
    reply = b""
    while not reply.endswith(b"\r\n") or reply.splitlines()[-1][3:4] == b"-":
        octets = client.recv(65536)
        if not octets:
            sys.exit("the server hung up on an idle client")
        reply += octets
    if not reply.startswith(code):
        sys.exit(f"an idle client heard {reply!r}")


if __name__ == "__main__":
    main()
