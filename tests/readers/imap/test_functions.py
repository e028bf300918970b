"""The functions of a parsing pool for IMAP."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lazr_smtptest import Envelope
from lazr_smtptest.checks import functions as checks
from lazr_smtptest.readers.imap.functions import FUNCTIONS, HEADER, STRUCTURE, TEXTS
from lazr_smtptest.readers.imap.structure import plain_structure, read_structure
from lazr_smtptest.readers.imap.texts import Header, Texts, read_body, read_header
from tests.mime.test_hostile import HOSTILE

from .conftest import crlf, tree
from .test_search import MAIL
from .test_structure import NESTED

REPLY = crlf("Message-ID: <\xe4@b>\nReferences: <a@b> <c@d>\nDate: 1 Jan 2026\n\na\n")


def envelope(content: bytes) -> Envelope:
    return Envelope(mail_from="a@b.example", rcpt_tos=("c@d.example",), content=content)


def texts_of(content: bytes) -> Texts:
    return Texts(read_header(content), read_body(content, read_structure(content)))


RESULTS = {HEADER: read_header, STRUCTURE: read_structure, TEXTS: texts_of}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize(
    "content", [b"", MAIL, NESTED, REPLY, b"Subject: \xff\xfe\0\xe4\r\n\r\n\xff"]
)
def test_results_are_the_same_after_json(name: str, content: bytes) -> None:
    """A child sends them as JSON."""
    function = FUNCTIONS[name]
    sent = json.dumps(function.encode(function.run(envelope(content))))
    assert function.decode(json.loads(sent)) == RESULTS[name](content)


def test_results_for_a_message_that_fails() -> None:
    """It is a plain text, in which nothing is found."""
    one = envelope(NESTED)
    assert FUNCTIONS[STRUCTURE].failed(one, "") == plain_structure(NESTED)
    assert FUNCTIONS[HEADER].failed(one, "") == Header()
    assert FUNCTIONS[TEXTS].failed(one, "") == Texts(Header())


def test_all_functions_are_in_one_registry() -> None:
    """A process has one pool."""
    assert FUNCTIONS.keys() > checks.FUNCTIONS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages(name: str) -> None:
    """They have a structure and texts, soon, and a client can parse what it gets."""
    begin = time.process_time()
    content: Any = HOSTILE[name]
    found = read_structure(content)
    tree(found.envelope)
    tree(found.describe(extended=True))
    texts_of(content)
    assert time.process_time() - begin < 30
