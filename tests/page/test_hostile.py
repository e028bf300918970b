"""Hostile messages in the page: nothing runs, nothing loads, nothing breaks."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest

from lazr_smtptest.model.envelope import Envelope

from ..mime.test_hostile import HOSTILE
from .browser import PATIENCE
from .hostile import HTML, PAYLOADS, PIXEL, WORLD
from .views import settle, tab_names

expect = pytest.importorskip("playwright.sync_api").expect

# What hostile texts try: markup, templates, directions, and no end.
TEXT = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>${alert(3)}{{alert(4)}}"
    "\u202egpj.exe\u202c \u2066\u200b javascript:alert(5) " + "w" * 5000
)


def hostile_mail(html: str = HTML) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = '"<img src=x onerror=alert(6)>" <a@b.example>'
    mail["To"] = "anna@example.com"
    mail["Subject"] = TEXT[:900]
    mail["X-<b>"] = TEXT[:900]
    mail["Authentication-Results"] = f"<b>mx</b>; dkim=<i>pass</i> ({TEXT[:200]})"
    mail["Received"] = "from <script>alert(12)</script> by \u202eb; 1 Jan 2026 00:00"
    mail["List-Unsubscribe"] = "<javascript:alert(13)>, <img src=x onerror=alert(14)>"
    mail.set_content(f"{TEXT}\njavascript:alert(7)\nhttp://a.example/<script>\n")
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(8)'/>",
        "image",
        "svg+xml",
        filename="../../<script>alert(9)</script>.svg",
    )
    mail.add_attachment(
        b"<script>alert(10)</script>", "text", "html", filename="x.html"
    )
    mail.add_attachment(PIXEL, "image", "gif", filename="\u202egpj.exe")
    return mail


@pytest.fixture
def safe(page, site, world, requests):
    """Checks that nothing ran, nothing left this machine, and the layout is whole."""

    def check(what: str) -> None:
        assert page.evaluate("window.pwned") is None, what
        assert requests.dialogs == requests.errors == [], what
        assert requests.elsewhere == world.asked == [], what
        assert page.url.startswith(site.url), what
        broken = page.evaluate(
            "document.documentElement.scrollWidth > innerWidth"
            " || document.documentElement.scrollHeight > innerHeight"
        )
        assert not broken, f"{what}: the page is larger than the window"

    return check


def test_the_payloads_run_nothing_in_any_tab(page, site, world, safe):
    """Each tab of the message that has all of them shows it, and nothing else."""
    found = site.send(hostile_mail())
    page.goto(f"{site.url}#/messages/{found.id}")
    expect(page.get_by_role("tab").first).to_be_visible()
    names = tab_names(page)
    assert len(names) >= 8
    for name in names:
        page.goto(f"{site.url}#/messages/{found.id}/{name}")
        expect(page.locator(f"#tab-{name}")).to_have_attribute("aria-selected", "true")
        settle(page)
        safe(name)


def test_its_checks_are_texts(page, site, safe):
    """Those of its HTML have ended, and name what it uses."""
    found = site.send(hostile_mail())
    page.goto(f"{site.url}#/messages/{found.id}/checks")
    check = page.get_by_role("region", name="HTML support")
    expect(check.locator("h2").get_by_role("status")).to_be_visible()
    expect(check.locator(".findings").first).to_contain_text("<script> element")
    safe("checks")


@pytest.mark.parametrize(
    "place", ["compare/ID/ID", "compare/ID/OTHER", "send?reply=ID"]
)
def test_other_views_of_it_are_texts(page, site, safe, place):
    """Neither what is compared nor what is quoted is markup."""
    ids = {"ID": site.send(hostile_mail()).id, "OTHER": site.send().id}
    for name, id in ids.items():
        place = place.replace(name, id)
    page.goto(f"{site.url}#/{place}")
    text = "<script>alert(1)</script>"
    if place.startswith("send"):
        expect(page.get_by_label("Text", exact=True)).to_have_value(
            re.compile(re.escape(text))
        )
    else:
        expect(page.get_by_role("table")).to_contain_text(text)
    settle(page)
    safe(place)


def test_its_attachments_leave_room_for_it(page, site, safe):
    """A thousand of them, with names without end."""
    mail = EmailMessage()
    mail.set_content("The text.")
    for number in range(1000):
        name = f"{number}{'w' * 300}.gif"
        mail.add_attachment(PIXEL, "image", "gif", filename=name)
    found = site.send(mail)
    page.goto(f"{site.url}#/messages/{found.id}")
    expect(page.get_by_role("list", name="Attachments")).to_be_visible()
    expect(page.locator("pre", has_text="The text.")).to_be_in_viewport()
    safe("attachments")


def test_the_html_is_shown_in_spite_of_its_payloads(page, site, safe):
    """The end of the document is in the frame."""
    found = site.send(hostile_mail())
    page.goto(f"{site.url}#/messages/{found.id}/html")
    frame = page.frame_locator("mail-html iframe")
    frame.locator("#end").wait_for(state="attached")
    safe("html")


def test_nothing_runs_or_is_loaded_in_a_window_of_the_html(page, site, safe):
    """No frame holds the document there, but its policy does."""
    found = site.send(hostile_mail())
    page.goto(f"{site.url}#/messages/{found.id}/html")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="window of its own").click()
    popup.value.locator("#end").wait_for(state="attached")
    popup.value.wait_for_load_state("networkidle")
    assert popup.value.evaluate("window.pwned") is None
    assert popup.value.evaluate("origin") == "null"
    assert popup.value.url.startswith(site.url)
    safe("window")


def test_links_and_forms_of_a_mail_leave_the_page_where_it_is(
    page, site, requests, world
):
    """A click may open a window, but runs nothing, sends nothing and moves nothing."""
    html = "".join(PAYLOADS[name] for name in ("javascript", "form", "link"))
    found = site.send(hostile_mail(html))
    page.goto(f"{site.url}#/messages/{found.id}/html")
    frame = page.frame_locator("mail-html iframe")
    for target in ("#js", "#form button", "#top", "#parent"):
        frame.locator(target).click(force=True, no_wait_after=True)
        settle(page)
        assert page.url.startswith(site.url), target
        assert requests.dialogs == [], target
    assert f"GET {WORLD}/form" not in world.asked


def test_the_list_shows_hostile_texts_as_texts(page, site, safe):
    """Neither a subject nor a name is markup."""
    site.send(hostile_mail())
    page.goto(site.url)
    expect(page.get_by_role("option")).to_contain_text("<script>alert(1)</script>")
    safe("list")


# Parts of the hostile messages, each of which is a test.
GROUPS = 4

# Characters of a text, and elements, beyond which a browser takes long to draw them.
LONGEST, MOST = 20_000, 20_000
# With them, the milliseconds in which a message is shown in all tabs.
BOUNDS = (LONGEST, MOST, 4 * PATIENCE)

# How often the page may work as long as for a usual message: it takes 20 ms a tab.
MOST_WORK = 10

# Counts the requests of the page that have no answer yet.
COUNT = """
  window.unanswered = 0;
  const counted = (owner, name) => {
    const call = owner[name];
    owner[name] = async function (...given) {
      window.unanswered += 1;
      try {
        return await call.apply(this, given);
      } finally {
        window.unanswered -= 1;
      }
    };
  };
  counted(window, "fetch");
  counted(Response.prototype, "json");
  counted(Response.prototype, "text");
