"""The servers, under their old name; the code is in `lazr_smtptest.server`."""

from lazr_smtptest.server import QueueServer, Server

__all__ = ["QueueServer", "Server"]
