"""Words beside a word for a code that say what the code is for.

A mail may name several codes: that of a booking, and that to log in with.
"""

from __future__ import annotations

import re

__all__ = ["rank_of_code"]

# Of one-time codes, by language; a word may go on with any letters.
_ONE_TIME = r"""
one[-\s]?time otp\b 2fa\b mfa\b two[-\s]factor sms\b verif secur authen auth\b
log[-\s]?in\b sign[-\s]?in\b passcode pin\b pins\b tan\b tans\b
einmal sicherheits bestätigungs anmelde freischalt
usage\sunique sécurité vérif connexion authentif
un\ssolo\suso único\suso seguridad inicio\sde\ssesión
sicurezza accesso segurança eenmalig beveilig engångs säkerhet sikkerhed
jednoraz weryfik bezpiecz ověř jednorázov kertakäyt vahvist
однораз подтвержд doğrula onay
"""
_UNSPACED = (
    "ワンタイム|セキュリティ|ログイン|認証|確認|验证|驗證|校验|校驗|动态|认证|認證|"
    "인증|일회용|보안"
)
_IS_ONE_TIME = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{'|'.join(_ONE_TIME.split())})|{_UNSPACED}"
)
_VERB = re.compile(r"(?i)(?:enter|use|type|verify)\Z")

# Words before "code" that do not say what it is for.
_PLAIN_WORDS = """
a an the this that these your my our new following is with and or is: by of to
use enter type code here
der die das den dem ein einen einem ihr ihre ihren dein deine deinen neuer neuen
folgenden folgende mit und zum als
le la ce cet cette votre ton un une nouveau suivant avec et du
el tu su este esta nuevo siguiente con y
il tuo suo questo o seu teu este em de het uw je jouw din ditt den koden sin
twój kod ваш твой váš
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_BEFORE = re.compile(
    r"(?:[^\W_]+(?:-[^\W_]+)?[ \t]+)?[^\W_]*(?:[-'\u2019][^\W_]+)?[ -]?\Z"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# "code de sécurité", "código de un solo uso"
_AFTER = re.compile(
    r"(?i)[ \t]+(?:d['\u2019]|(?:de|di|da|do|du|des|del|della|of|à|per)[ \t]+)"
    r"((?:[^\W\d_]+[ \t]*){1,3})"
)
# The letter before it, if that belongs to the same word.
_JOINED = re.compile(r"[a-z\u30a0-\u30ff\u3400-\u9fff\uac00-\ud7af]\Z")


def rank_of_code(text: str, start: int, end: int) -> int:
    """Return how surely a word for a code is that for a one-time code.

    Args:
        text: the sentence.
        start: where the word begins.
        end: where it ends.

    Returns:
        2: it is called one. 1: just a code. 0: a code of something else, such as of a
        booking.
    """
    if _VERB.match(text[start:end]):
        return 1
    is_joined = bool(_JOINED.search(text[:start]))
    # The word may be the end of a longer one: Buchungscode.
    first = start
    while first and text[first - 1].isalpha():
        first -= 1
    found = _BEFORE.search(text[max(0, first - 60) : first])
    before = found[0] if found else ""
    after = _AFTER.match(text, end)
    following = after[1] if after else ""
    if _IS_ONE_TIME.search(f"{before}{text[first:end]} {following}"):
        return 2
    words = _WORD.findall(before)
    of_other = bool(words) and words[-1].lower() not in _PLAIN
    return 0 if of_other or is_joined or following else 1
