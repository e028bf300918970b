"""Domain names: the grammar of RFC 5321, and internationalized labels (IDNA2008).

A U-label is a label in UTF-8, an A-label its form in ASCII, ``xn--...`` (RFC 5890
section 2.3.2.1). A name is checked as it was sent; no form is turned into the other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

__all__ = ["domain_irregularities", "is_domain", "letters_for", "loose_domain"]

# The letters that RFC 6531 section 3.3 adds to RFC 5321 section 4.1.2.
_LETTERS = "\u0080-\ud7ff\ue000-\U0010ffff"

# In bytes: RFC 5321 section 4.5.3.1.2 and RFC 1035 section 2.3.4.
_LONGEST_DOMAIN = 255
_LONGEST_LABEL = 63

_A_LABEL = "xn--"
# Invisible code points that Unicode classifies as letters or marks: fillers, the
# grapheme joiner, variation selectors (RFC 5892 section 2.6, category Unstable).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = frozenset(["R", "AL", "AN"])


def letters_for(text: str) -> str:
    """Return the letters beside those of ASCII that a pattern for a text has to have.

    Most texts are ASCII, and `re` takes long to compile a set of all the others.
    """
    return "" if text.isascii() else _LETTERS


@lru_cache(maxsize=2)
def _domain(letters: str) -> re.Pattern[str]:
    label = rf"[A-Za-z0-9{letters}](?:[A-Za-z0-9{letters}-]*[A-Za-z0-9{letters}])?"
    return re.compile(rf"{label}(?:\.{label})*")


def loose_domain(letters: str) -> str:
    """Return the pattern of a domain in the standard profile.

    It may have the other characters of an atom: the names of test machines often have
    underscores.

    Args:
        letters: the result of `letters_for`.
    """
    loose = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{letters}]"
    label = rf"{loose}(?:-*{loose})*"
    return rf"{label}(?:\.{label})*\.?"


def is_domain(text: str) -> bool:
    """Return whether `text` is a regular ASCII domain."""
    return text.isascii() and not domain_irregularities(text)


def domain_irregularities(domain: str) -> list[str]:
    """Return the irregularities of a domain that `loose_domain` matches.

    Returns:
        keys of `lazr_smtptest.model.irregularities.IRREGULAR`.
    """
    kinds = []
    name = domain.removesuffix(".")
    if name != domain:
        kinds.append("trailing-dot")
    labels = name.split(".")
    sizes = [len(label) if label.isascii() else _size_of(label) for label in labels]
    is_regular = _domain(letters_for(name)).fullmatch(name) is not None
    if not is_regular or max(sizes) > _LONGEST_LABEL:
        kinds.append("bad-domain")
    if not name.isascii() and any(map(_has_invisible, labels)):
        kinds.append("invisible-character")
    elif is_regular and (not name.isascii() or "--" in name):
        kinds += [] if _are_valid(labels) else ["bad-idn"]
    # With a dot between two labels; the form in UTF-8 may be longer than that in ASCII.
    if max(sum(sizes) + len(sizes) - 1, len(name.encode())) > _LONGEST_DOMAIN:
        kinds.append("long-domain")
    return kinds


def _size_of(label: str) -> int:
    """Return the length of the A-label of a U-label, in bytes."""
    return len(_A_LABEL) + len(label.encode("punycode"))


def _has_invisible(label: str) -> bool:
    """Return whether a label has an invisible code point (RFC 5892)."""
    if _UNSEEN.search(label):
        return True
    for index, character in enumerate(label):
        if character in _JOINERS:
            if not _may_join(label, index):
                return True
        # Controls and formats, separators, private or unassigned code points.
        elif unicodedata.category(character)[0] in "CZ":
            return True
    return False


def _may_join(label: str, index: int) -> bool:
    """Return whether a joiner is allowed at `index` (RFC 5892 appendix A)."""
    try:
        return idna.valid_contextj(label, index)
    except ValueError:
        # The label is very long, or its neighbour is no character yet.
        return False


def _are_valid(labels: list[str]) -> bool:
    """Return whether labels are valid together (RFC 5891 section 4.2.3)."""
    try:
        forms = list(map(_unicode_form, labels))
        if any(map(_is_right_to_left, forms)):
            # The rule holds for the other labels of the domain, too (RFC 5893).
            for form in forms:
                idna.check_bidi(form, check_ltr=True)
    except (ValueError, OverflowError):
        return False
    return True


def _unicode_form(label: str) -> str:
    """Return a label with an A-label decoded.

    Raises:
        ValueError: it is neither an ordinary label nor a valid A-label or U-label.
        OverflowError: it is an A-label for numbers that are no code points.
    """
    if not label.isascii():
        idna.check_label(label)
        return label
    if label[2:4] != "--":
        return label
    lower = label.lower()
    if not lower.startswith(_A_LABEL):
        # RFC 5890 section 2.3.1 reserves such labels.
        raise ValueError("hyphens in the third and the fourth position")
    decoded = lower.removeprefix(_A_LABEL).encode().decode("punycode")
    # An A-label is the only encoding of its U-label.
    if idna.alabel(decoded) != lower.encode():
        raise ValueError("not the A-label of a U-label")
    return decoded


def _is_right_to_left(label: str) -> bool:
    return any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in label)
