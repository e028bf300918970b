"""A server with a store, in a process that is killed.

It writes its port, and ends with its input. The second argument, if there is one, is
the biggest file that it may write.
"""

from __future__ import annotations

import logging
import resource
import signal
import sys

from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.stores import open_store


def main(spec: str, size: str = "") -> None:
    """Serve until the input ends."""
    # What is refused on purpose is logged; nobody here reads it.
    logging.disable(logging.CRITICAL)
    store = open_store(spec)
    if size:
        # Else the signal would end the process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), hard))
    with Controller(StoreServer(store)) as controller:
        print(controller.port, flush=True)
        for line in sys.stdin:
            if line == "room\n":
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                print("there is room", flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
