"""Find one-time codes in a text.

A number is judged first by the words beside it, in some of the languages of such
mail, and then by its shape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from lazr_smtptest.mime.confirmations import (
    asks_for_confirmation,
    is_of_confirmation,
)
from lazr_smtptest.mime.coupons import COUPON, is_of_sale
from lazr_smtptest.mime.currencies import is_amount
from lazr_smtptest.mime.identifiers import (
    IDENTIFIER,
    ends_with_number_sign,
    without_abbreviations,
)
from lazr_smtptest.mime.outdated import is_outdated
from lazr_smtptest.mime.qualifiers import rank_of_code
from lazr_smtptest.mime.streets import is_in_street
from lazr_smtptest.mime.urls import find_urls

__all__ = ["find_code"]

_LENGTHS = range(4, 9)
# The most numbers of a text that are judged, and characters beside one that are read.
_MOST = 2000
_NEAR = 100

_ADDRESS = re.compile(r"(?<![^\s<>@])[^\s<>@]{1,64}@[^\s<>@]+")
# Invisible characters: soft hyphens, joiners, marks of direction.
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060])
_UNSEEN |= {0xFEFF: None, 0xA0: " ", 0x202F: " ", 0x2007: " ", 0x2009: " "}
# The separators of the Arabic digits, which are written within an amount.
_UNSEEN |= {0x66B: ".", 0x66C: ","}
# Decimal digits of other scripts; the code is given in those of US-ASCII.
_OTHER_DIGIT = re.compile(r"(?!(?a:\d))\d")

# A number with everything that is written as one with it: a date, a price, a telephone
# number; or single digits, each in a box of its own.
_BOXES = re.compile(r"(?a)(?<![\d.,:/-])\d(?:\s+\d(?![\d.,:/%-])){3,}")
_NUMBER = re.compile(
    r"(?a)\+?(?:\(\d+\) ?)?\d+(?:(?:[ .,:/\u2013\u00b7\u2012-]|\) ?)\(?\d+)*"
)
_DIGITS = re.compile(r"(?a)\d+")
_SEPARATORS = re.compile(r"[ \u00b7\u2013\u2012-]")

# Letters of scripts that are written without spaces may stand beside a number.
_LETTER = r"[^\W\d_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_PART_OF_WORD_BEFORE = re.compile(rf"(?:{_LETTER}[-_.]?|[-/\\=&#%$@~^+]|\w_)\Z")
_PART_OF_WORD_AFTER = re.compile(rf"[-_.]?{_LETTER}|[/\\=&%@~^+]|_\w|[-.]\d")
# The prefix of a code: G-481516.
_PREFIX = re.compile(r"(?<![\w-])[A-Z]{1,4}-\Z")
# The mark before a code after a word for it: code=481516, #481516.
_MARK = re.compile(r"(?:^|[\s\w:])[=#]\Z")

_UNIT_AFTER = re.compile(
    r"(?i)\s?(?:[%\u2030\u00b0\u066a\uff05\u5e74\u5206\u79d2]|"
    r"(?:k|m|g)?b(?:ytes?)?\b|px\b|[kcm]?m\b|kg\b|pts?\b|am\b|pm\b|uhr\b|"
    r"(?:[^\W\d]+ )?(?:seconds?|secs?|minutes?|mins?|hours?|days?|years?|sekunden|"
    r"minuten|stunden|tage|minutos|horas|points?|users?|people|items?|customers?|members?|"
    r"employees|percent|euros?|dollars?|gmt|utc)\b)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
# 20261127, 27112026, 11272026
_DATE = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|"
    r"(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])|"
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:19|20)\d\d"
)
_YEAR_BEFORE = re.compile(
    r"(?i)(?:\u00a9|\(c\)|copyright|\b(?:in|since|from|until|of|year|jahr|seit|bis|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|"
    r"m\u00e4rz|mai|juni|juli|oktober|dezember|"
    r"april|june|july|august|september|october|november|december)\.?\W{0,2}"
    r"(?:\d\d?(?:st|nd|rd|th)?)?)\W{0,3}\Z"
)
_COPYRIGHT = re.compile(r"(?i)(?:\u00a9|\(c\)|copyright)[^\n]{0,40}\Z")
_STATE = re.compile(r"\b[A-Z]{2} \Z")

# Words for a code, and words for other numbers; the longest first, because a "zip
# code" is not a code.
_NAMED = re.compile(
    r"(?i)(?P<other>\b(?:zip|post(?:al)?|country|area|dial(?:l?ing)?|error|status|"
    r"source|product|item|order|promo(?:tion(?:al)?)?|discount|coupon|voucher|gift|"
    r"referral|sort|bar|qr|colou?r|tracking|customer|client|exit|response)[- ]?codes?\b"
    r"|\b(?:orders?|invoices?|receipt|ref(?:erence)?|ticket|case|booking|reservation|"
    r"account|customer|client|member(?:ship)?|tracking|parcel|shipment|transaction|"
    r"policy|flight|room|floor|suite|zip|postcode|plz|postleitzahl|version|build|"
    r"release|rev(?:ision)?|rfc|iso|phone|tel(?:ephone|efon)?|fon|mobile|mobil|call|"
    r"fax|hotline|card|ending in|iban|vat|p\.?o\.? box|postfach|street|"
    r"stra(?:\u00dfe|sse)|total|amount|price|id|user|"
    r"serial|port|page|line|sku|(?:auftrags|bestell|rechnungs|kunden|konto|"
    r"sendungs|vorgangs|telefon|steuer)(?:nummer|-?nr\.?)|bestellung|auftrag|rechnung|"
    r"pedido|factura|commande|facture|ordine|fattura|encomenda|\w*bestelling|"
    r"zam\u00f3wienie|\u0437\u0430\u043a\u0430\u0437\w*)\b"
    rf"|{IDENTIFIER}|{COUPON}"
    r"|\u8ba2\u5355|\u8a02\u55ae|\u6ce8\u6587|\uc8fc\ubb38|\u7535\u8bdd|\u96fb\u8a71|"
    r"\u90ae\u7f16|\u90f5\u4fbf\u756a\u53f7)"
    r"|(?P<code>(?:\b|[a-z])(?:codes?|otp|pin|passcode|token|einmalpasswort|"
    r"one[- ]time (?:password|code|pin)|verification|verify|authentication|"
    r"c\u00f3digo|codigo|codice|clave|contrase\u00f1a|kode|koden|"
    r"kod(?:[iu]\w{0,4})?|k\u00f3d\w{0,3}|koodi\w{0,4}|tan)\b"
    r"|\b(?:passwor[dt]|mot de passe|enter|use|type)\b"
    r"|\u043a\u043e\u0434\w*|\u043f\u0430\u0440\u043e\u043b\w+|\u03ba\u03c9\u03b4\u03b9\u03ba\w+"
    r"|m\u00e3\b|\u0631\u0645\u0632|\u05e7\u05d5\u05d3|\u0915\u094b\u0921"
    r"|(?:\u9a8c\u8bc1|\u9a57\u8b49|\u6821\u9a8c|\u6821\u9a57|\u52a8\u6001|\u786e\u8ba4|"
    r"\u78ba\u8a8d|\u8a8d\u8a3c|\u8ba4\u8bc1)(?:\u7801|\u78bc|\u30b3\u30fc\u30c9|\u756a\u53f7)"
    r"|\u5bc6\u7801|\u5bc6\u78bc|\u30b3\u30fc\u30c9|\uc778\uc99d|\ucf54\ub4dc|\u0e23\u0e2b\u0e31\u0e2a)"
)
# "Your code for this order: 481516"
_FOR = re.compile(
    r"(?i)\s(?:[^\s:,;\d]+\s+){0,3}?(?:for|f\u00fcr|f\u00f6r|zu|zur|zum|para|pour|per|"
    r"of|till|til|voor|do|pro|k|ke|\u00e0|\u043a|\u0434\u043b\u044f|"
    r"(?:de|di|da|du) (?:tu|su|ta|votre|tua|suo|sua|seu|la))\s"
    r"[^:\d]*(?::|\b(?:is|ist|lautet|est|es|\u00e9|\u00e8|\u00e4r|er|jest|je))\W*"
)
# "481516 is your code", "481516 ist Ihr Code"
_IS_AFTER = re.compile(
    r"(?i)[\s\"'\u201d\u00bb\u300d\u3011*_)\]>]*"
    r"(?:(?:is|ist|est|es|\u00e9|\u00e8|\u00e4r|er|on|to|as|jest|\u2014|\u2013|-|:)\b|"
    r"[-\u2013\u2014:(]|\u2014|\u662f|\u4e3a|\u70ba|\u304c|\u306f|\ub294|\uc740|\uc774)"
)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[\u3002\uff01\uff1f\n]")
_LONG_NUMBER = re.compile(r"(?a)\d{4}")

# The weights: first the word, then the shape, and then the position.
_NAMED_WEIGHT = 50
_RANK_WEIGHT = 10
_FAR_WEIGHT = 15
_ALONE_WEIGHT = 25
_LENGTH_WEIGHTS = {4: 0, 5: 1, 6: 5, 7: 1, 8: 2}


class _Number(NamedTuple):
    """A number that may be a code.

    Attributes:
        digits: without separators.
        start, end: its position.
        doubtful: whether it needs a word for a code, or a line of its own.
        counted: whether it needs a word for a code: 1 2 3 4 may be pages.
    """

    digits: str
    start: int
    end: int
    doubtful: bool = False
    counted: bool = False


def find_code(*texts: str) -> str | None:
    """Return the digits in some texts that are most likely a one-time code.

    Four to eight digits of any script, which may be grouped by spaces or hyphens, or
    be in boxes. Of two that are equally likely the first is returned. Years, dates,
    prices, amounts, telephone numbers, and numbers that a word names as that of an
    order, an account or a postal code, are not codes; nor are parts of a word, a URL
    or an address. The time is linear.

    Returns:
        the digits, in US-ASCII, or ``None`` if none are likely.
    """
    best, found = -1, None
    for text in texts:
        if not text.isascii():
            text = _OTHER_DIGIT.sub(_ascii_digit, text.translate(_UNSEEN))
        text = _blanked(text)
        earlier = 0
        for count, number in enumerate(_numbers(text)):
            if count == _MOST:
                break
            weight = _weight(text, number, earlier)
            if weight > best:
                best, found = weight, number.digits
            earlier = number.end
    return found


def _ascii_digit(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found[0]))


def _blanked(text: str) -> str:
    """Return a text with each URL and each mail address replaced by spaces."""
    pieces, end = [], 0
    for _, start, stop in find_urls(text):
        pieces += [text[end:start], " " * (stop - start)]
        end = stop
    pieces.append(text[end:])
    text = "".join(pieces)
    return _ADDRESS.sub(_spaces, text) if "@" in text else text


def _spaces(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _numbers(text: str) -> Iterator[_Number]:
    """Yield the numbers of a text that may be codes, in order."""
    end = 0
    while found := _NUMBER.search(text, end):
        # Most numbers are in no boxes.
        start = found.start()
        is_single = text[start + 1 : start + 2].isspace()
        boxes = _BOXES.match(text, start) if is_single else None
        if boxes:
            end = max(boxes.end(), start + 1)
            digits = "".join(boxes[0].split())
            counted = digits in "0123456789"
            if len(digits) in _LENGTHS:
                yield _Number(digits, *boxes.span(), counted, counted)
            continue
        end = found.end()
        yield from _in_chain(found)


def _in_chain(found: re.Match[str]) -> Iterator[_Number]:
    """Yield the numbers in a chain of digits and separators."""
    chain, start = found[0], found.start()
    if chain.isdigit():
        if len(chain) in _LENGTHS:
            yield _Number(chain, start, found.end())
        return
    groups = list(_DIGITS.finditer(chain)) if len(chain) < 200 else []
    digits = "".join(group[0] for group in groups)
    if len(groups) < 2 or chain[0] in "+(":
        return
    between = set(_DIGITS.sub("", chain))
    if not all(_SEPARATORS.fullmatch(each) for each in between):
        return
    if len(digits) in _LENGTHS and _is_grouped(groups) and len(between) == 1:
        yield _Number(digits, start, found.end(), True)
    elif between == {" "} and _are_separate(groups, len(digits)):
        for group in groups:
            if len(group[0]) in _LENGTHS:
                place = start + group.start()
                yield _Number(group[0], place, start + group.end())


def _are_separate(groups: list[re.Match[str]], length: int) -> bool:
    """Return whether the groups are separate numbers, not a telephone number."""
    if any(len(group[0]) > 4 for group in groups):
        return not (groups[0][0].startswith("0") and length > 7)
    return len(groups) == 2 and length <= 8


def _is_grouped(groups: list[re.Match[str]]) -> bool:
    """Return whether the groups may be those of one code: all of one length."""
    lengths = {len(group[0]) for group in groups}
    years = all(_YEAR.fullmatch(group[0]) for group in groups)
    return len(lengths) == 1 and lengths <= {2, 3, 4} and not years


def _weight(text: str, number: _Number, earlier: int) -> int:
    """Return how likely a number is a code; below zero if it is not."""
    line = text.rfind("\n", max(earlier, number.start - _NEAR), number.start) + 1
    before = text[max(line, earlier, number.start - _NEAR) : number.start]
    after = text[number.end : number.end + _NEAR].partition("\n")[0]
    sentence = _sentence(text, number, before)
    named = _named(text, number, sentence, before, after)
    doubtful = number.doubtful
    prefix = _PREFIX.search(text[max(0, number.start - 6) : number.start])
    alone = _is_alone(text, number, len(prefix[0]) if prefix else 0)
    marked = _MARK.search(text[max(0, number.start - 2) : number.start]) is not None
    if prefix or marked:
        doubtful = True
    elif _PART_OF_WORD_BEFORE.search(text[max(0, number.start - 2) : number.start]):
        return -1
    if (
        _PART_OF_WORD_AFTER.match(after)
        or _UNIT_AFTER.match(after)
        or is_amount(before, after)
        or (_DATE.fullmatch(number.digits) and named < _NAMED_WEIGHT)
        or _is_another(number.digits, sentence, before, after, named)
    ):
        return -1
    if doubtful and named <= 0 and (not alone or marked or number.counted):
        return -1
    weight = named + _LENGTH_WEIGHTS[len(number.digits)] + _ALONE_WEIGHT * alone
    if _YEAR.fullmatch(number.digits):
        context = text[max(0, number.start - _NEAR // 2) : number.start]
        if _COPYRIGHT.search(context) or _YEAR_BEFORE.search(context):
            return -1
        weight -= 45
    if named <= 0 and _STATE.search(before):
        weight -= _NAMED_WEIGHT
    return weight


def _is_another(
    digits: str, sentence: str, before: str, after: str, named: int
) -> bool:
    """Return whether a number is an old code, a coupon, or in a street."""
    following = _SENTENCE_END.split(after)[0]
    if is_outdated(sentence, following) or is_of_sale(sentence, following):
        return True
    # A word on another line may name another number.
    if before.strip() and named >= _NAMED_WEIGHT:
        return False
    return is_in_street(digits, before, after)


def _is_blank(text: str) -> bool:
    return not text.strip(" \t*_\"'([<:>-")


def _sentence(text: str, number: _Number, before: str) -> str:
    """Return the sentence before a number, or the line above."""
    sentence = _SENTENCE_END.split(without_abbreviations(before))[-1]
    if not _is_blank(sentence):
        return sentence
    # The lines above, or the end of the sentence before.
    above = text[max(0, number.start - len(before) - _NEAR) : number.start]
    if not _is_blank(before):
        return sentence
    sentence = above.rstrip(" \t\n*_\"'([<>-").rpartition("\n")[2]
    sentence = without_abbreviations(sentence)
    return "" if _LONG_NUMBER.search(sentence) else sentence


def _named(text: str, number: _Number, sentence: str, before: str, after: str) -> int:
    """Return the weight of the words beside a number."""
    if _is_blank(before) and asks_for_confirmation(sentence):
        return _NAMED_WEIGHT + _RANK_WEIGHT
    words = list(_NAMED.finditer(sentence))
    code = words[-1] if words and words[-1].lastgroup == "code" else None
    if ends_with_number_sign(sentence, code.end() if code else 0):
        return -_NAMED_WEIGHT
    if words:
        is_code = words[-1].lastgroup == "code" or (
            len(words) > 1
            and words[-2].lastgroup == "code"
            and (
                _FOR.fullmatch(sentence, words[-2].end()) is not None
                or is_of_confirmation(
                    sentence[: words[-2].end()],
                    sentence[words[-2].end() : words[-1].start()],
                    sentence[words[-1].end() :],
                )
            )
        )
        # "Dear customer, 481516 is your code": what follows the number decides.
        if is_code:
            return _weight_of(sentence, code or words[-2])
        if "," not in sentence[words[-1].end() :]:
            return -_NAMED_WEIGHT
    following = _SENTENCE_END.split(after)[0]
    if _IS_AFTER.match(following) and not _LONG_NUMBER.search(following):
        word = _NAMED.search(following)
        if word:
            is_code = word.lastgroup == "code"
            return _weight_of(following, word) if is_code else -_NAMED_WEIGHT
    if words:
        return -_NAMED_WEIGHT
    near = text[max(0, number.start - 2 * _NEAR) : number.start]
    far = [word for word in _NAMED.finditer(near) if word.lastgroup == "code"]
    return _FAR_WEIGHT if far else 0


def _weight_of(text: str, word: re.Match[str]) -> int:
    """Return the weight of a word for a code, which may be that of a booking."""
    return _NAMED_WEIGHT + _RANK_WEIGHT * rank_of_code(text, *word.span())


def _is_alone(text: str, number: _Number, prefix: int) -> bool:
    """Return whether a number, with its prefix, has a line of its own."""
    start = number.start - prefix
    before = text[max(0, start - 20) : start].rpartition("\n")
    after = text[number.end : number.end + 20].partition("\n")
    starts = bool(before[1]) or start <= 20
    ends = bool(after[1]) or number.end + 20 >= len(text)
    return starts and ends and not re.search(r"\w", before[2] + after[0])
