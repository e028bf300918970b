"""Replies of the server, explained."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.readers.http.page.files import load_texts

TEXTS = load_texts("en")
# Known keys stand for their texts.
ECHO = "m.explainReply(args[0], (key) => args[1].includes(key) ? `<${key}>` : key)"

# RFC 5321 section 4.2.3 and the extensions.
CODES = (
    *(211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454),
    *(455, 500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554),
    *(555, 556),
)
# By subject, the greatest detail in the registry of RFC 3463.
DETAILS = {1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}


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
    found = module("replies.js").run(ECHO, reply, list(TEXTS))
    assert found.replace("<", "").replace(">", "") == explained


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_code_has_a_text_and_no_other_has_one(language):
    """In every language."""
    made = re.compile(r"(?:reply|class)\..*|status\.\d.*")
    expected = {f"reply.{code}" for code in CODES}
    expected |= {f"class.{kind}" for kind in (2, 3, 4, 5)}
    for subject, most in DETAILS.items():
        details = (f".{detail}" for detail in range(1, most + 1))
        expected |= {f"status.{subject}{each}" for each in ("", *details)}
    found = {key for key in load_texts(language) if made.fullmatch(key)}
    assert found == expected
