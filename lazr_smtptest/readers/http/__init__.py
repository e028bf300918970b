"""Captured mail over HTTP: our own API, and Mailpit's."""
