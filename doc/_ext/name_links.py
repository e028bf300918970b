"""Links from the names of code in the text to their entries in the reference.

A literal such as ``CaptureController``, ``Envelope.bcc`` or ``wait_for`` becomes a link
where the reference has one entry for it, so pages and docstrings need no markup.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

# ``TLS.auto()`` and ``Limits(spool=...)`` mean the name before the bracket.
_CALL = re.compile(r"^(?:await )?\.?([A-Za-z_][\w.]*)(\(.*\))?$", re.DOTALL)

# Several classes have a member of that name: this one's entry describes it.
_FIRST = ("Mailbox", "Controller", "Faults", "Envelope")


def names_of(objects: dict[str, Any]) -> dict[str, str]:
    """Return the full name of each name that has one entry.

    Args:
        objects: the entries of the domain ``py`` by their full names.
    """
    found: dict[str, set[str]] = {}
    for full, entry in objects.items():
        if entry.aliased:
            continue
        parts = full.split(".")
        if entry.objtype in ("class", "exception", "function"):
            found.setdefault(parts[-1], set()).add(full)
        elif len(parts) > 2:
            found.setdefault(".".join(parts[-2:]), set()).add(full)
            # A word such as ``user`` may mean anything; a method's name does not.
            if entry.objtype == "method":
                found.setdefault(parts[-1], set()).add(full)
    return {name: _choose(fulls) for name, fulls in found.items() if _choose(fulls)}


def _choose(fulls: set[str]) -> str:
    if len(fulls) == 1:
        return next(iter(fulls))
    for name in _FIRST:
        for full in fulls:
            if full.split(".")[-2] == name:
                return full
    return ""


class LinkNames(SphinxPostTransform):
    """Puts a link around each literal that names an entry."""

    default_priority = 700

    def run(self, **kwargs: Any) -> None:
        """Link the names of a document."""
        objects = self.env.get_domain("py").objects
        names = names_of(objects)
        document = self.env.docname
        for literal in list(self.document.findall(nodes.literal)):
            found = _CALL.match(literal.astext())
            full = names.get(found[1], "") if found else ""
            if not full or _is_linked(literal) or not _is_call(found[1], found[2]):
                continue
            entry = objects[full]
            link = make_refnode(
                self.app.builder,
                document,
                entry.docname,
                entry.node_id,
                literal.deepcopy(),
            )
            literal.replace_self(link)


def _is_call(name: str, arguments: str | None) -> bool:
    """Return whether a name is one of code: not a plain word such as ``on``."""
    return bool(arguments) or "." in name or "_" in name or name[:1].isupper()


def _is_linked(node: nodes.Node | None) -> bool:
    """Return whether a node is within a link, a title or a signature."""
    while node is not None:
        if isinstance(
            node, (nodes.reference, nodes.title, nodes.Titular)
        ) or node.tagname.startswith("desc_sig"):
            return True
        node = node.parent
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the links to the build."""
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
