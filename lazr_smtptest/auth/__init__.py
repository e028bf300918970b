"""Credentials and SASL mechanisms, for every protocol with a login."""
