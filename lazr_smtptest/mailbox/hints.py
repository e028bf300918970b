"""Hints at known mistakes of a sender or a test that explain a difference.

A hint is given only if it explains the difference: if the message would match
without the mistake, or if the first difference is at the mistake.
"""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lazr_smtptest._patterns import PatternTimeoutError, compile_pattern
from lazr_smtptest.mailbox.likeness import likest
from lazr_smtptest.mailbox.passage import first_difference
from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.query.criteria import Criterion
from lazr_smtptest.query.matchers import Matcher, wildcard, within

__all__ = ["hints", "looks_misspelled", "misspelling"]

# A longer text is not searched for what is undone in it.
_LONG = 200_000
# Variables of a text that are looked at, and those that are named.
_SOUGHT = 100
_NAMED = 5

# What template engines put a value in place of, each of bounded length.
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^{}\n]{0,80}%\}|\$\{[^{}\n]{0,80}\}"
    r"|%\(\w{1,80}\)[a-z]|<%[^<>\n]{0,80}%>|\*\|\w{1,80}\|\*|\[\[[^\[\]\n]{0,80}\]\]"
    r"|#\{[^{}\n]{1,80}\}|(?<![{$#])\{[\w.]{0,80}\}|(?<!\w)\$\w{1,80}"
    r"|(?<![\w%])%[sd](?!\w)|(?<!\w)@Model(?:\.\w{1,80}){1,4}|\[[A-Z][A-Z_]{2,40}\]"
)
# What programs write for a value that they do not have.
_NO_VALUE = re.compile(
    r"(?<!\w)(?:None|null|undefined|NaN|nan|nil|\[object Object\])(?!\w)"
    r"|<[\w.]{1,80} object at 0x[0-9a-fA-F]{1,16}>|(?<!\w)b'[^'\n]{0,80}'"
)

_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_TAG = re.compile(r"<[^<>]*>")
_REGEX = re.compile(r"\\[dwsSWDb]|\.[*+]|\[[^\]]+\][*+]|^\^|\$$")
_WILDCARD = re.compile(r"[*?]")
_FIELDS = ("to", "cc", "bcc")


def hints(criterion: Criterion, envelope: Envelope) -> Iterator[str]:
    """Yield explanations why a message does not meet a criterion, a line each."""
    yield from _of_addresses(criterion, envelope)
    matcher = criterion.matcher
    wanted = criterion.plain
    if wanted is None or matcher.pattern or criterion.name in _ADDRESSES:
        return
    values = [each for each in criterion.values(envelope) if isinstance(each, str)]
    if not values:
        yield from _of_other_body(criterion, envelope)
        return
    value = str(likest(criterion, values)[0])
    if len(value) <= _LONG:
        yield from _of_undone(matcher, wanted, value, criterion.name)
        yield from _of_spelling(criterion, wanted, value)
        yield from _of_whole_body(criterion, envelope)
    yield from _of_template(matcher, wanted, value)
    if criterion.name.partition(" ")[0] in ("subject", "header"):
        yield from _of_ends(wanted, value)


def looks_misspelled(criterion: Criterion) -> bool:
    """Return whether a text has wildcards or a pattern where neither is known."""
    plain = criterion.plain
    if plain is None or criterion.matcher.pattern or criterion.name in _ADDRESSES:
        return False
    return bool(_WILDCARD.search(plain) or _REGEX.search(plain))


def misspelling(criterion: Criterion, envelope: Envelope) -> str:
    """Return what a test that means a message should have written; ``""``: nothing."""
    if not looks_misspelled(criterion):
        return ""
    values = (each for each in criterion.values(envelope) if isinstance(each, str))
    found = (
        hint
        for value in values
        if len(value) <= _LONG
        for hint in _of_spelling(criterion, str(criterion.plain), value)
    )
    return next(found, "")


# Addresses

_ADDRESSES = ("sender", "recipient", *_FIELDS)


def _of_addresses(criterion: Criterion, envelope: Envelope) -> Iterator[str]:
    find = _FINDERS.get(criterion.name.lower())
    if find is not None and not criterion.matcher.absence:
        yield from find(criterion.matcher, envelope)


