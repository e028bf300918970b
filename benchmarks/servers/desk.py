"""How the server of a process answers the benchmark: in lines of JSON.

The questions come by the standard input, whose end is the end of the process. They
are read in a thread of their own, which sleeps while there are none.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping

Answers = Mapping[str, Callable[[], Mapping[str, float]]]


def say(facts: Mapping[str, float]) -> None:
    """Write one answer."""
    print(json.dumps(facts), flush=True)


def open_desk(port: int, answers: Answers, end: Callable[[], object]) -> None:
    """Say which port it is, and answer from now on.

    Args:
        port: the port that accepts connections.
        answers: what is to be called for each question; in the desk's thread.
        end: called in that thread when the input ends; the process ends where
            it does not within a few seconds.
    """
    say({"port": port})
    threading.Thread(target=_answer, args=(answers, end), daemon=True).start()


def _answer(answers: Answers, end: Callable[[], object]) -> None:
    for line in sys.stdin:
        say(answers[line.strip()]())
    end()
    # Where a server does not stop, this thread still can.
    threading.Timer(3, os._exit, (1,)).start()
