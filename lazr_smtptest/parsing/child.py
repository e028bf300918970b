"""The child process of a pool: reads messages until its input ends."""

from __future__ import annotations

import importlib
import json
import os
import signal
from typing import Any

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.frames import read_frame, write_frame

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

__all__ = ["DONE", "ENDS", "FAILED", "main", "pack", "unpack"]

# The first byte of an answer; after `ENDS` the process ends.
DONE, FAILED, ENDS = b"+", b"-", b"!"

_ANY_SIZE = 1 << 62


def pack(name: str, envelope: Envelope) -> bytes:
    """Encode the name of a function, and an envelope without its content."""
    said = {
        "mail_from": envelope.mail_from,
        "rcpt_tos": envelope.rcpt_tos,
        "mail_options": dict(envelope.mail_options),
        "warnings": envelope.warnings,
    }
    return json.dumps([name, said]).encode("ascii")


def unpack(octets: bytes, content: bytes) -> tuple[str, Envelope]:
    """Decode the result of `pack`."""
    name, said = json.loads(octets)
    said["rcpt_tos"] = tuple(said["rcpt_tos"])
    said["warnings"] = tuple(said["warnings"])
    return name, Envelope(content=content, **said)


def main(arguments: str) -> None:
    """Run the child.

    Args:
        arguments: JSON: the module of the functions, the seconds of CPU time for a
            message, and the bytes of memory for the process; 0 for no bound.
    """
    registry, seconds, memory = json.loads(arguments)
    # The terminal sends it to all processes. The end of the input ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Nothing else may read or write there.
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    functions = importlib.import_module(registry).FUNCTIONS
    _limit_memory(memory)
    with requests, answers:
        _send(answers, b"")
        while True:
            try:
                request = read_frame(requests, _ANY_SIZE)
            except EOFError:
                return
            answer = _answer(functions, request, requests, seconds)
            _send(answers, answer)
            if answer.startswith(ENDS):
                return


def _send(file: Any, octets: bytes) -> None:
    write_frame(file, (octets,), len(octets))


def _limit_memory(octets: int) -> None:
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if octets:
        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))


def _limit_time(seconds: float) -> None:
    """End this process after `seconds` of CPU time; 0 for never."""
    if hasattr(signal, "setitimer"):
        # Its default action ends the process, whatever it is doing.
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(functions: Any, request: bytes, requests: Any, seconds: float) -> bytes:
    """Return the status, and the result or the reason of a failure as JSON."""
    try:
        name, envelope = unpack(request, read_frame(requests, _ANY_SIZE))
        function = functions[name]
        _limit_time(seconds)
        value = function.encode(function.run(envelope))
        return DONE + json.dumps(value).encode("ascii")
    except MemoryError:
        # What is left of the memory may be in pieces.
        return ENDS + b'"it needs too much memory"'
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        return FAILED + json.dumps(reason).encode("ascii")
    finally:
        _limit_time(0)
