"""The HTTP side of ``smtptest``, which runs as a user starts it."""
