"""The controllers, under their old name; see `lazr_smtptest.server.controller`."""

from lazr_smtptest.server.controller import Controller, QueueController

__all__ = ["Controller", "QueueController"]
