"""The packages that an option needs, which need not be installed."""

from __future__ import annotations

from twisted.python import usage

__all__ = ["check_tls_client"]


def check_tls_client(name: str, what: str) -> None:
    """Check that connections of TLS can be made, before the first one is needed.

    Args:
        name: the name of the option that needs them.
        what: what is connected to, without secrets.

    Raises:
        UsageError: a package is missing.
    """
    try:
        from twisted.internet import ssl
    except ImportError as error:
        raise usage.UsageError(
            f"--{name}: {what} needs pip install 'lazr.smtptest[tls]': {error}"
        ) from error
    assert ssl is not None
