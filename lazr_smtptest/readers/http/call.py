"""A request as handlers see it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

import attrs
import msgspec
from twisted.web.http_headers import Headers

from lazr_smtptest.readers.http.answer import HTTPError

__all__ = ["Call", "values_of"]

_Type = TypeVar("_Type")

# The nesting of JSON at which decoding gives up with a RecursionError.
_TOO_DEEP = "JSON that is nested less deeply"
# A high surrogate that no low one follows, or a low one after no high one.
_LONE = re.compile(
    rb"\\u[dD][89abAB]\w{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F]\w{2}"
)
# What msgspec says of a field that the type of a whole body does not have.
_UNKNOWN = re.compile(r"Object contains unknown field `.*`", re.DOTALL)
# What it says of a value of the wrong type, or out of bounds, and where that is.
_MISMATCH = re.compile(
    r"Expected `([^`]+)`(?: ((?:of length )?[<>]=? [^ ,]+))?(?:, got `([^`]+)`)?"
    r"(?: - at `\$\.?(.*)`)?",
    re.DOTALL,
)
_TYPES = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "an object",
    "str": "a string",
}
# Where msgspec says that JSON is malformed.
_POSITION = re.compile(r"\(byte (\d+)\)")


def values_of(headers: Headers, name: str) -> list[str]:
    """Return the header fields of that name, whatever bytes they have."""
    values = headers.getRawHeaders(name.encode("ascii"))
    return [value.decode("latin-1") for value in values] if values else []


@attrs.frozen(kw_only=True)
class Call:
    """One request, with its path split by its route.

    Attributes:
        method: the method, such as ``"GET"``; HEAD is ``"GET"``.
        path: the percent-decoded path.
        parameters: the parts of the path that the template of the route names.
        query: the query of the URL, each name with its values.
        headers: the header of the request.
        body: the whole body.
        user: the name of the user that logged in; ``""`` without a login.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    query: Mapping[str, list[str]] = attrs.field(factory=dict)
    headers: Headers = attrs.field(factory=Headers)
    body: bytes = b""
    user: str = ""

    def routed(self, parameters: Mapping[str, str], user: str) -> Call:
        """Return the request with what its route and its login add to it."""
        # `attrs.evolve` takes several times as long.
        return Call(
            method=self.method,
            path=self.path,
            parameters=parameters,
            query=self.query,
            headers=self.headers,
            body=self.body,
            user=user,
        )

    def header(self, name: str) -> str:
        """Return the first header field of that name; ``""`` if there is none."""
        return next(iter(values_of(self.headers, name)), "")

    @property
    def prefers_text(self) -> bool:
        """Return whether the client prefers plain text to JSON (RFC 9110 12.5.1)."""
        weights = {"text/plain": 0.0, "application/json": 0.0}
        for each in self.header("accept").lower().split(","):
            kind, *parameters = [part.strip() for part in each.split(";")]
            if kind in weights:
                weights[kind] = _weight(parameters)
        return weights["text/plain"] > weights["application/json"]

    def argument(self, name: str, default: str = "") -> str:
        """Return the last value of a name in the query of the URL."""
        return self.query.get(name, [default])[-1]

    def number(
        self, name: str, default: float, *, least: float, most: float, kind: type = int
    ) -> float:
        """Return a number in the query of the URL.

        Args:
            name: the name of the argument.
            default: the value if it is not given.
            least: the least allowed value.
            most: the greatest allowed value.
            kind: `int` or `float`.

        Raises:
            HTTPError: 400, it is no such number.
        """
        text = self.argument(name)
        if not text:
            return default
        try:
            value: float = kind(text) if text.isascii() else least - 1
        except ValueError:
            value = least - 1
        # Also false for not a number.
        if not least <= value <= most:
            what = "a whole number" if kind is int else "a number"
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad {name} {text!r}: it must be {what} from {least} to {most}",
            )
        return value

    def flag(self, name: str) -> bool:
        """Return whether an argument is ``1``, ``true``, ``yes``, or has no value.

        Raises:
            HTTPError: 400, it is something else than these, ``0``, ``false``, ``no``.
        """
        if name not in self.query:
            return False
        text = self.argument(name).lower()
        if text in ("", "1", "true", "yes"):
            return True
        if text in ("0", "false", "no"):
            return False
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, f"bad {name} {text!r}: it must be true or false"
        )

    def choice(self, name: str, default: str, choices: Mapping[str, _Type]) -> _Type:
        """Return what stands for the value of an argument.

        Raises:
            HTTPError: 400, it is none of the choices.
        """
        text = self.argument(name, default)
        if text not in choices:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad {name} {text!r}: it must be "
                + " or ".join(sorted(filter(None, choices))),
            )
        return choices[text]

    def json(self, type_: type[_Type]) -> _Type:
        """Return the body, decoded and checked.

        Args:
            type_: a type that msgspec knows, such as a `msgspec.Struct`.

        Raises:
            HTTPError: 400, it is not JSON, or not of this type.
        """
        fields = ", ".join(getattr(type_, "__struct_fields__", ()))
        if not self.body:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad body: expected a JSON object with one or more of: {fields}",
            )
        try:
            return msgspec.json.decode(self.body, type=type_)
        except RecursionError:
            reason, position = f"expected {_TOO_DEEP}", None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason, position = _malformed(self.body, str(error))
            if _UNKNOWN.fullmatch(reason):
                reason += f"; known: {fields}"
        details = {} if position is None else {"position": position}
        raise HTTPError(HTTPStatus.BAD_REQUEST, f"bad body: {reason}", details=details)


def _malformed(body: bytes, reason: str) -> tuple[str, int | None]:
    """Return why JSON is malformed, and at which byte; ``None`` if it is not that.

    Args:
        body: the JSON.
        reason: the error of msgspec.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"JSON is malformed: no UTF-8 (byte {error.start})", error.start
    if found := _POSITION.search(reason):
        return reason, int(found[1])
    if "truncated" not in reason:
        return _in_words_of_json(reason), None
    # It says so of half a surrogate pair, too.
    lone = _LONE.search(body)
    if lone is None:
        return f"JSON is malformed: it is truncated (byte {len(body)})", len(body)
    return f"JSON is malformed: a lone surrogate (byte {lone.start()})", lone.start()


def _in_words_of_json(reason: str) -> str:
    """Return why a value of JSON is refused, without the types of Python."""
    found = _MISMATCH.fullmatch(reason)
    if found is None:
        return reason
    wanted, bound, got, where = found.groups()
    types = " or ".join(_TYPES.get(each, each) for each in wanted.split(" | "))
    limits = f" {bound}" if bound else ""
    wrong = f", not {_TYPES.get(got, got)}" if got else ""
    return f"{where or 'it'} must be {types}{limits}{wrong}"


def _weight(parameters: Sequence[str]) -> float:
    """Return the weight among the parameters of a media range; 1.0 without one."""
    given = [each[2:] for each in parameters if each.startswith("q=")]
    try:
        return float(given[0]) if given else 1.0
    except ValueError:
        return 0.0
