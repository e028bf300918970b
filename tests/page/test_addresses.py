"""Addresses as people type them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" a@x.example ", [("", "a@x.example")]),
        ("a@x, b@x;c@x d@x", [("", f"{name}@x") for name in "abcd"]),
        ("Anna <a@x>, <b@x>", [("Anna", "a@x"), ("", "b@x")]),
        ('"Doe, Anna" <a@x>,b@x', [("Doe, Anna", "a@x"), ("", "b@x")]),
        ("Anna <a@x>\nBert B. <b@x>", [("Anna", "a@x"), ("Bert B.", "b@x")]),
        ("Anna <a@x", [("", "Anna"), ("", "<a@x")]),
    ],
)
def test_mailboxes_have_names_and_addresses(module, text, found):
    """What is none of them is left to the server to refuse."""
    mailboxes = module("addresses.js").call("mailboxesIn", text)
    assert [(each["Name"], each["Email"]) for each in mailboxes] == found
