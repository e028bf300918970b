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
    from lazr_smtptest.auth.login import Auth
    from lazr_smtptest.client.async_box import (
        AsyncDisposableMailbox,
        AsyncRemoteMailbox,
    )
    from lazr_smtptest.client.box import DisposableMailbox, RemoteMailbox
    from lazr_smtptest.client.errors import RemoteError
    from lazr_smtptest.errors import (
        BusyError,
        CheckError,
        DKIMError,
        Error,
        HandlerError,
        ListenError,
        QueryError,
        SearchTimeoutError,
        StateError,
        StoreError,
        StoreFullError,
        SubscriberError,
    )
    from lazr_smtptest.faults import (
        FaultFileError,
        Faults,
        Fired,
        LimitedFaults,
        Rule,
    )
    from lazr_smtptest.mailbox import Mailbox, MailboxView, NotReceived
    from lazr_smtptest.mime.attachment import Attachment
    from lazr_smtptest.mime.dkim import DKIMResult
    from lazr_smtptest.mime.signatures import DKIMSignature
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.fault_context import FaultContext, Moment
    from lazr_smtptest.model.reply import Reply
    from lazr_smtptest.model.session import Session, Transaction
    from lazr_smtptest.model.transcript import Line, Transcript
    from lazr_smtptest.server.capture import CaptureController
    from lazr_smtptest.server.controller import Controller, QueueController
    from lazr_smtptest.server.listener import Listener
    from lazr_smtptest.server.queueing import QueueServer
    from lazr_smtptest.server.servers import Server
    from lazr_smtptest.server.service import SMTPService
    from lazr_smtptest.server.storing import CaptureServer, StoreServer
    from lazr_smtptest.smtp.errors import (
        ClientError,
        PolicyError,
        ReplyError,
        ServerError,
    )
    from lazr_smtptest.smtp.factory import SMTPServerFactory
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol
    from lazr_smtptest.smtp.settings import Settings
    from lazr_smtptest.stores import open_store
    from lazr_smtptest.stores.session_log import Counters, SessionLog
    from lazr_smtptest.tls.context import TLS, TLSError

__all__ = [  # noqa: RUF022 - in the order of `sorted`
    "AsyncDisposableMailbox",
    "AsyncRemoteMailbox",
    "Attachment",
    "Auth",
    "BusyError",
    "CaptureController",
    "CaptureServer",
    "CheckError",
    "ClientError",
    "Controller",
    "Counters",
    "DKIMError",
    "DKIMResult",
    "DKIMSignature",
    "DisposableMailbox",
    "Envelope",
    "Error",
    "FaultContext",
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
    "QueryError",
    "QueueController",
    "QueueServer",
    "RemoteError",
    "RemoteMailbox",
    "Reply",
    "ReplyError",
    "Rule",
    "SMTPServerFactory",
    "SMTPServerProtocol",
    "SMTPService",
    "SearchTimeoutError",
    "Server",
    "ServerError",
    "Session",
    "SessionLog",
    "Settings",
    "StateError",
    "StoreError",
    "StoreFullError",
    "StoreServer",
    "SubscriberError",
    "TLS",
    "TLSError",
    "Transaction",
    "Transcript",
    "__version__",
    "open_store",
]

_HOMES = {
    "AsyncDisposableMailbox": "client.async_box",
    "AsyncRemoteMailbox": "client.async_box",
    "Attachment": "mime.attachment",
    "Auth": "auth.login",
    "BusyError": "errors",
    "CaptureController": "server.capture",
    "CaptureServer": "server.storing",
    "CheckError": "errors",
    "ClientError": "smtp.errors",
    "Controller": "server.controller",
    "Counters": "stores.session_log",
    "DKIMError": "errors",
    "DKIMResult": "mime.dkim",
    "DKIMSignature": "mime.signatures",
    "DisposableMailbox": "client.box",
    "Envelope": "model.envelope",
    "Error": "errors",
    "FaultContext": "model.fault_context",
    "FaultFileError": "faults.errors",
    "Faults": "faults.rules",
    "Fired": "faults.journal",
    "HandlerError": "errors",
    "LMTPServerProtocol": "smtp.lmtp",
    "LimitedFaults": "faults.base",
    "Limits": "smtp.limits",
    "Line": "model.transcript",
    "ListenError": "errors",
    "Listener": "server.listener",
    "Mailbox": "mailbox",
    "MailboxView": "mailbox",
    "Moment": "model.fault_context",
    "NotReceived": "mailbox",
    "PolicyError": "smtp.errors",
    "QueueController": "server.controller",
    "QueueServer": "server.queueing",
    "RemoteError": "client.errors",
    "RemoteMailbox": "client.box",
    "Reply": "model.reply",
    "ReplyError": "smtp.errors",
    "Rule": "faults.rule",
    "SMTPServerFactory": "smtp.factory",
    "SMTPServerProtocol": "smtp.protocol",
    "SMTPService": "server.service",
    "QueryError": "errors",
    "SearchTimeoutError": "errors",
    "Server": "server.servers",
    "ServerError": "smtp.errors",
    "Session": "model.session",
    "SessionLog": "stores.session_log",
    "Settings": "smtp.settings",
    "StateError": "errors",
    "StoreError": "errors",
    "StoreFullError": "errors",
    "StoreServer": "server.storing",
    "SubscriberError": "errors",
    "TLS": "tls.context",
    "TLSError": "tls.context",
    "Transaction": "model.session",
    "Transcript": "model.transcript",
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
