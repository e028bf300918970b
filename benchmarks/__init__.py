"""How long a test server takes to come and go: ours beside its peers.

Run by hand, from the top of the checkout, with nothing else busy on the machine::

    python -m benchmarks

Nothing here is a test, and nothing here is installed.
"""