def _has(matcher: Matcher, addresses: Sequence[str]) -> bool:
    return any(map(matcher.matches, addresses))


def _of_recipient(matcher: Matcher, envelope: Envelope) -> Iterator[str]:
    for recipient, reply in _refused(envelope):
        if matcher.matches(recipient):
            became = f" with {reply}" if reply else ""
            yield f"the client gave RCPT for it, which was refused{became}"
            return
    for field in _FIELDS:
        if _has(matcher, envelope.addresses(field)):
            yield (
                f"the field {field.capitalize()} names it, the envelope does not: "
                "the client gave no RCPT for it"
            )


def _refused(envelope: Envelope) -> Iterator[tuple[str, Reply | None]]:
    """Yield the recipients that were refused in the transaction of a message."""
    for transaction in envelope.session.transactions if envelope.session else ():
        if transaction.number == envelope.transaction:
            yield from transaction.refused


def _of_field(name: str) -> Callable[[Matcher, Envelope], Iterator[str]]:
    def find(matcher: Matcher, envelope: Envelope) -> Iterator[str]:
        if not envelope.headers(name):
            yield f"the message has no field {name.capitalize()}"
        for field in _FIELDS:
            if field != name and _has(matcher, envelope.addresses(field)):
                yield f"the field {field.capitalize()} names it: use {field}="
        if _has(matcher, envelope.rcpt_tos):
            yield "the envelope has it as a recipient: use recipient="

    return find


def _of_bcc(matcher: Matcher, envelope: Envelope) -> Iterator[str]:
    if not _has(matcher, envelope.rcpt_tos):
        return
    for field in _FIELDS:
        if _has(matcher, envelope.addresses(field)):
            yield (
                f"the field {field.capitalize()} names it, so every recipient sees it: "
                "bcc= is a recipient that no field names"
            )


def _of_sender(matcher: Matcher, envelope: Envelope) -> Iterator[str]:
    for field in ("from", "sender", "reply-to"):
        if _has(matcher, envelope.addresses(field)):
            yield (
                f"the field {field.title()} has it: sender= is the sender of the "
                "envelope (MAIL FROM)"
            )


def _of_from(matcher: Matcher, envelope: Envelope) -> Iterator[str]:
    if envelope.mail_from and (
        matcher.matches(envelope.mail_from)
        or (matcher.plain and envelope.mail_from in str(matcher.plain))
    ):
        yield "the envelope has it as its sender (MAIL FROM): use sender="


_FINDERS: dict[str, Callable[[Matcher, Envelope], Iterator[str]]] = {
    "recipient": _of_recipient,
    "to": _of_field("to"),
    "cc": _of_field("cc"),
    "bcc": _of_bcc,
    "sender": _of_sender,
    "header from": _of_from,
}


# Texts


def _of_other_body(criterion: Criterion, envelope: Envelope) -> Iterator[str]:
    other = {"text": "html", "html": "text"}.get(criterion.name)
    body = None if other is None else getattr(envelope, other)
    if body is not None:
        use = f": use {other}=" if criterion.matcher.matches(body) else ""
        yield f"the message has no {criterion.name}, only {other}{use}"


def _of_ends(wanted: str, value: str) -> Iterator[str]:
    """Yield a hint that a field cannot have white space at its ends."""
    if wanted != wanted.strip() == value:
        yield "white space at the ends of a field is left out"


def _of_whole_body(criterion: Criterion, envelope: Envelope) -> Iterator[str]:
    """Yield a hint that the other body matches, if the message has both."""
    other = {"text": "html", "html": "text"}.get(criterion.name)
    body = None if other is None else getattr(envelope, other)
    if body is not None and criterion.matcher.matches(body):
        yield f"the {'HTML' if other == 'html' else 'text'} has it: use {other}="


