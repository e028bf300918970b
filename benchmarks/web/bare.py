"""A bare resource of ``twisted.web``, which answers every GET with the same bytes.

It is a program that reads the bytes from a file, writes a line with its port, and
serves until its input ends. Its reactor is that of ``smtptest``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from lazr_smtptest.net import batching

from ..peers.peer import Asked
from ..program import Program


@contextmanager
def bare(body: bytes, content_type: str) -> Iterator[Asked]:
    """Run the program.

    Args:
        body: what it answers with.
        content_type: the value of Content-Type.
    """
    with NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.web.bare", file.name]
        with Program("twisted.web", [*command, content_type]) as program:
            yield Asked.of(program)


def main() -> None:
    """Serve what the command line names."""
    batching.install()
    from twisted.internet import reactor
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    from ..servers.desk import open_desk

    body, content_type = Path(sys.argv[1]).read_bytes(), sys.argv[2]

    class Bare(Resource):
        isLeaf = True

        def render_GET(self, request: object) -> bytes:
            request.setHeader(b"content-type", content_type)  # type: ignore[attr-defined]
            return body

    site = Site(Bare())
    # No access log: ours has none.
    site.log = lambda request: None
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    stop = lambda: reactor.callFromThread(reactor.stop)  # noqa: E731
    open_desk(port.getHost().port, {}, stop)
    reactor.run()


if __name__ == "__main__":
    main()
