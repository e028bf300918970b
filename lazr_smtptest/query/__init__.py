"""Criteria and matchers: which messages a reader asks for."""
