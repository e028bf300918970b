"""The parsed properties of a message, each computed on its first access.

What parses a message is imported then: most servers start without a message, and many
tests read only an envelope.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

from lazr_smtptest._guesses import Guessable, named_method
from lazr_smtptest.mime.words import decode_words

__all__ = ["Readable"]

if TYPE_CHECKING:
    from email.message import EmailMessage
    from typing import TypeVar

    from lazr_smtptest.mime.attachment import Attachment
    from lazr_smtptest.mime.dkim import DKIMResult
    from lazr_smtptest.mime.dkimkeys import Key
    from lazr_smtptest.mime.fields import Fields
    from lazr_smtptest.mime.html_page import Page
    from lazr_smtptest.mime.parts import Part, Parts
    from lazr_smtptest.mime.signatures import DKIMSignature

    _Method = TypeVar("_Method")

    def _named_method(method: _Method) -> _Method: ...

else:
    _named_method = named_method


_GUESSES = {
    **dict.fromkeys(
        ("body", "payload", "get_payload", "get_content", "get_body", "plain"),
        ".text or .html",
    ),
    **dict.fromkeys(("plain_text", "text_body", "Text"), ".text"),
    **dict.fromkeys(("html_body", "alternatives", "HTML"), ".html"),
    **dict.fromkeys(
        ("from_", "from_addr", "from_email", "sender", "From"),
        ".mail_from for the envelope, .header('From') for the header",
    ),
    **dict.fromkeys(
        ("to", "recipients", "recipient", "rcpt_to", "rcpttos", "to_addrs", "To"),
        ".rcpt_tos for the envelope, .addresses('to') for the header",
    ),
    **dict.fromkeys(("mailfrom", "envelope_from"), ".mail_from"),
    "cc": ".addresses('cc')",
    "reply_to": ".addresses('reply-to')",
    "get": ".header(name)",
    "get_all": ".headers(name)",
    "Subject": ".subject",
    "message_id": ".header('Message-ID')",
    "date": ".received_at, or .header('Date') for the header",
    **dict.fromkeys(
        ("as_bytes", "as_string", "data", "raw", "source", "original_content"),
        ".content, the message in bytes",
    ),
    **dict.fromkeys(("walk", "is_multipart", "iter_attachments"), ".message"),
}


class Readable(Guessable):
    """The contents of a message, for a record with `content` and `rcpt_tos`.

    Nothing is parsed before its first access; then the result is kept. No property
    raises for what a message contains, and any thread may use them. A record with
    slots stays small: the dictionary for results is made on the first access.
    """

    guesses = _GUESSES

    if TYPE_CHECKING:
        # Not plain annotations: a frozen record's attributes are read-only.
        content = property(lambda self: b"")
        rcpt_tos = property(lambda self: ())

    # The header

    @_named_method
    def header(self, name: str) -> str | None:
        """Return the first header field of that name.

        It is unfolded, and its encoded words (RFC 2047) are decoded; bytes outside of
        US-ASCII are decoded as UTF-8, or else as windows-1252. Only the first 64 KiB
        of a header are read.

        Args:
            name: its case does not matter.
        """
        return next(iter(self._headers(name)), None)

    @_named_method
    def headers(self, name: str) -> tuple[str, ...]:
        """Return every header field of that name, in order; see `header`."""
        return self._headers(name)

    def _headers(self, name: str) -> tuple[str, ...]:
        bodies = self._fields.all(name)
        return tuple(decode_words(body)[0] for body in bodies)

    def __getitem__(self, name: object) -> NoReturn:
        """Raise a TypeError that names the method to use."""
        if isinstance(name, str):
            raise TypeError(f"a mail has no items, use .header({name!r})")
        raise TypeError("a mail has no items, use .header(name)")

    # Python would iterate over an object with items by their numbers.
    __iter__ = None

    @property
    def subject(self) -> str | None:
        """The Subject, see `header`; ``None`` if there is none."""
        return self.header("subject")

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses of the header fields of that name, in order.

        Names of people and groups are left out; at most 1000 of each field.

        Args:
            name: such as ``"to"`` or ``"reply-to"``; its case does not matter.
        """
        from lazr_smtptest.mime.addresses import read_addresses

        bodies = self._fields.all(name)
        return tuple(address for body in bodies for address in read_addresses(body))

    @cached_property
    def recipients_in_headers(self) -> tuple[str, ...]:
        """The addresses of To, Cc and Bcc, each once; see `addresses`."""
        found = (self.addresses(name) for name in ("to", "cc", "bcc"))
        return tuple(dict.fromkeys(chain.from_iterable(found)))

    @property
    def bcc(self) -> tuple[str, ...]:
        """The recipients of the envelope that To, Cc and Bcc do not name.

        Equal addresses are the same, however they are written: a domain in upper or
        lower case, in A-labels (``xn--``) or in UTF-8, and ``"ann"@example.com`` and
        ``ann@example.com``. The local part is case-sensitive (RFC 5321 section 2.4).
        """
        from lazr_smtptest.mime.address_keys import address_key

        named = set(map(address_key, self.recipients_in_headers))
        return tuple(to for to in self.rcpt_tos if address_key(to) not in named)

    @cached_property
    def list_unsubscribe(self) -> tuple[str, ...]:
        """The URLs of List-Unsubscribe (RFC 2369), in order.

        A URL that is not in angle brackets, or is encoded, does not count, as for mail
        readers; `trouble` reports it.

        An ``https`` URL is for a POST (RFC 8058) if `header` returns
        ``"List-Unsubscribe=One-Click"`` for ``List-Unsubscribe-Post``.
        """
        from lazr_smtptest.mime.lists import list_links

        bodies = self._fields.all("list-unsubscribe")
        return tuple(link for body in bodies for link in list_links(body))

    # The body

    @cached_property
    def text(self) -> str | None:
        """The ``text/plain`` parts that are not attachments, with LF line ends.

        Several stand below each other, as mail programs show them; of alternatives
        the first one counts. ``None`` if there is none. Charsets are those of the
        WHATWG Encoding Standard, so that ``iso-8859-1`` is windows-1252; an invalid
        sequence becomes one U+FFFD. If the charset is missing or unknown, UTF-8 is
        tried, then windows-1252.
        """
        return self._joined("text/plain")

    @cached_property
    def html(self) -> str | None:
        """The ``text/html`` parts that are not attachments; see `text`."""
        return self._joined("text/html")

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """The parts that are files: all but ``text/plain`` and ``text/html``.

        A part of these two types is one if it is marked as an attachment, or has a
        file name and is not the message's text: an alternative, the only part, or the
        first in a ``multipart/related``, ``signed`` or ``report``. A message within
        the message is one attachment, as a whole.
        """
        from lazr_smtptest.mime.attachment import read_attachment

        files = (part for part in self._parts.leaves if not part.is_text)
        return tuple(read_attachment(part)[0] for part in files)

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The URLs in `text`, and those that anchors in `html` refer to.

        In order, each once. In the text: URLs with a scheme and ``//``, and
        ``mailto:`` URLs; lines of ``format=flowed`` (RFC 3676) are joined, and so are
        those of a URL in angle brackets. In the HTML, which is parsed as by a browser:
        the ``href`` of each ``a`` and ``area``, visible or not, that has a scheme or a
        host, by itself or by ``<base>``. A URL of over 8192 characters is left out,
        and `trouble` reports it.
        """
        found = chain(self._text_links[0], self._page.links)
        return tuple(dict.fromkeys(found))

    def code(
        self, pattern: str | re.Pattern[str] | None = None, **unknown: object
    ) -> str | None:
        """Return the one-time code in `text` or in the visible text of `html`.

        Without a pattern, it is the number of four to eight digits that is most
        likely a code, by the words beside it and its shape. Digits in groups, such as
        ``481 516``, are returned without the separators. A year, a date, an amount, a
        telephone number, an order number or a postal code is not a code.

        Args:
            pattern: a regular expression, searched for in the text, and then in the
                visible text of the HTML, as one line.
            unknown: not allowed; the error shows a pattern.

        Returns:
            the code; with a pattern its first group that took part, or the whole
            match if it has no groups; ``None`` if it is not found.

        Raises:
            ValueError: the pattern is not a regular expression.
            TypeError: it is neither a string nor a pattern of strings.
        """
        for name, value in unknown.items():
            shown = value if isinstance(value, int) else 6
            raise TypeError(
                f"code takes a pattern, not {name}=: use "
                rf"code(r'\b\d{{{shown}}}\b') for {shown} digits"
            )
        if pattern is None:
            from lazr_smtptest.mime.codes import find_code

            return find_code(self._plain_text, self._page.text)
        if isinstance(pattern, int):
            raise TypeError(
                f"pattern must be a regular expression, not {pattern!r}: use "
                rf"code(r'\b\d{{{pattern}}}\b')"
            )
        try:
            wanted = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"bad pattern {pattern!r}: {error}") from error
        for text in (self._plain_text, " ".join(self._page.text.split())):
            if found := wanted.search(text):
                groups = (group for group in found.groups() if group is not None)
                return next(groups, found[0])
        return None

    # The signatures

    @cached_property
    def dkim_signatures(self) -> tuple[DKIMSignature, ...]:
        """The contents of the DKIM-Signature fields (RFC 6376), in order.

        Nothing is verified. Only the first 5 fields are read, and only valid ones
        are returned; `trouble` reports the others.
        """
        from lazr_smtptest.mime.signatures import read_signatures

        found, _ = read_signatures(self._fields)
        return tuple(field.signature for field in found if field.signature)

    def verify_dkim(
        self, key: Key | Mapping[str, Key], domain: str | None = None
    ) -> DKIMResult:
        """Search for a DKIM signature that is valid with a key; asks no DNS.

        ``assert mail.verify_dkim(key)`` passes if there is one, and otherwise fails
        with the reason. If a signature has ``l=``, the body after that many bytes is
        not signed. Expiry is not checked, as it depends on this machine's clock. A
        message with a header of over 64 KiB or 1000 fields is not valid.

        Args:
            key: the text of a TXT record (``v=DKIM1; k=rsa; p=...``), or a public
                key in PEM: RSA (RFC 8301) or Ed25519 (RFC 8463). Several are a
                mapping to these from their names in the DNS,
                ``selector._domainkey.domain``.
            domain: the domain whose signatures count; ``None`` for any.

        Raises:
            DKIMError: the packages of the extra ``dkim`` are missing.
            ValueError: a key is malformed, or a name is not that of a key.
            TypeError: a key is neither text nor bytes.
        """
        from lazr_smtptest.mime.dkim import verify

        return verify(self.content, self._fields, key, domain)

    # All of it

    @cached_property
    def message(self) -> EmailMessage:
        """The message parsed by the email package, with `email.policy.default`.

        A header that this policy cannot parse is plain text, as with ``compat32``. A
        message that exceeds the package's bounds (64 KiB of header, 1000 parts, 50
        multiparts) has no headers, and its payload is all of it. `trouble` reports
        both.
        """
        return self._message[0]

    @cached_property
    def trouble(self) -> tuple[str, ...]:
        """Problems that a reader of the message has; ``()`` if there are none.

        The first access reads the whole message.
        """
        from lazr_smtptest.mime.attachment import read_attachment
        from lazr_smtptest.mime.parsing import is_ordinary, plain_headers
        from lazr_smtptest.mime.signatures import read_signatures
        from lazr_smtptest.mime.syntax import field_trouble

        parts = self._parts
        found = list(parts.trouble)
        for _, body in parts.fields.pairs:
            found += decode_words(body)[1]
        found += field_trouble(parts.fields)
        found += read_signatures(parts.fields)[1]
        for part in parts.leaves:
            wrong = part.text()[1] if part.is_text else read_attachment(part)[1]
            found += [f"{part.content_type}: {wrong}"] if wrong else []
        found += [*self._text_links[1], *self._page.trouble]
        if not is_ordinary(self.content, parts.fields):
            message, raw = self._message
            found += [f"message has {name} as text" for name in plain_headers(message)]
            found += [raw] if raw else []
        return tuple(dict.fromkeys(found))

    @property
    def _fields(self) -> Fields:
        return self._parts.fields

    @cached_property
    def _parts(self) -> Parts:
        from lazr_smtptest.mime.parts import read_parts

        return read_parts(self.content)

    @cached_property
    def _message(self) -> tuple[EmailMessage, str]:
        from lazr_smtptest.mime.parsing import read_message

        return read_message(self.content, self._fields.end)

    @cached_property
    def _plain_text(self) -> str:
        """The text to search, its flowed lines joined."""
        from lazr_smtptest.mime.parts import join_texts

        return join_texts(map(_unflowed, self._parts.texts("text/plain"))) or ""

    @cached_property
    def _text_links(self) -> tuple[list[str], list[str]]:
        from lazr_smtptest.mime.urls import text_links

        return text_links(self._plain_text)

    @cached_property
    def _page(self) -> Page:
        from lazr_smtptest.mime.html_page import read_page

        return read_page(self.html or "")

    def _joined(self, content_type: str) -> str | None:
        from lazr_smtptest.mime.parts import join_texts

        return join_texts(map(_unix, self._parts.texts(content_type)))


def _unix(part: Part) -> str:
    return part.text()[0].replace("\r\n", "\n")


def _unflowed(part: Part) -> str:
    text, parameters = _unix(part), part.parameters
    if parameters.get("format", "").lower() != "flowed":
        return text
    from lazr_smtptest.mime.flowed import unflow

    return unflow(text, parameters.get("delsp", "").lower() == "yes")
