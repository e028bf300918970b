"""Encode a session that has ended as bytes, and decode it.

The bytes are JSON, compressed: a file may come from elsewhere, so nothing in it is
run, as a pickle would be. What clients sent to log in is not in them.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.model.transcript import Transcript

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = ["pack_session", "unpack_session"]

# The attributes that JSON has as they are; tuples of text come back as lists.
_PLAIN = (
    *("id", "number", "helo", "started", "ended", "tls_version", "tls_cipher"),
    *("user", "mechanism", "login_attempts", "delivered", "refusals"),
)
_FAST = 1


def pack_session(session: Session) -> bytes:
    """Encode a session."""
    transcript = session.transcript
    values: dict[str, Any] = {name: getattr(session, name) for name in _PLAIN}
    values["peer"] = session.peer
    values["client_certificate"] = session.client_certificate
    values["begun"] = session.begun
    values["transactions"] = [_transaction(each) for each in session.transactions]
    values["bounds"] = transcript.bound, transcript.size
    values["transcript"] = [_item(each) for each in transcript.masked_items()]
    text = json.dumps(values, separators=(",", ":"))
    return zlib.compress(text.encode("ascii"), _FAST)


def unpack_session(octets: bytes) -> Session:
    """Decode the result of `pack_session`."""
    values = json.loads(zlib.decompress(octets))
    transcript = Transcript(*values["bounds"])
    transcript.add([_value(each) for each in values["transcript"]])
    host, port = values["peer"]
    session = Session(
        **{name: values[name] for name in _PLAIN},
        peer=(host, port),
        client_certificate=tuple(values["client_certificate"]),
        transcript=transcript,
    )
    session.restore(map(_read_transaction, values["transactions"]), values["begun"])
    session.close()
    return session


def _transaction(transaction: Transaction) -> dict[str, Any]:
    return {
        "number": transaction.number,
        "mail_from": transaction.mail_from,
        "rcpt_tos": transaction.rcpt_tos,
        "refused": [(each, _reply(reply)) for each, reply in transaction.refused],
        "outcome": transaction.outcome,
        "reply": _reply(transaction.reply),
    }


def _read_transaction(values: dict[str, Any]) -> Transaction:
    refused = tuple((each, _read_reply(reply)) for each, reply in values["refused"])
    transaction = Transaction(
        number=values["number"],
        mail_from=values["mail_from"],
        refused=refused,
        outcome=values["outcome"],
        reply=_read_reply(values["reply"]),
    )
    transaction.rcpt_tos = tuple(values["rcpt_tos"])
    return transaction


def _reply(reply: Reply | None) -> tuple[int, str, str] | None:
    return None if reply is None else (reply.code, reply.text, reply.enhanced)


def _read_reply(values: list[Any] | None) -> Reply | None:
    # Imported here, because importing it installs a reactor.
    from lazr_smtptest.model.reply import Reply

    return None if values is None else Reply(*values)


def _item(item: Any) -> Any:
    """Return an item of a transcript for JSON: bytes as a list of one text."""
    if isinstance(item, bytes):
        return [item.decode("latin-1")]
    return [_item(each) for each in item] if isinstance(item, tuple) else item


def _value(item: Any) -> Any:
    """Return an item of a transcript, see `_item`."""
    if not isinstance(item, list):
        return item
    if len(item) == 1:
        return item[0].encode("latin-1")
    return tuple(map(_value, item))
