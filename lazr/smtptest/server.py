"""The servers, under their old name; the code is in `lazr_smtptest.server.servers`."""

from lazr_smtptest.server.queueing import QueueServer
from lazr_smtptest.server.servers import Server

__all__ = ["QueueServer", "Server"]
