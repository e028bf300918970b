"""Authentication-Results fields as results."""

from __future__ import annotations

import pytest


def parsed(module, value):
    return module("authentication.js").call("parseAuthentication", value)


def test_a_field_is_taken_apart(module):
    """Comments are left out, and quotes."""
    found = parsed(
        module,
        "mx.example 1;\r\n\tdkim=pass (2048-bit; ok) header.d=shop.example;"
        ' spf=fail reason="not; listed" smtp.mailfrom=a@b.example',
    )
    assert found == {
        "server": "mx.example",
        "results": [
            {"method": "dkim", "result": "pass", "details": ["header.d=shop.example"]},
            {
                "method": "spf",
                "result": "fail",
                "details": ["reason=not; listed", "smtp.mailfrom=a@b.example"],
            },
        ],
    }


def test_an_arc_set_begins_with_its_instance(module):
    """The server comes after it (RFC 8617)."""
    found = parsed(module, "i=1; mx.example; arc=none; dmarc/1=pass")
    assert found["server"] == "mx.example"
    assert [each["method"] for each in found["results"]] == ["arc", "dmarc"]


@pytest.mark.parametrize(
    "value", ["", ";;;", "((((", "mx.example; none", "=" * 5000, '"' * 3000]
)
def test_what_cannot_be_read_is_left_out(module, value):
    """Anybody can write such fields."""
    results = module("authentication.js").run(
        "m.authenticationOf([{name: 'Authentication-Results', value: args[0]}])", value
    )
    assert all(len(each["results"]) <= 2 for each in results)


@pytest.mark.parametrize(
    ("result", "grade"), [("pass", "good"), ("softfail", "bad"), ("none", "")]
)
def test_a_result_has_a_grade(module, result, grade):
    """A result that proves nothing has none."""
    assert module("authentication.js").call("gradeOf", result) == grade
