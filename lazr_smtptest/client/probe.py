"""A probe of a port: the protocol that its server speaks."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl

from lazr_smtptest.client.address import Address

__all__ = ["protocol_of", "protocol_of_line"]

# Seconds that each step of a probe may take.
_PATIENCE = 3.0

# The greeting of SMTP, or a first reply that refuses (RFC 5321 section 4.2).
_SMTP = re.compile(rb"[245]\d\d[ -]")
# The content types of TLS for an alert and a handshake, and the version (RFC 8446
# section 5.1).
_TLS = re.compile(rb"[\x15\x16]\x03[\x00-\x04]")


def protocol_of(address: Address) -> str:
    """Return the protocol of a server that was asked for another one.

    Args:
        address: its address.

    Returns:
        ``"https"``, ``"http"`` or ``"smtp"``; ``""`` if it is unknown.
    """
    with contextlib.suppress(OSError):
        found = protocol_of_line(_first_bytes(address))
        if found:
            return found
    if not address.secure:
        with contextlib.suppress(OSError, ValueError):
            _shake_hands(address)
            return "https"
    return ""


def protocol_of_line(line: bytes) -> str:
    """Return the protocol of the first bytes that a server sends; ``""``: unknown."""
    if line.startswith(b"HTTP/"):
        return "http"
    if _SMTP.match(line):
        return "smtp"
    return "https" if _TLS.match(line) else ""


def _first_bytes(address: Address) -> bytes:
    with _connected(address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return sock.recv(16)


def _shake_hands(address: Address) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _connected(address) as sock:
        context.wrap_socket(sock, server_hostname=address.host).close()


def _connected(address: Address) -> socket.socket:
    return socket.create_connection((address.host, address.port), _PATIENCE)
