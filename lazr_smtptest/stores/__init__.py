"""Where messages are kept: in memory, in a Maildir, in an mbox file.

`open_store` makes one from the short text that ``--store`` takes.

On disk, the envelope is kept as header fields in front of the message, and reading
gives back an equal `Envelope`:

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
- ``X-Helo``: what the client called itself. It is always there, and the last one:
  the message begins behind it.

A field with nothing to say is left out. A space, ``=``, ``%``, ``?`` and what is not
printable ASCII are percent-encoded (RFC 3986) in parameters and warnings; in the
others, a value with control characters is an encoded-word (RFC 2047).
"""

from __future__ import annotations

from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores.maildir import MaildirStore
from lazr_smtptest.stores.mbox import MboxStore
from lazr_smtptest.stores.memory import MemoryStore

__all__ = ["MaildirStore", "MboxStore", "MemoryStore", "check_spec", "open_store"]

_ON_DISK = {"maildir": MaildirStore, "mbox": MboxStore}


def check_spec(spec: str) -> tuple[str, str]:
    """Take ``memory``, ``maildir:DIR`` or ``mbox:FILE`` apart; touch nothing.

    Returns:
        the kind and the path; the path is ``""`` for ``memory``.

    Raises:
        ValueError: `spec` has none of these forms.
    """
    kind, _, path = spec.partition(":")
    if spec == "memory" or (kind in _ON_DISK and path):
        return kind, path
    raise ValueError(f"unknown store {spec!r}: use memory, maildir:DIR or mbox:FILE")


def open_store(spec: str) -> IMessageStore:
    """Open the store that `spec` names: ``memory``, ``maildir:DIR``, ``mbox:FILE``.

    Call it in any thread; it may touch the disk.

    Raises:
        ValueError: `spec` has none of these forms.
        StoreError: the directory or file cannot be used. It is left as it was.
    """
    kind, path = check_spec(spec)
    return _ON_DISK[kind](path) if path else MemoryStore()
