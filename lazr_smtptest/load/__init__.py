"""A generator of load for mail servers: the command ``smtptest load``."""
