"""A test that waits for messages, beside the thread of its server.

It says which port it is, waits for a line, and writes how long it took from the
client's last reply to the test's going on, for each message, in nanoseconds. Less than
nothing is possible: the test is woken before the server replies.
"""

from __future__ import annotations

import json
import sys
import time

from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import CaptureServer

from ..program import Program


def main() -> None:
    """Wait as often as the command line says."""
    number = int(sys.argv[1])
    server = CaptureServer()
    with Controller(server):
        print(server.port, flush=True)
        sys.stdin.readline()
        command = [sys.executable, "-m", "benchmarks.mailbox.probe", str(server.port)]
        with Program("probe", command) as probe:
            waits = [_wait(server, probe, each) for each in range(number)]
    print(json.dumps(waits), flush=True)


def _wait(server: CaptureServer, probe: Program, number: int) -> int:
    # What else is there would have to be looked through first.
    server.mailbox.clear()
    probe.say(str(number))
    server.mailbox.wait_for(recipient=f"probe-{number}@example.com", timeout=60)
    woken = time.monotonic_ns()
    return woken - int(probe.hear())


if __name__ == "__main__":
    main()
