"""The bodies of requests to the API, as JSON has them."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, ClassVar

import msgspec

__all__ = [
    "AssertRequest",
    "ChangeRequest",
    "MailboxRequest",
    "RulesRequest",
    "SelectionRequest",
    "assert_within",
]

# What a person or a test selects; more are a query.
_Ids = Annotated[list[str], msgspec.Meta(max_length=10_000)]
_Numbers = Annotated[list[int], msgspec.Meta(max_length=10_000)]
_Tags = Annotated[list[str], msgspec.Meta(max_length=100)]


class SelectionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some messages: exactly one of the three is given."""

    ids: _Ids | None = None
    numbers: _Numbers | None = None
    query: str | None = None


class ChangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of flags and tags of some messages."""

    ids: _Ids | None = None
    numbers: _Numbers | None = None
    query: str | None = None
    set_flags: list[str] = []
    clear_flags: list[str] = []
    add_tags: _Tags = []
    remove_tags: _Tags = []
    tags: _Tags | None = None


class NewMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to add, in Base64; `smtptest export` writes its envelope before it."""

    content: bytes


class AssertRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An assertion: a query, criteria, or both."""

    query: str = ""
    criteria: dict[str, Any] = {}
    count: Annotated[int, msgspec.Meta(ge=0, le=1000)] | None = None
    since: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    timeout: float = 0.0
    extract: str = ""


@cache
def assert_within(longest: float) -> type[AssertRequest]:
    """Return the type of an assertion that may wait for a number of seconds.

    Args:
        longest: the most seconds.
    """
    seconds = Annotated[float, msgspec.Meta(ge=0, le=longest)]
    within: Any = msgspec.defstruct(
        AssertRequest.__name__,
        [("timeout", seconds, 0.0)],
        bases=(AssertRequest,),
        namespace={"__doc__": AssertRequest.__doc__},
        frozen=True,
        forbid_unknown_fields=True,
    )
    made: type[AssertRequest] = within
    return made


class RulesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fault rules: the same tables as in a TOML file of faults."""

    hint: ClassVar[str] = (
        '; such as {"fault": [{"on": "RCPT", "reply": [450, "4.2.1 later"]}]}'
    )

    fault: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=1000)] = []
    personality: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=100)] = []


class MailboxRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A disposable mailbox, see ``DisposableMailbox``; ``lifetime`` is in seconds."""

    address: str | None = None
    user: str | None = None
    header: dict[str, str] | None = None
    query: str = ""
    lifetime: Annotated[float, msgspec.Meta(ge=1, le=604_800)] = 3600.0
    max_messages: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
