"""Numbers of houses in streets, which are no codes."""

from __future__ import annotations

import re

__all__ = ["is_in_street"]

_AFTER = re.compile(
    r"(?:,? |-)(?:[A-Z0-9][\w.'\u2019-]{0,30} ){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Way|Court|Ct|"
    r"Place|Pl|Square|Sq|Parkway|Pkwy|Highway|Hwy|Terrace|Ter|Circle|Cir|Trail|Pike|"
    r"Plaza|Broadway|Crescent|Close|Row)\b"
    r"|,? (?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d|[Cc]hemin|[Aa]llée|[Qq]uai|"
    r"[Rr]oute|[Ii]mpasse) \w"
)
_BEFORE = re.compile(
    r"(?:\b[A-Z\u00c0-\u00de]\w{2,30}"
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan|plein|gatan|vägen|"
    r"gade|katu)"
    r"|\b[A-Z\u00c0-\u00de]\w{1,30}[ -](?:Straße|Strasse|Str\.|Weg|Platz|Allee)"
    r"|\b(?:Calle|Avda\.|Avenida|Viale|Piazza|Corso|Rua|[Uu]l\.|[Uu]lica|улица|ул\.)"
    r"(?: [\w.'\u2019-]{1,30}){1,4}),? (?:[Nn][.ºo]{0,2} )?\Z"
)
# Digits of the largest numbers of houses.
_MOST = 5


def is_in_street(digits: str, before: str, after: str) -> bool:
    """Return whether a number is that of a house: "1234 Main Street".

    Args:
        digits: the number.
        before: the text of its line before it.
        after: the text of its line after it.
    """
    if len(digits) > _MOST:
        return False
    return bool(_AFTER.match(after) or _BEFORE.search(before))
