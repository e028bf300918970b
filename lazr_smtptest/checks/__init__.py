"""Checks of a message: which programs can show its HTML, its links, whether it is spam.

- `html_check` tells which features of HTML and CSS the mail programs support, of
  those that a message uses: `html_usage` finds these, `support` has the data.
- `functions` are what the children of a parsing pool run for a check.

Nothing here fetches anything because a message names it, unless that is configured.
"""
