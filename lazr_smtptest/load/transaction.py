"""One message on a connection: its commands, one by one or pipelined."""

from __future__ import annotations

from collections.abc import Sequence

from lazr_smtptest.errors import SendError
from lazr_smtptest.outbound.connection import Connection, ServerReply

__all__ = ["CLOSING", "transmit"]

# The server closes the connection (RFC 5321 section 3.8).
CLOSING = 421

_ACCEPTED = (250, 251)
_GO_ON = 354
# Characters of an error.
_LONGEST = 200


async def transmit(
    connection: Connection,
    mail: bytes,
    to: Sequence[bytes],
    data: bytes,
    *,
    pipelined: bool,
) -> Sequence[str]:
    """Send a message; return the replies to the recipients that are refused.

    Args:
        connection: a connection to a server that takes mail.
        mail: the command MAIL, without its line end.
        to: the commands RCPT.
        data: what follows DATA, with its end.
        pipelined: whether MAIL, RCPT and DATA are sent together (RFC 2920).

    Raises:
        SendError: no recipient gets the message; if it has a code other than
            `CLOSING`, the connection can be used for another one.
    """
    ask = _ask_together if pipelined else _ask_in_turn
    replies = await ask(connection, [mail, *to, b"DATA"])
    refused = [
        _shown("RCPT", reply)
        for reply in replies[1 : len(to) + 1]
        if reply.code not in _ACCEPTED
    ]
    problem = ""
    if replies[0].code != 250:
        problem = _shown("MAIL", replies[0])
    elif len(refused) == len(to):
        problem = refused[0]
    elif replies[-1].code != _GO_ON:
        problem = _shown("DATA", replies[-1])
    if problem:
        await _end(connection, replies)
        raise SendError(problem, replies[-1].code)
    connection.send(data)
    reply = await connection.expect()
    if reply.code != 250:
        raise SendError(_shown("the message", reply), reply.code)
    return refused


async def _ask_in_turn(
    connection: Connection, commands: Sequence[bytes]
) -> Sequence[ServerReply]:
    """Send commands one by one, as far as they make sense; return the replies."""
    mail, *to, data = commands
    replies = [await connection.ask(mail)]
    if replies[0].code != 250:
        return replies
    for command in to:
        replies.append(await connection.ask(command))
    if any(reply.code in _ACCEPTED for reply in replies[1:]):
        replies.append(await connection.ask(data))
    return replies


async def _ask_together(
    connection: Connection, commands: Sequence[bytes]
) -> Sequence[ServerReply]:
    connection.send(b"".join(command + b"\r\n" for command in commands))
    return [await connection.expect() for _ in commands]


async def _end(connection: Connection, replies: Sequence[ServerReply]) -> None:
    """End a transaction that was refused."""
    code = replies[-1].code
    if code == _GO_ON:
        # Pipelined, a server may want a message though it has refused everyone.
        connection.send(b".\r\n")
        await connection.expect()
    if code != CLOSING:
        await connection.ask(b"RSET")


def _shown(what: str, reply: ServerReply) -> str:
    return f"{what}: {reply}"[:_LONGEST]
