"""Where messages are kept: in memory, or on a disk as SQLite, Maildir or mbox.

`open_store` makes one from the short text that ``--store`` takes.

In a Maildir and an mbox, the envelope is kept as header fields in front of the
message, and reading gives back an equal `Envelope`:

- ``Return-Path``: the sender;
- ``X-Mail-Args``: the parameters of MAIL, as in the command;
- ``Delivered-To``: a recipient, one field for each;
- ``X-Rcpt-Args``: the parameters of the recipient above. They are there for all
  recipients if one has any; ``?`` stands for "not known", which is what
  a protocol other than ours says of them;
- ``X-Peer``: the client's address and port;
- ``X-User``: who the client logged in as;
- ``X-TLS``: ``yes`` for a message that came over TLS;
- ``X-Warnings``: what was irregular;
- ``X-Id``: the `id` of the envelope;
- ``X-Received-At``: when the message had come to its end;
- ``X-Helo``: what the client called itself. It is always there, and the last one:
  the message begins behind it.

A field with nothing to say is left out. A space, ``=``, ``%``, ``?`` and what is not
printable ASCII are percent-encoded (RFC 3986) in parameters and warnings; in the
others, a value with control characters is an encoded-word (RFC 2047).
"""

from __future__ import annotations

from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores.found import Found, IndexProgress
from lazr_smtptest.stores.maildir import MaildirStore
from lazr_smtptest.stores.mbox import MboxStore
from lazr_smtptest.stores.memory import MemoryStore
from lazr_smtptest.stores.spec import Spec, check_spec
from lazr_smtptest.stores.sqlite import SQLiteStore
from lazr_smtptest.stores.summary import Summary

__all__ = [
    "Found",
    "IndexProgress",
    "MaildirStore",
    "MboxStore",
    "MemoryStore",
    "SQLiteStore",
    "Spec",
    "Summary",
    "check_spec",
    "open_store",
]


def open_store(spec: str) -> IMessageStore:
    """Open the store that `spec` names.

    Call it in any thread; it may touch the disk.

    Args:
        spec: ``memory``, ``sqlite:FILE``, ``maildir:DIR`` or ``mbox:FILE``; a path
            alone, with a slash or a dot in it, is that of an SQLite store. Behind
            it settings may stand: ``?NAME=VALUE&NAME=VALUE``.

            - ``max-count``, ``max-bytes``, ``max-age``: how many messages are kept,
              how many octets of them, and how long, such as ``1000``, ``500M``,
              ``7d``. 0 is no bound.
            - ``full``: what ``memory`` does at the first two, ``drop`` the oldest
              or ``refuse`` the new one.
            - ``synchronous``: ``FULL`` or ``NORMAL``, see `SQLiteStore`.

    Raises:
        ValueError: `spec` has none of these forms, or a setting is wrong.
        StoreError: the directory or file cannot be used. It is left as it was.
    """
    return _opened(check_spec(spec))


def _opened(spec: Spec) -> IMessageStore:
    if spec.kind == "memory":
        return MemoryStore(**spec.settings)
    if spec.kind == "sqlite":
        return SQLiteStore(spec.path, **spec.settings)
    if spec.kind == "maildir":
        return MaildirStore(spec.path, **spec.settings)
    return MboxStore(spec.path, **spec.settings)
