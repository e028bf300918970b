"""The SMTP server protocol, built on `twisted.mail.smtp`."""
