"""The searchable and listable properties of the content of a message."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from lazr_smtptest.model.summary import HeaderMailbox

__all__ = ["Document"]


@attrs.frozen(kw_only=True)
class Document:
    """The searchable and listable properties of the content of a message.

    What the envelope says by itself (its addresses, user, time, size) is not
    repeated here. All text is valid Unicode without NUL.

    Attributes:
        sender: see `Summary`.
        to: see `Summary`.
        cc: see `Summary`.
        bcc: see `Summary`.
        reply_to: see `Summary`.
        subject: see `Summary`.
        message_id: see `Summary`.
        snippet: see `Summary`.
        warnings: see `Summary`.
        headers: the name in lower case and the decoded body of every header field, in
            order, up to a bound.
        text: the text, the text of the HTML unless it is the same, and the links of the
            HTML, up to a bound.
        attachments: the name of each file that is not among `inlines`, ``""`` for one
            without a name.
        inlines: those of the files that are shown within the message.
        shortened: whether something was longer than its bound.
        failure: why the content could not be read; ``""`` if it was.
    """

    sender: tuple[HeaderMailbox, ...] = ()
    to: tuple[HeaderMailbox, ...] = ()
    cc: tuple[HeaderMailbox, ...] = ()
    bcc: tuple[HeaderMailbox, ...] = ()
    reply_to: tuple[HeaderMailbox, ...] = ()
    subject: str = ""
    message_id: str = ""
    snippet: str = ""
    warnings: int = 0
    headers: Sequence[tuple[str, str]] = ()
    text: str = ""
    attachments: tuple[str, ...] = ()
    inlines: tuple[str, ...] = ()
    shortened: bool = False
    failure: str = ""
