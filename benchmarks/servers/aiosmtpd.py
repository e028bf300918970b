"""aiosmtpd's ``SMTP``, in the main thread, with a handler that keeps envelopes.

There is no ``Controller``: its thread would only make the server slower.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from .certificate import context
from .desk import open_desk


class Keeping:
    """Keeps every envelope, whose content is `bytes`."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        """Take the message."""
        self.kept.append(envelope)
        return "250 OK"


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.aiosmtpd")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--login", default="", metavar="USER:PASSWORD")
    options = parser.parse_args()
    settings: dict[str, Any] = {}
    if options.tls:
        settings["tls_context"] = context()
    if options.login:
        settings["auth_require_tls"] = False
        settings["authenticator"] = _authenticator(options.login)
    asyncio.run(_serve(settings))


def _authenticator(login: str) -> Any:
    user, _, password = login.encode().partition(b":")

    def judge(server: Any, session: Any, envelope: Any, how: str, data: Any) -> Any:
        right = (data.login, data.password) == (user, password)
        return AuthResult(success=right, handled=False)

    return judge


async def _serve(settings: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    handler = Keeping()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", loop=loop, **settings),
        "127.0.0.1",
        0,
        backlog=1024,
    )
    end = asyncio.Event()
    open_desk(
        server.sockets[0].getsockname()[1],
        {"kept": lambda: {"messages": len(handler.kept)}},
        lambda: loop.call_soon_threadsafe(end.set),
    )
    await end.wait()


if __name__ == "__main__":
    main()
