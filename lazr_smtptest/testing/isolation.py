"""The isolation of tests that share a server: what one adds is gone for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lazr_smtptest._watchers import Watchers
from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.server.capture import CaptureController

__all__ = ["isolate"]

# The options of a mailbox that a test may set.
_OPTIONS = ("grace", "conversations", "notes", "appendix")


def isolate(controller: CaptureController) -> Callable[[], None]:
    """Return a function that undoes what a test does to a server from now on.

    Call it after the test. Subscribers, watchers and open waits of the test end, and
    the public attributes of the server, among them hooks and settings, and the options
    of the mailbox are again what they were. What a fixture of a wider scope added
    before stays. A server that the test started again is stopped, because its present
    run may have the settings of the test.

    Messages, sessions and rules of faults stay, for the report of the test:
    `CaptureController.clear` and `Faults.reset` remove them.
    """
    server, mailbox = controller.server, controller.mailbox
    attributes, options = dict(vars(server)), _options(mailbox)
    enabled, reader = mailbox.activity.enabled, mailbox._reader
    thread = controller._thread
    marks = [each.mark() for each in _watchers(controller)]
    waiters = _waiters(mailbox)

    def undo() -> None:
        try:
            if controller._thread is not thread:
                controller.stop()
        finally:
            for mark in marks:
                mark()
            for waiter in _waiters(mailbox) - waiters:
                mailbox._unwatch(waiter)
            _restore(server, attributes)
            for name, value in options.items():
                setattr(mailbox, name, value)
            mailbox.activity.enabled, mailbox._reader = enabled, reader

    return undo


def _options(mailbox: Mailbox) -> dict[str, Any]:
    return {name: getattr(mailbox, name) for name in _OPTIONS}


def _waiters(mailbox: Mailbox) -> set[Waiter]:
    with mailbox._lock:
        return set(mailbox._waiters)


def _watchers(controller: CaptureController) -> Iterator[Watchers[Any]]:
    """Yield every collection of functions that a test may add to."""
    server = controller.server
    yield server.mailbox._subscribers._watchers
    if server.mailbox._reader is not None:
        yield server.mailbox._reader._log._watchers
    yield server.mailbox.sessions._watchers
    yield server.mailbox.faults._watchers
    yield server.delivery_events._readers
    yield server.delivery_events._error_readers


def _restore(thing: object, before: Mapping[str, Any]) -> None:
    """Restore the public attributes of an object, as `vars` returned them."""
    now = {name: value for name, value in vars(thing).items() if name[0] != "_"}
    for name in now.keys() - before.keys():
        delattr(thing, name)
    for name, value in before.items():
        if name[0] != "_" and (name not in now or now[name] is not value):
            setattr(thing, name, value)
