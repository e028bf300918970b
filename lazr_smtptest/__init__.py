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
    from lazr_smtptest.capture import CaptureController
    from lazr_smtptest.content.attachment import Attachment
    from lazr_smtptest.content.dkim import DKIMResult
    from lazr_smtptest.content.signatures import DKIMSignature
    from lazr_smtptest.controller import Controller, QueueController
    from lazr_smtptest.envelope import Envelope
    from lazr_smtptest.errors import (
        DKIMError,
        Error,
        HandlerError,
        ListenError,
        StateError,
        StoreError,
        StoreFullError,
    )
    from lazr_smtptest.faults import (
        FaultFileError,
        Faults,
        Fired,
        LimitedFaults,
        Rule,
    )
    from lazr_smtptest.listener import Listener
    from lazr_smtptest.mailbox import Mailbox, MailboxView, NotReceived
    from lazr_smtptest.moment import Moment
    from lazr_smtptest.server import QueueServer, Server
    from lazr_smtptest.service import SMTPService
    from lazr_smtptest.session import Session, Transaction
    from lazr_smtptest.sessionlog import Counters, SessionLog
    from lazr_smtptest.smtp.errors import (
        ClientError,
        PolicyError,
        ReplyError,
        ServerError,
    )
    from lazr_smtptest.smtp.factory import SMTPServerFactory
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
    from lazr_smtptest.smtp.login import Auth
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol
    from lazr_smtptest.smtp.reply import Reply
    from lazr_smtptest.smtp.settings import Settings
    from lazr_smtptest.smtp.tls import TLS, TLSError
    from lazr_smtptest.stores import open_store
    from lazr_smtptest.storeserver import CaptureServer, StoreServer
    from lazr_smtptest.transcript import Line, Transcript

__all__ = [  # noqa: RUF022 - in the order of `sorted`
    "Attachment",
    "Auth",
    "CaptureController",
    "CaptureServer",
    "ClientError",
    "Controller",
    "Counters",
    "DKIMError",
    "DKIMResult",
    "DKIMSignature",
    "Envelope",
    "Error",
    "FaultFileError",
    "Faults",
    "Fired",
    "HandlerError",
    "LMTPServerProtocol",
    "LimitedFaults",
    "Limits",
    "Line",
    "ListenError",
    "Listener",
    "Mailbox",
    "MailboxView",
    "Moment",
    "NotReceived",
    "PolicyError",
    "QueueController",
    "QueueServer",
    "Reply",
    "ReplyError",
    "Rule",
    "SMTPServerFactory",
    "SMTPServerProtocol",
    "SMTPService",
    "Server",
    "ServerError",
    "Session",
    "SessionLog",
    "Settings",
    "StateError",
    "StoreError",
    "StoreFullError",
    "StoreServer",
    "TLS",
    "TLSError",
    "Transaction",
    "Transcript",
    "__version__",
    "open_store",
]

_HOMES = {
    "Attachment": "content.attachment",
    "Auth": "smtp.login",
    "CaptureController": "capture",
    "CaptureServer": "storeserver",
    "ClientError": "smtp.errors",
    "Controller": "controller",
    "Counters": "sessionlog",
    "DKIMError": "errors",
    "DKIMResult": "content.dkim",
    "DKIMSignature": "content.signatures",
    "Envelope": "envelope",
    "Error": "errors",
    "FaultFileError": "faults.errors",
    "Faults": "faults.book",
    "Fired": "faults.journal",
    "HandlerError": "errors",
    "LMTPServerProtocol": "smtp.lmtp",
    "LimitedFaults": "faults.scripted",
    "Limits": "smtp.limits",
    "Line": "transcript",
    "ListenError": "errors",
    "Listener": "listener",
    "Mailbox": "mailbox",
    "MailboxView": "mailbox",
    "Moment": "moment",
    "NotReceived": "mailbox",
    "PolicyError": "smtp.errors",
    "QueueController": "controller",
    "QueueServer": "server",
    "Reply": "smtp.reply",
    "ReplyError": "smtp.errors",
    "Rule": "faults.rule",
    "SMTPServerFactory": "smtp.factory",
    "SMTPServerProtocol": "smtp.protocol",
    "SMTPService": "service",
    "Server": "server",
    "ServerError": "smtp.errors",
    "Session": "session",
    "SessionLog": "sessionlog",
    "Settings": "smtp.settings",
    "StateError": "errors",
    "StoreError": "errors",
    "StoreFullError": "errors",
    "StoreServer": "storeserver",
    "TLS": "smtp.tls",
    "TLSError": "smtp.tls",
    "Transaction": "session",
    "Transcript": "transcript",
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
