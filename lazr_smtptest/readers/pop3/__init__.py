"""Captured mail over POP3 (RFC 1939), for mail programs."""
