"""What a row of the conformance table is made of.

A row is a session: what the client sends, what the server has to answer, and what
it has to keep. It says nothing of how the bytes get there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = [
    "ALL",
    "CLEAR",
    "DATA",
    "DEFAULT",
    "HELLO",
    "MAIL",
    "MEMORY",
    "MESSAGE",
    "RCPT",
    "STRICT",
    "Connect",
    "Expected",
    "Listener",
    "Pass",
    "Row",
    "Secure",
    "Sent",
    "kept",
    "listener",
    "row",
]

# The transports that a row is run over.
ALL = ("memory", "tcp", "tls")
CLEAR = ("memory", "tcp")  # where TLS comes in the row, or must not be there
MEMORY = ("memory",)  # where the row moves the clock, or looks at the whole server


@attrs.frozen
class Secure:
    """A step: the client does the handshake of TLS.

    Attributes:
        user: whom the certificate is for that it shows; ``None``: it has none.
    """

    user: str | None = None


@attrs.frozen
class Pass:
    """A step: time goes by, and the client is silent.

    Attributes:
        seconds: how long.
    """

    seconds: float


@attrs.frozen
class Connect:
    """A step: one more client connects, and the rest is its session."""


# What a client sends: a line in UTF-8, to which CRLF is added; or the very octets;
# or what makes one of the two from the text of the server's last reply.
Sent = str | bytes | Callable[[str], "str | bytes"] | Secure | Pass | Connect
Step = tuple[Sent, str]


@attrs.frozen(eq=False)
class Listener:
    """A server's listener, with all that a row needs of it.

    Attributes:
        options: what `Settings` takes, but for ``tls``.
        tls: whether it has a certificate.
        auth: how clients log in; ``None``: they cannot.
        protocol: the class of its connections.
        handle: what it does with an envelope, which is kept all the same.
        exits: whether it obeys EXIT.
        asks_certificate: whether it asks clients for a certificate.
    """

    options: Mapping[str, Any]
    tls: bool = False
    auth: Auth | None = None
    protocol: type[SMTPServerProtocol] = SMTPServerProtocol
    handle: Callable[[Envelope], object] = lambda envelope: None
    exits: bool = False
    asks_certificate: bool = False


def listener(
    *,
    tls: bool = False,
    auth: Auth | None = None,
    protocol: type[SMTPServerProtocol] = SMTPServerProtocol,
    handle: Callable[[Envelope], object] = lambda envelope: None,
    exits: bool = False,
    asks_certificate: bool = False,
    **options: Any,
) -> Listener:
    """Make a `Listener`; `options` are those of `Settings`."""
    return Listener(options, tls, auth, protocol, handle, exits, asks_certificate)


DEFAULT = listener()
STRICT = listener(profile="strict")


@attrs.frozen
class Expected:
    """What a step is answered with.

    It is written ``"250 2.1.0 + 354 - + 421 ~ text"``: replies joined by plus
    signs, each a code, perhaps an enhanced code (``-``: there must be none) and
    perhaps a regular expression that is found in its text. ``"closed"`` stands
    last where the server closes the connection, ``"aborted"`` where it does not even
    wait for the client to take what was said. An empty text: nothing is answered.

    Attributes:
        replies: code, enhanced code and pattern of each.
        end: ``"closed"``, ``"aborted"``, or empty: the session goes on.
    """

    replies: tuple[tuple[str, str | None, str | None], ...]
    end: str

    _REPLY = re.compile(r"(\d{3})(?: (-|\d\.\d\.\d{1,2}))?(?: ~ (.+))?")

    @classmethod
    def parse(cls, text: str) -> Expected:
        """Read what is written."""
        parts = text.split(" + ") if text else []
        end = parts.pop() if parts and parts[-1] in ("closed", "aborted") else ""
        replies = []
        for part in parts:
            found = cls._REPLY.fullmatch(part)
            if found is None:
                raise ValueError(f"no expectation: {part!r}")
            replies.append((found[1], found[2], found[3]))
        return cls(tuple(replies), end)


@attrs.frozen
class Row:
    """One case.

    Attributes:
        id: its name, the same for ever.
        rfc: number and section; ``"- name"`` for what has no RFC.
        steps: what is sent, and the answer.
        on: the listener.
        greeting: how the server greets.
        stored: for each message that the server keeps, what its envelope holds;
            ``None``: that is not looked at.
        only: the transports that it makes sense on.
        certificate: whom the certificate is for that the client shows where TLS
            comes first; ``None``: it has none.
    """

    id: str
    rfc: str
    steps: tuple[Step, ...]
    on: Listener
    greeting: str
    stored: tuple[Mapping[str, Any], ...] | None
    only: tuple[str, ...]
    certificate: str | None


def row(
    id: str,
    rfc: str,
    *steps: Step,
    on: Listener = DEFAULT,
    greeting: str = "220",
    stored: tuple[Mapping[str, Any], ...] | None = None,
    only: tuple[str, ...] = ALL,
    certificate: str | None = None,
) -> Row:
    """Make a `Row`; what a row does not say is as usual."""
    for _, expected in steps:
        Expected.parse(expected)
    return Row(id, rfc, steps, on, greeting, stored, only, certificate)


def kept(**attributes: Any) -> Mapping[str, Any]:
    """Say what the envelope of a message holds that the server keeps."""
    return attributes


# The steps of a good session.
HELLO: Step = ("EHLO client.example.com", "250 -")
MAIL: Step = ("MAIL FROM:<from@example.com>", "250 2.1.0")
RCPT: Step = ("RCPT TO:<to@example.com>", "250 2.1.5")
DATA: Step = ("DATA", "354 -")
MESSAGE: Step = ("Subject: hello\r\n\r\nbody\r\n.", "250 2.0.0")
