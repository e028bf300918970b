"""Targets for a fuzzer: the parsers of the wire and of messages, with any bytes.

Each target takes octets and raises what an invariant says when it does not hold:
an `AssertionError`, or whatever else a parser should not have raised.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from lazr_smtptest.mime.bases import LONGEST_LINK
from lazr_smtptest.mime.codes import find_code
from lazr_smtptest.mime.html_page import read_page
from lazr_smtptest.mime.html_tokenizer import tokenize
from lazr_smtptest.mime.html_tokens import EndOfDocument
from lazr_smtptest.mime.urls import find_urls
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.content_reader import Chunk, Content
from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.framing import Framer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.parameters import parse_parameters
from lazr_smtptest.smtp.path import PathSyntaxError, parse_path
from lazr_smtptest.smtp.settings import Settings
from tests.readers.imap.peers import Inbox
from tests.readers.pop3.conftest import Post
from tests.readers.sides import Side

__all__ = ["TARGETS", "fuzz"]

LINE_LIMIT = 200
SIZE_LIMIT = 300
CONTROLS = re.compile(r"[\0-\x1f\x7f]")
# RFC 5321 section 4.2, with the enhanced codes of RFC 2034.
REPLIES = re.compile(rb"(?:[2345]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3} )?[ -~]*\r\n)*")
# A reply, or the lines of one of many lines.
LINES = re.compile(rb"(?:[^\r\n]*\r\n)*")
PARAMETERS = {
    "MAIL": {key: value for each in EXTENSIONS for key, value in each.mail.items()},
    "RCPT": {key: value for each in EXTENSIONS for key, value in each.rcpt.items()},
}


def path(octets: bytes) -> None:
    """Parse the argument of MAIL or RCPT; what is a path is clean, and stays one."""
    text = octets.decode("utf-8", "surrogateescape")
    for keyword, null in (("FROM", True), ("TO", False)):
        try:
            parsed = parse_path(f"{keyword}:{text}", keyword, null=null)
        except PathSyntaxError:
            continue
        address = str(parsed.address)
        assert not CONTROLS.search(address)
        assert null or address
        again = parse_path(f"{keyword}:<{address}>", keyword, null=null)
        assert bytes(again.address) == bytes(parsed.address)


def parameters(octets: bytes) -> None:
    """Parse what stands behind a path; what is taken was all there."""
    text = octets.decode("utf-8", "surrogateescape")
    for known in PARAMETERS.values():
        try:
            found = parse_parameters(text, known)
        except ReplyError:
            continue
        assert found.keys() <= known.keys()
        assert len(found) == len([word for word in text.split(" ") if word])
        for value in found.values():
            assert value is None or not CONTROLS.search(value)


def framing(octets: bytes) -> None:
    """Cut octets into items; none is over its limit, and none is lost.

    The first octets say what comes next: a line, a content, or a chunk of a size.
    """
    plan, data = list(octets[:4]), octets[4:]
    framer = Framer(LINE_LIMIT)
    framer.feed(data)
    while (item := framer.next()) is not None:
        if isinstance(item, bytes):
            assert len(item) <= LINE_LIMIT - 2
            assert b"\n" not in item
        elif isinstance(item, Content):
            assert item.data is None or len(item.data) <= SIZE_LIMIT
        elif isinstance(item, Chunk):
            assert item.data is None or len(item.data) < 64
        if plan:
            choice = plan.pop(0)
            if choice >= 192:
                framer.read_content(SIZE_LIMIT)
            elif choice >= 64:
                framer.read_chunk(choice % 64, keep=choice % 2 == 0)
    assert framer.pending <= LINE_LIMIT


class _Handler(Server):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def handle_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


class _Errors(logging.Handler):
    """Notices what the server calls an error of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def session(octets: bytes) -> None:
    """Have a whole session with octets behind a good beginning.

    The first octet says where they are cut in two, the second how far the session
    has come, the third in which profile.
    """
    beginning = (
        b"",
        b"EHLO a\r\n",
        b"EHLO a\r\nMAIL FROM:<a@b>\r\n",
        b"EHLO a\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\n",
        b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
        b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT ",
    )
    cut, start, profile = (*octets[:3], 0, 0, 0)[:3]
    handler = _Handler()
    limits = Limits(command_line=LINE_LIMIT, message_size=SIZE_LIMIT, errors=1000)
    settings = Settings(profile="strict" if profile % 2 else "standard", limits=limits)
    handler.settings = settings
    clock = Clock()
    transport = StringTransport()
    protocol = handler.factory(clock).buildProtocol(None)
    protocol.makeConnection(transport)
    data = octets[3:]
    errors = _Errors()
    logger = logging.getLogger("lazr.smtptest")
    logger.addHandler(errors)
    try:
        pieces = beginning[start % len(beginning)], data[:cut], data[cut:], b"\r\n"
        for piece in filter(None, pieces):
            protocol.dataReceived(piece)
    finally:
        logger.removeHandler(errors)
    assert not errors.records, errors.records[0].getMessage()
    assert REPLIES.fullmatch(transport.value()), transport.value()
    for envelope in handler.envelopes:
        check(envelope)
    clock.advance(limits.idle + 1)
    assert transport.disconnecting
    # Nothing is left behind.
    protocol.connectionLost()
    assert not clock.getDelayedCalls()


