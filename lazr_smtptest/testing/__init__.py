"""Helpers for test frameworks, a module for each."""
