"""A server in a process of its own, for tests that measure it or starve it.

It writes one line of JSON with its port, and then one with what it has used for
each line that it reads. It ends with its input.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import tempfile

import attrs
from twisted.internet.defer import Deferred

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore
from lazr_smtptest.tls.context import TLS


class Stalling(StoreServer):
    """A server that never answers a message."""

    def handle_envelope(self, envelope: Envelope) -> Deferred[None]:
        """Take for ever."""
        return Deferred()


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address-space", type=int, help="bytes beyond those now")
    parser.add_argument("--descriptors", type=int, help="RLIMIT_NOFILE")
    parser.add_argument("--file-size", type=int, help="RLIMIT_FSIZE")
    parser.add_argument("--folder", help="where temporary files are made")
    parser.add_argument("--message-size", type=int, default=50 * 1024 * 1024)
    parser.add_argument("--patient", action="store_true", help="no limit on commands")
    parser.add_argument("--spool", type=int, help="octets of a message in memory")
    parser.add_argument("--stall", action="store_true", help="answer no message")
    parser.add_argument("--tls", action="store_true", help="offer STARTTLS")
    options = parser.parse_args()
    # What goes wrong in Twisted is logged; nobody here reads it.
    logging.disable(logging.CRITICAL)
    if options.descriptors:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (options.descriptors, hard))
    if options.file_size:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_size, hard))
    tempfile.tempdir = options.folder
    # Open already: there may be no descriptor left to open it with.
    status = os.open("/proc/self/status", os.O_RDONLY)
    store = MemoryStore()
    server = Stalling(store) if options.stall else StoreServer(store)
    limits = Limits(message_size=options.message_size, spool=options.spool)
    if options.patient:
        limits = attrs.evolve(limits, errors=10**9, junk=10**9)
    server.settings = Settings(
        limits=limits,
        tls=TLS.auto() if options.tls else None,
    )
    with Controller(server) as controller:
        if options.address_space:
            now = memory(status)["mapped"]
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (now + options.address_space, hard))
        say(port=controller.port)
        for _ in sys.stdin:
            say(messages=len(store), cpu=cpu(), **memory(status))


def say(**facts: float) -> None:
    """Answer the test."""
    print(json.dumps(facts), flush=True)


def cpu() -> float:
    """Seconds of processor time so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def memory(status: int) -> dict[str, int]:
    """Bytes of memory, now and at the most.

    Not ``ru_maxrss``, which begins with the size of the parent process.
    """
    lines = os.pread(status, 65536, 0).decode("ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {
        name: int(fields[field].split()[0]) * 1024
        for name, field in (("rss", "VmRSS"), ("peak", "VmHWM"), ("mapped", "VmSize"))
    }


if __name__ == "__main__":
    main()
