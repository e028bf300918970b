"""Fuzz the parsers of wire and messages with atheris, a fuzzer guided by coverage.

It is no dependency of the tests; it has wheels for Linux::

    pip install atheris
    mkdir -p /tmp/corpus
    python tests/fuzz/run.py -max_total_time=60 -max_len=4096 /tmp/corpus

The options are libFuzzer's. What breaks an invariant is printed, and the octets are
left in a file ``crash-...``; ``python tests/fuzz/run.py crash-...`` shows it again.
Without a corpus of its own a run begins with the sessions of ``corpus.py``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Run until told otherwise."""
    import atheris

    # The parsers, and not all of Twisted.
    with atheris.instrument_imports(include=["lazr_smtptest"]):
        import corpus
        import targets

    with tempfile.TemporaryDirectory() as seeds:
        for number, octets in enumerate(corpus.CORPUS):
            Path(seeds, str(number)).write_bytes(octets)
        given = [word for word in sys.argv[1:] if not word.startswith("-")]
        # A file is a single input to run once more, and takes no corpus.
        replayed = bool(given) and Path(given[0]).is_file()
        atheris.Setup(sys.argv + ([] if replayed else [seeds]), targets.fuzz)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
