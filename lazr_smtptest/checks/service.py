"""The checks of a server: what its settings allow, for one message at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.defer import Deferred

from lazr_smtptest.checks.functions import HTML_CHECK, LINKS
from lazr_smtptest.checks.html_check import HTMLCheck, require_packages
from lazr_smtptest.checks.spam_check import SpamAssassin, SpamCheck, parse_server
from lazr_smtptest.errors import CheckError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.http.allowed import Allowed

if TYPE_CHECKING:
    from lazr_smtptest.checks.link_check import LinkCheck, LinkChecker

__all__ = ["CheckSettings", "Checks"]

_NO_LINKS = (
    "links are not checked: --link-check HOST names the hosts that may be asked, "
    "--link-check '*' allows all with public addresses"
)
_NO_SPAM = "spam is not checked: --spamassassin HOST:PORT names the spamd to ask"


def _link_checker(reactor: Any, allowed: Allowed) -> LinkChecker:
    # The HTTP client of Twisted is a fifth of what a server without it imports.
    from lazr_smtptest.checks.link_check import LinkChecker
    from lazr_smtptest.outbound.http.client import HTTPClient

    return LinkChecker(HTTPClient(reactor, allowed), reactor)


def _check_server(instance: object, attribute: object, server: str) -> None:
    if server:
        parse_server(server)


@attrs.frozen(kw_only=True)
class CheckSettings:
    """The servers that checks may connect to; by default none.

    Attributes:
        links: the hosts whose links are checked; without any, links are not checked.
        spamd: the ``spamd`` to ask, ``HOST:PORT`` or ``unix:/PATH``; ``""`` for none.

    Raises:
        ValueError: the server is malformed.
    """

    links: Allowed = attrs.field(factory=Allowed)
    spamd: str = attrs.field(default="", validator=_check_server)


class Checks:
    """Checks messages; its methods are called in the reactor's thread.

    Args:
        reactor: makes the connections.
        parse: runs a function of `lazr_smtptest.checks.functions` for a message, and
            returns a Deferred with its result.
        call: calls a function in a thread, and returns a Deferred with its result.
        settings: what checks may do.

    Attributes:
        settings: the same.
    """

    def __init__(
        self,
        reactor: Any,
        parse: Callable[[str, Envelope], Deferred[Any]],
        call: Callable[..., Deferred[Any]],
        settings: CheckSettings | None = None,
    ) -> None:
        self.settings = settings or CheckSettings()
        self._parse = parse
        self._call = call
        allowed = self.settings.links
        self._links = _link_checker(reactor, allowed) if allowed.hosts else None
        spamd = self.settings.spamd
        self._spam = SpamAssassin(spamd, reactor) if spamd else None

    def obstacles(self) -> dict[str, str]:
        """Return why each check cannot be made, by its name; ``""`` if it can."""
        try:
            require_packages()
        except CheckError as error:
            html = str(error)
        else:
            html = ""
        return {
            "html": html,
            "links": "" if self._links is not None else _NO_LINKS,
            "spam": "" if self._spam is not None else _NO_SPAM,
        }

    async def html(self, envelope: Envelope) -> HTMLCheck | None:
        """Return the HTML check of a message; ``None`` if it has no HTML.

        Raises:
            CheckError: a package is missing; it names the extra.
        """
        require_packages()
        check: HTMLCheck | None = await self._parse(HTML_CHECK, envelope)
        return check

    async def links(self, envelope: Envelope, *, follow: bool = False) -> LinkCheck:
        """Return the link check of a message.

        Args:
            envelope: the message.
            follow: whether redirects are followed.

        Raises:
            CheckError: links are not checked by the settings.
        """
        if self._links is None:
            raise CheckError(_NO_LINKS)
        return await self._links.check(
            await self._parse(LINKS, envelope), follow=follow
        )

    async def spam(self, envelope: Envelope) -> SpamCheck:
        """Return the spam check of a message.

        Raises:
            CheckError: no ``spamd`` is configured.
        """
        if self._spam is None:
            raise CheckError(_NO_SPAM)
        return await self._spam.check(await self._call(lambda: envelope.content))
