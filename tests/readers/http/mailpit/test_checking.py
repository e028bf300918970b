"""Mailpit's API: the checks of messages."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.checks.service import CheckSettings
from lazr_smtptest.outbound.http.allowed import Allowed

from ..conftest import Mail

HTML = (
    "Content-Type: text/html\n\n"
    '<div style="text-align:center"><a href="http://10.0.0.1/">a</a><img src="x"></div>'
)


def make(make_mail: type[Mail], **settings: Any) -> Mail:
    """Make a store with a message, and checks with settings."""
    mail = make_mail(server={"check_settings": CheckSettings(**settings)})
    mail.add(HTML)
    return mail


def test_the_html_check_names_what_is_not_supported(make_mail: type[Mail]) -> None:
    """With the results of each program."""
    mail = make(make_mail)
    answer = mail.client.get("/api/v1/message/latest/html-check")
    assert answer.status == 200
    slugs = [warning["Slug"] for warning in answer.json["Warnings"]]
    assert "css-text-align" in slugs
    assert all(warning["Results"] for warning in answer.json["Warnings"])
    assert answer.json["Total"]["Nodes"] == 3
    mail.reader.close()


def test_a_message_without_html_has_no_html_check(mail: Mail) -> None:
    """The text of the error is Mailpit's."""
    mail.add()
    answer = mail.client.get("/api/v1/message/latest/html-check")
    assert (answer.status, answer.text) == (400, "message does not contain HTML")


def test_a_missing_package_is_an_error(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the extra."""
    monkeypatch.setattr("lazr_smtptest.checks.html_check.find_spec", lambda name: None)
    mail.add(HTML)
    answer = mail.client.get("/api/v1/message/latest/html-check")
    assert answer.status == 400
    assert "lazr.smtptest[checks]" in answer.text


def test_links_are_not_checked_by_default(mail: Mail) -> None:
    """The error names the option, and the message stays unread."""
    mail.add(HTML)
    answer = mail.client.get("/api/v1/message/latest/link-check")
    assert answer.status == 400
    assert "--link-check" in answer.text
    assert mail.store.counts().unread == 1


def test_the_link_check_shows_each_link(make_mail: type[Mail]) -> None:
    """A private address is not asked; the message is read."""
    mail = make(make_mail, links=Allowed(["*"]))
    answer = mail.client.get("/api/v1/message/latest/link-check?follow=true")
    assert answer.json == {
        "Errors": 1,
        "Links": [
            {
                "URL": "http://10.0.0.1/",
                "StatusCode": 451,
                "Status": "Blocked: 10.0.0.1 has the private address 10.0.0.1",
            }
        ],
    }
    assert mail.store.counts().unread == 0
    mail.reader.close()


def test_there_is_no_spam_check_by_default(mail: Mail) -> None:
    """As in Mailpit, and its configuration says so."""
    mail.add(HTML)
    assert mail.client.get("/api/v1/message/latest/sa-check").status == 404
    assert mail.client.get("/api/v1/webui").json["SpamAssassin"] is False


def test_the_spam_check_is_there_with_a_server(make_mail: type[Mail]) -> None:
    """The route is, and the configuration says so."""
    mail = make(make_mail, spamd="127.0.0.1:783")
    assert mail.client.get("/api/v1/webui").json["SpamAssassin"] is True
    assert any("sa-check" in route.template for route in mail.reader.site.routes)
    mail.reader.close()


@pytest.mark.parametrize("name", ["html-check", "link-check"])
def test_an_unknown_message_has_no_check(mail: Mail, name: str) -> None:
    """Its id names nothing."""
    assert mail.client.get(f"/api/v1/message/absent/{name}").status == 404