def check(envelope: Envelope) -> None:
    """What is in an envelope is within the limits, and clean."""
    assert len(envelope.content) <= SIZE_LIMIT
    for text in (envelope.mail_from, envelope.helo, *envelope.rcpt_tos):
        assert not CONTROLS.search(text)
    assert len(envelope.rcpt_options) == len(envelope.rcpt_tos) > 0


def page(octets: bytes) -> None:
    """Read HTML; its tokens end once, and its links are absolute and not too long."""
    html = octets.decode("utf-8", "replace")
    *tokens, end = tokenize(html)
    assert isinstance(end, EndOfDocument)
    assert not any(isinstance(token, EndOfDocument) for token in tokens)
    for link in read_page(html).links:
        assert len(link) <= LONGEST_LINK
        assert link.startswith("//") or ":" in link


def text(octets: bytes) -> None:
    """Find the URLs and the code of a text; they do not overlap, it is digits."""
    plain = octets.decode("utf-8", "replace")
    last = 0
    for _, start, stop in find_urls(plain):
        assert last <= start < stop <= len(plain)
        last = stop
    code = find_code(plain)
    assert code is None or code.isdecimal()


# The lines of an IMAP server: untagged, tagged, or a request to go on.
IMAP_LINES = re.compile(rb"(?:(?:\*|\+|[!-~]+) [^\r\n]*\r\n)*")


def imap(octets: bytes) -> None:
    """Have an IMAP session; each line of the replies is one, and none is an error.

    The first octet says where they are cut in two, the second how far the session
    has come.
    """
    beginning = (
        b"",
        b"a LOGIN b c\r\n",
        b"a LOGIN b c\r\nb ENABLE IMAP4rev2\r\n",
        b"a LOGIN b c\r\nb SELECT INBOX\r\n",
        b"a LOGIN b c\r\nb SELECT INBOX\r\nc UID SEARCH ",
        b"a LOGIN b c\r\nb SELECT INBOX\r\nc FETCH 1 ",
        b"a LOGIN b c\r\nb APPEND INBOX ",
    )
    cut, start = (*octets[:2], 0, 0)[:2]
    _read_mail(
        Inbox(),
        [beginning[start % len(beginning)], octets[2:][:cut], octets[2:][cut:]],
        IMAP_LINES,
    )


def pop3(octets: bytes) -> None:
    """Have a POP3 session, as one of IMAP."""
    beginning = (b"", b"USER a\r\nPASS b\r\n", b"USER a\r\nPASS b\r\nTOP 1 ")
    cut, start = (*octets[:2], 0, 0)[:2]
    _read_mail(
        Post(),
        [beginning[start % len(beginning)], octets[2:][:cut], octets[2:][cut:]],
        LINES,
    )


def _read_mail(side: Side, pieces: list[bytes], lines: re.Pattern[bytes]) -> None:
    """Send pieces to a server with an empty mailbox, and check what it sends."""
    errors = _Errors()
    logger = logging.getLogger("lazr.smtptest")
    logger.addHandler(errors)
    peer = side.connect()
    try:
        said = b"".join(peer.send(piece) for piece in (*pieces, b"\r\n") if piece)
    finally:
        logger.removeHandler(errors)
    assert not errors.records, errors.records[0].getMessage()
    assert lines.fullmatch(said), said
    side.reactor.advance(side.reader.factory.settings.idle + 60)
    assert peer.closed or peer.aborted
    # Nothing is left behind.
    peer.leave()
    assert not side.reactor.getDelayedCalls()


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "path": path,
    "parameters": parameters,
    "framing": framing,
    "session": session,
    "page": page,
    "text": text,
    "imap": imap,
    "pop3": pop3,
}


def fuzz(octets: bytes) -> None:
    """Call the target that the first octet names with the rest."""
    targets = tuple(TARGETS.values())
    if octets:
        targets[octets[0] % len(targets)](octets[1:])
