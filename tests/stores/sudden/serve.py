"""A server with a store, in a process that is killed.

It writes its port, and ends with its input.
"""

from __future__ import annotations

import argparse
import logging
import resource
import signal
import sys
from typing import Any

from ends import End, interfere

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.stores import open_store


class EndingServer(StoreServer):
    """A server that ends before or after the reply to a message."""

    end: End

    def factory(
        self, reactor: Any, *arguments: Any, **options: Any
    ) -> SMTPServerFactory:
        self._reactor = reactor
        return super().factory(reactor, *arguments, **options)

    def handle_envelope(self, envelope: Envelope) -> object:
        # Its callbacks come before those that write the reply.
        return super().handle_envelope(envelope).addBoth(self._kept)

    def _kept(self, result: object) -> object:
        if self.end.point == "before_reply":
            self.end.passed()
        else:
            self._reactor.callLater(0, self.end.passed)
        return result


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="its specification, as maildir:DIR")
    parser.add_argument("--size", type=int, help="of the biggest file it may write")
    parser.add_argument("--end", type=End, help="where it ends, as before_reply:3")
    return parser.parse_args()


def limit(size: int) -> int:
    """Bound the size of files; return what the bound may be raised to."""
    # Else the signal would end the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    return hard


def main() -> None:
    """Serve until the input ends."""
    chosen = options()
    # What is refused on purpose is logged; nobody here reads it.
    logging.disable(logging.CRITICAL)
    end = chosen.end
    if end and end.point.startswith("store."):
        interfere(chosen.store.partition(":")[0], end.point, end.passed)
    store = open_store(chosen.store)
    server = StoreServer(store)
    if end and end.point.endswith("_reply"):
        server = EndingServer(store)
        server.end = end
    hard = limit(chosen.size) if chosen.size else 0
    with Controller(server) as controller:
        print(controller.port, flush=True)
        for line in sys.stdin:
            if line == "room\n":
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                print("there is room", flush=True)
    store.close()


if __name__ == "__main__":
    main()
