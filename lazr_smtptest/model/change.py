"""The changes of a store, numbered, so that a reader can ask what it missed."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["Change", "ChangeKind", "Changes"]

ChangeKind = Literal["kept", "changed", "removed", "cleared"]


@attrs.frozen(kw_only=True)
class Change:
    """One change of a store.

    Attributes:
        number: positive, and greater than those of all earlier changes of the store.
        kind: ``"kept"``: the messages are new; ``"changed"``: their flags or tags
            changed; ``"removed"``: they are gone; ``"cleared"``: all that were there
            are gone.
        messages: the numbers of the messages, ascending; at most 1000. A larger change
            is several of these. Empty if all were cleared.
        ids: the id of each of these messages.
    """

    number: int
    kind: ChangeKind
    messages: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Changes:
    """The answer to the question what has changed since a number.

    Attributes:
        changes: in order.
        last: the number to ask with next.
        is_complete: false if there are more; ask again with `last`.
        is_reset: true if the store no longer knows the changes that far back: the
            reader must read all that it shows anew. `changes` is empty then.
    """

    changes: tuple[Change, ...] = ()
    last: int
    is_complete: bool = True
    is_reset: bool = False
