"""``CaptureServer`` on the global reactor."""

from __future__ import annotations

import argparse
import gc
import os
import tracemalloc
from contextlib import ExitStack

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint

from lazr_smtptest.net.addresses import BACKLOG
from lazr_smtptest.server.storing import CaptureServer

from ..usage import resident
from .desk import open_desk
from .variants import VARIANTS, variant


def serve(arguments: list[str]) -> None:
    """Serve until the input ends, set up as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.ours")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        type=variant,
        metavar="NAME=VALUE",
        help=f"one of {', '.join(VARIANTS)}",
    )
    server = CaptureServer()
    with ExitStack() as stack:
        for set_up, value in parser.parse_args(arguments).option:
            set_up(server, value, stack)
        _run(server)


def _run(server: CaptureServer) -> None:
    endpoint = TCP4ServerEndpoint(reactor, 0, BACKLOG, interface="127.0.0.1")
    listening = endpoint.listen(server.factory(reactor))
    listening.addCallback(lambda port: _answer(server, port.getHost().port))
    reactor.run()


def _answer(server: CaptureServer, port: int) -> None:
    open_desk(
        port,
        {
            "kept": lambda: {"messages": len(server.store)},
            "memory": lambda: _memory(server),
        },
        lambda: reactor.callFromThread(reactor.stop),
    )


def _memory(server: CaptureServer) -> dict[str, float]:
    """Give the bytes that it takes, and those of the messages' content."""
    gc.collect()
    traced, _ = tracemalloc.get_traced_memory()
    content = sum(len(envelope.content) for envelope in server.store)
    return {"content": content, "resident": resident(os.getpid()), "traced": traced}
