"""Reads style sheets: their selectors, and the features that their rules use.

It needs tinycss2, of the extra ``checks``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import tinycss2

from lazr_smtptest.checks import css_features as css
from lazr_smtptest.checks.html_features import image_features

__all__ = ["Rule", "Sheet", "declared_features", "read_sheet"]

# Rules within others, and the most characters of a selector of a nested rule.
_DEEPEST, _LONGEST = 16, 4096
# A selector that matches nothing.
_NOTHING = ":not(*)"
_JOINTS = {" ": " ", **{sign: f" {sign} " for sign in ">+~"}}

# The pseudo-classes that depend on the structure of a document only.
_STRUCTURAL = re.compile(
    r"empty|root|is|not|where|has|(first|last|only)-(child|of-type)|nth-.*"
)
_OLD_PSEUDO_ELEMENTS = ("after", "before", "first-letter", "first-line")


@attrs.frozen
class Rule:
    """A selector, with what is used by the elements that it matches.

    Attributes:
        selector: the selector, without pseudo-elements and without the pseudo-classes
            of a state, such as ``:hover``.
        features: the slugs of its declarations, and of the selector itself.
    """

    selector: str
    features: frozenset[str]


@attrs.define
class Sheet:
    """The features that a style sheet uses.

    Attributes:
        rules: a rule for each selector.
        features: the slug of each use outside of rules: of at-rules, of comments.
    """

    rules: list[Rule] = attrs.field(factory=list)
    features: list[str] = attrs.field(factory=list)


def read_sheet(text: str) -> Sheet:
    """Read a style sheet; what is not valid in it is ignored."""
    sheet = Sheet()
    left = [(node, "", 0) for node in tinycss2.parse_stylesheet(text)]
    left.reverse()
    while left:
        node, outer, depth = left.pop()
        if node.type == "comment":
            sheet.features.append(css.OTHERS["comment"])
        elif node.type == "at-rule":
            sheet.features += _at_rule_features(node)
            within = _content(node) if depth < _DEEPEST else []
            left += [(each, outer, depth + 1) for each in reversed(within)]
        elif node.type == "qualified-rule":
            selectors = _Selectors(node.prelude)
            nested = _read_rule(sheet, node, selectors, outer)
            if nested and depth < _DEEPEST:
                inside = _joined(outer, selectors.text)
                left += [(each, inside, depth + 1) for each in reversed(nested)]
    return sheet


def declared_features(text: str) -> frozenset[str]:
    """Return the slugs of the declarations of a ``style`` attribute."""
    return _features(tinycss2.parse_blocks_contents(text))


def _content(rule: Any) -> list[Any]:
    """Return the rules in an at-rule."""
    if rule.content is None or rule.lower_at_keyword in ("font-face", "page"):
        return []
    if rule.lower_at_keyword.endswith("keyframes"):
        return []
    content: list[Any] = tinycss2.parse_blocks_contents(rule.content)
    return content


def _at_rule_features(rule: Any) -> Iterator[str]:
    keyword = rule.lower_at_keyword
    if keyword in css.AT_RULES:
        yield css.AT_RULES[keyword]
    if keyword == "media":
        names = {
            token.lower_value
            for token in _tokens(rule.prelude)
            if token.type == "ident"
        }
        yield from {css.MEDIA_FEATURES[name] for name in names & {*css.MEDIA_FEATURES}}


def _read_rule(sheet: Sheet, node: Any, selectors: _Selectors, outer: str) -> list[Any]:
    """Add the rules of a node to a sheet; return the rules within it."""
    content = tinycss2.parse_blocks_contents(node.content)
    nested = [each for each in content if each.type in ("qualified-rule", "at-rule")]
    features = _features(content)
    if nested or outer:
        features |= {css.OTHERS["nesting"]}
    for selector, of_selector in selectors:
        sheet.rules.append(Rule(_joined(outer, selector), features | of_selector))
    return nested


def _joined(outer: str, inner: str) -> str:
    """Return the selector of a nested rule; one that matches nothing if too long."""
    if not outer:
        return inner
    parent = f":is({outer})"
    joined = inner.replace("&", parent) if "&" in inner else f"{parent} {inner}"
    return joined if len(joined) <= _LONGEST else _NOTHING


# Declarations


def _features(content: Iterable[Any]) -> frozenset[str]:
    found: set[str] = set()
    for node in content:
        if node.type == "declaration":
            found.update(_declaration_features(node))
        elif node.type == "comment":
            found.add(css.OTHERS["comment"])
    return frozenset(found)


def _declaration_features(declaration: Any) -> Iterator[str]:
    name = declaration.lower_name
    if name.startswith("--"):
        yield css.OTHERS["variable"]
        return
    yield from css.PROPERTIES.get(name, ())
    if declaration.important:
        yield css.OTHERS["important"]
    for token in _tokens(declaration.value):
        yield from _value_features(name, token)


def _value_features(name: str, token: Any) -> Iterator[str]:
    kind = token.type
    if kind == "ident":
        keyword = token.lower_value
        if keyword in css.KEYWORDS:
            yield css.KEYWORDS[keyword]
        if (name, keyword) in css.VALUES:
            yield css.VALUES[name, keyword]
    elif kind == "dimension" and token.lower_unit in css.UNITS:
        yield css.UNITS[token.lower_unit]
    elif kind == "percentage":
        yield css.UNITS["%"]
    elif kind == "function":
        if token.lower_name in css.FUNCTIONS:
            yield css.FUNCTIONS[token.lower_name]
        if token.lower_name == "url":
            for each in token.arguments:
                if each.type == "string":
                    yield from image_features(each.value)
    elif kind == "url":
        yield from image_features(token.value)


def _tokens(nodes: Iterable[Any]) -> Iterator[Any]:
    """Yield tokens, and those within functions and brackets."""
    left = [iter(nodes)]
    while left:
        node = next(left[-1], None)
        if node is None:
            left.pop()
            continue
        yield node
        if node.type == "function":
            left.append(iter(node.arguments))
        elif node.type in ("() block", "[] block", "{} block"):
            left.append(iter(node.content))


# Selectors


class _Selectors:
    """The selectors of a rule, each with the slugs of what it consists of.

    Args:
        prelude: the tokens before the block of the rule.
    """

    def __init__(self, prelude: Iterable[Any]) -> None:
        lists: list[list[Any]] = [[]]
        for token in prelude:
            if token == ",":
                lists.append([])
            elif token.type != "comment":
                lists[-1].append(token)
        shared = {css.SELECTORS["grouping"]} if len(lists) > 1 else frozenset()
        self._all = [
            (selector.text, selector.features | shared)
            for selector in map(_Selector, lists)
        ]

    def __iter__(self) -> Iterator[tuple[str, frozenset[str]]]:
        return iter(self._all)

    @property
    def text(self) -> str:
        """All of them as one selector."""
        return ", ".join(text for text, _ in self._all)


class _Selector:
    """One selector.

    Attributes:
        features: the slugs of its parts.
    """

    def __init__(self, tokens: list[Any]) -> None:
        self._features: set[str] = set()
        self._words: list[str] = []
        # The simple selectors in the present compound; of these, classes and ids.
        self._simple = self._names = 0
        self._separator = ""
        self._is_valid = any(token.type != "whitespace" for token in tokens)
        position = 0
        while position < len(tokens):
            after = tokens[position + 1 : position + 3]
            position += self._read(tokens[position], after)
        self._end_compound()

    @property
    def features(self) -> frozenset[str]:
        """The slugs of its parts."""
        return frozenset(self._features)

    @property
    def text(self) -> str:
        """The selector without states and pseudo-elements."""
        return "".join(self._words).strip() if self._is_valid else _NOTHING

    def _read(self, token: Any, after: list[Any]) -> int:
        """Read a token; return the number of tokens that belong to it."""
        if token.type == "whitespace":
            self._separator = self._separator or " "
        elif token.type == "literal" and token.value in css.COMBINATORS:
            self._separator = token.value
        elif token.type == "literal" and token.value == ":":
            return self._read_pseudo(after)
        elif token == "." and after and after[0].type == "ident":
            self._add(_text([token, after[0]]), "class")
            return 2
        else:
            self._add(_text([token]), self._kind(token))
        return 1

    def _kind(self, token: Any) -> str:
        if token.type == "hash":
            return "id"
        if token.type == "[] block":
            return "attribute"
        if token == "*":
            return "universal"
        return "type" if token.type == "ident" else ""

    def _add(self, text: str, kind: str) -> None:
        self._begin_simple()
        if kind:
            self._features.add(css.SELECTORS[kind])
        self._simple += 1
        self._names += kind in ("class", "id")
        self._words.append(text)

    def _begin_simple(self) -> None:
        """End the compound before this simple selector, if there is a combinator."""
        if not self._separator:
            return
        if self._simple or self._words:
            self._end_compound()
            self._features.add(css.COMBINATORS[self._separator])
            self._words.append(_JOINTS[self._separator])
        elif self._separator != " ":
            # At the begin: relative to the rule around it.
            self._words.append(f"{self._separator} ")
        self._separator = ""

    def _end_compound(self) -> None:
        if self._names > 1:
            self._features.add(css.SELECTORS["chaining"])
        if not self._simple:
            self._words.append("*")
        self._simple = self._names = 0

    def _read_pseudo(self, after: list[Any]) -> int:
        """Read what follows a colon; return the number of tokens with the colon."""
        self._begin_simple()
        is_element = bool(after) and after[0] == ":"
        token = (after[1:] if is_element else after)[:1]
        if not token:
            self._is_valid = False
            return 1
        kind = token[0].type
        name = getattr(
            token[0], "lower_name" if kind == "function" else "lower_value", ""
        )
        if is_element or name in _OLD_PSEUDO_ELEMENTS:
            self._features.update(filter(None, [css.PSEUDO_ELEMENTS.get(name)]))
        else:
            self._features.update(filter(None, [css.PSEUDO_CLASSES.get(name)]))
            if _STRUCTURAL.fullmatch(name):
                self._words.append(f":{_text(token)}")
                self._simple += 1
        return 3 if is_element else 2


def _text(tokens: list[Any]) -> str:
    try:
        text: str = tinycss2.serialize(tokens)
    except RecursionError:
        # Hundreds of brackets within one another: no program reads that either.
        return _NOTHING
    return text
