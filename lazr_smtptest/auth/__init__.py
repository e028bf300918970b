"""Credentials and SASL mechanisms, for every protocol that logs a client in."""
