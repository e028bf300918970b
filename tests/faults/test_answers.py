"""Answers and what becomes of them: AUTH, SIZE, pieces, empty lines, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.smtp.limits import Limits
from tests.conformance.sasl import FIRST, b64, scram_final

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Site

HELLO = "EHLO client.example.com"
RCPT = "RCPT TO:<to@example.com>"


def sized(client: Client, size: int) -> list[str]:
    """Send a message of so many bytes without declaring it; the codes."""
    lines = ["x" * (size - 2), "."]
    return client.codes("MAIL FROM:<a@x>", RCPT, "DATA") + client.codes(*lines)


# AUTH


def test_a_challenge_is_a_step_and_no_login(site: Site, plain: str) -> None:
    """The client's next line is read, and refused."""
    site.faults.on("AUTH", step=1).reply(334, "eyJzdGF0dXMiOiI0MDAifQ==")
    client = site.connect().greeted()
    assert client.say(f"AUTH PLAIN {plain}") == b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"
    session = client.protocol.session
    assert (session.user, session.login_attempts) == (None, 1)
    assert client.say("") == b"535 5.7.8 authentication failed\r\n"
    assert session.user is None
    assert client.codes("NOOP") == ["250"]


def test_a_token_is_refused_after_a_challenge(site: Site) -> None:
    """As a provider does whose access tokens run out."""
    faults = site.faults
    faults.on("AUTH", mechanism="XOAUTH2", step=1).reply(334, b64("{}"))
    faults.on("AUTH", mechanism="XOAUTH2", step=2).reply(535, "5.7.3 token expired")
    token = b64("user=anna\x01auth=Bearer secret\x01\x01")
    client = site.connect().greeted()
    assert client.codes(f"AUTH XOAUTH2 {token}") == ["334"]
    assert client.say("") == b"535 5.7.3 token expired\r\n"
    assert client.protocol.session.user is None
    faults.assert_all_fired()


def test_a_challenge_may_come_again(site: Site, plain: str) -> None:
    """As often as the rules say, and nobody is in at the end."""
    site.faults.on("AUTH").reply(334, "")
    client = site.connect().greeted()
    said = [client.say(line) for line in (f"AUTH PLAIN {plain}", "", "")]
    assert said == [b"334 \r\n"] * 3
    assert client.codes("*") == ["501"]
    assert client.protocol.session.user is None


def test_a_challenge_before_the_login_logs_nobody_in(site: Site, plain: str) -> None:
    """It stands in place of the verdict."""
    site.faults.on("LOGIN", times=1).reply(334, "Pz8/")
    client = site.connect().greeted()
    assert client.codes(f"AUTH PLAIN {plain}", "", "NOOP") == ["334", "535", "250"]
    assert client.codes(f"AUTH PLAIN {plain}") == ["235"]


def test_a_challenge_in_other_octets_logs_nobody_in(site: Site, plain: str) -> None:
    """It is not the way of writing that counts."""
    site.faults.on("AUTH", times=1).raw(b"334 Pz8/\r\n")
    client = site.connect().greeted()
    assert client.codes(f"AUTH PLAIN {plain}", "") == ["334", "535"]


def test_a_wrong_prompt_leaves_the_exchange_as_it_is(site: Site) -> None:
    """Where the server has a challenge of its own only its text is another."""
    site.faults.on("AUTH", step=1).reply(334, "VXNlciBOYW1lAA==")
    client = site.connect().greeted()
    assert client.say("AUTH LOGIN") == b"334 VXNlciBOYW1lAA==\r\n"
    assert client.codes(b64("anna"), b64("secret")) == ["334", "235"]
    assert client.protocol.session.user == "anna"


def test_a_challenge_after_the_servers_proof_logs_nobody_in(site: Site) -> None:
    """With SCRAM the server has decided before it says 235."""
    site.faults.on("AUTH", step=3).reply(334, "Pz8/")
    client = site.connect().greeted()
    first = client.say(f"AUTH SCRAM-SHA-256 {b64(f'n,,{FIRST}')}").decode()
    assert client.codes(scram_final(first.split()[1])) == ["334"]
    assert client.codes("", "") == ["334", "535"]
    assert client.protocol.session.user is None


