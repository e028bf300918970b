"""Mail that a browser shows: what it loads, and what its links may do."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.readers.http.gate import Gate

from ..api.test_views import IN_FRAME, MESSAGE
from ..conftest import Mail
from ..test_gate import basic

# What a browser says of a link in a mail, or on a page of another site.
LINK = {
    "sec_fetch_site": "cross-site",
    "sec_fetch_mode": "navigate",
    "sec_fetch_dest": "document",
}


def image_of(mail: Mail, path: str, **headers: str) -> str:
    """Return the URL of the image of a document."""
    html = mail.client.get(path, **headers).text
    return html.partition("<img src=")[2].lstrip('"').partition(">")[0].rstrip('"')


@pytest.fixture
def shown() -> Mail:
    """A server that asks for a login, with one message that has an image."""
    mail = Mail(gate=Gate(users={"ann": "secret"}), base="/mail")
    mail.add(MESSAGE)
    return mail


@pytest.mark.parametrize("query", ["", "?embed=1"])
def test_a_document_in_a_sandbox_loads_its_images(shown: Mail, query: str) -> None:
    """Its origin is none, and it sends no login."""
    path = f"/mail/view/latest.html{query}"
    url = image_of(shown, path, authorization=basic("ann", "secret"))
    answer = shown.client.get(url, **IN_FRAME)
    assert (answer.status, answer.text.strip()) == (200, "PIXELS")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("change", [(r"token=.*", "token=x"), (r"\?.*", "")])
def test_without_its_token_an_image_needs_a_login(
    shown: Mail, change: tuple[str, str]
) -> None:
    """As everything else does."""
    url = image_of(
        shown, "/mail/view/latest.html", authorization=basic("ann", "secret")
    )
    assert shown.client.get(re.sub(*change, url)).status == 401


def test_without_its_token_an_image_is_not_for_frames(mail: Mail) -> None:
    """Also of a server that asks for no login."""
    id = mail.add(MESSAGE)
    answer = mail.client.get(f"/api/v1/message/{id}/part/2", **IN_FRAME)
    assert answer.status == 403


def test_a_token_opens_the_parts_of_one_message_only(mail: Mail) -> None:
    """The token of another message is refused."""
    first, second = mail.add(MESSAGE), mail.add(MESSAGE)
    url = image_of(mail, f"/view/{first}.html")
    assert mail.client.get(url.replace(first, second), **IN_FRAME).status == 403


def getters() -> list[str]:
    """Return the paths of all that a GET answers, with a message in its place."""
    mail = Mail(has_mailhog=True)
    endless = ("/events", "/wait", "/websocket")
    paths = [
        re.sub(r"\{(part|section)\}", "1", route.template)
        for route in mail.reader.site.routes
        if route.method == "GET" and not route.template.endswith(endless)
    ]
    mail.reader.close()
    return sorted(paths)


@pytest.mark.parametrize("path", getters())
def test_a_link_of_another_site_changes_nothing(path: str) -> None:
    """A click is no will of the user to change something."""
    mail = Mail(has_mailhog=True)
    id = mail.add(MESSAGE)
    change = mail.store.last_change()
    mail.client.get(re.sub(r"\{\w+\}", id, path), **LINK)
    assert mail.store.last_change() == change
    mail.reader.close()


def test_a_link_of_another_site_shows_the_message(mail: Mail) -> None:
    """People send each other such links."""
    assert mail.client.get(f"/view/{mail.add(MESSAGE)}.html", **LINK).status == 200


@pytest.mark.parametrize("path", ["/api/v1/message/{}", "/view/{}.html"])
def test_without_another_site_it_is_marked_as_read(mail: Mail, path: str) -> None:
    """As clients of Mailpit expect."""
    mail.client.get(path.format(mail.add(MESSAGE)))
    assert mail.client.get("/api/v1/messages").json["unread"] == 0
