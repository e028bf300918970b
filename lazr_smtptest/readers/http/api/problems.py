"""Errors of the API, as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

import attrs

from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer

__all__ = ["describe"]


def describe(error: HTTPError) -> Answer:
    """Return the answer that describes an error in JSON."""
    problem = {
        "status": error.status,
        "title": HTTPStatus(error.status).phrase,
        "detail": error.message,
        **error.details,
    }
    answer = json_answer(problem, error.status, error.headers)
    return attrs.evolve(answer, content_type="application/problem+json")
