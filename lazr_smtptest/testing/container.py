"""The image of the server as a container of Testcontainers.

This needs ``lazr.smtptest[containers]``, and an engine such as Docker or Podman.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from lazr_smtptest.client.box import RemoteMailbox
from lazr_smtptest.errors import StateError
from lazr_smtptest.testing.remote import RemoteServer

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy
except ImportError as error:
    raise ImportError(
        "lazr_smtptest.testing.container needs "
        f"pip install 'lazr.smtptest[containers]': {error}"
    ) from error

__all__ = ["SMTPTestContainer"]

# The ports that the image listens on.
_SMTP = 1025
_HTTP = 8025

# The line that a process prints when it listens everywhere.
_READY = r"^ready smtp="


class SMTPTestContainer(DockerContainer):
    """A server in a container, which starts and stops with a ``with`` block.

    ``with_env("SMTPTEST_...", value)`` sets an option before the start. The start
    returns when the server takes mail. Only the thread that starts it may use it, but
    for `mailbox`, which any thread may use.

    Args:
        image: the image of the server, built from ``Containerfile``.
        patience: seconds that the server may take until it is ready.
        arguments: those of `DockerContainer`.

    Raises:
        TimeoutError: at the start: the server was not ready in time.
        RuntimeError: at the start: the server has ended before it was ready.
    """

    def __init__(
        self, image: str = "lazr-smtptest", *, patience: float = 60.0, **arguments: Any
    ) -> None:
        super().__init__(image, **arguments)
        self.with_exposed_ports(_SMTP, _HTTP)
        ready = LogMessageWaitStrategy(_READY).with_startup_timeout(int(patience))
        self.waiting_for(ready)
        self._mailbox: RemoteServer | None = None

    def _configure(self) -> None:
        """Let HTTP be reached by the name of the machine that runs the engine."""
        name = self.get_docker_client().host()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            self.env.setdefault("SMTPTEST_HTTP_HOST", name)

    @property
    def host(self) -> str:
        """The host name or address to connect to, for SMTP and HTTP."""
        self._check_started()
        return self.get_container_host_ip()

    @property
    def port(self) -> int:
        """The port to send mail to."""
        self._check_started()
        return self.get_exposed_port(_SMTP)

    @property
    def url(self) -> str:
        """The URL of the page and of the API, such as ``http://localhost:32769``."""
        return f"http://{self.host}:{self.get_exposed_port(_HTTP)}"

    @property
    def mailbox(self) -> RemoteMailbox:
        """The messages of the server; closed when the container stops."""
        if self._mailbox is None:
            self._mailbox = RemoteServer(self.url, self.host, self.port)
        return self._mailbox

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Close the mailbox, and remove the container."""
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            mailbox.close()
        super().stop(force, delete_volume)

    def _check_started(self) -> None:
        if self._container is None:
            raise StateError(
                "the container has no address before its start: "
                "use it in a with block, or call start()"
            )
