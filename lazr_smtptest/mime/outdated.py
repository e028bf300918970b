"""Words for a code that is not valid any more."""

# ruff: noqa: RUF001 -- the words of other languages are what is read here.
from __future__ import annotations

import re

__all__ = ["is_outdated"]

# By language; stems, for a word may go on with any letters.
_OLD = """
alte bisherige vorherige früher abgelaufen ungültig
ancien précédent expiré
antiguo antigua anterior caducad expirad
vecchi precedente scadut
antigo antiga
oude vorige verlopen
stary star[aeý] starego poprzedni wygas
předchozí neplatn
gammal gammel gaml tidigare tidligere forrige föregående
vanha edelli vanhentu
стары старо предыдущ прежн
eski önceki
régi korábbi
"""
_ENGLISH = "(?:old|expired|previous|prior|former|earlier|outdated|invalid|revoked)"
_JOINED = "旧|舊|以前|之前|前回|古い|이전"
_CODES = (
    r"(?:\w*(?:code|kode|kod|kód|koodi|código|codigo|codice|код|コード|코드)\w*|otp|pin|"
    r"passcode|tan|password|passwort|\w*(?:验证码|驗證碼|認証番号|인증번호)\w*)"
)
_IS = r"(?:is|was|war|ist|lautete|était|est|era|es|è|was|był|byl|var|oli|был|:|no|nr)"

_AFTER_OLD = rf"(?:\W+{_IS}\b)?\W*"
_BEFORE = re.compile(
    rf"(?i)(?:\b(?:{_ENGLISH}|(?:{'|'.join(_OLD.split())})\w{{0,4}})\W+(?:\w{{1,20}}\W+){{0,2}}?{_CODES}"
    rf"|{_CODES}\W+(?:{'|'.join(_OLD.split())})\w{{0,4}}"
    rf"|(?:{_JOINED})\w{{0,8}}?{_CODES}){_AFTER_OLD}\Z"
)
# "Instead of the expired code: 481516" has a new one.
_REPLACED = re.compile(
    r"(?i)\b(?:instead|replac|anstelle|statt|ersetz|remplac|reemplaz|sostitu|substitu|"
    r"vervang|zastęp|nahra|erstatt|ersätt|korva|вместо|замен|yerine)"
)
_AFTER = re.compile(
    r"(?i)[\s\"'*)\]]*(?:(?:code|kod|код)\s+)?(?:"
    r"(?:is|has|was)\s+(?:now\s+)?(?:no longer|not valid|invalid|expired|outdated|"
    r"revoked|already (?:been )?used|been (?:used|revoked|replaced))|expired\b|"
    r"(?:can|will|does) (?:no longer|not) (?:be used|work)|no longer (?:works|valid)|"
    r"(?:ist|wurde)\s+(?:nun\s+|jetzt\s+|bereits\s+|schon\s+)?(?:nicht mehr|abgelaufen|"
    r"ungültig|verwendet|benutzt)|gilt nicht mehr|"
    r"n[’']est plus|a expiré|est (?:expiré|périmé)|"
    r"ya no|ha (?:caducado|expirado|vencido)|"
    r"non è più|è scadut|"
    r"(?:já )?não é mais|já não é|expirou|"
    r"is niet (?:meer|langer)|is verlopen|"
    r"(?:już )?nie jest już|już nie|stracił|wygasł|"
    r"(?:už|již) ne|vypršel|"
    r"gäller inte längre|är inte längre|har (?:gått ut|upphört)|"
    r"er ikke (?:længere|lenger)|er udløbet|har utløpt|"
    r"ei ole enää|on vanhentunut|"
    r"больше не|уже не|ист[её]к|недействител|"
    r"artık geçerli değil|süresi doldu|"
    r"már nem|lejárt)"
    r"|\s*(?:已过期|已失效|已過期|は無効|は期限切れ|は使用できません|[은는] 만료)"
)


def is_outdated(before: str, after: str) -> bool:
    """Return whether a number is a code that was valid once.

    Args:
        before: the text of its sentence before it.
        after: the text of its sentence after it.
    """
    if _AFTER.match(after):
        return True
    found = _BEFORE.search(before[-100:])
    if found is None:
        return False
    return ":" not in found[0] or not _REPLACED.search(before)
