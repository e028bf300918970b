"""Run a worker; the supervisor starts this module."""

from lazr_smtptest.cli.workers.worker import main

main()
