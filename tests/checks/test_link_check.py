"""The link check, in memory."""

from __future__ import annotations

import pytest
from twisted.internet.error import ConnectionRefusedError

from lazr_smtptest.checks.functions import FUNCTIONS, LINKS
from lazr_smtptest.checks.link_check import LinkCheck, LinkChecker, LinkResult
from lazr_smtptest.checks.links import as_ascii, links_of
from lazr_smtptest.checks.mailpit import link_check_shape
from lazr_smtptest.model.envelope import Envelope
from tests.outbound.http.servers import Network, result_of

URL = "http://example.com/a"


@pytest.fixture
def network() -> Network:
    """A network without anything."""
    return Network()


@pytest.fixture
def checker(network: Network) -> LinkChecker:
    """A link checker in it."""
    return LinkChecker(network.client, network.reactor)


def mail(html: str = "", text: str = "") -> Envelope:
    content = (
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
    )
    return Envelope(mail_from="a@x", rcpt_tos=(), content=content.encode())


# The links


def test_the_links_of_html_and_text_are_found_once():
    """In order: anchors, style sheets, images, text."""
    html = (
        "<img src='http://x/image'><link rel=stylesheet href='http://x/sheet'>"
        "<a href='http://x/a'>a</a><a href='http://x/a#b'>b</a>"
    )
    found = links_of(mail(html, "See http://x/a or <https://x/text>."))
    assert found == [
        "http://x/a",
        "http://x/a#b",
        "http://x/sheet",
        "http://x/image",
        "https://x/text",
    ]


def test_other_links_are_left_out():
    """Only those that can be requested by HTTP are."""
    html = "<a href='mailto:a@x'>a</a><img src='cid:a'><img src='data:,'><a href='/b'>"
    assert links_of(mail(html, "ftp://x/a")) == []


def test_no_more_than_a_hundred_links_are_returned():
    """A mail can have any number."""
    assert (
        len(links_of(mail(text=" ".join(f"http://x/{n}" for n in range(200))))) == 100
    )


def test_the_links_are_found_by_a_child():
    """A list passes as JSON; a message that cannot be read has none."""
    function = FUNCTIONS[LINKS]
    found = function.run(mail(text="http://x/a"))
    assert function.decode(function.encode(found)) == ["http://x/a"]
    assert function.failed(mail(), "why") == []


@pytest.mark.parametrize(
    ("url", "ascii"),
    [
        ("http://example.com/a?b=%20#c", "http://example.com/a?b=%20"),
        (
            "http://b\u00fccher.example:8080/\u00e4 b",
            "http://xn--bcher-kva.example:8080/%C3%A4%20b",
        ),
    ],
)
def test_a_url_is_requested_in_ascii(url, ascii):
    """Mails have it as people read it."""
    assert as_ascii(url) == ascii


# The requests


def test_a_link_is_asked_for_its_head(network, checker):
    """One request, and no body."""
    checking = checker.check([URL])
    peer = network.take()
    assert peer.line == "HEAD /a HTTP/1.1"
    peer.answer()
    assert result_of(checking) == LinkCheck((LinkResult(URL, 200, "OK"),))


@pytest.mark.parametrize("status", ["405 No", "501 No", "403 No", "404 No"])
def test_a_server_that_answers_no_head_is_asked_again(network, checker, status):
    """Many answer GET only."""
    checking = checker.check([URL])
    network.take().answer(status)
    peer = network.take()
    assert peer.line == "GET /a HTTP/1.1"
    peer.answer()
    assert result_of(checking).errors == 0


def test_the_status_of_an_error_is_shown(network, checker):
    """It is that of the second request."""
    checking = checker.check([URL])
    network.take().answer("404 Whatever")
    network.take().answer("404 Whatever")
    check = result_of(checking)
    assert check.links == (LinkResult(URL, 404, "Not Found"),)
    assert check.errors == 1


def test_a_server_that_cannot_be_reached_is_an_error(network, checker):
    """Its status is 0, and the text is the reason."""
    checking = checker.check([URL])
    network.refuse(ConnectionRefusedError())
    [link] = result_of(checking).links
    assert link.status == 0
    assert "refused" in link.text


def test_a_private_address_is_blocked(network, checker):
    """Nothing is sent there."""
    network.addresses["example.com"] = ["10.0.0.1"]
    [link] = result_of(checker.check([URL])).links
    assert link.status == 451
    assert link.text.startswith("Blocked: example.com has the private address")


@pytest.mark.parametrize(
    "url", ["http://", "http://exa mple/", "http://\u2603-.example/"]
)
def test_a_link_that_is_no_url_is_an_error(network, checker, url):
    """The mail is wrong, not the check."""
    [link] = result_of(checker.check([url])).links
    assert (link.url, link.status) == (url, 0)
    assert not network.connections


def test_a_redirect_is_followed_if_asked_for(network, checker):
    """Else its status is the result."""
    first = checker.check([URL])
    network.take().answer("301 Moved", Location="/b")
    assert result_of(first).links[0].status == 301
    second = checker.check([URL], follow=True)
    network.take().answer("301 Moved", Location="/b")
    peer = network.take()
    assert peer.line == "HEAD /b HTTP/1.1"
    peer.answer("204 No")
    assert result_of(second).links[0].status == 204


def test_few_links_are_asked_at_the_same_time(network, checker):
    """The others wait for their turn, and keep their place."""
    urls = [f"{URL}{n}" for n in range(8)]
    checking = checker.check(urls)
    assert len(network.connections) == 5
    while network.connections:
        network.take().answer()
    assert [link.url for link in result_of(checking).links] == urls


def test_a_result_is_kept_for_a_minute(network, checker):
    """A page that is loaded again makes no new requests."""
    checker.check([URL])
    network.take().answer()
    assert result_of(checker.check([URL])).errors == 0
    network.reactor.advance(61)
    checker.check([URL])
    assert len(network.connections) == 1


def test_all_links_together_take_a_minute_at_most(network, checker):
    """Of those that are left the result says so."""
    checking = checker.check([f"{URL}{n}" for n in range(100)])
    for _ in range(60):
        network.reactor.advance(1)
    check = result_of(checking)
    assert check.errors == 100
    assert check.links[-1].text == "not checked within 60 s"


def test_the_shape_is_that_of_mailpit():
    """Its clients compare the keys."""
    check = LinkCheck((LinkResult(URL, 404, "Not Found"), LinkResult(URL, 200, "OK")))
    assert link_check_shape(check) == {
        "Errors": 1,
        "Links": [
            {"URL": URL, "StatusCode": 404, "Status": "Not Found"},
            {"URL": URL, "StatusCode": 200, "Status": "OK"},
        ],
    }
