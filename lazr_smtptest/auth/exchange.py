"""A SASL exchange as a coroutine, for protocols that read line by line.

POP3 (RFC 5034) and IMAP (RFC 9051 section 6.2.2) run it in the same way: challenges
and responses in base64, and ``*`` to cancel.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.cred.error import LoginFailed
from twisted.mail.imap4 import IllegalClientResponse

from lazr_smtptest.auth.mechanisms import Mechanism

__all__ = ["CancelledExchangeError", "authenticate", "decode_response"]

# RFC 4648 section 4. What Python accepts as base64 depends on its version.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class CancelledExchangeError(Exception):
    """The client has cancelled the exchange with ``*`` (RFC 4422 section 3.5)."""


def decode_response(line: bytes) -> bytes:
    """Decode a response of the client.

    Raises:
        CancelledExchangeError: it is ``*``.
        IllegalClientResponse: it is not base64.
    """
    if line == b"*":
        raise CancelledExchangeError
    if not _BASE64.fullmatch(line):
        raise IllegalClientResponse("that is not base64")
    return base64.b64decode(line)


async def authenticate(
    mechanism: Mechanism,
    initial: bytes | None,
    ask: Callable[[bytes], Awaitable[bytes]],
    log_in: Callable[[Mechanism], Awaitable[Any]],
) -> Any:
    """Run an exchange from the first response to the login.

    Args:
        mechanism: the mechanism, which has begun.
        initial: the initial response in base64, with ``=`` for an empty one; ``None``
            for none.
        ask: sends a challenge in base64, and returns the line of the client.
        log_in: asks the portal, and returns its login.

    Returns:
        the result of `log_in`.

    Raises:
        CancelledExchangeError: the client has cancelled it.
        IllegalClientResponse: a response is malformed.
        LoginFailed: the login is refused.
    """

    async def challenge(octets: bytes) -> bytes:
        return decode_response(await ask(base64.b64encode(octets)))

    async def respond() -> Any:
        if initial is None:
            mechanism.setResponse(await challenge(mechanism.getChallenge()))
        elif not mechanism.client_first:
            raise IllegalClientResponse("this mechanism takes no initial response")
        else:
            # It answers the first challenge, which is not sent.
            mechanism.getChallenge()
            mechanism.setResponse(b"" if initial == b"=" else decode_response(initial))
        while mechanism.moreChallenges():
            mechanism.setResponse(await challenge(mechanism.getChallenge()))
        return await log_in(mechanism)

    try:
        login = await respond()
    except LoginFailed:
        last = mechanism.last_challenge(accepted=False)
        if last is not None:
            await challenge(last)
        raise
    last = mechanism.last_challenge(accepted=True)
    if last is not None and await challenge(last):
        login[2]()
        raise IllegalClientResponse("an empty response is expected")
    return login
