"""The extensions of SMTP: announced where they work, unknown where hidden."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.smtp.extensions import EXTENSIONS, check_release, latest_release
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings


def announced(wire: Any) -> list[str]:
    return [line[4:] for line in wire.say("EHLO a")[1:]]


@pytest.mark.parametrize(
    ("keyword", "command", "code"),
    [
        ("SIZE", "MAIL FROM:<a@b> SIZE=1", "555"),
        ("8BITMIME", "MAIL FROM:<a@b> BODY=8BITMIME", "501"),
        ("BINARYMIME", "MAIL FROM:<a@b> BODY=BINARYMIME", "501"),
        ("SMTPUTF8", "MAIL FROM:<a@b> SMTPUTF8", "555"),
        ("CHUNKING", "BDAT 0 LAST", "500"),
        ("DSN", "MAIL FROM:<a@b> RET=FULL", "555"),
        ("DELIVERBY", "MAIL FROM:<a@b> BY=5;R", "555"),
        ("FUTURERELEASE", "MAIL FROM:<a@b> HOLDFOR=5", "555"),
        ("MT-PRIORITY", "MAIL FROM:<a@b> MT-PRIORITY=1", "555"),
        ("VRFY", "VRFY a", "502"),
        ("HELP", "HELP", "500"),
        ("STARTTLS", "STARTTLS", "500"),
        ("AUTH", "AUTH PLAIN", "500"),
    ],
)
def test_a_hidden_extension_is_unknown(
    new_wire: Any, keyword: str, command: str, code: str
) -> None:
    """Neither announced nor taken; BODY itself is of two extensions."""
    wire = new_wire(settings=Settings(hidden=[keyword.lower()]))
    assert not any(line.split()[0] == keyword for line in announced(wire))
    assert wire.codes(command) == [code]


def test_enhanced_codes_can_be_hidden(new_wire: Any) -> None:
    """Then no reply has one (RFC 2034)."""
    wire = new_wire(settings=Settings(hidden=["ENHANCEDSTATUSCODES"]))
    assert wire.say("NOOP", "FOO") == ["250 OK", "500 command not recognized"]


def test_binary_bodies_go_with_chunks(new_wire: Any) -> None:
    """RFC 3030 section 3: BINARYMIME without CHUNKING cannot be used."""
    wire = new_wire(settings=Settings(hidden=["CHUNKING"]))
    assert "BINARYMIME" not in announced(wire)


def test_a_value_can_be_set(new_wire: Any) -> None:
    """So can a keyword that nobody knows."""
    wire = new_wire(settings=Settings(values={"SIZE": "5", "X-NEW": None}))
    lines = announced(wire)
    assert "SIZE 5" in lines
    assert "X-NEW" in lines


@pytest.mark.parametrize("verb", ["VRFY", "EXPN"])
def test_a_verb_that_is_hidden_gets_502(new_wire: Any, verb: str) -> None:
    """The reply names it (RFC 5321 section 3.5.3)."""
    wire = new_wire(settings=Settings(hidden=[verb]))
    assert wire.say(f"{verb} anna") == [f"502 5.5.1 {verb} is not available"]


def test_only_a_collection_of_keywords_can_be_hidden() -> None:
    """A single word would be taken letter by letter."""
    with pytest.raises(TypeError, match="'SIZE'"):
        Settings(hidden="SIZE")


def test_a_profile_that_is_none_is_refused() -> None:
    """With its name."""
    with pytest.raises(ValueError, match="lenient"):
        Settings(profile="lenient")  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["implicit_tls", "require_tls"])
def test_tls_cannot_be_asked_for_without_a_certificate(option: str) -> None:
    """There would be none to show."""
    with pytest.raises(ValueError, match="need tls"):
        Settings(**{option: True})


def test_xclient_is_announced_where_it_is_believed(new_wire: Any) -> None:
    """With its attributes."""
    wire = new_wire(settings=Settings(xclient=True))
    assert "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT" in announced(
        wire
    )


def test_options_are_kept(wire: Any) -> None:
    """As they were given, each recipient's beside it."""
    wire.say(
        "EHLO a",
        "MAIL FROM:<a@b> RET=HDRS ENVID=x+2B1 size=7",
        "RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@d",
        "RCPT TO:<e@f>",
        "DATA",
    )
    wire.say("x", ".")
    (envelope,) = wire.envelopes
    assert envelope.mail_options == {"RET": "HDRS", "ENVID": "x+2B1", "SIZE": "7"}
    assert envelope.rcpt_options == (
        {"NOTIFY": "SUCCESS,DELAY", "ORCPT": "rfc822;c@d"},
        {},
    )


