"""Inputs that a fuzzer begins with: one octet for the target, then its own."""

from __future__ import annotations

__all__ = ["CORPUS"]

PATH, PARAMETERS, FRAMING, SESSION, PAGE, TEXT, IMAP, POP3 = (
    bytes([number]) for number in range(8)
)

PATHS = (
    b"<>",
    b"<a@example.com>",
    b'<"a \\" b"@[192.0.2.1]> SIZE=1',
    b"<@a,@b:c@[IPv6:::1]>",
    b"<postmaster>",
    "<å@ö.example> SMTPUTF8".encode(),
)
OPTIONS = (
    b"SIZE=10 BODY=8BITMIME SMTPUTF8",
    b"RET=FULL ENVID=a+2Bb AUTH=<> REQUIRETLS",
    b"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@example.com",
    b"BY=-10;NT HOLDUNTIL=2030-01-01T00:00:00Z MT-PRIORITY=-3",
)
STREAMS = (
    b"\xff\x40\x80\x00NOOP\r\nx\r\n..\r\n.\r\n" + b"y" * 64 + b"QUIT\r\n",
    b"\x00\x00\x00\x00" + b"x" * 300 + b"\r\nNOOP\nNOOP\r\n",
)
SESSIONS = (
    b"\x05\x00\x00EHLO a\r\nMAIL FROM:<a@b> SIZE=5\r\nRCPT TO:<c@d>\r\n"
    b"DATA\r\n..x\r\n.\r\nQUIT\r\n",
    b"\x03\x01\x01MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nRSET\r\nVRFY x\r\nHELP\r\n",
    b"\x09\x03\x00BDAT 5\r\nx\r\n.\r\nBDAT 0 LAST\r\nNOOP\r\n",
    b"\x02\x04\x00\n.\n\r.\r\r\n..\r\n\r\n.\r\nNOOP\r\n",
    b"\x01\x05\x005 LAST\r\nhello",
    b"\x01\x00\x00POST / HTTP/1.1\r\nHost: a\r\n\r\n",
)

PAGES = (
    b"<!DOCTYPE html><base href=//a/><title>&lt;</title><a href='x?a&copy=1'>b</a>",
    b"<script><!--<script></script>--></script><!--[if mso]>x<![endif]--><p hidden>",
    b"<table><td style='font-size:0'><pre>\na</td><svg><![CDATA[&]]></svg></table",
)
TEXTS = (
    b"Your code: 481 516, order #778899, +1 555 123 4567, (c) 2026, 4\n8\n1\n5\n",
    b"<URL:https://a.example/x\ny> (myapp://b_(c)). **https://d|e** mailto:f@g",
)
IMAPS = (
    b"\x05\x03c FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (To)]<0.9>)\r\n"
    b"d IDLE\r\nDONE\r\n",
    b"\x09\x00a LOGIN {1}\r\nb {1+}\r\nc\r\nb AUTHENTICATE PLAIN AGEAYg==\r\n*\r\n",
    b"\x03\x04RETURN (SAVE COUNT) OR NOT SEEN (SINCE 1-Feb-2026 UID 1:*)\r\nd NOOP\r\n",
    b'\x02\x06(\\Seen) " 7-Feb-1994 21:52:25 -0800" ~{3+}\r\na\0b\r\n',
    b'\x01\x02c LIST (SUBSCRIBED) "" (% "*") RETURN (STATUS (SIZE))\r\n',
)
POP3S = (
    b"\x04\x00USER a\r\nPASS b\r\nSTAT\r\nLIST 1\r\nUIDL\r\nDELE 1\r\nQUIT\r\n",
    b"\x01\x021 0\r\nRETR 9\r\nCAPA\r\nLANG *\r\n",
)

CORPUS = (
    *(PATH + octets for octets in PATHS),
    *(PARAMETERS + octets for octets in OPTIONS),
    *(FRAMING + octets for octets in STREAMS),
    *(SESSION + octets for octets in SESSIONS),
    *(PAGE + octets for octets in PAGES),
    *(TEXT + octets for octets in TEXTS),
    *(IMAP + octets for octets in IMAPS),
    *(POP3 + octets for octets in POP3S),
)