def test_a_positive_reply_ends_the_exchange(site: Site) -> None:
    """The client takes it that it is in, and goes on with commands."""
    site.faults.on("AUTH", step=1).reply(235, "2.7.0 come in")
    client = site.connect().greeted()
    assert client.codes("AUTH LOGIN", "NOOP") == ["235", "250"]
    assert client.protocol.session.user is None


def test_a_login_that_is_accepted_is_one(site: Site, plain: str) -> None:
    """Only the words are others."""
    site.faults.on("AUTH").reply(235, "2.7.0 come in")
    client = site.connect().greeted()
    assert client.say(f"AUTH PLAIN {plain}") == b"235 2.7.0 come in\r\n"
    assert client.protocol.session.user == "anna"


# SIZE


def test_an_announced_size_is_enforced_at_mail(site: Site) -> None:
    """By what the client declares."""
    site.faults.on("EHLO").announce("SIZE 1000")
    client = site.connect().greeted()
    codes = client.codes("MAIL FROM:<a@x> SIZE=1001", "MAIL FROM:<a@x> SIZE=1000")
    assert codes == ["552", "250"]


def test_an_announced_size_is_enforced_at_the_end_of_data(site: Site) -> None:
    """By what came."""
    site.faults.on("EHLO").announce("SIZE 1000")
    client = site.connect().greeted()
    assert sized(client, 1000)[-1] == "250"
    assert sized(client, 1001)[-1] == "552"


def test_an_announced_size_is_enforced_for_chunks(site: Site) -> None:
    """RFC 3030: all chunks of a message count."""
    site.faults.on("EHLO").announce("SIZE 10")
    client = site.connect().greeted()
    client.say("MAIL FROM:<a@x>", RCPT)
    assert client.send(b"BDAT 6\r\n123456")[:3] == b"250"
    assert client.send(b"BDAT 6 LAST\r\n123456")[:3] == b"552"


def test_a_greater_size_than_the_servers_own_is_enforced(new_site: type[Site]) -> None:
    """The client was told that so much is taken."""
    site = new_site(limits=Limits(message_size=100))
    site.faults.on("EHLO").announce("SIZE 1000")
    client = site.connect().greeted()
    assert sized(client, 500)[-1] == "250"


def test_a_size_may_change_with_the_second_ehlo(site: Site, plain: str) -> None:
    """As after AUTH; the third EHLO is answered as ever."""
    site.faults.on("EHLO", user="anna", times=1).announce("SIZE 50")
    client = site.connect().greeted()
    assert sized(client, 100)[-1] == "250"
    assert b"SIZE 50\r\n" in client.say(f"AUTH PLAIN {plain}", HELLO)
    assert sized(client, 100)[-1] == "552"
    assert b"SIZE 50\r\n" not in client.say(HELLO)
    assert sized(client, 100)[-1] == "250"


def test_a_size_in_a_reply_of_the_tests_is_enforced_too(site: Site) -> None:
    """However it was written."""
    site.faults.on("EHLO").reply(250, "mx.example.com\nSIZE 50\nHELP")
    client = site.connect().greeted()
    assert client.codes("MAIL FROM:<a@x> SIZE=51") == ["552"]


@pytest.mark.parametrize("line", ["SIZE", "SIZE 0", "SIZE many"])
def test_a_size_without_a_number_is_none(new_site: type[Site], line: str) -> None:
    """RFC 1870 section 4: the server's own limit holds, unannounced."""
    site = new_site(limits=Limits(message_size=100))
    site.faults.on("EHLO").announce(line)
    client = site.connect().greeted()
    assert sized(client, 100)[-1] == "250"
    assert sized(client, 101)[-1] == "552"


def test_what_only_the_settings_announce_is_not_enforced(new_site: type[Site]) -> None:
    """That is what `Settings.values` is for."""
    site = new_site(values={"SIZE": "50"})
    site.faults.on("EHLO").hide("HELP")
    client = site.connect().greeted()
    assert sized(client, 100)[-1] == "250"


# Pieces


def test_a_reply_comes_in_pieces_at_offsets(site: Site) -> None:
    """With the same pause between them; an offset behind the end is none."""
    site.faults.on("NOOP").reply(250, "2.0.0 OK").pieces(2, 1, 6, 100)
    client = site.connect().greeted()
    heard = [client.say("NOOP")]
    for _ in range(2):
        site.clock.advance(1.9)
        assert client.heard() == b""
        site.clock.advance(0.1)
        heard.append(client.heard())
    assert heard == [b"2", b"50 2.", b"0.0 OK\r\n"]


