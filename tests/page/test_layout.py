"""What the tests of the layout find."""

from __future__ import annotations

import pytest

from .layout import faults_of

ON = "position: absolute; left: 0; top: 0"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("<p style='width: 3000px'>a</p>", "the page is"),
        (
            "<p style='width: 40px; overflow: hidden; white-space: nowrap'>a long text",
            'cut: <p class="">a long text',
        ),
        (
            "<p style='width: 40px; overflow: hidden; white-space: nowrap;"
            " display: flex; text-overflow: ellipsis'>a long text",
            'cut: <p class="">a long text',
        ),
        (
            "<input size=2 placeholder='a long text'>",
            'cut: <input class="">a long text',
        ),
        (
            "<p style='height: 6px; overflow: hidden'>a text",
            'cut: <p class="">a text',
        ),
        (
            "<body style='overflow: hidden'><p style='margin-top: 4000px'>far down",
            'cut: <p class="">far down',
        ),
        (
            f"<p style='{ON}'>one text<b style='{ON}'>another</b>",
            'on one another: <p class="">one textanother and <b class="">another',
        ),
        (
            f"<button style='{ON}'>Send</button><div style='{ON}; padding: 50px'>",
            'under <div class="">: <button class="">Send',
        ),
        (
            "<button style='width: 30px; white-space: nowrap'>Send it now</button>",
            'its text is wider: <button class="">Send it now',
        ),
    ],
)
def test_a_fault_is_told(page, document, fault):
    """With the element."""
    page.set_content(f"<!doctype html>{document}")
    assert any(each.startswith(fault) for each in faults_of(page))


@pytest.mark.parametrize(
    "document",
    [
        "<p>A text</p><button>Send</button><a href='x'>A link</a>",
        "<p style='width: 40px; overflow: auto; white-space: nowrap'>a long text",
        "<p style='width: 40px; overflow: hidden; white-space: nowrap;"
        " text-overflow: ellipsis'>a long text",
        "<input size=2 placeholder='a long text' style='text-overflow: ellipsis'>",
        "<p style='line-height: 1'>two lines<br>of a text",
        f"<p>A text</p><dialog open style='{ON}'>on another",
    ],
)
def test_what_is_no_fault_is_not_told(page, document):
    """Such as what can be scrolled to."""
    page.set_content(f"<!doctype html>{document}")
    assert faults_of(page) == []
