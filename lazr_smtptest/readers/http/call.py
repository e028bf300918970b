"""A request as handlers see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from lazr_smtptest._checks import brief
from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.json_text import repeated_name, without_mark

__all__ = ["LONG", "Call", "in_words_of_json", "value_of", "values_of", "weights_of"]

_Type = TypeVar("_Type")

# The nesting of JSON at which decoding gives up with a RecursionError.
_TOO_DEEP = "JSON that is nested less deeply"
# A high surrogate that no low one follows, or a low one after no high one.
_LONE = re.compile(
    rb"\\u[dD][89abAB]\w{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F]\w{2}"
)
# What msgspec says of a field that the type of a whole body does not have.
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
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
# The numbers in the query of a URL, and the weights in a header.
_WHOLE = re.compile("-?[0-9]{1,19}")
_DECIMAL = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?")
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

# The bytes of a body that is read in a thread: it takes some milliseconds.
LONG = 65_536

# Where msgspec says that JSON is malformed.
_POSITION = re.compile(r"\(byte (\d+)\)")


def values_of(headers: Headers, name: str) -> list[str]:
    """Return the header fields of that name, whatever bytes they have."""
    values = headers.getRawHeaders(name.encode("ascii"))
    return [value.decode("latin-1") for value in values] if values else []


def value_of(headers: Headers, name: str) -> str:
    """Return the first header field of a name; ``""`` if there is none."""
    values = headers.getRawHeaders(name.encode("ascii"))
    return values[0].decode("latin-1") if values else ""


# Of msgspec, which makes one in a third of the time that attrs takes.
class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, with its path split by its route.

    Attributes:
        method: the method, such as ``"GET"``; HEAD is ``"GET"``.
        path: the percent-decoded path.
        parameters: the parts of the path that the template of the route names.
        query: the query of the URL, each name with its values.
        headers: the header of the request.
        body: the whole body.
        user: the name of the user that logged in; ``""`` without a login.
        in_thread: calls a function in a thread; ``None`` if there is no thread.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, list[str]] = msgspec.field(default_factory=dict)
    headers: Headers = msgspec.field(default_factory=Headers)
    body: bytes = b""
    user: str = ""
    in_thread: Callable[..., Deferred[Any]] | None = None

    def routed(self, parameters: Mapping[str, str], user: str) -> Call:
        """Return the request with what its route and its login add to it."""
        return msgspec.structs.replace(self, parameters=parameters, user=user)

    def header(self, name: str) -> str:
        """Return the first header field of that name; ``""`` if there is none."""
        return value_of(self.headers, name)

    @property
    def prefers_text(self) -> bool:
        """Return whether the client prefers plain text to JSON (RFC 9110 12.5.1)."""
        weights = weights_of(self.header("accept"))
        return weights.get("text/plain", 0) > weights.get("application/json", 0)

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
        if name not in self.query:
            return default
        text = self.argument(name)
        # What Python takes for a number is more: 1_0, 1e3, nan, other digits.
        pattern = _WHOLE if kind is int else _DECIMAL
        value: float = kind(text) if pattern.fullmatch(text) else least - 1
        if not least <= value <= most:
            what = "a whole number" if kind is int else "a number"
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad {name} {text!r}: it must be {what} from {_shown(least)} to "
                f"{_shown(most)}",
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

    async def read(self, function: Callable[..., _Type], *arguments: Any) -> _Type:
        """Return what a function makes of this request; in a thread if it is long.

        Args:
            function: called with the request, and the arguments.
            arguments: the arguments.
        """
        if self.in_thread is None or len(self.body) <= LONG:
            return function(self, *arguments)
        result: _Type = await self.in_thread(function, self, *arguments)
        return result

    async def json(self, type_: type[_Type]) -> _Type:
        """Return the body, decoded and checked; a long one is read in a thread.

        Args:
            type_: see `decoded`.

        Raises:
            HTTPError: see `decoded`.
        """
        return await self.read(Call.decoded, type_)

    def decoded(self, type_: type[_Type]) -> _Type:
        """Return the body, decoded and checked.

        Args:
            type_: a type that msgspec knows, such as a `msgspec.Struct`. Its ``hint``,
                if it has one, ends the error for an unknown field.

        Raises:
            HTTPError: 400, it is not JSON, not of this type, or an object in it has a
                name twice. A position counts from the end of a byte order mark.
        """
        names = getattr(type_, "__struct_fields__", ())
        fields = ", ".join(names)
        position: int | None
        if not self.body:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad body: expected a JSON object with one or more of: {fields}",
            )
        body = without_mark(self.body)
        try:
            value = msgspec.json.decode(body, type=type_)
            repeated = repeated_name(body)
            if repeated is None:
                return value
            name, position = repeated
            reason = f"the name {brief(name)} is there twice (byte {position})"
        except RecursionError:
            reason, position = f"expected {_TOO_DEEP}", None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason, position = _malformed(body, str(error))
            if unknown := _UNKNOWN.fullmatch(reason):
                near = get_close_matches(unknown[1], names, 1)
                meant = f", did you mean `{near[0]}`?" if near else ";"
                reason += f"{meant} known: {fields}{getattr(type_, 'hint', '')}"
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
        return in_words_of_json(reason), None
    # It says so of half a surrogate pair, too.
    lone = _LONE.search(body)
    if lone is None:
        return f"JSON is malformed: it is truncated (byte {len(body)})", len(body)
    return f"JSON is malformed: a lone surrogate (byte {lone.start()})", lone.start()


def in_words_of_json(reason: str) -> str:
    """Return why a value of JSON is refused, without the types of Python."""
    found = _MISMATCH.fullmatch(reason)
    if found is None:
        return reason
    wanted, bound, got, where = found.groups()
    types = " or ".join(_TYPES.get(each, each) for each in wanted.split(" | "))
    limits = f" {bound}" if bound else ""
    wrong = f", not {_TYPES.get(got, got)}" if got else ""
    return f"{where or 'it'} must be {types}{limits}{wrong}"


def _shown(bound: float) -> str:
    """Return a bound as people write it: 3600, not 3600.0."""
    return str(int(bound)) if bound == int(bound) else str(bound)


def weights_of(value: str) -> dict[str, float]:
    """Return what a client accepts, in lower case, and how much it wants each.

    Args:
        value: the field, such as Accept or Accept-Encoding (RFC 9110 section 12.4.2).

    Returns:
        the weights, from 0.0, which is not at all, to 1.0. A malformed one is 0.0.
    """
    weights: dict[str, float] = {}
    for each in value.lower().split(","):
        name, *parameters = [part.strip(" \t") for part in each.split(";")]
        given = [part[2:] for part in parameters if part.startswith("q=")]
        weight = given[0] if given else "1"
        weights[name] = float(weight) if _WEIGHT.fullmatch(weight) else 0.0
    return weights
