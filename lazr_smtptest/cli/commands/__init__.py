"""The commands on a store: ``smtptest list sqlite:mail.db`` and the like."""
