"""The controllers, under their old name; see `lazr_smtptest.controller`."""

from lazr_smtptest.controller import Controller, QueueController

__all__ = ["Controller", "QueueController"]
