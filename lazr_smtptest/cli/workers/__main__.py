"""What a supervisor starts."""

from lazr_smtptest.cli.workers.worker import main

main()
