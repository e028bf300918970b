"""The meanings of replies, irregularities and settings, in each language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.api.operations import Argument, operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

__all__ = ["LANGUAGES", "load_meanings", "routes"]

LANGUAGES = ("en", "de")

_FOLDER = Path(__file__).with_suffix("")
_LANGUAGE = Argument(
    {"enum": ["", *LANGUAGES], "default": "en"}, "The language of the texts.", "de"
)


@cache
def load_meanings(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of a language, by kind and name; the first call reads a file.

    The kinds are ``reply``, by code; ``status``, by the last two numbers of an enhanced
    code; ``class``, by the first digit; ``warning``, by the name of an irregularity;
    ``section``, the RFC and its section that speak of it; ``setting`` and ``unit``,
    by the name of a setting.

    Args:
        language: one of `LANGUAGES`.
    """
    found: dict[str, dict[str, str]] = json.loads(
        (_FOLDER / f"{language}.json").read_text("utf-8")
    )
    return found


def routes(prefix: str) -> Iterator[Route]:
    """Return the routes.

    Args:
        prefix: the path of the API, without a slash at its end.
    """
    yield operation(
        "GET",
        f"{prefix}/meanings",
        _meanings,
        "Get what replies, warnings and settings mean",
        query={"language": _LANGUAGE},
        answer=dict[str, dict[str, str]],
    )


async def _meanings(call: Call) -> Answer:
    """Answer with the texts of a language, by kind and name.

    The kinds are ``reply`` (by code), ``status`` (by the last two numbers of an
    enhanced code), ``class`` (by the first digit), ``warning``, ``section`` (the
    RFC and its section that speak of a warning), ``setting`` and ``unit`` (of the value
    of a setting).
    """
    names = {name: name for name in LANGUAGES}
    language = call.choice("language", "en", {"": "en", **names})
    return json_answer(await call.read(lambda _: load_meanings(language)))
