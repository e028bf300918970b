"""How fast our server is, beside its peers.

Run by hand, from the top of the checkout, with nothing else busy on the machine::

    python -m benchmarks --list
    python -m benchmarks --scenario reused

Nothing here is a test, and nothing here is installed. It runs on Linux.
"""
