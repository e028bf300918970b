"""How Sphinx builds this manual."""

from __future__ import annotations

import sys
from pathlib import Path

import lazr_smtptest

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "lazr.smtptest"
version = release = lazr_smtptest.__version__
copyright = "the lazr.smtptest authors"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "name_links",
]

html_theme = "furo"
html_title = "lazr.smtptest"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "versions.html",
        "sidebar/scroll-end.html",
    ]
}
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

# The copy button leaves prompts and output out, and is not shown for output alone.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = (
    "div.highlight-python pre, div.highlight-console pre, div.highlight-ini pre, "
    "div.highlight-toml pre, div.highlight-yaml pre, div.highlight-javascript pre"
)

# The documents are the specification: no typographic changes to their code.
smartquotes = False

# A block without a language is what a terminal shows.
highlight_language = "none"

# Docstrings write `name` for anything that stands in code.
default_role = "code"

# The manual can be built without them.
autodoc_mock_imports = ["psycopg", "psycopg_pool", "testcontainers"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"

# A class's attributes are fields of its entry; autodoc lists the annotated ones too.
napoleon_use_ivar = True
