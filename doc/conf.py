"""How Sphinx builds this documentation."""

from __future__ import annotations

import lazr_smtptest

project = "lazr.smtptest"
version = release = lazr_smtptest.__version__
copyright = "the lazr.smtptest authors"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]

html_theme = "alabaster"
html_theme_options = {
    "description": "A real SMTP server for your tests",
    "fixed_sidebar": True,
}

# The documents are the specification: no typographic changes to their code.
smartquotes = False

# Docstrings write `name` for anything that stands in code.
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

# A class's attributes are fields of its entry; autodoc lists the annotated ones too.
napoleon_use_ivar = True
