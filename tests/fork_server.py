"""A process that has imported the package, and forks itself as often as it is asked.

To import Twisted and the package takes a process ten times as much as everything else
that it does before it serves. `forking` starts this one, and asks it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["MESSAGE_SIZE", "MODULES"]

# What a server imports, and a reader of a store; none chooses a reactor. Those that are
# not among the oldest dependencies may be missing.
MODULES = (
    "lazr_smtptest.checks.service",
    "lazr_smtptest.cli.application",
    "lazr_smtptest.cli.main",
    "lazr_smtptest.cli.serve",
    "lazr_smtptest.stores.sqlite",
    "twisted.internet.endpoints",
    "twisted.internet.process",
    "twisted.internet.threads",
    "twisted.python.threadpool",
    "twisted.scripts.twistd",
    "OpenSSL.SSL",
    "cryptography.x509",
    "psycopg",
    "psycopg_pool",
)

# Bytes of an order: the words and the environment of a process.
MESSAGE_SIZE = 1 << 17

# A process has its input, its output and its errors; the fourth tells how it ended.
DESCRIPTORS = 4


def serve(control: socket.socket) -> Any:
    """Fork as often as it is asked.

    Returns:
        In each process that it forks, what that has to do. In itself ``None``, when
        nobody asks any more.
    """
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Where to tell how a process ended, by its id.
    ends: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, reading], [], [])
        if reading in ready:
            os.read(reading, 4096)
            tell_ends(ends)
        if control in ready:
            order, given, _, _ = socket.recv_fds(control, MESSAGE_SIZE, DESCRIPTORS)
            if not order:
                return None
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                for each in (reading, writing, given.pop(), *ends.values()):
                    os.close(each)
                return become(json.loads(order), given)
            ends[process] = given.pop()
            for each in given:
                os.close(each)
            control.send(str(process).encode())


def tell_ends(ends: dict[int, int]) -> None:
    """Tell the exit status of each process that has ended, as `subprocess` has it."""
    while ends:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        end = ends.pop(process)
        # Nobody may want to know any more.
        with contextlib.suppress(BrokenPipeError):
            os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(end)


def become(order: Any, streams: list[int]) -> Any:
    """Make of this process what `subprocess.Popen` would have made."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    if order["sigint"]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return order


def run(words: list[str]) -> None:
    """Do what ``python -u`` does with its arguments."""
    kind, what, *arguments = words if words[0].startswith("-") else ["", *words]
    sys.argv = [kind or what, *arguments]
    sys.path[0] = "" if kind else str(Path(what).parent)
    if kind == "-m":
        sys.path[0] = str(Path.cwd())
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_path(what, run_name="__main__")


def main() -> None:
    """Import, fork, and in each process that is forked run what it has to."""
    # A Ctrl-C is for the tests, whose end ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(module)
    if "twisted.internet.reactor" in sys.modules:
        sys.exit("a module has chosen the reactor of all processes")
    gc.collect()
    gc.freeze()
    order = serve(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        run(order["words"])


if __name__ == "__main__":
    main()
