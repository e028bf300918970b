"""The commands of IMAP: what carries each out, and in which states it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from lazr_smtptest.readers.imap import (
    adding,
    changing,
    folders,
    general,
    login,
    making,
    reading,
)
from lazr_smtptest.readers.imap.state import State

__all__ = ["COMMANDS", "UID_COMMANDS", "Command"]

# Its arguments are the session and the values after the name; the result is the text
# after OK, and None if the command was replied to.
Run = Callable[[Any, Any], Awaitable[str | None]]

_BEFORE = frozenset([State.NOT_AUTHENTICATED])
_INSIDE = frozenset([State.AUTHENTICATED, State.SELECTED])
_SELECTED = frozenset([State.SELECTED])
_ALWAYS = _BEFORE | _INSIDE


@attrs.frozen
class Command:
    """A command.

    Attributes:
        run: carries it out.
        states: the states in which it may be sent.
        may_expunge: whether removed messages are reported after it (RFC 3501 section
            7.4.1).
    """

    run: Run
    states: frozenset[State] = _INSIDE
    may_expunge: bool = True


COMMANDS: Mapping[bytes, Command] = {
    b"CAPABILITY": Command(general.capability, _ALWAYS),
    b"NOOP": Command(general.noop, _ALWAYS),
    b"LOGOUT": Command(general.logout, _ALWAYS),
    b"ID": Command(general.id_, _ALWAYS),
    b"STARTTLS": Command(login.start_tls, _BEFORE),
    b"LOGIN": Command(login.log_in, _BEFORE),
    b"AUTHENTICATE": Command(login.authenticate_by_sasl, _BEFORE),
    b"ENABLE": Command(general.enable, frozenset([State.AUTHENTICATED])),
    b"NAMESPACE": Command(general.namespace),
    b"IDLE": Command(general.idle),
    b"SELECT": Command(folders.select),
    b"EXAMINE": Command(folders.examine),
    b"CREATE": Command(making.create),
    b"DELETE": Command(making.delete),
    b"RENAME": Command(making.rename),
    b"SUBSCRIBE": Command(making.subscribe),
    b"UNSUBSCRIBE": Command(making.unsubscribe),
    b"LIST": Command(folders.list_),
    b"LSUB": Command(folders.lsub),
    b"STATUS": Command(folders.status),
    b"GETQUOTA": Command(folders.get_quota),
    b"GETQUOTAROOT": Command(folders.get_quota_root),
    b"SETQUOTA": Command(folders.set_quota),
    b"APPEND": Command(adding.append),
    b"CHECK": Command(general.check, _SELECTED),
    b"CLOSE": Command(changing.close, _SELECTED),
    b"UNSELECT": Command(changing.unselect, _SELECTED),
    b"EXPUNGE": Command(changing.expunge, _SELECTED),
    b"FETCH": Command(reading.fetch, _SELECTED, may_expunge=False),
    b"SEARCH": Command(reading.search, _SELECTED, may_expunge=False),
    b"SORT": Command(reading.sort, _SELECTED, may_expunge=False),
    b"THREAD": Command(reading.thread, _SELECTED, may_expunge=False),
    b"STORE": Command(changing.store, _SELECTED, may_expunge=False),
    b"COPY": Command(changing.copy, _SELECTED),
    b"MOVE": Command(changing.move, _SELECTED),
}

# The commands after UID.
UID_COMMANDS: Mapping[bytes, Command] = {
    b"FETCH": Command(reading.fetch, _SELECTED),
    b"SEARCH": Command(reading.search, _SELECTED),
    b"SORT": Command(reading.sort, _SELECTED),
    b"THREAD": Command(reading.thread, _SELECTED),
    b"STORE": Command(changing.store, _SELECTED),
    b"COPY": Command(changing.copy, _SELECTED),
    b"MOVE": Command(changing.move, _SELECTED),
    b"EXPUNGE": Command(changing.expunge, _SELECTED),
}
