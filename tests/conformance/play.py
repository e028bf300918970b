"""Playing a row: the same code for each transport."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from lazr_smtptest.model.envelope import Envelope

from .links import Secured
from .row import Connect, Expected, Pass, Row, Secure, Sent
from .servers import Site

__all__ = ["play"]

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) ")
_HELLO = re.compile(rb"(?im)^(?:EHLO|HELO|LHLO|XCLIENT)\b")


def play(row: Row, site: Site) -> None:
    """Play a row against a server.

    Raises:
        AssertionError: something differs; the transcript is in it.
    """
    session = Session(site, enhanced=_enhanced(row))
    try:
        if site.settings.implicit_tls:
            session.step(Secure(row.certificate), row.greeting)
        else:
            session.expect(row.greeting)
        for sent, expected in row.steps:
            session.step(sent, expected)
        if session.can_quit:
            session.step("QUIT", "221 + closed")
    finally:
        session.close()
    if row.stored is not None:
        _compare(row.stored, site.envelopes)


def _enhanced(row: Row) -> bool:
    hidden = row.on.options.get("hidden", ())
    return "ENHANCEDSTATUSCODES" not in map(str.upper, hidden)


def _compare(stored: tuple[Mapping[str, Any], ...], envelopes: list[Envelope]) -> None:
    found = [
        {name: getattr(envelope, name) for name in expected}
        for envelope, expected in zip(envelopes, stored, strict=False)
    ]
    assert (found, len(envelopes)) == (list(stored), len(stored))


@attrs.frozen
class Reply:
    """A reply as the client reads it.

    Attributes:
        code: three digits.
        text: its lines, the codes removed.
    """

    code: str
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced code; ``"-"`` if there is none."""
        codes = {_enhanced_of(line) for line in self.text.split("\n")}
        assert len(codes) == 1, f"RFC 2034 section 4: different codes in {self}"
        return codes.pop()


def _enhanced_of(line: str) -> str:
    found = _ENHANCED.match(line)
    return found[1] if found else "-"


class Session:
    """One client's session, with its transcript."""

    def __init__(self, site: Site, *, enhanced: bool) -> None:
        self._site = site
        self._enhanced = enhanced
        self._links = [site.connect()]
        self._heard = b""
        self._last = Reply("", "")
        # What was sent since the last reply.
        self._sent = b""
        self._transcript: list[str] = []
        self.can_quit = True

    def close(self) -> None:
        for link in self._links:
            link.close()

    def step(self, sent: Sent, expected: str) -> None:
        """Do what a step says, and hear the answer."""
        self._transcript.append(f"C: {sent!r:.200}")
        octets = b""
        if isinstance(sent, Secure):
            assert self._site.settings.tls is not None
            context = self._site.settings.tls.client_context(sent.user)
            self._links[-1] = Secured(self._links[-1], context)
        elif isinstance(sent, Pass):
            assert self._site.clock is not None
            self._site.clock.advance(sent.seconds)
        elif isinstance(sent, Connect):
            self._links.append(self._site.connect())
        else:
            octets = self._octets(sent)
            self._sent += octets
            self._links[-1].send(octets)
        self.expect(expected, octets)

    def _octets(self, sent: Any) -> bytes:
        if callable(sent):
            sent = sent(self._last.text)
        return sent if isinstance(sent, bytes) else sent.encode() + b"\r\n"

    def expect(self, text: str, sent: bytes = b"") -> None:
        """Hear replies, and compare them."""
        expected = Expected.parse(text)
        for code, enhanced, pattern in expected.replies:
            reply = self._reply(text)
            self._check(reply.code == code, text)
            if enhanced is not None:
                self._check(
                    reply.enhanced == (enhanced if self._enhanced else "-"), text
                )
            if pattern is not None:
                self._check(re.search(pattern, reply.text) is not None, text)
            self._check_enhanced(reply)
            self._last = reply
        if expected.replies:
            self._sent = b""
        if expected.end:
            self._check(not self._more() and self._links[-1].ended, text)
            aborted = expected.end == "aborted"
            self._check(self._links[-1].aborted == aborted, text)
        elif self._site.clock is not None:
            self._check(not self._more() and not self._links[-1].ended, text)
        if sent or expected.replies or expected.end:
            # In the midst of a message, or of AUTH, QUIT is no command.
            quiet = not expected.replies or self._last.code.startswith("3")
            self.can_quit = not (expected.end or quiet)

    def _more(self) -> bool:
        """Hear whatever else comes; true if anything does."""
        self._heard += self._links[-1].receive()
        return bool(self._heard)

    def _reply(self, text: str) -> Reply:
        lines: list[str] = []
        while True:
            line, end, rest = self._heard.partition(b"\r\n")
            if not end:
                octets = self._links[-1].receive()
                self._check(bool(octets), text)
                self._heard += octets
                continue
            self._heard = rest
            self._transcript.append(f"S: {line!r:.200}")
            # RFC 5321 section 4.5.3.1.5; UTF-8 takes an extension.
            self._check(len(line) <= 510 and b"\n" not in line, text)
            self._check(re.match(rb"[2-5]\d\d(?:[ -]|$)", line) is not None, text)
            lines.append(line.decode())
            if line[3:4] != b"-":
                self._check(len({line[:3] for line in lines}) == 1, text)
                return Reply(lines[0][:3], "\n".join(line[4:] for line in lines))

    def _check_enhanced(self, reply: Reply) -> None:
        """Check that a reply has its code (RFC 2034 section 4), or has none."""
        if reply.code.startswith("3") or not self._enhanced:
            self._check(reply.enhanced == "-", "no enhanced code")
        elif self._sent and not (reply.code[0] == "2" and _HELLO.search(self._sent)):
            self._check(reply.enhanced[0] == reply.code[0], "an enhanced code")

    def _check(self, good: bool, expected: str) -> None:
        if not good:
            transcript = "\n".join([*self._transcript, f"rest: {self._heard!r:.300}"])
            raise AssertionError(f"expected {expected!r}\n{transcript}")