def test_the_extensions_come_line_by_line(site: Site) -> None:
    """The server's own reply to EHLO, too."""
    site.faults.on("EHLO").pieces(0.5)
    client = site.connect()
    client.heard()
    heard = client.say(HELLO)
    assert heard.count(b"\r\n") == 1
    site.clock.advance(0.5)
    assert client.heard().startswith(b"250-")


def test_pieces_without_a_pause_are_written_one_by_one(site: Site) -> None:
    """All at once."""
    site.faults.on("NOOP").reply(250, "one\ntwo").pieces(0)
    client = site.connect().greeted()
    client.transport.writes.clear()
    client.say("NOOP")
    assert client.transport.writes == [b"250-one\r\n", b"250 two\r\n"]


def test_empty_lines_stand_where_they_are_wanted(site: Site) -> None:
    """Before the reply, within it, and after it."""
    site.faults.on("NOOP").reply(250, "one\ntwo").blank(0, 1, 2)
    client = site.connect().greeted()
    assert client.say("NOOP") == b"\r\n250-one\r\n\r\n250 two\r\n\r\n"


def test_a_reply_may_be_lost_alone(site: Site) -> None:
    """The command is obeyed, and those that follow are answered."""
    site.faults.on("RCPT", nth=1).swallow()
    client = site.connect().greeted()
    codes = client.codes("MAIL FROM:<a@x>", "RCPT TO:<a@x>", "RCPT TO:<b@x>", "DATA")
    assert codes == ["250", "250", "354"]
    client.codes(".")
    assert site.envelopes[0].rcpt_tos == ("a@x", "b@x")


# What an address asks for


def test_an_address_dictates_the_reply(site: Site) -> None:
    """Any code of a refusal; all other addresses are taken."""
    site.faults.on("RCPT").reply_by_address()
    client = site.connect().greeted()
    recipients = ("552@x", "450.later@x", "a@x", "250@x", "5501@x")
    assert client.mail(*recipients)[1:6] == ["552", "450", "250", "250", "250"]
    assert len(site.faults.journal) == 2


def test_a_sender_dictates_the_reply(site: Site) -> None:
    """Also the one that ends the session."""
    site.faults.on("MAIL").reply_by_address("4.7.0 as you wish")
    client = site.connect().greeted()
    assert client.codes("MAIL FROM:<>", "RSET") == ["250", "250"]
    said = client.say("MAIL FROM:<421@error.example.com>")
    assert said == b"421 4.7.0 as you wish\r\n"
    assert client.closed


@pytest.mark.parametrize(
    ("write", "kind", "why"),
    [
        (lambda rule: rule.pieces(-1), ValueError, "seconds must be 0 or more"),
        (lambda rule: rule.pieces(1, 5, 5), ValueError, "offset must be 6 or more"),
        (lambda rule: rule.pieces(1, 0), ValueError, "offset must be 1 or more"),
        (lambda rule: rule.blank(-1), ValueError, "place must be 0 or more"),
        (lambda rule: rule.blank("x"), TypeError, "place is a number, not 'x'"),
        (
            lambda rule: rule.reply_by_address(5),
            TypeError,
            "text of a reply is a str, not 5",
        ),
        (lambda rule: rule.idle(-1), ValueError, "seconds must be 0 or more"),
        (lambda rule: rule.idle(1, 5), TypeError, "text of a reply is a str, not 5"),
        (lambda rule: rule.refuse_connections("1"), TypeError, "seconds is a number"),
    ],
)
def test_an_argument_that_cannot_be_is_an_error(
    write: Any, kind: type[Exception], why: str
) -> None:
    """It says what is allowed."""
    with pytest.raises(kind, match=why):
        write(Faults().on("MAIL"))


@pytest.mark.parametrize(
    "text", ["a\0b", "\0", "a\rb", "a\r", "5.1.1 a\n5.1.1 b\rc"], ids=ascii
)
def test_a_text_that_no_reply_can_have_is_an_error(site: Site, text: str) -> None:
    """RFC 5321 section 4.2; where it is written."""
    with pytest.raises(ValueError, match="has no NUL and no CR without LF"):
        site.faults.on("NOOP").reply(250, text)
