"""The results of checks as Mailpit's API shows them: as dictionaries for JSON."""

from __future__ import annotations

import math
from typing import Any

from lazr_smtptest.checks.html_check import FeatureWarning, HTMLCheck
from lazr_smtptest.checks.link_check import LinkCheck
from lazr_smtptest.checks.spam_check import SpamCheck
from lazr_smtptest.checks.support import ClientSupport

__all__ = ["html_check_shape", "link_check_shape", "spam_check_shape"]


def html_check_shape(check: HTMLCheck) -> dict[str, Any]:
    """Return the answer of ``GET api/v1/message/{id}/html-check``."""
    return {
        "Warnings": [_warning(each) for each in check.warnings],
        "Platforms": {name: list(each) for name, each in check.platforms.items()},
        "Total": {
            "Tests": check.tests,
            "Nodes": check.nodes,
            "Supported": check.supported,
            "Partial": check.partial,
            "Unsupported": check.unsupported,
        },
    }


def link_check_shape(check: LinkCheck) -> dict[str, Any]:
    """Return the answer of ``GET api/v1/message/{id}/link-check``."""
    return {
        "Errors": check.errors,
        "Links": [
            {"URL": link.url, "StatusCode": link.status, "Status": link.text}
            for link in check.links
        ],
    }


def spam_check_shape(check: SpamCheck) -> dict[str, Any]:
    """Return the answer of ``GET api/v1/message/{id}/sa-check``."""
    rules = [
        {"Score": rule.score, "Name": rule.name, "Description": rule.description}
        for rule in check.rules
    ]
    return {
        "IsSpam": check.is_spam,
        "Error": check.error,
        "Score": math.floor(check.score * 10) / 10,
        "Rules": None if check.error else rules,
    }


def _warning(warning: FeatureWarning) -> dict[str, Any]:
    feature = warning.feature
    return {
        "Slug": feature.slug,
        "Title": feature.title,
        "Description": feature.description,
        "URL": feature.url,
        "Category": feature.category,
        "Tags": list(feature.tags),
        "Keywords": feature.keywords,
        "Results": [_result(each) for each in feature.results],
        "NotesByNumber": dict(feature.notes),
        "Score": {
            "Found": warning.found,
            "Supported": warning.supported,
            "Partial": warning.partial,
            "Unsupported": warning.unsupported,
        },
    }


def _result(result: ClientSupport) -> dict[str, str]:
    return {
        "Name": result.name,
        "Platform": result.platform,
        "Family": result.family,
        "Version": result.version,
        "Support": result.support,
        # One number: the last one is the most special.
        "NoteNumber": result.notes[-1] if result.notes else "",
    }
