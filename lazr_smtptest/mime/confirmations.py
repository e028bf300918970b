"""Words for a confirmation: they make a number a code where an order is named, too."""

from __future__ import annotations

import re

__all__ = ["asks_for_confirmation", "is_of_confirmation"]

# Stems of the verbs, by language; a word may go on with any letters.
_VERBS = """
confirm verify activate validate authenticate authori[sz]e approve
bestätig verifizier aktivier
confirmez vérifie activez validez
confirma confirme verifica verifique activa active ativ valida valide
conferma attiva convalida
bevestig verifieer activeer
potwierdź potwierdz zweryfikuj aktywuj
potvrďte potvrdit ověřte aktivujte
bekräfta bekræft bekreft verifiera aktiver vahvista
подтверд активир
підтверд
onayla doğrula
"""
# And of the nouns.
_NOUNS = """
confirm verif bestätig vérifi conferma convalid potwierdz weryfik potvrz potvrď ověř
bekräft bekræft bekreft vahvist подтвержд підтвердж onay doğrula
"""
_JOINED = "確認|認証|确认|验证|驗證|확인|인증"

_ASKS = re.compile(
    rf"(?i)\W*(?:(?:please|bitte|merci de|por favor|per favore|пожалуйста,?)\s+)?"
    rf"(?:{'|'.join(_VERBS.split())})\w{{0,8}}\s+[^:\d#№]{{1,60}}"
)
# The number of something, which is not asked for.
_NUMBER_OF = re.compile(
    r"(?i)\b(?:numbers?|no|nr|ref|reference|id|nummer|num[ée]ro|número|numero|numer|"
    r"номер\w*|číslo)\b"
)
_NAMES = re.compile(rf"(?i)\b(?:{'|'.join(_NOUNS.split())})|{_JOINED}")
_ENDS = re.compile(
    r"(?i)\w*[)\uff09\]]?\s*(?:[:\uff1a]|\b(?:is|ist|lautet|est|es|é|è|är|er|jest|je)\b)\W*"
)


def asks_for_confirmation(heading: str) -> bool:
    """Return whether a line asks the reader to confirm something, not its number."""
    return bool(_ASKS.fullmatch(heading)) and not _NUMBER_OF.search(heading)


def is_of_confirmation(code: str, between: str, after: str) -> bool:
    """Return whether an order is that which a code confirms: "confirmation code of".

    Args:
        code: the text before and of the word for a code.
        between: the text between that word and the word for the order.
        after: the text between the word for the order and the number.
    """
    if re.search(r"[.:,;\d]", between) or not _ENDS.fullmatch(after):
        return False
    return bool(_NAMES.search(code[-40:] + between))
