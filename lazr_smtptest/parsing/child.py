"""The child process of a pool: reads messages until its input ends."""

from __future__ import annotations

import importlib
import json
import os
import signal
from collections.abc import Iterator, Sequence
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
# What is left of the memory may be in pieces.
_TOO_LARGE = ENDS + b'"it needs too much memory"'

_ANY_SIZE = 1 << 62
# Bytes of a pipe that are read at once: most messages are shorter.
_BUFFER = 65_536


def pack(
    name: str, envelopes: Sequence[Envelope], arguments: Sequence[str] = ()
) -> bytes:
    """Encode a call: the function, envelopes without their contents, the argument."""
    said = [
        {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "mail_options": dict(envelope.mail_options),
            # Those of the commands; the child finds those of the message.
            "warnings": envelope._noted,
        }
        for envelope in envelopes
    ]
    return json.dumps([name, said, arguments]).encode("ascii")


def unpack(
    octets: bytes, contents: Iterator[bytes]
) -> tuple[str, list[Envelope], list[str]]:
    """Decode the result of `pack`; take the contents one by one."""
    name, said, arguments = json.loads(octets)
    envelopes = []
    for values in said:
        values["rcpt_tos"] = tuple(values["rcpt_tos"])
        values["warnings"] = tuple(values["warnings"])
        envelopes.append(Envelope(content=next(contents), **values))
    return name, envelopes, arguments


def main(arguments: str) -> None:
    """Run the child.

    Args:
        arguments: JSON: the module of the functions, the seconds of CPU time for a
            message, and the bytes of memory for the process; 0 for no bound.
    """
    registry, seconds, memory = json.loads(arguments)
    # The terminal sends it to all processes. The end of the input ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb", buffering=_BUFFER)
    answers = os.fdopen(os.dup(1), "wb", buffering=_BUFFER)
    # Nothing else may read or write there.
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    functions = importlib.import_module(registry).FUNCTIONS
    _limit_memory(memory)
    with requests, answers:
        write_frame(answers, (), 0)
        answers.flush()
        while True:
            try:
                request = read_frame(requests, _ANY_SIZE)
            except EOFError:
                return
            for answer in _answers(functions, request, requests, seconds):
                write_frame(answers, (answer,), len(answer))
            answers.flush()
            if answer.startswith(ENDS):
                return


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


def _answers(
    functions: Any, request: bytes, requests: Any, seconds: float
) -> Iterator[bytes]:
    """Yield an answer for each message of a request, up to one that begins `ENDS`."""
    contents = iter(lambda: read_frame(requests, _ANY_SIZE), None)
    try:
        # All of them first: the parent reads no answer before it has written all.
        name, envelopes, arguments = unpack(request, contents)
    except MemoryError:
        yield _TOO_LARGE
        return
    for envelope in envelopes:
        answer = _answer(functions[name], envelope, arguments, seconds)
        yield answer
        if answer is _TOO_LARGE:
            return


def _answer(
    function: Any, envelope: Envelope, arguments: Sequence[str], seconds: float
) -> bytes:
    """Return the status, and the result or the reason of a failure as JSON."""
    try:
        _limit_time(seconds)
        value = function.encode(function.run(envelope, *arguments))
        return DONE + json.dumps(value).encode("ascii")
    except MemoryError:
        return _TOO_LARGE
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        return FAILED + json.dumps(reason).encode("ascii")
    finally:
        _limit_time(0)
