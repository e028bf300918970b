"""Which messages a reader asks for: criteria of tests, and the search language.

A query is text. All of its terms must match; each is one of these:

==================== =============================================================
``word``             a whole word of the subject, an address, the text, or the name
                     of an attachment; case and accents do not matter
``word*``            a word that begins so
``*part*``           a text anywhere in these
``"a phrase"``       words next to each other
``-term``, ``!term`` not this term
``a OR b``           one of these two terms, or both; it binds closer than a space
``(a b)``            a query as one term
``name:value``       a property of the message, see `lazr_smtptest.query.terms`
==================== =============================================================

`lazr_smtptest.query.parser.parse` returns the tree of a query, and
`lazr_smtptest.query.evaluation.matches` evaluates it for one message.
"""