def test_requiretls_needs_tls(wire: Any) -> None:
    """RFC 8689 section 4.2.1."""
    wire.say("EHLO a")
    assert wire.say("MAIL FROM:<a@b> REQUIRETLS") == ["530 5.7.10 REQUIRETLS needs TLS"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("BY=120;R", "250"),
        ("BY=-120;N", "250"),
        ("BY=-120;RT", "501"),
        ("BY=0;R", "501"),
        ("BY=120;X", "501"),
        ("HOLDFOR=5", "250"),
        ("HOLDUNTIL=1970-01-01T00:00:00Z", "250"),
        ("HOLDUNTIL=1970-01-01t01:00:00.5+01:00", "250"),
        ("HOLDUNTIL=1970-02-31T00:00:00Z", "501"),
        ("HOLDUNTIL=1990-01-01T00:00:00Z", "501"),
        ("HOLDFOR=5 HOLDUNTIL=1970-01-01T00:00:00Z", "501"),
        ("HOLDFOR=999999999", "501"),
        ("MT-PRIORITY=-9", "250"),
        ("MT-PRIORITY=10", "501"),
    ],
)
def test_values_have_their_bounds(wire: Any, options: str, code: str) -> None:
    """RFC 2852, RFC 4865, RFC 6710."""
    wire.say("EHLO a")
    assert wire.codes(f"MAIL FROM:<a@b> {options}") == [code]


def test_a_release_without_zone_is_no_date() -> None:
    """RFC 4865 section 5 takes RFC 3339's dates, which have one."""
    assert latest_release(0.0).isoformat() == "1973-03-03T09:46:39+00:00"
    check_release(None, "1973-03-03T09:46:39Z", 0.0)
    with pytest.raises(ReplyError):
        check_release(None, "1973-03-03T09:46:40Z", 0.0)


def test_each_extension_stands_once() -> None:
    """By its keyword."""
    keywords = [extension.keyword for extension in EXTENSIONS]
    assert len(set(keywords)) == len(keywords)


@pytest.mark.parametrize("method", ["extensions", "listExtensions"])
def test_a_subclass_may_list_the_extensions(new_wire: Any, method: str) -> None:
    """Each reply to EHLO is then made of what its method returns."""
    answers = {"extensions": {b"X-OWN": None}, "listExtensions": b"X-OWN"}
    listed = type(
        "Listed", (SMTPServerProtocol,), {method: lambda self: answers[method]}
    )
    wire = new_wire(protocol=listed)
    assert announced(wire) == announced(wire) == ["X-OWN"]


def test_a_reply_to_ehlo_has_the_present_limits(new_wire: Any) -> None:
    """The replies of listeners and sessions with other limits are not taken for it."""
    for size in (1000, 2000, 1000):
        wire = new_wire(settings=Settings(limits=Limits(message_size=size)))
        assert f"SIZE {size}" in announced(wire)
        wire.protocol.change_limits(message_size=None)
        assert "SIZE" in announced(wire)


def test_a_reply_to_ehlo_has_the_present_time(wire: Any) -> None:
    """RFC 4865: the latest release of a message moves on."""
    before = [line for line in announced(wire) if "FUTURERELEASE" in line]
    assert [line for line in announced(wire) if "FUTURERELEASE" in line] == before
    wire.clock.advance(60)
    assert [line for line in announced(wire) if "FUTURERELEASE" in line] != before
