"""What a supervisor starts."""

from lazr_smtptest.workers.worker import main

main()
