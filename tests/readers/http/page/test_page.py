"""The page as it is served: its document, its files, and their caching."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import get_args
from urllib.parse import urljoin

import pytest

from lazr_smtptest.model.transcript_line import Who
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.page.files import (
    FOLDER,
    load_files,
    load_texts,
    shipped,
)

from ..client import Client, Response
from ..conftest import Mail

CHECKOUT = Path(__file__).parents[4]
WORKSHOP = CHECKOUT / "workshop"

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"

# Of the files that are loaded to show the list, and of all of them.
MOST_AT_FIRST = 40_000
MOST_BYTES = 60_000


def address_of(file: str) -> str:
    return f"/page/{load_files().version}/{file}"


def open_page(client: Client, path: str = "/", **headers: str) -> Response:
    return client.get(path, accept=BROWSER, **headers)


class TestBehindAProxy:
    """A proxy that does not pass the Host on."""

    ORIGIN = "https://mail.example"

    def test_the_modules_of_the_page_are_loaded(self, client: Client) -> None:
        answer = client.get(
            address_of("app.js"), host="127.0.0.1:8025", origin=self.ORIGIN
        )
        assert answer.status == 200

    def test_the_api_is_refused_with_what_to_do(self, client: Client) -> None:
        answer = client.request(
            "DELETE", "/api/v2/messages", host="127.0.0.1:8025", origin=self.ORIGIN
        )
        assert answer.status == 403
        assert "proxy_set_header Host $http_host" in answer.json["detail"]

    def test_requests_of_the_nginx_of_the_manual_are_answered(
        self, client: Client
    ) -> None:
        """Also those that want no upgrade have this field."""
        answer = client.get("/api/v2/messages", connection="upgrade")
        assert answer.status == 200


class TestDocument:
    """The document at the path of the page."""

    def test_a_browser_gets_the_document(self, client: Client) -> None:
        answer = open_page(client)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<smtptest-app>" in answer.text

    def test_a_program_gets_the_useful_paths(self, client: Client) -> None:
        answer = client.get("/", accept="*/*")
        assert answer.headers["content-type"].startswith("text/plain")

    def test_all_modules_of_the_beginning_are_loaded_at_once(
        self, client: Client
    ) -> None:
        """None has to be read before a browser asks for another one."""
        text = open_page(client).text
        named = re.findall(r'"modulepreload" href="page/[^/]+/(.+?)"', text)
        assert "app.js" in named
        for name in named:
            source = load_files().others[name].content.decode()
            for each in re.findall(r'^import\b[^;]*?"(\.[^"]+)";', source, re.M):
                assert urljoin(name, each) in named, (name, each)

    def test_views_that_few_people_need_are_loaded_later(self, client: Client) -> None:
        """When somebody goes there."""
        text = open_page(client).text
        for view in ("compare", "faults", "mailboxes", "message", "send", "status"):
            assert f"views/{view}.js" in load_files().others
            assert f"views/{view}.js" not in text

    def test_a_cache_keeps_the_two_apart(self, client: Client) -> None:
        for accept in (BROWSER, "*/*"):
            assert "Accept" in client.get("/", accept=accept).headers["vary"]

    def test_every_file_that_it_names_is_there(self, client: Client) -> None:
        names = re.findall(r'(?:src|href)="([^"]+)"', open_page(client).text)
        assert names
        assert [client.get(f"/{name}").status for name in names] == [200] * len(names)

    def test_it_is_asked_for_again_each_time(self, client: Client) -> None:
        assert open_page(client).headers["cache-control"] == "no-cache"

    def test_a_browser_that_has_it_gets_no_body(self, client: Client) -> None:
        tag = open_page(client).headers["etag"]
        answer = open_page(client, if_none_match=tag)
        assert (answer.status, answer.body) == (304, b"")

    def test_nothing_of_elsewhere_and_nothing_inline_may_run(
        self, client: Client
    ) -> None:
        policy = open_page(client).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy

    def test_it_needs_no_login(self, make_mail: type[Mail]) -> None:
        mail = make_mail(gate=Gate(users={"anna": "secret"}))
        assert open_page(mail.client).status == 200
        assert mail.client.get(address_of("app.js")).status == 200
        assert mail.client.get("/api/v2/messages").status == 401


class TestBase:
    """The page below a base."""

    def test_its_addresses_are_relative(self, make_mail: type[Mail]) -> None:
        mail = make_mail(base="/a/mail")
        names = re.findall(
            r'(?:src|href)="([^"]+)"', open_page(mail.client, "/a/mail/").text
        )
        assert [mail.client.get(f"/a/mail/{each}").status for each in names] == [
            200
        ] * len(names)

    def test_the_base_leads_to_its_slash(self, make_mail: type[Mail]) -> None:
        mail = make_mail(base="/a/mail")
        answer = open_page(mail.client, "/a/mail")
        assert (answer.status, answer.headers["location"]) == (308, "mail/")

    def test_a_program_gets_the_useful_paths_there(self, make_mail: type[Mail]) -> None:
        mail = make_mail(base="/mail")
        assert "/mail/api/v2" in mail.client.get("/mail").text


class TestFiles:
    """The files that the document loads."""

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("app.js", "text/javascript; charset=utf-8"),
            ("tokens.css", "text/css; charset=utf-8"),
            ("lang/en.json", "application/json"),
            ("icon.svg", "image/svg+xml"),
        ],
    )
    def test_a_file_has_its_type(self, client: Client, name: str, kind: str) -> None:
        answer = client.get(address_of(name))
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_a_file_never_changes_under_its_address(self, client: Client) -> None:
        assert "immutable" in client.get(address_of("app.js")).headers["cache-control"]

    def test_a_browser_that_has_a_file_gets_no_body(self, client: Client) -> None:
        tag = client.get(address_of("app.js")).headers["etag"]
        assert client.get(address_of("app.js"), if_none_match=tag).status == 304

    def test_a_file_comes_compressed(self, client: Client) -> None:
        answer = client.get(address_of("app.js"), accept_encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.body == load_files().others["app.js"].content

    def test_a_client_without_gzip_gets_a_file_as_it_is(self, client: Client) -> None:
        answer = client.get(address_of("app.js"))
        assert "content-encoding" not in answer.headers
        assert answer.body == load_files().others["app.js"].content

    def test_a_file_of_another_version_is_not_found(self, client: Client) -> None:
        answer = client.get("/page/0123456789abcdef/app.js")
        assert answer.status == 404
        assert "load the page again" in answer.text

    @pytest.mark.parametrize(
        "name", ["none.js", "../page.py", "%2e%2e/page.py", "index.html", "views/"]
    )
    def test_no_other_file_is_served(self, client: Client, name: str) -> None:
        assert client.get(address_of(name)).status == 404


class TestContent:
    """The content of the files."""

    @pytest.mark.slow
    @pytest.mark.once
    def test_all_of_them_together_are_small(self) -> None:
        """The bound counts the minified bundle, as the sizes of libraries are given."""
        programs = os.environ.get("LAZR_SMTPTEST_PROGRAMS", "")
        if not Path(programs, "node_modules/esbuild").is_dir():
            remedy = "esbuild of npm is not here; .ci/programs DIR gets it"
            if os.environ.get("CI"):
                pytest.fail(remedy, pytrace=False)
            pytest.skip(remedy)
        command = [sys.executable, "-m", "benchmarks.page.bundle"]
        done = subprocess.run(
            command, cwd=CHECKOUT, stdout=PIPE, check=True, timeout=120
        )
        at_first, whole = map(int, done.stdout.split())
        assert at_first <= MOST_AT_FIRST
        assert whole <= MOST_BYTES

    def test_the_compressed_form_is_the_same_file(self) -> None:
        for file in load_files().others.values():
            assert gzip.decompress(file.compressed) == file.content

    @pytest.mark.parametrize(
        ("source", "served"),
        [
            ("// why\na = 1; // how", "a = 1; // how"),
            ("/**\n * what\n */\nf();", "f();"),
            ("/* one */\nf();", "f();"),
            ("t = `\n// text\n`;\n// why\nf();", "t = `\n// text\n`;\nf();"),
            ("if (a) {\n  f();\n}", "if (a) {\nf();\n}"),
        ],
    )
    def test_indents_and_lines_that_are_comments_are_not_served(
        self, source: str, served: str
    ) -> None:
        assert shipped(source) == served

    def test_a_literal_of_several_lines_is_html(self) -> None:
        """Its indents mean nothing, and are not served."""
        # The last one of a line that opens a literal, and not one of HTML.
        opening = re.compile(r"^([^`]*`[^`]*`)*[^`]*(?<!html)(?<=[ (=:,\[])`[^`]*$")
        assert opening.search("f(`a")
        found = [
            line
            for path in FOLDER.rglob("*.js")
            if path.parent.name != "vendor"
            for line in shipped(path.read_text("utf-8")).split("\n")
            if opening.search(line)
        ]
        assert found == []

    def test_the_version_changes_with_a_file(self, tmp_path: Path) -> None:
        versions = set()
        for content in ("a", "b"):
            folder = tmp_path / content
            folder.mkdir()
            (folder / "index.html").write_text("{version}")
            (folder / "app.js").write_text(content)
            files = load_files(folder)
            assert files.index.content.decode() == files.version
            versions.add(files.version)
        assert len(versions) == 2

    def test_lit_is_the_file_that_the_workshop_makes(self) -> None:
        digest = hashlib.sha256((FOLDER / "vendor/lit.js").read_bytes()).hexdigest()
        assert (WORKSHOP / "lit.sha256").read_text().split()[0] == digest

    def test_lit_comes_with_its_licence(self) -> None:
        assert "BSD 3-Clause" in (FOLDER / "vendor/lit.LICENSE.txt").read_text()

    def test_every_module_imports_files_that_are_there(self) -> None:
        for path in FOLDER.rglob("*.js"):
            if path.parent.name == "vendor":
                continue
            found = re.findall(r'(?:from|import) "(\.[^"]+)"', path.read_text())
            for name in found:
                assert (path.parent / name).is_file(), f"{path} imports {name}"


class TestLanguages:
    """The texts of the page."""

    @staticmethod
    def texts(name: str) -> dict[str, str | dict[str, str]]:
        return load_texts(name)

    def test_every_language_has_the_same_texts(self) -> None:
        assert list(self.texts("de")) == list(self.texts("en"))

    def test_everybody_who_says_something_in_a_session_has_a_name(self) -> None:
        assert {f"talk.{each}" for each in get_args(Who)} <= set(self.texts("en"))

    def test_the_same_texts_have_the_same_values(self) -> None:
        english, german = self.texts("en"), self.texts("de")
        for key, text in english.items():
            values = [
                set(re.findall(r"\{\w+\}", str(each))) for each in (text, german[key])
            ]
            assert values[0] == values[1], key

    def test_every_text_is_used_and_every_used_one_is_there(self) -> None:
        """Those of `made`, whose keys are made of codes, have a test of their own."""
        made = re.compile(
            r"(reply|status|class|query|warning|section|setting|unit|action|severity|talk)"
            r"\..*"
        )
        source = "\n".join(
            path.read_text()
            for path in FOLDER.rglob("*.js")
            if path.parent.name != "vendor"
        )
        keys = {key for key in self.texts("en") if not made.fullmatch(key)}
        unused = {key for key in keys if f'"{key}"' not in source}
        missing = set(re.findall(r'\bt\("([^"]+)"', source))
        missing -= set(self.texts("en"))
        assert (unused, missing) == (set(), set())
