"""Reading the mail of a server that runs elsewhere, over HTTP."""

from __future__ import annotations

from lazr_smtptest.client.async_box import AsyncRemoteMailbox
from lazr_smtptest.client.box import RemoteMailbox
from lazr_smtptest.client.errors import RemoteError

__all__ = ["AsyncRemoteMailbox", "RemoteError", "RemoteMailbox"]
