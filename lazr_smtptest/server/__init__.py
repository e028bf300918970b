"""Servers that capture mail, and ways to run them: a thread, a service."""
