"""``python -m lazr_smtptest``: the command ``smtptest``."""

import sys

from lazr_smtptest.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
