"""What the processes of pytest-xdist report of a test: no more than is read.

Each test has six messages, and to send, receive and handle them costs as much as the
test itself if that is short. Of a test that passes one report and the note that it has
ended are all that is printed or counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

__all__ = ["is_read", "report_briefly"]


def report_briefly(config: pytest.Config) -> None:
    """Let a process of pytest-xdist send only what its parent makes something of.

    It does nothing where no such process runs, and where the parent lists all steps:
    with ``-v``, ``--durations`` or ``--junit-xml``.
    """
    option = config.option
    if option.verbose > 0 or option.durations or option.xmlpath:
        return
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            _filter(plugin)


def _filter(interactor: Any) -> None:
    send = interactor.sendevent

    def send_what_is_read(name: str, **values: Any) -> None:
        if is_read(name, values):
            send(name, **values)

    interactor.sendevent = send_what_is_read


def is_read(name: str, values: Mapping[str, Any]) -> bool:
    """Return whether the parent makes something of a message.

    Args:
        name: the kind of the message.
        values: what is in it.
    """
    if name in ("logstart", "logfinish"):
        return False
    if name != "testreport":
        return True
    report = values["data"]
    return bool(
        report["when"] == "call"
        or report["outcome"] != "passed"
        or report["sections"]
        or report["user_properties"]
    )
