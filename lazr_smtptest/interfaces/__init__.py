"""The interfaces between the parts of this package.

All methods are called in the thread of the reactor that serves the connection,
unless a method's docstring names another thread.
"""

from lazr_smtptest.interfaces.faults import IFaultPolicy, IFaultStep
from lazr_smtptest.interfaces.handler import (
    IEnvelopeMessage,
    IMessageHandler,
    ISessionObserver,
)
from lazr_smtptest.interfaces.reader import IMessageReader
from lazr_smtptest.interfaces.store import (
    IAdjustableStore,
    IMessageStore,
    ISharedStore,
    IWaitingStore,
)

__all__ = [
    "IAdjustableStore",
    "IEnvelopeMessage",
    "IFaultPolicy",
    "IFaultStep",
    "IMessageHandler",
    "IMessageReader",
    "IMessageStore",
    "ISessionObserver",
    "ISharedStore",
    "IWaitingStore",
]
