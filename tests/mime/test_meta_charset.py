"""The charset that an HTML document declares in itself (WHATWG HTML 13.2.3.2)."""

from __future__ import annotations

import codecs
import re
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.meta_charset import prescan

SUITE = Path(__file__).parent / "suites" / "html5lib-tests.zip"
BOM = b"\xef\xbb\xbf"
# The standard's own names for what Python calls otherwise.
CANONICAL = {"iso8859-1": "windows-1252", "ascii": "windows-1252"}


def lookup(label: str) -> str | None:
    """Return Python's name for a label; anything but letters and digits is none."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", label):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return CANONICAL.get(name, name.replace("cp125", "windows-125"))


def suite() -> list[tuple[bytes, str]]:
    """Return the inputs of html5lib-tests, and the charset of each."""
    found = []
    with zipfile.ZipFile(SUITE) as archive:
        for name in ("encoding/tests1.dat", "encoding/tests2.dat"):
            for case in archive.read(name).split(b"#data\n")[1:]:
                document, _, rest = case.partition(b"\n#encoding\n")
                found.append((document, rest.split(b"\n")[0].decode().strip()))
    return found


def test_every_document_of_the_suite_has_its_charset():
    """But two with a byte order mark, and those that a script would have to write."""
    cases = [
        (document, charset)
        for document, charset in suite()
        if not document.startswith(BOM) and b"document.write" not in document
    ]
    wrong = [
        (document[:100], charset)
        for document, charset in cases
        if (prescan(document, lookup) or "windows-1252") != lookup(charset)
    ]
    assert (len(cases), wrong) == (78, [])


@pytest.mark.parametrize(
    ("document", "charset"),
    [
        (b"<meta charset=gb2312>", "gb2312"),
        (b"<META CHARSET='GB2312'>", "gb2312"),
        (b"<meta/charset=gb2312/>", None),
        (b'<meta charset="gb2312"/>', "gb2312"),
        (b"<meta charset=bogus><meta charset=gb2312>", "gb2312"),
        (b"<meta charset=koi8-r charset=gb2312>", "koi8-r"),
        (b"<!-- <meta charset=koi8-r> --><meta charset=gb2312>", "gb2312"),
        (b"<!--><meta charset=gb2312>", "gb2312"),
        (b"<!-- <meta charset=gb2312>", None),
        (b"<a title='<meta charset=koi8-r>'><meta charset=gb2312>", "gb2312"),
        (b"<!x <meta charset=koi8-r><meta charset=gb2312>", "gb2312"),
        (b"<meta http-equiv=content-type content='a; charset = gb2312 ;'>", "gb2312"),
        (b"<meta content='a; charset=gb2312' http-equiv=content-type>", "gb2312"),
        (b"<meta content='a; charset=gb2312'>", None),
        (b"<meta http-equiv=refresh content='a; charset=gb2312'>", None),
        (b"<meta name=x charset2=gb2312>", None),
        (b"<metal charset=gb2312>", None),
        (b"<meta charset=gb2312", None),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", None),
        (b"<?xml version='1.0' encoding='gb2312'?><p>", "gb2312"),
        (b"<?xml encoding='koi8-r'?><meta charset=gb2312>", "gb2312"),
        (b"<p><?xml encoding='gb2312'?>", None),
        ("<?xml version='1.0'?>".encode("utf-16-le"), "utf-16-le"),
        ("<?xml version='1.0'?>".encode("utf-16-be"), "utf-16-be"),
        (b"<style>" + b"p {}" * 1000 + b"</style><meta charset=gb2312>", "gb2312"),
        (b"charset=gb2312", None),
        (b"", None),
    ],
)
def test_the_declared_charset_is_found(document, charset):
    """Of the first meta element that declares one that is known."""
    assert prescan(document, lookup) == charset


def test_x_user_defined_stands_for_windows_1252():
    """As the standard says."""
    assert (
        prescan(b"<meta charset=x-user-defined>", {
            "x-user-defined": "x-user-defined", "windows-1252": "windows-1252"
        }.get)
        == "windows-1252"
    )  # fmt: skip


@pytest.mark.parametrize(
    "unit",
    [b"<", b"<!--", b"<!", b"<a ", b'<a b="', b"<meta ", b"<meta charset=", b"</",
     b"<meta content='charset charset ", b"<?xml encoding", b"=", b"/"],
)  # fmt: skip
def test_a_hostile_document_takes_no_time(unit):
    """Whatever a document repeats."""
    start = time.process_time()
    prescan(unit * (1_000_000 // len(unit)), lookup)
    assert time.process_time() - start < 2


TOKENS = st.sampled_from(
    [b"<meta ", b"charset", b"=", b'"', b"'", b">", b"<!--", b"-->", b"content", b"/",
     b"http-equiv=content-type", b"utf-8", b"<a ", b"<?xml encoding=", b" ", b"\0"]
)  # fmt: skip


@given(st.lists(TOKENS | st.binary(max_size=4)).map(b"".join))
def test_any_bytes_are_prescanned(document):
    """And nothing is raised."""
    assert prescan(document, lookup) is None or lookup("utf-8") is not None
