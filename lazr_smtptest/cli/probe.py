"""Ask a server whether it is ready: its greeting, or its page of health."""

from __future__ import annotations

import http.client
import re
import socket
import ssl

import attrs

from lazr_smtptest.cli.trust import unreadable

__all__ = ["Address", "Probe", "ProbeError", "address_of"]

# A greeting has far fewer bytes.
_LONGEST = 4096
# Where a server answers that listens on every address.
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
# The first bytes of a greeting (RFC 5321 section 3.1, RFC 1939 section 4, RFC 3501
# section 7.1.5).
_GREETINGS = {
    **dict.fromkeys(("smtp", "smtps", "lmtp"), b"220"),
    **dict.fromkeys(("pop3", "pop3s"), b"+OK"),
    **dict.fromkeys(("imap", "imaps"), b"* OK"),
}
_GOODBYES = {
    **dict.fromkeys(("imap", "imaps"), b"probe LOGOUT\r\n"),
}
_WITH_TLS = ("smtps", "pop3s", "imaps")


class ProbeError(Exception):
    """Nothing answers at an address, or what answers is no such server."""


@attrs.frozen
class Address:
    """An address of this machine.

    Attributes:
        host: a name or an address; ``""`` for a Unix socket.
        port: its port; 0 is unknown.
        path: the path of a Unix socket.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def label(self) -> str:
        """Return what a line for other programs says: the port, or the path."""
        return self.path or str(self.port)

    def connect(self, timeout: float) -> socket.socket:
        """Return a connection to it.

        Args:
            timeout: seconds, also for each later operation.

        Raises:
            OSError: nothing listens there.
        """
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(timeout)
            connection.connect(self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def address_of(endpoint: str) -> Address:
    """Return the address where a server endpoint, in Twisted's notation, listens.

    Args:
        endpoint: such as ``tcp:1025:interface=127.0.0.1``, or what a file of
            ``--ready-file`` has: ``127.0.0.1:1025``, or a path.

    Raises:
        ValueError: it does not say the address.
    """
    if endpoint.startswith("/"):
        return Address(path=endpoint)
    if found := re.fullmatch(r"\[?([0-9a-fA-F.:]+?)\]?:(\d+)", endpoint):
        return Address(_EVERYWHERE.get(found[1], found[1]), int(found[2]))
    kind, *words = [
        re.sub(r"\\(.)", r"\1", each) for each in re.split(r"(?<!\\):", endpoint)
    ]
    named = dict(each.split("=", 1) for each in words if "=" in each)
    [first, *_] = [each for each in words if "=" not in each] or [""]
    if kind == "unix":
        return Address(path=named.get("address", first))
    port = named.get("port", first)
    if kind in ("tcp", "tcp4", "tcp6", "ssl") and port.isdecimal():
        interface = named.get("interface", "")
        everywhere = "::1" if kind == "tcp6" else "127.0.0.1"
        host = _EVERYWHERE.get(interface, interface) if interface else everywhere
        return Address(host, int(port))
    raise ValueError(f"the endpoint {endpoint!r} does not say its address")


@attrs.frozen
class Probe:
    """Asks a server whether it is ready.

    Attributes:
        protocol: such as ``"smtp"`` or ``"http"``.
        address: where it listens.
        has_tls: whether its connections begin with TLS.
        ca_file: the CA, in PEM, that has to have issued its certificate, for whatever
            name: a check of health may use another one than the clients; ``None``:
            the certificate is not checked.
        target: what is asked of HTTP: a path.
        accepts_any: whether any answer of HTTP will do, not only 200.
    """

    protocol: str
    address: Address
    has_tls: bool = False
    ca_file: str | None = None
    target: str = "/readyz"
    accepts_any: bool = False

    def run(self, timeout: float) -> None:
        """Ask it.

        Args:
            timeout: seconds for each step.

        Raises:
            ProbeError: it is not ready.
        """
        try:
            with self._connect(timeout) as connection:
                if self.protocol in _GREETINGS:
                    self._read_greeting(connection)
                else:
                    self._ask_http(connection)
        except TimeoutError:
            raise self._error(f"no answer within {timeout:g} s") from None
        except ssl.SSLCertVerificationError as error:
            why = f"its certificate is not trusted: {error.verify_message}"
            raise self._error(why) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._error(reason or type(error).__name__) from None

    def _error(self, reason: str) -> ProbeError:
        return ProbeError(f"{self.protocol} at {self.address}: {reason}")

    def _connect(self, timeout: float) -> socket.socket:
        connection = self.address.connect(timeout)
        if not self.has_tls and self.protocol not in _WITH_TLS:
            return connection
        try:
            context = self._context()
            return context.wrap_socket(connection)
        except BaseException:
            connection.close()
            raise

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise self._error(unreadable("--ca-file", self.ca_file, error)) from None
        context.check_hostname = False
        if self.ca_file is None:
            context.verify_mode = ssl.CERT_NONE
        return context

    def _read_greeting(self, connection: socket.socket) -> None:
        """Read the greeting to its end, and take leave."""
        expected = _GREETINGS[self.protocol]
        greeting = b""
        while not re.search(rb"(?m)^(?!\d{3}-).*\n", greeting):
            data = connection.recv(_LONGEST)
            greeting += data
            if not data or len(greeting) > _LONGEST:
                break
        if not greeting.startswith(expected):
            shown = greeting.decode("utf-8", "replace").strip() or "nothing"
            raise self._error(f"the greeting is {shown!r}")
        connection.sendall(_GOODBYES.get(self.protocol, b"QUIT\r\n"))
        # To the end: a server may log a client that leaves without it.
        while connection.recv(_LONGEST):
            pass

    def _ask_http(self, connection: socket.socket) -> None:
        request = f"GET {self.target} HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall(f"{request}Connection: close\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
            status, reason = response.status, response.reason
        finally:
            response.close()
        if status != 200 and not self.accepts_any:
            raise self._error(f"GET {self.target} answers {status} {reason}")
