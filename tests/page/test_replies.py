"""Replies of the server, explained."""

from __future__ import annotations

import pytest

from lazr_smtptest.readers.http.page.files import load_texts

ECHO = "m.explainReply(args[0], (key) => key)"


@pytest.mark.parametrize(
    ("reply", "explained"),
    [
        ("250 2.1.5 recipient accepted", "reply.250"),
        ("354 go ahead", "reply.354"),
        ("452 4.2.2 Mailbox full", "status.2.2; class.4"),
        ("550 5.7.26 no", "status.7.26; class.5"),
        ("550-5.1.1 first of several", "status.1.1; class.5"),
        ("550 No such user", "reply.550; class.5"),
        ("550", "reply.550; class.5"),
        ("451 4.0.0 x", "reply.451; class.4"),
        ("550 5.7.99 x", "status.7; class.5"),
        ("599 5.9.9 x", "class.5"),
        ("299 hm", "class.2"),
        ("550 5.1.1234 too long", "reply.550; class.5"),
        ("hello", ""),
        ("25 short", ""),
        ("2500 long", ""),
        ("", ""),
    ],
)
def test_a_reply_is_explained_by_the_most_exact_code(module, reply, explained):
    """The enhanced code says more than the code, and that more than its class."""
    assert module("replies.js").run(ECHO, reply) == explained


def test_every_key_is_listed_once(module):
    """The list of keys is what the language files must have."""
    keys = module("replies.js").call("replyKeys")
    assert len(keys) == len(set(keys))
    assert {"reply.250", "status.2.2", "status.7", "class.5"} <= set(keys)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_reply_has_a_text_in_every_language(module, language):
    """No key is shown to a reader in place of a text."""
    texts = load_texts(language)
    assert set(module("replies.js").call("replyKeys")) <= texts.keys()