"""

# Opens a message in each tab, as clicks do, and returns what is wrong there.
OPEN = """async ([id, tabs, longest, most, patience]) => {
  const end = performance.now() + patience;
  let what = "";
  const frame = () => {
    if (performance.now() > end) throw new Error(`the page never showed ${what}`);
    return new Promise(requestAnimationFrame);
  };
  const drawn = async () => {
    // What is asked for when something is drawn, is drawn too.
    for (let still = 0; still < 3; still = unanswered ? 0 : still + 1) await frame();
  };
  const wrong = [];
  for (const tab of tabs) {
    location.hash = `#/messages/${id}/${tab}`;
    const chosen = `#tab-${tab}[aria-selected=true][href*="${id}"]`;
    what = chosen;
    while (!document.querySelector(chosen)) await frame();
    await drawn();
    const check = (isRight, what) => isRight || wrong.push(`${tab}: ${what}`);
    const { scrollWidth, scrollHeight } = document.documentElement;
    const fits = scrollWidth <= innerWidth && scrollHeight <= innerHeight;
    check(fits, "the page is larger than the window");
    check(window.pwned === undefined, "a script of the mail ran");
    check(document.querySelectorAll("*").length <= most, "too many elements");
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { length } = texts.currentNode;
      check(length <= longest, `a text of ${length} characters`);
    }
  }
  return wrong;
}"""


class Work:
    """The time that the page works, as its processor counts it: load does not matter.

    Args:
        page: the page.
    """

    def __init__(self, page):
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before = self._total()

    def _total(self):
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "TaskDuration")

    def lap(self):
        """Return the seconds since the last call."""
        before, self._before = self._before, self._total()
        return self._before - before


@pytest.mark.parametrize("group", range(GROUPS))
def test_hostile_messages_of_the_parser_open_in_every_tab(page, site, safe, group):
    """Malformed and endless ones are shown, in parts or cut if they are large.

    None holds up the page: it takes a few times the work of a usual one.
    """
    names = list(HOSTILE)[group::GROUPS]
    for name in names:
        # Not by SMTP, where some of them are refused.
        content = b"Subject: hostile\r\n" + HOSTILE[name]
        envelope = Envelope(mail_from="", rcpt_tos=("a@b.example",), content=content)
        site.controller.mailbox.add(envelope)
    ids = [each.id for each in site.controller.mailbox]
    assert len(ids) == len(names) > 0
    usual = site.send(hostile_mail("<h1>Order</h1>" + "<p>Item</p>" * 100)).id
    page.set_default_timeout(4 * PATIENCE)
    page.add_init_script(COUNT)
    page.goto(f"{site.url}#/messages/{ids[0]}")
    page.get_by_role("tab").first.wait_for()
    tabs = tab_names(page)
    assert len(tabs) >= 8
    work = Work(page)
    # The first time everything is compiled.
    for id in (usual, ids[0], usual):
        work.lap()
        assert page.evaluate(OPEN, [id, tabs, *BOUNDS]) == []
    once = work.lap()
    for name, id in zip(names, ids, strict=True):
        assert page.evaluate(OPEN, [id, tabs, *BOUNDS]) == [], name[:60]
        assert work.lap() <= MOST_WORK * once, name[:60]
        safe(name[:60])
