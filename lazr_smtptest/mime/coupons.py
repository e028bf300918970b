"""Words for coupons and discounts: the code of one is no one-time code."""

from __future__ import annotations

import re

__all__ = ["COUPON", "is_of_sale"]

# Stems, by language; a word may go on with any letters.
_STEMS = """
coupon voucher discount promocode promo gutschein rabatt aktionscode
cupón cupon descuento cupom desconto sconto buono kortingsbon korting
kupon kupong kupón rabat zniżk slev alennus
купон промокод скидк indirim
"""
_UNSPACED = "优惠券|優惠券|优惠码|優惠碼|クーポン|쿠폰|할인"

COUPON = rf"\b(?:{'|'.join(_STEMS.split())})\w*|{_UNSPACED}"

_PERCENT = r"\d\s?[%\uff05]"
# What is said of the percents, or of an amount.
_OFF = (
    r"(?:off|discount|savings?|save|rabatt|sparen|réduction|remise|descuento|sconto|"
    r"desconto|korting|zniżki|rabatu?|slev[ay]|alennus\w*|скидк\w+|indirim\w*)\b"
)
_SALE_BEFORE = re.compile(rf"(?i)(?=.*{_PERCENT})(?=.*\b{_OFF})")
_SALE_AFTER = re.compile(
    r"(?i)[\s\"'*)]*(?:(?:at (?:the )?checkout|an der kasse)\b"
    r"|(?:for|to|and|für|und|pour|et|para|y|e|per|voor|en|för|och|til|og|на)\b"
    rf"[^\n]{{0,40}}?(?:\d\S{{0,4}}\s{_OFF}|\bfree (?:shipping|delivery)\b))"
)


def is_of_sale(before: str, after: str) -> bool:
    """Return whether a number lowers a price: "use 4815 for 10 % off".

    Args:
        before: the text of the sentence before the number.
        after: the text of the sentence after it.
    """
    return bool(_SALE_AFTER.match(after) or _SALE_BEFORE.match(before[-100:]))
