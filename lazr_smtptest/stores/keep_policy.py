"""Which of the accepted messages a server keeps, and how much of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import attrs

from lazr_smtptest._spool import AnyContent, start_of
from lazr_smtptest.model.received_mail import Mail, ReceivedMail

__all__ = ["KEEP_ALL", "KeepPolicy"]

_FORMS = "all, headers, 1/N or to:PATTERN"
_SHARE = re.compile(r"1/([1-9][0-9]{0,8})")
# Bytes of a header that are kept.
_LONGEST = 128 * 1024
_EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")


# Not slots: a compiled pattern is kept.
@attrs.frozen(kw_only=True, slots=False)
class KeepPolicy:
    """The part of its mail that a server keeps, because a load test sends too much.

    Attributes:
        headers: whether the body of each message is left out.
        one_in: of this number of messages one is kept.
        recipients: patterns of addresses, such as ``"*@example.com"``, in any case; a
            message is kept if one of its recipients matches one of them. Empty: any
            recipient will do.
    """

    headers: bool = False
    one_in: int = 1
    recipients: tuple[str, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> KeepPolicy:
        """Return the policy of some texts.

        Args:
            texts: each is ``all``, ``headers``, ``1/N`` or ``to:PATTERN``. All of them
                apply, but of several patterns one has to match.

        Raises:
            ValueError: a text is none of these, or contradicts another one.
        """
        headers, shares, recipients = False, set(), []
        given = list(texts)
        for text in given:
            share = _SHARE.fullmatch(text)
            if share is not None:
                shares.add(int(share[1]))
            elif text == "headers":
                headers = True
            elif text.startswith("to:") and text != "to:":
                recipients.append(text.removeprefix("to:"))
            elif text != "all":
                raise ValueError(f"it is {_FORMS}, not {text!r}")
        if len(shares) > 1:
            raise ValueError(f"one share is allowed, not {' and '.join(given)}")
        if "all" in given and set(given) != {"all"}:
            raise ValueError(f"all stands alone, not with {' and '.join(given)}")
        return cls(
            headers=headers,
            one_in=shares.pop() if shares else 1,
            recipients=tuple(recipients),
        )

    def __str__(self) -> str:
        """Return the texts that `parse` takes, with a space between them."""
        words = ["headers"] if self.headers else []
        if self.one_in > 1:
            words.append(f"1/{self.one_in}")
        words += [f"to:{each}" for each in self.recipients]
        return " ".join(words) or "all"

    def matches(self, recipients: Sequence[str]) -> bool:
        """Return whether one of the recipients of a message matches."""
        if not self.recipients:
            return True
        return any(map(self._pattern.fullmatch, recipients))

    @cached_property
    # Any, because attrs makes an annotation of it.
    def _pattern(self) -> re.Pattern[str]:
        """The pattern of all recipients; ``*`` is any text, ``?`` any character."""
        words = (
            re.escape(each).replace(r"\*", ".*").replace(r"\?", ".")
            for each in self.recipients
        )
        return re.compile("|".join(words), re.IGNORECASE | re.DOTALL)

    def reduced(self, mail: Mail) -> Mail:
        """Return the message as it is kept: without its body, if that is left out.

        Raises:
            OSError: the message is in a file that cannot be read.
        """
        if not self.headers:
            return mail
        header = _header_of(mail.kept)
        if isinstance(mail, ReceivedMail):
            return ReceivedMail(
                *(header, mail.session, mail.record, mail.tls, mail.id, mail.seconds)
            )
        return attrs.evolve(mail, content=header)


KEEP_ALL = KeepPolicy()


def _header_of(content: AnyContent) -> bytes:
    """Return the header with the empty line after it, and at most 128 KB."""
    start = start_of(content, _LONGEST)
    empty = _EMPTY_LINE.search(start)
    return start if empty is None else start[: empty.end()]
