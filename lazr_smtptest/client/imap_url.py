"""The URL under which mail programs read the messages of a server."""

from __future__ import annotations

from lazr_smtptest.client.api import API
from lazr_smtptest.errors import StateError
from lazr_smtptest.model.mail_url import mail_url

__all__ = ["imap_url"]

# The addresses of a server that listens on all of a machine.
_ANY = ("", "*", "0.0.0.0", "::")


def imap_url(api: API, user: str) -> str:
    """Return the URL of INBOX of a user over IMAP, without a password (RFC 5092).

    Raises:
        StateError: the server does not answer IMAP.
    """
    address = api.connections.address
    listeners = api.listeners()
    for protocol in ("imap", "imaps"):
        if protocol in listeners:
            host, port = listeners[protocol]
            # A server that listens on all addresses is reached by this one, too.
            host = address.host if host in _ANY else host
            return mail_url(protocol, user, host, port)
    raise StateError(
        f"the server at {address} does not answer IMAP: "
        "start it with --imap or --readers"
    )
