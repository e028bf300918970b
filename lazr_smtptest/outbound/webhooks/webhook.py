"""The settings of a webhook."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from lazr_smtptest._guesses import nearest
from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.errors import RequestError
from lazr_smtptest.outbound.http.allowed import parse_url
from lazr_smtptest.query.parser import parse

__all__ = ["FORMATS", "Format", "Webhook", "read_webhook"]

Format = Literal["smtptest", "mailpit"]
FORMATS: tuple[Format, ...] = ("smtptest", "mailpit")

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[\x20-\x7e]{0,4096}")
# Header fields that a request has anyway.
_OURS = frozenset(
    (
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    )
)
_PREFIX = "whsec_"


@attrs.frozen(kw_only=True)
class Webhook:
    """A URL that is told of messages.

    Attributes:
        url: where requests are made; its host may have any address.
        query: which messages, in the search language; ``""`` for all.
        secret: the key of the signature; ``""``: requests are not signed. After
            ``whsec_`` it is base64.
        format: the body: ``"smtptest"``, or ``"mailpit"`` as from Mailpit.
        headers: further header fields, such as ``Authorization``.
        timeout: seconds for a request.

    Raises:
        ValueError: a value is not valid.
    """

    url: str
    query: str = ""
    secret: str = attrs.field(default="", repr=False)
    format: Format = "smtptest"
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    timeout: float = 10.0

    def __attrs_post_init__(self) -> None:
        try:
            parse_url(self.url)
        except RequestError as error:
            raise ValueError(f"url: {error}") from error
        parse(self.query)
        self.key()
        if self.format not in FORMATS:
            raise ValueError(
                f"format is {' or '.join(FORMATS)}, not {self.format!r:.100}"
            )
        for name, value in self.headers.items():
            self._check_header(name, value)
        if not 0 < self.timeout <= 300:
            raise ValueError(f"timeout is up to 300 seconds, not {self.timeout!r}")

    def _check_header(self, name: str, value: str) -> None:
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"headers: {name!r:.100} cannot be set")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"headers: {name} is one line of ASCII")

    def key(self) -> bytes:
        """Return the bytes of the secret; ``b""`` for none."""
        if not self.secret.startswith(_PREFIX):
            return self.secret.encode()
        try:
            return base64.b64decode(self.secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError(
                f"secret: {safe_repr(_PREFIX)} is followed by base64: {error}"
            ) from error

    @property
    def name(self) -> str:
        """The name that a position is kept for: another query is another webhook.

        URLs can have secrets, so it has a hash of this one.
        """
        digest = hashlib.sha256(f"{self.url}\n{self.query}".encode()).hexdigest()
        return f"{self.host} {digest[:32]}"

    @property
    def host(self) -> str:
        """The host and the port that may be connected to, for `Allowed`."""
        target = parse_url(self.url)
        host = f"[{target.host}]" if ":" in target.host else target.host
        return f"{host}:{target.port}"


_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "url": (str, "a text"),
    "query": (str, "a text"),
    "secret": (str, "a text"),
    "format": (str, "a text"),
    "headers": (Mapping, "a table of texts"),
    "timeout": ((int, float), "a number of seconds"),
}


def read_webhook(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> Webhook:
    """Return the webhook that a table of a file describes.

    Args:
        table: its keys are the attributes of `Webhook`.
        defaults: the values of keys that the table does not have.

    Raises:
        ValueError: a key is unknown, or a value is wrong.
    """
    for key, value in table.items():
        if key not in _TYPES:
            hint = nearest(key, list(_TYPES)) or f"; known: {', '.join(_TYPES)}"
            raise ValueError(f"{key}: no such key{hint}")
        kind, words = _TYPES[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{key} is {words}")
    headers = table.get("headers", {})
    if not all(isinstance(value, str) for value in headers.values()):
        raise ValueError("headers is a table of texts")
    if "url" not in table:
        raise ValueError("url is missing")
    return Webhook(**{**defaults, **table})
