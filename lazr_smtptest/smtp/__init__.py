"""The wire: SMTP as a server speaks it, on `twisted.mail.smtp`."""
