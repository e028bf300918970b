"""The HTTP APIs, versions 1 and 2, that clients of MailHog speak.

Paths and JSON are those of MailHog 1.0. Some paths are also those of Mailpit or of our
own API, so they have a listener of their own, or stand under ``/mailhog``.
"""
