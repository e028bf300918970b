"""The URL of an account: RFC 5092 for IMAP, RFC 2384 for POP3."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["mail_url"]

# The schemes of the protocols, and what is read.
_SCHEMES = {"imap": "imap", "imaps": "imaps", "pop3": "pop"}
_PATHS = {"imap": "INBOX", "imaps": "INBOX", "pop3": ""}


def mail_url(protocol: str, user: str, host: str, port: int) -> str:
    """Return the URL of an account, such as ``imap://anybody@127.0.0.1:1143/INBOX``.

    Args:
        protocol: ``"imap"``, ``"imaps"`` or ``"pop3"``.
        user: the name to log in with.
        host: the name or the IP address.
        port: the port.
    """
    shown = f"[{host}]" if ":" in host else host
    return (
        f"{_SCHEMES[protocol]}://{quote(user, safe='')}@{shown}:{port}"
        f"/{_PATHS[protocol]}"
    )
