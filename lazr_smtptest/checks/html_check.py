"""The HTML check: which features of a mail its readers' programs may not support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

import attrs

from lazr_smtptest.checks.support import Feature, SupportData, load_support
from lazr_smtptest.errors import CheckError

__all__ = ["FeatureWarning", "HTMLCheck", "check_html", "judge", "require_packages"]

# No features of the data.
_SCRIPT = Feature(
    slug="html-script",
    title="<script> element",
    description="No mail program runs scripts.",
    url="https://www.caniemail.com/",
    category="html",
)
_COMPLEX = Feature(
    slug="html-too-complex",
    title="HTML too complex to check",
    description="The check needs too much time or memory for this HTML.",
    url="https://www.caniemail.com/",
    category="html",
)
_PACKAGES = ("selectolax", "tinycss2")


@attrs.frozen
class FeatureWarning:
    """A feature that a mail uses and that some programs do not fully support.

    Attributes:
        feature: the feature, with the results of all programs.
        found: the number of elements that use it.
        supported: the percentage of programs that support it.
        partial: the percentage of those that support it partially.
        unsupported: the percentage of those that do not support it.
    """

    feature: Feature
    found: int
    supported: float
    partial: float
    unsupported: float


@attrs.frozen
class HTMLCheck:
    """The result of the HTML check.

    Attributes:
        warnings: the worst first: by how many elements and programs it concerns.
        found: the number of elements that use a feature, by its slug, whoever
            supports it.
        nodes: the number of elements.
        tests: the number of features that were looked for.
        supported: a percentage: of elements and programs; the rest to 100 of the next.
        partial: the largest share of elements and programs, as a percentage, that one
            feature has which is partially supported.
        unsupported: the same, of a feature that is not supported.
        platforms: by platform, the names of the mail programs.
        date: the date of the data.
        failure: why the HTML could not be checked; ``""`` if it was.
    """

    warnings: tuple[FeatureWarning, ...]
    found: Mapping[str, int]
    nodes: int
    tests: int
    supported: float
    partial: float
    unsupported: float
    platforms: Mapping[str, tuple[str, ...]]
    date: str
    failure: str = ""


def require_packages() -> None:
    """Check that what the HTML check needs is installed.

    Raises:
        CheckError: a package is missing; it names the extra.
    """
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise CheckError(
                f"the HTML check needs the package {package!r}: "
                "pip install 'lazr.smtptest[checks]'"
            )


def check_html(html: str, data: SupportData | None = None) -> HTMLCheck:
    """Check HTML in the calling thread.

    A server does not call this for mail of others, which can make it take long: it
    runs in a parsing pool, see `lazr_smtptest.checks.functions`.

    Args:
        html: the HTML.
        data: who supports what; that of the package by default.

    Raises:
        CheckError: a package is missing; it names the extra.
    """
    require_packages()
    # Imported here: they need the packages.
    from lazr_smtptest.checks.html_usage import TooComplexError, find_usage

    try:
        usage = find_usage(html)
    except TooComplexError as error:
        return judge({}, 0, str(error), data)
    return judge(usage.found, usage.nodes, data=data)


def judge(
    found: Mapping[str, int],
    nodes: int,
    failure: str = "",
    data: SupportData | None = None,
) -> HTMLCheck:
    """Return the result for the features that HTML uses.

    Args:
        found: the number of elements that use a feature, by its slug.
        nodes: the number of all elements.
        failure: why the HTML could not be read.
        data: who supports what; that of the package by default.
    """
    data = data or load_support()
    if failure:
        warnings = [FeatureWarning(_COMPLEX, 1, 0.0, 0.0, 100.0)]
        partial, unsupported = 0.0, 100.0
    else:
        warnings = sorted(
            _warnings(found, data),
            key=lambda each: (each.partial + each.unsupported) * -each.found,
        )
        weights = [min(1.0, each.found / max(nodes, 1)) for each in warnings]
        pairs = list(zip(warnings, weights, strict=True))
        partial = max((each.partial * weight for each, weight in pairs), default=0.0)
        unsupported = max(
            (each.unsupported * weight for each, weight in pairs), default=0.0
        )
    return HTMLCheck(
        warnings=tuple(warnings),
        found=found,
        nodes=nodes,
        tests=len(data.features),
        supported=max(0.0, 100 - partial - unsupported),
        partial=partial,
        unsupported=unsupported,
        platforms=data.platforms,
        date=data.date,
        failure=failure,
    )


def _warnings(found: Mapping[str, int], data: SupportData) -> Iterator[FeatureWarning]:
    for slug, number in found.items():
        if slug == _SCRIPT.slug:
            yield FeatureWarning(_SCRIPT, number, 0.0, 0.0, 100.0)
            continue
        feature = data.features.get(slug)
        if feature is None:
            # Another export may not have it.
            continue
        partial, unsupported = feature.share("partial"), feature.share("no")
        if partial or unsupported:
            yield FeatureWarning(
                feature, number, feature.share("yes"), partial, unsupported
            )
