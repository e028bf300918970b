"""Our server, in the main thread, on the reactor that a ``Controller`` has too.

With ``--reactor default`` it is Twisted's own.
"""

from __future__ import annotations

import argparse

from lazr_smtptest.net import batching


def main() -> None:
    """Choose the reactor, and serve until the input ends."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--reactor", choices=("smtptest", "default"))
    options, rest = parser.parse_known_args()
    if options.reactor != "default":
        batching.install()
    # Whatever imports twisted.mail installs Twisted's own reactor.
    from .capture import serve

    serve(rest)


if __name__ == "__main__":
    main()
