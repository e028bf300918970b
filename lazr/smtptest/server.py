"""The servers, under their old name; the code is in `lazr_smtptest.server.servers`."""

from lazr_smtptest.server.servers import QueueServer, Server

__all__ = ["QueueServer", "Server"]
