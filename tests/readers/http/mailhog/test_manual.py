"""The page of the manual on MailHog is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..conftest import Mail

if TYPE_CHECKING:
    from .conftest import Hog

PAGE = (Path(__file__).parents[4] / "doc" / "mailhog.rst").read_text()
COMMANDS = re.findall(r"\$ curl \"?localhost:8025(\S+?)\"?\n", PAGE)


def test_the_table_has_all_paths_and_no_others(hog: Hog) -> None:
    table = PAGE.partition(".. list-table:: Paths of MailHog\n")[2]
    table = re.split(r"\n(?=\S)", table)[0]
    described = set(re.findall(r"``([A-Z]+) (/[^`]*)``", table))
    assert described == {
        (each.method, each.template) for each in hog.reader.site.routes
    }


def test_its_requests_are_answered(hog: Hog) -> None:
    hog.add(rcpt_tos=("anna@example.com",))
    assert len(COMMANDS) == 2
    for path in COMMANDS:
        assert hog.client.get(path).json["total"] == 1


def test_the_other_port_has_them_under_a_prefix(make_mail: type[Mail]) -> None:
    mail = make_mail(has_mailhog=True)
    mail.add()
    assert mail.client.get("/mailhog/api/v2/messages").json["total"] == 1
    assert mail.client.get("/mailhog/api/v2/nothing").body == b""
    mail.reader.close()


def test_without_the_option_they_are_off(mail: Mail) -> None:
    assert mail.client.get("/mailhog/api/v2/messages").status == 404
