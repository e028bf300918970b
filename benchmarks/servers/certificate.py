"""The certificate of the peers, of the same kind as ours."""

from __future__ import annotations

import ssl

import trustme


def issue() -> trustme.LeafCert:
    """Make a certificate for this machine."""
    return trustme.CA().issue_cert("localhost", "127.0.0.1")


def context() -> ssl.SSLContext:
    """Make the context of a server with such a certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issue().configure_cert(made)
    return made
