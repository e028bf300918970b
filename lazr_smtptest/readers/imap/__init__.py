"""Captured mail over IMAP (RFC 3501, RFC 9051), for mail programs."""
