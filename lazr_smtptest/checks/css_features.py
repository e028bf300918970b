"""The features of CSS by which mail programs differ, and how each is recognised.

Each is named by its slug in the data of caniemail.com, such as ``css-border-radius``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = [
    "AT_RULES",
    "COMBINATORS",
    "FUNCTIONS",
    "KEYWORDS",
    "MEDIA_FEATURES",
    "OTHERS",
    "PROPERTIES",
    "PSEUDO_CLASSES",
    "PSEUDO_ELEMENTS",
    "SELECTORS",
    "UNITS",
    "VALUES",
    "slugs",
]

# The slug of each of these is the name of the property.
_PROPERTIES_BY_NAME = """
accent-color align-items animation aspect-ratio backdrop-filter background
background-blend-mode background-clip background-color background-image
background-origin background-position background-repeat background-size border
border-collapse border-image border-radius border-spacing box-shadow box-sizing
caption-side clear clip-path color-scheme column-count cursor direction display
empty-cells filter float font font-kerning font-size font-size-adjust font-stretch
font-weight gap height hyphenate-character hyphenate-limit-chars hyphens inline-size
inset justify-content letter-spacing line-height list-style list-style-image
list-style-position list-style-type margin mask-image max-block-size max-height
max-inline-size max-width min-block-size min-height min-inline-size min-width
mix-blend-mode object-fit object-position opacity orphans outline outline-offset
overflow overflow-wrap padding position resize shape-margin shape-outside tab-size
table-layout text-align text-align-last text-decoration text-decoration-color
text-decoration-line text-decoration-skip-ink text-decoration-style
text-decoration-thickness text-emphasis text-emphasis-position text-indent
text-justify text-orientation text-overflow text-shadow text-transform
text-underline-offset text-underline-position text-wrap transform transition
user-select vertical-align visibility white-space white-space-collapse widows width
word-break word-spacing word-wrap writing-mode z-index
"""
# Other properties that belong to a slug; ``{a,b}`` stands for each of the two.
_MORE_PROPERTIES = {
    "animation": "animation-{name,duration,delay,direction,fill-mode} "
    "animation-{iteration-count,play-state,timing-function}",
    "block-inline-size": "block-size inline-size",
    "border": "border-{width,style,color} border-{top,right,bottom,left} "
    "border-{top,right,bottom,left}-{width,style,color}",
    "border-image": "border-image-{outset,repeat,slice,source,width}",
    "border-inline-block": "border-{inline,block}",
    "border-inline-block-individual": "border-{inline,block}-{color,style,width} "
    "border-{inline,block}-{start,end}",
    "border-inline-block-longhand": "border-{inline,block}-{start,end}-"
    "{color,style,width}",
    "border-radius": "border-{top,bottom}-{left,right}-radius",
    "border-radius-logical": "border-{start,end}-{start,end}-radius",
    "column-layout-properties": "columns column-{count,fill,gap,rule,span,width} "
    "column-rule-{color,style,width}",
    "gap": "column-gap row-gap grid-gap",
    "grid-template": "grid-template grid-template-{areas,columns,rows}",
    "inset": "inset-{block,inline} inset-{block,inline}-{start,end}",
    "left-right-top-bottom": "left right top bottom",
    "margin": "margin-{top,right,bottom,left}",
    "margin-block-start-end": "margin-block-{start,end}",
    "margin-inline-block": "margin-{inline,block}",
    "margin-inline-start-end": "margin-inline-{start,end}",
    "outline": "outline-{color,style,width}",
    "overflow": "overflow-{x,y,block,inline}",
    "padding": "padding-{top,right,bottom,left}",
    "padding-block-start-end": "padding-block-{start,end}",
    "padding-inline-block": "padding-{inline,block}",
    "padding-inline-start-end": "padding-inline-{start,end}",
    "scroll-snap": "scroll-snap-{align,stop,type}",
    "text-emphasis": "text-emphasis-{color,style}",
    "transition": "transition-{delay,duration,property,timing-function}",
}


def _expand(pattern: str) -> list[str]:
    """Return the names that a pattern with ``{a,b}`` stands for."""
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choices, _, after = rest.partition("}")
    return [
        before + choice + end for choice in choices.split(",") for end in _expand(after)
    ]


def _properties() -> dict[str, tuple[str, ...]]:
    pairs = [(name, name) for name in _PROPERTIES_BY_NAME.split()]
    pairs += [
        (name, slug)
        for slug, patterns in _MORE_PROPERTIES.items()
        for pattern in patterns.split()
        for name in _expand(pattern)
    ]
    found: dict[str, tuple[str, ...]] = {}
    for name, slug in pairs:
        found[name] = (*found.get(name, ()), f"css-{slug}")
    return found


def _by_name(names: str, prefix: str) -> dict[str, str]:
    return {name: prefix + name for name in names.split()}


# The slugs of a property, by its name.
PROPERTIES: Mapping[str, tuple[str, ...]] = _properties()

# The slug of a property with one of these values.
VALUES: Mapping[tuple[str, str], str] = {
    ("display", "flex"): "css-display-flex",
    ("display", "inline-flex"): "css-display-flex",
    ("display", "grid"): "css-display-grid",
    ("display", "inline-grid"): "css-display-grid",
    ("display", "none"): "css-display-none",
    ("flex-direction", "column"): "css-flex-direction",
    ("flex-direction", "column-reverse"): "css-flex-direction",
    ("flex-wrap", "wrap"): "css-flex-wrap",
    ("flex-wrap", "wrap-reverse"): "css-flex-wrap",
}

# The slug of a keyword in any value.
KEYWORDS: Mapping[str, str] = {
    "initial": "css-unit-initial",
    **dict.fromkeys(
        ("fit-content", "min-content", "max-content"), "css-intrinsic-size"
    ),
    **dict.fromkeys(
        ("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace"),
        "css-sytem-ui",  # as it is spelled there
    ),
}

# The slug of a function in any value.
FUNCTIONS: Mapping[str, str] = {
    "calc": "css-unit-calc",
    "clamp": "css-function-clamp",
    "light-dark": "css-function-light-dark",
    "max": "css-function-max",
    "min": "css-function-min",
    "rgb": "css-rgb",
    "rgba": "css-rgba",
    "var": "css-variables",
    **dict.fromkeys(("lch", "oklch", "lab", "oklab"), "css-modern-color"),
    **{
        prefix + kind: f"css-{kind}"
        for prefix in ("", "repeating-")
        for kind in ("conic-gradient", "linear-gradient", "radial-gradient")
    },
}

# The slug of a unit; ``%`` stands for percentages.
UNITS: Mapping[str, str] = {
    "%": "css-unit-percent",
    **_by_name("ch cm em ex in mm pc pt px rem vh vmax vmin vw", "css-unit-"),
}

# The slug of an at-rule.
AT_RULES: Mapping[str, str] = {
    **_by_name("font-face import keyframes media supports", "css-at-"),
    "-webkit-keyframes": "css-at-keyframes",
}

# The slug of a media feature.
MEDIA_FEATURES: Mapping[str, str] = {
    **_by_name(
        "hover orientation prefers-color-scheme prefers-reduced-motion",
        "css-at-media-",
    ),
    "any-hover": "css-at-media-hover",
    **dict.fromkeys(
        (
            "-webkit-device-pixel-ratio",
            "-webkit-max-device-pixel-ratio",
            "-webkit-min-device-pixel-ratio",
        ),
        "css-at-media-device-pixel-ratio",
    ),
}

PSEUDO_CLASSES: Mapping[str, str] = _by_name(
    "active checked default first-child first-of-type focus focus-visible "
    "focus-within has hover lang last-child last-of-type link not nth-child "
    "nth-last-child nth-last-of-type nth-of-type only-child only-of-type target "
    "visited",
    "css-pseudo-class-",
)
PSEUDO_ELEMENTS: Mapping[str, str] = _by_name(
    "after before first-letter first-line marker placeholder", "css-pseudo-element-"
)
# The slug of what joins two compound selectors.
COMBINATORS: Mapping[str, str] = {
    " ": "css-selector-descendant",
    ">": "css-selector-child",
    "+": "css-selector-adjacent-sibling",
    "~": "css-selector-general-sibling",
}
# The slugs of the kinds of simple selectors, and of several together.
SELECTORS: Mapping[str, str] = _by_name(
    "attribute chaining class grouping id type universal", "css-selector-"
)
# Features that are recognised in other ways.
OTHERS: Mapping[str, str] = {
    "comment": "css-comments",
    "important": "css-important",
    "nesting": "css-nesting",
    "variable": "css-variables",
}


def slugs() -> Iterable[str]:
    """Yield the slugs of all features here; some come several times."""
    for of_property in PROPERTIES.values():
        yield from of_property
    tables: tuple[Mapping[str, str], ...] = (
        KEYWORDS,
        FUNCTIONS,
        UNITS,
        AT_RULES,
        MEDIA_FEATURES,
        PSEUDO_CLASSES,
        PSEUDO_ELEMENTS,
        COMBINATORS,
        SELECTORS,
        OTHERS,
    )
    for table in tables:
        yield from table.values()
    yield from VALUES.values()
