"""The page of ``smtptest`` in a browser, which runs as a user starts it."""
