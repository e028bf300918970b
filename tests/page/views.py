"""The views of the page, for tests that go through all of them."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Error

from .browser import PATIENCE
from .hostile import PIXEL

__all__ = ["VIEWS", "address_of", "furnish", "mail", "settle", "tab_names"]

# By name: the fragment of the address, in which ID is that of a message, SESSION that
# of a session that was refused, and OTHER that of another message.
VIEWS = {
    "list": "#/messages",
    "message": "#/messages/ID/html",
    "text": "#/messages/ID/text",
    "source": "#/messages/ID/source",
    "headers": "#/messages/ID/headers",
    "parts": "#/messages/ID/parts",
    "links": "#/messages/ID/links",
    "envelope": "#/messages/ID/envelope",
    "conversation": "#/messages/ID/conversation",
    "checks": "#/messages/ID/checks",
    "compare": "#/compare/ID/OTHER",
    "sessions": "#/sessions",
    "session": "#/sessions/SESSION",
    "faults": "#/faults",
    "mailboxes": "#/mailboxes",
    "send": "#/send",
    "reply": "#/send?reply=ID",
    "status": "#/status",
    "connect": "#/connect",
}


def mail(subject: str, text: str, html: str | None = None) -> EmailMessage:
    """Return a message as a shop sends it."""
    message = EmailMessage()
    message["From"] = "Example Shop <no-reply@shop.example>"
    message["To"] = "Anna <anna@run-17.test>"
    message["Subject"] = subject
    message["Date"] = "Fri, 27 Nov 2026 12:00:00 +0000"
    message["Received"] = (
        "from web-1.internal (web-1.internal [192.0.2.7]) by mx.shop.example "
        "with ESMTPS id 4711; Fri, 27 Nov 2026 12:00:01 +0000"
    )
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def furnish(site: Any) -> dict[str, str]:
    """Fill a server with mail, a refusal and faults; return the names in addresses."""
    other = mail("Your order #4711 has shipped", "Hello Bert.\n")
    site.send(other, "bounces@shop.example", ["bert@run-17.test", "boss@run-17.test"])
    reset = mail(
        "Reset your password",
        "Your code is 481516.\nhttps://shop.example/reset?token=8a7f\n",
        '<h1>Hello Anna</h1><p>Use the code <b>481516</b>, or <a href="https://shop'
        '.example/reset?token=8a7f">choose a new password</a>.</p>'
        '<img src="http://cdn.shop.example/logo.png" alt="Shop">',
    )
    reset.add_attachment(PIXEL, "image", "gif", filename="logo.gif")
    multiparts = [each for each in reset.walk() if each.is_multipart()]
    for number, each in enumerate(multiparts):
        each.set_boundary(f"part-{number}")
    found = site.send(reset, "bounces@shop.example", ["anna@run-17.test"])
    [first] = [each for each in site.controller.mailbox if each.id != found.id][:1]
    rule = site.controller.faults.on("RCPT", recipient="full@*")
    rule.reply(452, "4.2.2 Mailbox full")
    with (
        pytest.raises(smtplib.SMTPRecipientsRefused),
        smtplib.SMTP(site.controller.host, site.controller.port) as client,
    ):
        client.sendmail("a@b.example", ["full@run-17.test"], "Subject: x\n\nx")
    site.controller.sessions  # noqa: B018  # Waits until it has ended.
    [refused] = [each for each in site.controller.sessions if each.failed]
    return {"ID": found.id, "OTHER": first.id, "SESSION": refused.id}


def address_of(site: Any, view: str, names: dict[str, str]) -> str:
    """Return the address of a view."""
    fragment = VIEWS[view]
    for name, value in names.items():
        fragment = fragment.replace(name, value)
    return f"{site.url}{fragment}"


def tab_names(page: Any) -> list[str]:
    """Return the names of the tabs of a message, as its address has them."""
    ids = page.get_by_role("tab").evaluate_all("tabs => tabs.map((tab) => tab.id)")
    return [each.removeprefix("tab-") for each in ids]


def settle(page: Any, quiet: int = 150) -> None:
    """Wait until the page has drawn what it has, and asks for nothing more.

    Args:
        page: the page.
        quiet: milliseconds without a load, after which no other is expected.
    """
    page.wait_for_load_state("load")
    page.locator("h1").first.wait_for(state="attached")
    page.evaluate(_QUIET, [quiet, PATIENCE])
    for frame in page.frames[1:]:
        # The frame of a view that was left goes with it.
        with suppress(Error):
            frame.wait_for_load_state("load")


# Waits until nothing was loaded for some milliseconds, and then for two frames: in the
# first one the elements are updated.
_QUIET = """async ([quiet, patience]) => {
  const end = performance.now() + patience;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const all = () => performance.getEntriesByType("resource");
  const ends = () => all().map((each) => each.responseEnd);
  while (performance.now() - Math.max(0, ...ends()) < quiet) {
    if (performance.now() > end) throw new Error("the page never stopped loading");
    await frame();
  }
  await frame();
  await frame();
}"""
