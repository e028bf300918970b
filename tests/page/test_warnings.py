"""The explanations of irregularities."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.readers.http.page.files import load_texts


def test_each_irregularity_of_the_server_is_explained(module):
    """And no other."""
    assert set(module("warnings.js").call("knownWarnings")) == set(IRREGULAR)


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_has_a_text(language):
    """In every language."""
    texts = load_texts(language)
    keys = {key.removeprefix("warning.") for key in texts if key[:8] == "warning."}
    assert keys == set(IRREGULAR)


def test_each_has_a_section_of_a_standard(module):
    """As an address."""
    found = module("warnings.js").run(
        "m.knownWarnings().map((k) => m.sectionOf(k).url)"
    )
    for each in found:
        assert re.fullmatch(
            r"https://www\.rfc-editor\.org/rfc/rfc\d{4}#section-\d[\d.]*\d|"
            r"https://www\.rfc-editor\.org/rfc/rfc\d{4}#section-\d",
            each,
        )


def test_an_unknown_one_has_none(module):
    """Also one with the name of a property."""
    assert module("warnings.js").call("sectionOf", "constructor") is None
