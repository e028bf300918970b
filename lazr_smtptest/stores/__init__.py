"""Message stores: in memory, on a disk as SQLite, Maildir or mbox, or in PostgreSQL.

`open_store` opens one from the short text that ``--store`` takes.

In a Maildir and an mbox, the envelope is kept as header fields before the
message, and reading returns an equal `Envelope`:

- ``Return-Path``: the sender;
- ``X-Mail-Args``: the parameters of MAIL, as in the command;
- ``Delivered-To``: a recipient, one field for each;
- ``X-Rcpt-Args``: the parameters of the recipient above, one field for every
  recipient if any has parameters; ``?`` means "not known", for an envelope
  that came from a protocol of somebody else;
- ``X-Peer``: the client's address and port;
- ``X-User``: the user that the client logged in as;
- ``X-TLS``: ``yes`` for a message that came over TLS;
- ``X-Warnings``: the irregularities that were accepted;
- ``X-Id``: the `id` of the envelope;
- ``X-Received-At``: the time at which the message was complete;
- ``X-Session``: the id of the session that delivered it;
- ``X-Helo``: the name from HELO, EHLO or LHLO. It is always there and always
  the last: the message begins after it.

A field without a value is left out. In parameters and warnings a space, ``=``,
``%``, ``?`` and every byte that is not printable ASCII are percent-encoded (RFC
3986); in other fields a value with control characters is an encoded-word (RFC
2047).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lazr_smtptest.interfaces import IMessageStore
    from lazr_smtptest.model.found import Found, IndexProgress
    from lazr_smtptest.model.summary import Summary
    from lazr_smtptest.query.tag_rules import TagRules
    from lazr_smtptest.stores.keep_policy import KeepPolicy
    from lazr_smtptest.stores.maildir import MaildirStore
    from lazr_smtptest.stores.mbox import MboxStore
    from lazr_smtptest.stores.memory import MemoryStore
    from lazr_smtptest.stores.postgresql import PostgreSQLStore
    from lazr_smtptest.stores.sampler import Sampler
    from lazr_smtptest.stores.sessions import SessionBounds
    from lazr_smtptest.stores.spec import Spec, check_spec
    from lazr_smtptest.stores.sqlite import SQLiteStore

__all__ = [
    "Found",
    "IndexProgress",
    "KeepPolicy",
    "MaildirStore",
    "MboxStore",
    "MemoryStore",
    "PostgreSQLStore",
    "SQLiteStore",
    "Sampler",
    "SessionBounds",
    "Spec",
    "Summary",
    "TagRules",
    "check_spec",
    "open_store",
]


# The modules of the names, which are imported when they are first used: the server of
# a test keeps its messages in a mailbox, and needs no store.
_HOMES = {
    "Found": "model.found",
    "IndexProgress": "model.found",
    "KeepPolicy": "stores.keep_policy",
    "MaildirStore": "stores.maildir",
    "MboxStore": "stores.mbox",
    "MemoryStore": "stores.memory",
    "PostgreSQLStore": "stores.postgresql",
    "SQLiteStore": "stores.sqlite",
    "Sampler": "stores.sampler",
    "SessionBounds": "stores.sessions",
    "Spec": "stores.spec",
    "Summary": "model.summary",
    "TagRules": "query.tag_rules",
    "check_spec": "stores.spec",
}

# By the first word of a description.
_STORES = {
    "memory": "MemoryStore",
    "sqlite": "SQLiteStore",
    "maildir": "MaildirStore",
    "mbox": "MboxStore",
    "postgresql": "PostgreSQLStore",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"lazr_smtptest.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def open_store(
    spec: str,
    *,
    tag_queries: Mapping[str, str] | None = None,
    make: bool = True,
) -> IMessageStore:
    """Open the store that `spec` names.

    Call it in any thread; it may touch the disk.

    Args:
        spec: ``memory``, ``sqlite:FILE``, ``maildir:DIR``, ``mbox:FILE`` or a URL
            ``postgresql://...``; a path
            alone, with a slash or a dot in it, is that of an SQLite store. Settings
            follow as ``?NAME=VALUE&NAME=VALUE``:

            - ``max-count``, ``max-bytes``, ``max-age``: the most messages, the most
              bytes of them and the longest time to keep, such as ``1000``, ``500M``
              and ``7d``. 0 is no bound.
            - ``sessions``: whether ended sessions are kept beside the messages, ``yes``
              or ``no``.
            - ``max-sessions``, ``max-session-bytes``: the bounds of the kept sessions.
            - ``x-tags``, ``plus-tags``, ``user-tags``: whether the field X-Tags,
              plus-addresses and the user of SMTP AUTH tag messages, ``yes`` or ``no``,
              see `TagRules`.
            - ``full``: what ``memory`` does when ``max-count`` or ``max-bytes`` is
              reached: ``drop`` the oldest or ``refuse`` the new message.
            - ``synchronous``: ``FULL`` or ``NORMAL``, see `SQLiteStore`.
            - ``schema``, ``node``, ``spool``, ``max-spool``, ``replica``: see
              `PostgreSQLStore`.
        tag_queries: a search query for each tag, see ``queries`` of `TagRules`.
        make: whether to make the store if it does not exist.

    Raises:
        QueryError: a query cannot be parsed.
        ValueError: `spec` has none of these forms, or a setting or a tag is wrong.
        StoreError: the directory, file or database cannot be used. It is left
            unchanged.
    """
    from lazr_smtptest.errors import StoreError
    from lazr_smtptest.stores.spec import check_spec

    checked = check_spec(spec, tag_queries)
    where = (checked.path,) if checked.path else ()
    settings = dict(checked.settings)
    if not make:
        if checked.kind == "postgresql":
            settings["make"] = False
        elif where:
            _check_exists(checked.path)
    try:
        kind = __getattr__(_STORES[checked.kind])
    except ImportError as error:
        if checked.kind != "postgresql":
            raise
        raise StoreError(
            f"a store in PostgreSQL needs psycopg and psycopg_pool ({error}): "
            "install lazr.smtptest[postgresql]"
        ) from error
    store: IMessageStore = kind(*where, **settings)
    return store


def _check_exists(path: str) -> None:
    from lazr_smtptest.errors import StoreError

    try:
        exists = Path(path).exists()
    except OSError as error:
        raise StoreError(f"cannot use {path!r}: {error.strerror}") from error
    if not exists:
        raise StoreError(f"there is no {path!r}")
