"""MailHog's release: a captured message is sent to a server that is allowed, once."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.releases.attempt import attempt
from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailhog.body import object_of
from lazr_smtptest.readers.http.mailhog.messages import not_found
from lazr_smtptest.readers.http.mailhog.shapes import HOSTNAME
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Release"]

# The name of the relay among the servers that a request may name.
_NAME = "relay"
_MECHANISMS = {"": "plain", "NONE": "plain", "PLAIN": "plain", "CRAMMD5": "cram-md5"}


class Release:
    """The part of the API that sends messages on.

    Args:
        context: the store.
        outgoing: where mail may be sent to.
    """

    def __init__(self, context: ReaderContext, outgoing: Outgoing) -> None:
        self._context = context
        self._reader = context.reader
        self._outgoing = outgoing

    def routes(self, base: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            base: the path before all paths, such as ``/``.
        """
        for method, path, handler in (
            ("POST", "v1/messages/{id}/release", self.release),
            ("GET", "v2/outgoing-smtp", self.servers),
        ):
            yield Route(method=method, template=f"{base}api/{path}", handler=handler)

    async def servers(self, call: Call) -> Answer:
        """Answer with the servers that a request may name; without passwords."""
        relay = self._outgoing.relay
        if relay is None:
            return json_answer({})
        login = relay.server.login
        return json_answer(
            {
                _NAME: {
                    "Name": _NAME,
                    "Save": False,
                    "Email": "",
                    "Host": relay.server.host,
                    "Port": str(relay.server.port),
                    "Username": "" if login is None else login.user,
                    "Password": "",
                    "Mechanism": "" if login is None else login.mechanism.upper(),
                }
            }
        )

    async def release(self, call: Call) -> Answer:
        """Send a message to the server and the recipient in the body."""
        id = call.parameters["id"].removesuffix(f"@{HOSTNAME}")
        envelope = await self._reader.envelope(id)
        if envelope is None:
            raise not_found()
        wanted = await call.read(object_of)
        server = self._server(wanted)
        recipient = _text(wanted, "email")
        self._check(server, recipient)
        kept = envelope
        content = await self._reader.call(lambda: kept.content)
        try:
            mail = Mail(
                sender=f"nobody@{HOSTNAME}", recipients=[recipient], content=content
            )
        except ValueError as error:
            raise _bad(str(error)) from error
        result = await attempt(self._context.reactor, server, mail)
        relay = self._outgoing.relay
        if relay is not None and server is relay.server:
            await self._context.record_release(kept.id, mail, result)
        if result.error is not None:
            raise HTTPError(
                HTTPStatus.INTERNAL_SERVER_ERROR, str(result.error)
            ) from result.error
        return Answer(content_type="text/json")

    def _server(self, wanted: dict[str, Any]) -> Server:
        """Return the server that a request names.

        Raises:
            HTTPError: 400, the request is wrong; 403, nothing may be sent there.
        """
        relay, name = self._outgoing.relay, _text(wanted, "name")
        if wanted.get("save"):
            raise _bad("servers cannot be saved: they are options of the command")
        if name:
            if relay is None or name != _NAME:
                raise _bad(f"there is no server {name!r:.100}")
            return relay.server
        host, port = _text(wanted, "host"), _text(wanted, "port")
        if not (port.isascii() and port.isdecimal() and len(port) < 6):
            raise _bad(f"bad Port {port!r:.20}: it must be 1 to 65535")
        if not self._outgoing.may_send_to(host, int(port)):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                f"nothing may be sent to {host!r:.100} port {port}: allow it with "
                f"--relay-host or --release-to",
            )
        if relay is not None and _is(relay, host, int(port)):
            return relay.server
        return _server_of(wanted, host, int(port))

    def _check(self, server: Server, recipient: str) -> None:
        """Check the recipient.

        Raises:
            HTTPError: 403, the relay does not allow it.
        """
        relay = self._outgoing.relay
        if relay is None or server is not relay.server:
            return
        if relay.not_allowed([recipient]) or relay.blocked_among([recipient]):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                f"nothing may be sent to {recipient!r:.100}",
            )


def _is(relay: Relay, host: str, port: int) -> bool:
    return Outgoing(relay=relay).may_send_to(host, port)


def _server_of(wanted: dict[str, Any], host: str, port: int) -> Server:
    """Return a server with the login of a request.

    Raises:
        HTTPError: 400, the login is wrong.
    """
    user, mechanism = _text(wanted, "username"), _text(wanted, "mechanism").upper()
    mechanism = mechanism.replace("-", "")
    if mechanism not in _MECHANISMS:
        raise _bad(f"bad Mechanism {mechanism!r:.40}: it must be PLAIN or CRAMMD5")
    try:
        login = None
        if user:
            login = Login(
                user=user,
                password=_text(wanted, "password"),
                mechanism=_MECHANISMS[mechanism],
            )
        return Server(host=host, port=port, login=login)
    except ValueError as error:
        raise _bad(str(error)) from error


def _text(wanted: dict[str, Any], name: str) -> str:
    value = wanted.get(name)
    return "" if value is None else str(value)


def _bad(message: str) -> HTTPError:
    return HTTPError(HTTPStatus.BAD_REQUEST, message)
