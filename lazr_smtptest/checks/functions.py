"""The functions that the children of a parsing pool run, those of checks among them.

``ParsingPool(registry=lazr_smtptest.checks.functions)`` makes a pool that has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lazr_smtptest.checks.html_check import HTMLCheck, check_html, judge
from lazr_smtptest.checks.links import links_of
from lazr_smtptest.mime.html_view import BlockedLoad, HTMLView, raw_view, view_of
from lazr_smtptest.mime.parts import read_parts
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing import functions
from lazr_smtptest.parsing.functions import Function

__all__ = ["FUNCTIONS", "HTML_CHECK", "LINKS", "VIEW", "html_of"]

HTML_CHECK = "html_check"
LINKS = "links"
VIEW = "view"


def html_of(envelope: Envelope) -> str | None:
    """Return the first HTML part that is no attachment; ``None`` if there is none."""
    for part in read_parts(envelope.content).leaves:
        is_shown = part.disposition in ("", "inline")
        if is_shown and part.content_type == "text/html":
            return part.text()[0]
    return None


def _check(envelope: Envelope) -> HTMLCheck | None:
    html = html_of(envelope)
    return None if html is None else check_html(html)


def _encode(check: HTMLCheck | None) -> Any:
    """Return what the check found; the parent has the data to judge it, too."""
    return None if check is None else [check.found, check.nodes, check.failure]


def _decode(values: Any) -> HTMLCheck | None:
    return None if values is None else judge(*values)


def _failed(envelope: Envelope, reason: str) -> HTMLCheck:
    return judge({}, 0, reason)


def _no_links(envelope: Envelope, reason: str) -> list[str]:
    return []


def _view(envelope: Envelope) -> HTMLView | None:
    # A copy: the envelope would keep each property that was read.
    html = attrs.evolve(envelope).html
    if html is None:
        return None
    return view_of(html, read_parts(envelope.content), lambda part: part.section)


def _encode_view(view: HTMLView | None) -> Any:
    return None if view is None else attrs.astuple(view)


def _decode_view(values: Any) -> HTMLView | None:
    if values is None:
        return None
    html, mark, blocked, failure = values
    loads = tuple(BlockedLoad(*each) for each in blocked)
    return HTMLView(html=html, mark=mark, blocked=loads, failure=failure)


def _raw_view(envelope: Envelope, reason: str) -> HTMLView | None:
    html = attrs.evolve(envelope).html
    return None if html is None else raw_view(html, reason)


FUNCTIONS: Mapping[str, Function] = {
    **functions.FUNCTIONS,
    HTML_CHECK: Function(_check, _encode, _decode, _failed),
    LINKS: Function(links_of, list, list, _no_links),
    VIEW: Function(_view, _encode_view, _decode_view, _raw_view),
}
