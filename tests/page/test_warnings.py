"""The explanations of irregularities."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.readers.http.page.files import load_texts

# Returns a text of the page, or its key, as the page does.
T = "(key) => args[1][key] ?? key"


@pytest.mark.parametrize("kind", ["warning", "section"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_each_irregularity_of_the_server_is_explained(language, kind):
    """And no other: what it is, and where the standard speaks of it."""
    keys = {key for key in load_texts(language) if key.startswith(f"{kind}.")}
    assert keys == {f"{kind}.{each}" for each in IRREGULAR}


@pytest.mark.parametrize("kind", IRREGULAR)
def test_its_section_has_an_address(module, kind):
    """Of an RFC."""
    found = module("warnings.js").run(
        f"m.sectionOf(args[0], {T}).url", kind, load_texts("en")
    )
    assert re.fullmatch(
        r"https://www\.rfc-editor\.org/rfc/rfc\d{4}#section-\d+(\.\d+)*", found
    )


def test_an_unknown_one_has_none(module):
    """Also one with the name of a property."""
    run = module("warnings.js").run
    assert run(f"m.sectionOf(args[0], {T})", "constructor", load_texts("en")) is None
