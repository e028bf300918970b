"""The tokenizer, and the suite that browsers and libraries test theirs with."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.mime.html_tokenizer import ContentModel, tokenize
from lazr_smtptest.mime.html_tokens import (
    Characters,
    Comment,
    Doctype,
    EndOfDocument,
    EndTag,
    StartTag,
    Token,
)

SUITES = Path(__file__).parent / "suites"
MODELS = {
    "Data state": ContentModel.DATA,
    "RCDATA state": ContentModel.RCDATA,
    "RAWTEXT state": ContentModel.RAWTEXT,
    "Script data state": ContentModel.SCRIPT_DATA,
    "PLAINTEXT state": ContentModel.PLAINTEXT,
    "CDATA section state": ContentModel.CDATA_SECTION,
}
# Tests with how many runs: a test is run once for each of its initial states.
FILES = {
    "contentModelFlags": 24,
    "domjs": 58,
    "entities": 80,
    "escapeFlag": 9,
    "namedEntities": 4210,
    "numericEntities": 336,
    "pendingSpecChanges": 1,
    "test1": 68,
    "test2": 45,
    "test3": 1786,
    "test4": 85,
    "unicodeChars": 323,
    "unicodeCharsProblematic": 5,
}
# xmlViolation.test is about trees that become XML: there are none here.


@cache
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(SUITES / "html5lib-tests.zip")


def unescape(value: Any) -> Any:
    """Undo the second escaping of a test that is escaped twice."""
    if isinstance(value, str):
        return re.sub(
            r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), value
        )
    if isinstance(value, list):
        return [unescape(each) for each in value]
    if isinstance(value, dict):
        return {unescape(name): unescape(each) for name, each in value.items()}
    return value


def runs(name: str) -> Iterator[tuple[str, ContentModel, str, list[Any]]]:
    """Yield the input, the content model, the last start tag, and the output."""
    for test in json.loads(archive().read(f"tokenizer/{name}.test"))["tests"]:
        if test.get("doubleEscaped"):
            test["input"] = unescape(test["input"])
            test["output"] = unescape(test["output"])
        for state in test.get("initialStates", ["Data state"]):
            last = test.get("lastStartTag", "")
            yield test["input"], MODELS[state], last, test["output"]


def as_in_suite(token: Token) -> list[Any]:
    """Write a token as the suite does."""
    match token:
        case Doctype():
            ids = [token.name, token.public_id, token.system_id]
            return ["DOCTYPE", *ids, not token.force_quirks]
        case StartTag():
            closing = [True] if token.self_closing else []
            return ["StartTag", token.name, token.attributes, *closing]
        case EndTag():
            return ["EndTag", token.name]
        case Comment():
            return ["Comment", token.data]
        case Characters():
            return ["Character", token.data]
    raise AssertionError(f"{token} is the end")


@pytest.mark.parametrize("name", FILES)
def test_the_tokens_are_those_of_the_suite(name):
    """Each of its tests in each of its states."""
    wrong, count = [], 0
    for text, model, last, output in runs(name):
        *tokens, end = tokenize(text, model, last)
        assert isinstance(end, EndOfDocument)
        count += 1
        if [as_in_suite(token) for token in tokens] != output:
            wrong.append((text, model, tokens, output))
    assert (wrong, count) == ([], FILES[name])


def test_the_suite_is_unchanged():
    """Each file has the hash that is written beside it."""
    hashes = {}
    for line in (SUITES / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        hashes[name] = digest
    whole = (SUITES / "html5lib-tests.zip").read_bytes()
    found = {name: archive().read(name) for name in archive().namelist()}
    found["html5lib-tests.zip"] = whole
    assert {
        name: hashlib.sha256(data).hexdigest() for name, data in found.items()
    } == hashes


def test_the_licence_of_the_suite_is_beside_it():
    """And the same as in the archive."""
    licence = (SUITES / "html5lib-tests.LICENSE").read_bytes()
    assert licence == archive().read("LICENSE")
