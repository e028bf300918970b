"""A folder that readers have made, and the messages in it."""

from __future__ import annotations

import attrs

__all__ = ["Filed", "Folder"]


@attrs.frozen(kw_only=True)
class Folder:
    r"""A folder of messages beside INBOX.

    Attributes:
        number: positive, and greater than those of all earlier folders of the store:
            its UIDVALIDITY (RFC 3501 section 2.3.1.1).
        owner: the name of the account that has it; ``""`` for all.
        name: its name, its levels separated by ``/``.
        use: its special use, such as ``\\Trash`` (RFC 6154 section 2); ``""`` for none.
        following: the number that the next message in it gets: its UIDNEXT.
    """

    number: int
    owner: str
    name: str
    use: str = ""
    following: int = 1


@attrs.frozen
class Filed:
    """A message in a folder.

    Attributes:
        uid: its number there, greater than those of all earlier messages.
        id: the id of its envelope.
    """

    uid: int
    id: str
