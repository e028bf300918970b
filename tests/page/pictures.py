"""The pictures of the manual: what they show, and what they are called."""

from __future__ import annotations

import io
import itertools

import pytest

from lazr_smtptest.model import ids
from lazr_smtptest.net import clock

from ..commands import ROOT
from .browser import missing
from .views import VIEWS

__all__ = [
    "ANSWERED",
    "FOLDER",
    "MANUAL",
    "NOW",
    "SCHEMES",
    "SIZES",
    "WITHOUT_CHANCE",
    "manual",
    "name_of",
    "names",
    "shrink",
    "stop_time",
]

FOLDER = ROOT / "doc" / "pictures"
MANUAL = ROOT / "doc" / "pictures.rst"

# Pixels: a telephone, a tablet, a desktop.
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
SCHEMES = ("light", "dark")

# When the mail of the pictures arrives, and when somebody looks at it: seconds since
# 1970, on 27 November 2026.
_ARRIVAL = 1_795_773_600.0
NOW = _ARRIVAL + 180

# Parts of the column of text in which two pictures stand beside each other.
_WIDTHS = {"desktop": "49%", "tablet": "30%", "phone": "18%"}

# Colours of a picture.
_COLORS = 48

_HEAD = """\
====================
Pictures of the page
====================

See what each view of :doc:`the page <page>` looks like, light and dark, on a desktop, a
tablet and a telephone.  ``nox -s pictures`` makes the pictures and this page.
"""


def name_of(view: str, size: str, scheme: str) -> str:
    """Return the name of the file of a picture."""
    return f"{view}-{size}-{scheme}.png"


def names() -> list[str]:
    """Return the names of all pictures, in the order of the manual."""
    every = itertools.product(VIEWS, reversed(SIZES), SCHEMES)
    return [name_of(*each) for each in every]


def manual() -> str:
    """Return the page of the manual that shows all of them."""
    lines = [_HEAD]
    for view in VIEWS:
        title = view.capitalize()
        lines += ["", title, "=" * len(title), ""]
        for size, scheme in itertools.product(reversed(SIZES), SCHEMES):
            name = name_of(view, size, scheme)
            lines += [f".. image:: pictures/{name}"]
            lines += [f"   :alt: the view «{view}» on a {size}, {scheme}"]
            lines += [f"   :width: {_WIDTHS[size]}", ""]
    return "\n".join(lines)


def shrink(png: bytes) -> bytes:
    """Return a picture with few colours, and a third of the size."""
    try:
        from PIL import Image
    except ImportError:
        missing("the Python package Pillow is not here")
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.quantize(_COLORS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def stop_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers that start now have the same ids, and the same time, in each run."""
    seconds = itertools.count(_ARRIVAL, 1.5)
    monkeypatch.setattr(clock, "_wall_time", lambda: next(seconds))
    monkeypatch.setattr(ids, "_process", "5f1a0c9e77b2")
    monkeypatch.setattr(ids, "_count", itertools.count(1))


# Wraps the requests of a page: durations and the ports of clients do not change, and
# the page knows how many answers it waits for.
WITHOUT_CHANCE = r"""(() => {
  const ask = window.fetch;
  window.unanswered = 0;
  window.answeredAt = 0;
  window.fetch = async (...request) => {
    window.unanswered += 1;
    try {
      const answer = await ask(...request);
      const { status, statusText, headers } = answer;
      if (!headers.get("content-type")?.includes("json")) return answer;
      let line = 0;
      const text = (await answer.text())
        .replaceAll(/"127\.0\.0\.1", ?\d+/g, `"127.0.0.1",50123`)
        .replaceAll(/"seconds": ?[\d.e-]+/g, () => `"seconds":${++line / 1000}`);
      return new Response(text, { status, statusText, headers });
    } finally {
      window.unanswered -= 1;
      window.answeredAt = performance.now();
    }
  };
})()"""

# Waits until nothing was asked for half a second.
ANSWERED = """async () => {
  while (window.unanswered || performance.now() - window.answeredAt < 500) {
    await new Promise((done) => setTimeout(done, 50));
  }
}"""
