"""A real SMTP server for tests, built on Twisted.

The names are imported when they are first used: ``twisted.mail.smtp`` installs
the global reactor when it is imported, and a program that only looks for this
package, such as ``twistd``, may still want to choose its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lazr_smtptest.version import __version__

if TYPE_CHECKING:
    from lazr_smtptest.controller import Controller, QueueController
    from lazr_smtptest.envelope import Envelope
    from lazr_smtptest.errors import (
        Error,
        HandlerError,
        ListenError,
        StateError,
        StoreError,
    )
    from lazr_smtptest.server import QueueServer, Server, StoreServer
    from lazr_smtptest.service import SMTPService
    from lazr_smtptest.smtp.factory import SMTPServerFactory
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol
    from lazr_smtptest.stores import open_store

__all__ = [
    "Controller",
    "Envelope",
    "Error",
    "HandlerError",
    "Limits",
    "ListenError",
    "QueueController",
    "QueueServer",
    "SMTPServerFactory",
    "SMTPServerProtocol",
    "SMTPService",
    "Server",
    "StateError",
    "StoreError",
    "StoreServer",
    "__version__",
    "open_store",
]

_HOMES = {
    "Controller": "controller",
    "Envelope": "envelope",
    "Error": "errors",
    "HandlerError": "errors",
    "Limits": "smtp.limits",
    "ListenError": "errors",
    "QueueController": "controller",
    "QueueServer": "server",
    "SMTPServerFactory": "smtp.factory",
    "SMTPServerProtocol": "smtp.protocol",
    "SMTPService": "service",
    "Server": "server",
    "StateError": "errors",
    "StoreError": "errors",
    "StoreServer": "server",
    "open_store": "stores",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