def _of_undone(matcher: Matcher, wanted: str, value: str, name: str) -> Iterator[str]:
    """Yield the encoding or escaping without which the value would match."""
    if not wanted.isascii():
        once = _read_right(value)
        if matcher.matches(once):
            yield "its UTF-8 was read as Windows-1252 or ISO-8859-1"
        elif matcher.matches(_read_right(once)):
            yield "its UTF-8 was read as Windows-1252 or ISO-8859-1, twice"
        for sign, what in _LOST:
            if sign in value and _is_lost(matcher, wanted, value, sign):
                yield what
    if "=?" in value and matcher.matches(decode_words(value.encode())[0]):
        yield "an encoded word (RFC 2047) in it is not decoded: it is encoded twice"
    if "=" in value and matcher.matches(_from_quoted_printable(value)):
        yield "it is quoted-printable that is not decoded: encoded twice, or undeclared"
    if "&" in value and matcher.matches(html.unescape(value)):
        yield (
            "its tags are escaped: &lt; in place of <"
            if name == "html" and "<" in wanted and "&lt;" in value
            else "html= looks at the source, where & is written as &amp;"
            if name == "html"
            else "it has HTML escapes, such as &amp; for &"
        )
    if name == "html" and matcher.matches(_TAG.sub("", value)):
        yield "html= looks at the source, in which tags stand between"


_LOST = (
    ("?", "characters outside of ASCII were replaced by ?"),
    ("\ufffd", "bytes are not of the charset that the message declares"),
)


def _is_lost(matcher: Matcher, wanted: str, value: str, sign: str) -> bool:
    pieces = [re.escape(piece) for piece in _NOT_ASCII.split(wanted)]
    pattern = re.compile(f"{re.escape(sign)}{{1,16}}".join(pieces))
    found = pattern.search(value) if matcher.part else pattern.fullmatch(value)
    return found is not None


def _read_right(value: str) -> str:
    return _NOT_ASCII.sub(lambda found: _right(found[0]), value)


def _right(text: str) -> str:
    """Undo that UTF-8 was read as an encoding of one byte a character."""
    try:
        return b"".join(map(_octet, text)).decode()
    except UnicodeError:
        return text


def _octet(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeError:
        return character.encode("latin-1")


def _from_quoted_printable(value: str) -> str:
    return quopri.decodestring(value.encode()).decode("utf-8", "replace")


def _of_spelling(criterion: Criterion, wanted: str, value: str) -> Iterator[str]:
    """Yield a hint at a spelling of the test with another meaning here."""
    name = criterion.name
    if _WILDCARD.search(wanted):
        pattern = within(wanted) if criterion.matcher.part else wildcard(wanted)
        if pattern.matches(value):
            regex = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
            yield f"{name} takes no wildcards: use re.compile({regex!r})"
            return
    if _REGEX.search(wanted) and _is_found(wanted, value):
        yield f"{name} is a text, not a pattern: use re.compile({wanted!r})"


def _is_found(pattern: str, value: str) -> bool:
    # It may be no pattern at all, so it gets little time.
    try:
        found = compile_pattern(pattern).search(value[:500], seconds=0.01)
    except (ValueError, PatternTimeoutError):
        return False
    return found is not None


def _of_template(matcher: Matcher, wanted: str, value: str) -> Iterator[str]:
    value = value.replace("\r\n", "\n")
    at = first_difference(wanted, value, part=matcher.part)
    if at is None:
        return
    start = max(0, at - 100)
    near = value[start : at + 200]
    for pattern, what in (
        (_PLACEHOLDER, "was not filled in"),
        (_NO_VALUE, "is there in place of a value"),
    ):
        for found in pattern.finditer(near):
            if found.start() <= at - start <= found.end() and found[0] not in wanted:
                names = _alike(pattern, found[0], value, wanted)
                if len(names) > 1:
                    what = what.replace("was ", "were ").replace("is ", "are ")
                yield f"{' and '.join(names)} {what}"
                return


def _alike(pattern: re.Pattern[str], first: str, text: str, wanted: str) -> list[str]:
    """Return what a template engine left in a text, the first of it and its like."""
    found = (each[0] for each in islice(pattern.finditer(text[:_LONG]), _SOUGHT))
    alike = (
        each
        for each in found
        # A price is no variable.
        if each[0] == first[0] and each not in wanted and not each[1:2].isdigit()
    )
    return list(dict.fromkeys([first, *alike]))[:_NAMED]
