"""The HTML check and its data."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.checks import functions, support
from lazr_smtptest.checks.functions import FUNCTIONS, HTML_CHECK, html_of
from lazr_smtptest.checks.html_check import HTMLCheck, check_html, judge
from lazr_smtptest.checks.mailpit import html_check_shape
from lazr_smtptest.checks.support import DATA, Feature, SupportData, load_support
from lazr_smtptest.errors import CheckError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.pool import ParsingPool

EXAMPLE = '<div style="text-align:center">Hi <img src="cid:a"></div>'

CLIENT = support.ClientSupport("gmail", "ios", "1", "Gmail iOS (1)", "yes", ())


def feature(slug: str, *supports: str) -> Feature:
    results = [
        support.ClientSupport("gmail", "ios", "1", "Gmail", each, ())  # type: ignore[arg-type]
        for each in supports
    ]
    return Feature(slug, slug, "", "", "css", results=tuple(results))


def data(*features: Feature) -> SupportData:
    return SupportData("2026-01-01", {each.slug: each for each in features}, {})


def envelope(content: bytes) -> Envelope:
    return Envelope(mail_from="a@x", rcpt_tos=("b@x",), content=content)


def html_mail(html: str) -> Envelope:
    return envelope(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode())


# The data


def test_the_notice_names_the_hash_of_the_data():
    """The data is the document whose source and licence the notice tells."""
    notice = DATA.with_name("caniemail.txt").read_text("utf-8")
    digest = hashlib.sha256(zlib.decompress(DATA.read_bytes())).hexdigest()
    assert re.search(r"SHA-256: (\w+)", notice)[1] == digest  # type: ignore[index]
    assert "MIT License" in notice


def test_the_data_tells_who_supports_a_feature():
    """Each result names the program, and what its notes say."""
    gap = load_support().features["css-gap"]
    assert gap.category == "css"
    results = {result.name: result for result in gap.results}
    assert results["Outlook Windows (2019)"].support == "no"
    assert {note for each in gap.results for note in each.notes} <= {*gap.notes}


def test_an_unknown_result_is_none():
    """The data marks a program that was not tested: that is no answer."""
    for each in load_support().features.values():
        assert {result.support for result in each.results} <= {"yes", "no", "partial"}


def test_markdown_becomes_html():
    """Code and links are elements, anything else is text."""
    values = {
        "slug": "css-gap",
        "title": "gap",
        "description": "Use `<b>` & see [this](https://x/?a=1&b) **now** <i>.",
        "url": "",
        "category": "css",
        "tags": [],
        "keywords": None,
        "stats": {},
        "notes_by_num": None,
    }
    reader = support._Reader({"family": {}, "platform": {}})
    assert reader.feature(values).description == (
        "Use <code>&lt;b&gt;</code> &amp; see "
        '<a href="https://x/?a=1&amp;b" target="_blank" rel="noopener">this</a> '
        "<strong>now</strong> &lt;i&gt;."
    )


def test_another_file_can_be_read(tmp_path):
    """The document is read as it is published, too."""
    file = tmp_path / "caniemail.json"
    file.write_bytes(zlib.decompress(DATA.read_bytes()))
    assert load_support(file) == load_support()


@pytest.mark.parametrize("content", [b"", b"x", b"{", b"{}", b'{"nicenames": 1}'])
def test_a_wrong_file_is_refused(tmp_path, content):
    """The error names the file."""
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"wrong\.json"):
        load_support(file)


def test_the_script_packs_what_npm_has(tmp_path, monkeypatch):
    """The script reads a document and writes what the package loads."""
    path = Path(__file__).with_name("pack_caniemail.py")
    spec: Any = importlib.util.spec_from_file_location("pack_caniemail", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    source = tmp_path / "caniemail.json"
    source.write_bytes(zlib.decompress(DATA.read_bytes()))
    monkeypatch.setattr(script, "DATA", tmp_path / DATA.name)
    script.main([str(source)])
    assert load_support(tmp_path / DATA.name) == load_support()
    assert load_support().date in (tmp_path / "caniemail.txt").read_text("utf-8")


# The result


def test_the_shares_of_a_feature_are_percentages():
    """A warning tells how many programs support what it names."""
    check = judge({"a": 1}, 2, data=data(feature("a", "yes", "no", "partial", "no")))
    [warning] = check.warnings
    assert (warning.supported, warning.partial, warning.unsupported) == (25, 25, 50)


def test_the_total_is_the_worst_share_of_the_elements():
    """The largest share of each kind counts, weighted by the elements."""
    check = judge(
        {"a": 1, "b": 4},
        4,
        data=data(feature("a", "no"), feature("b", "partial", "no", "yes", "yes")),
    )
    assert (check.partial, check.unsupported, check.supported) == (25, 25, 50)


def test_a_feature_counts_no_more_than_all_elements():
    """Comments can be more than elements."""
    check = judge({"a": 9}, 1, data=data(feature("a", "no", "yes")))
    assert check.unsupported == 50


def test_the_worst_warning_comes_first():
    """It concerns the most elements and programs."""
    check = judge(
        {"a": 1, "b": 9, "c": 9},
        9,
        data=data(feature("a", "no"), feature("b", "no"), feature("c", "no", "yes")),
    )
    assert [each.feature.slug for each in check.warnings] == ["b", "c", "a"]


def test_what_all_programs_support_is_no_warning():
    """It is in what was found."""
    check = judge({"a": 1}, 1, data=data(feature("a", "yes")))
    assert (check.warnings, check.found, check.supported) == ((), {"a": 1}, 100)


def test_an_empty_document_is_supported():
    """There is nothing to support."""
    assert check_html("").supported == 100


def test_a_script_is_never_supported():
    """The data has no results for it."""
    check = check_html("<script>a</script>")
    assert [each.feature.slug for each in check.warnings] == ["html-script"]
    assert check.unsupported == 100


def test_hostile_html_is_a_finding():
    """A bound that was exceeded is a warning, and no error."""
    check = check_html("<div>" * 5000)
    assert [each.feature.slug for each in check.warnings] == ["html-too-complex"]
    assert "within one another" in check.failure


def test_a_missing_package_names_the_extra(monkeypatch):
    """The error says what to install."""
    monkeypatch.setattr("lazr_smtptest.checks.html_check.find_spec", lambda name: None)
    with pytest.raises(CheckError, match=r"lazr\.smtptest\[checks\]"):
        check_html("")


def test_the_shape_has_the_keys_of_mailpit():
    """Its clients compare the keys and their order."""
    shape = html_check_shape(check_html(EXAMPLE))
    assert list(shape) == ["Warnings", "Platforms", "Total"]
    assert list(shape["Total"]) == [
        "Tests",
        "Nodes",
        "Supported",
        "Partial",
        "Unsupported",
    ]
    warning = shape["Warnings"][0]
    assert list(warning) == [
        "Slug",
        "Title",
        "Description",
        "URL",
        "Category",
        "Tags",
        "Keywords",
        "Results",
        "NotesByNumber",
        "Score",
    ]
    assert list(warning["Score"]) == ["Found", "Supported", "Partial", "Unsupported"]
    assert list(warning["Results"][0]) == [
        "Name",
        "Platform",
        "Family",
        "Version",
        "Support",
        "NoteNumber",
    ]
    assert "Apple Mail" in shape["Platforms"]["macos"]
    json.dumps(shape)


# In a child process


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsingPool]:
    pool = ParsingPool(processes=1, registry=functions)
    yield pool
    pool.close()


def test_a_child_checks_a_message(pool):
    """The result is the same as here."""
    check: HTMLCheck = pool.call(HTML_CHECK, html_mail(EXAMPLE))
    assert check == check_html(EXAMPLE)
    assert check == FUNCTIONS[HTML_CHECK].run(html_mail(EXAMPLE))


def test_a_message_without_html_has_no_result(pool):
    """An attachment is not what is shown."""
    attached = b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>"
    for content in (b"\r\nHi.\r\n", attached):
        assert pool.call(HTML_CHECK, envelope(content)) is None


def test_a_child_that_ends_is_a_finding():
    """Whatever ended it, the HTML is too complex for the check."""
    check = FUNCTIONS[HTML_CHECK].failed(html_mail(""), "it takes over 2 seconds")
    assert check.failure == "it takes over 2 seconds"
    assert check.unsupported == 100


def test_the_pool_still_reads_documents(pool):
    """The functions of checks are added to those of the pool."""
    assert pool.document(envelope(b"Subject: a\r\n\r\n")).subject == "a"


def test_html_is_decoded():
    """The encoding and the charset of the part are undone."""
    content = (
        b"Content-Type: text/html; charset=iso-8859-1\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E4</p>"
    )
    assert html_of(envelope(content)) == "<p>\u00e4</p>"
