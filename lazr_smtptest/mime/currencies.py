"""Amounts of money in a text: the currency before or after a number."""

from __future__ import annotations

import re

__all__ = ["is_amount"]

# The characters of the category Sc.
_SIGN = (
    r"[$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0af1\u0bf9\u0e3f\u17db\u20a0-\u20cf"
    r"\ufdfc\ufe69\uff04\uffe0\uffe1\uffe5\uffe6]"
)
# ISO 4217; but for those that are words of a sentence in capital letters (ALL, TOP).
_CODE = (
    r"(?-i:AED|AMD|ARS|AZN|BAM|BDT|BGN|BHD|BOB|BTC|BYN|CLP|COP|CRC|CZK|DOP|DZD|EGP|ETH|"
    r"GEL|GHS|GTQ|HKD|HUF|IDR|ILS|IQD|IRR|ISK|JOD|KES|KRW|KWD|KZT|LBP|LKR|MAD|MDL|MKD|"
    r"MXN|MYR|NGN|NZD|OMR|PEN|PHP|PKR|PYG|QAR|RON|RSD|RUB|SAR|SGD|THB|TND|TRY|TWD|TZS|"
    r"UAH|UGX|USDT|UYU|UZS|VND|XAF|XOF|ZAR)"
    r"|usd|eur|gbp|chf|jpy|cny|rmb|inr|dkk|sek|nok|pln|brl|aud|cad"
)
_ABBREVIATED = r"rs\.?|rp\.?|kr\.?|fr\.?|ksh\.?"
_BEFORE = re.compile(
    rf"(?i)(?:{_SIGN}|\b(?:{_CODE}|{_ABBREVIATED}|r\$|s/\.?|(?-i:RM|R))"
    r"|\u4eba\u6c11[\u5e01\u5e63]|\u65b0?\u53f0[\u5e01\u5e63]|\u6e2f[\u5e01\u5e63])\s?\Z"
)
_NAME = (
    # English
    r"euros?|dollars?|pounds?|pence|cents?|yen|yuan|renminbi|won(?!['\u2019])|baht|"
    r"rupees?|rupiah|ringgit|francs?|crowns?|pesos?|rand|rubles?|roubles?|shekels?|"
    r"dinars?|dirhams?|riyals?|rials?|naira|tenge|dong|bitcoins?|"
    # Other languages in Latin letters
    r"z\u0142(?:ot\w+)?|k\u010d|kron[ae]r?|kronor|korun\w*|lei|forint\w*|fts?\.?|liras?|"
    r"lir[ae]si|lire|tl|kuru\u015f|reais|\u0111(?:\u1ed3ng)?|vn\u0111|euroa|pesetas?|"
    r"franken|rappen|pfund|centimes?|cts?|din\.|"
    # Cyrillic
    r"\u0440(?:\u0443\u0431\w*)?\.?|\u0433\u0440\u043d|\u0433\u0440\u0438\u0432\w+|"
    r"\u043b\u0432|\u043b\u0435\u0432\u0430|\u0434\u0438\u043d|\u0434\u0435\u043d|"
    r"\u0435\u0432\u0440\u043e|\u0434\u043e\u043b\u043b\w*|\u0442\u0435\u043d\u0433\u0435|"
    # Greek, Hebrew, Arabic, Hindi
    r"\u03b5\u03c5\u03c1\u03ce|\u05e9[\"\u05f4]\u05d7|\u05e9\u05e7\u05dc\w*|"
    r"\u0631\u064a\u0627\u0644|\u062f\u0631\u0647\u0645|\u062c\u0646\u064a\u0647|"
    r"\u062f\u064a\u0646\u0627\u0631|\u0644\u064a\u0631\u0629|\u062f\u0648\u0644\u0627\u0631|"
    r"\u064a\u0648\u0631\u0648|\u0930\u0941\u092a\u092f[\u0947\u093e]|\u0930\u0941\u092a\u090f"
)
# Those of scripts without spaces, which letters may follow.
_UNSPACED = (
    r"\u5143|\u5186|\u5713|\u5706|\uc6d0|\u30c9\u30eb|\u30e6\u30fc\u30ed|"
    r"\u7f8e\u5143|\u6b27\u5143|\u6b50\u5143|\u6e2f[\u5143\u5e01\u5e63]|"
    r"\u4eba\u6c11[\u5e01\u5e63]|\ub2ec\ub7ec|\uc720\ub85c|\u0e1a\u0e32\u0e17"
)
# "5000,-" and "5000:-" are amounts without a currency.
_DASH = r"[,.:][-\u2013](?![-\w])"
_AFTER = re.compile(
    rf"(?i){_DASH}|\s?(?:{_SIGN}|{_UNSPACED}|r\$|"
    r"(?:(?:millions?|millionen|mio|mrd|billions?|tsd|mln)\b\.?\s?)?"
    rf"(?:{_CODE}|{_ABBREVIATED}|{_NAME})(?!\w))"
)


def is_amount(before: str, after: str) -> bool:
    """Return whether a number between two pieces of text is an amount of money.

    The currency is a sign, a code of ISO 4217, an abbreviation, or a name in one of
    the languages that mail is written in.
    """
    return bool(_BEFORE.search(before[-8:]) or _AFTER.match(after))
