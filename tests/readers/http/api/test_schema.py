"""Requests made from the descriptions of our APIs, against a real server.

A program makes them from a document, our own OpenAPI or that for clients of Mailpit,
which is all that it knows. Nightly,
``LAZR_SMTPTEST_EXAMPLES`` is the number of requests for each operation.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ....commands import PATIENCE, Start, send

# Not asked: whether requests that break the schema are refused. Some are not, such as a
# text for a number in the query of a URL, which a schema cannot tell from a number.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
# Mailpit's document names no error but 400 and 404.
MAILPIT_CHECKS = ("not_a_server_error", "response_schema_conformance")
# Those that would wait for mail or last forever: test_openapi.py has them.
ENDLESS = ("/events", "/wait", "/assert")


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="it needs Python 3.11")
@pytest.mark.parametrize(
    ("document", "checks"),
    [("api/v2/openapi.json", CHECKS), ("api/v1/swagger.json", MAILPIT_CHECKS)],
)
def test_no_answer_is_undocumented(
    start: Start, tmp_path: Path, document: str, checks: tuple[str, ...]
) -> None:
    """And none is an error of the server."""
    process = start("smtptest", "--port=0", "--http=tcp:0:interface=127.0.0.1")
    smtp, port = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    for _ in range(3):
        send(int(smtp))
    url = f"http://127.0.0.1:{port}"
    nightly = os.environ.get("LAZR_SMTPTEST_EXAMPLES")
    phases = "examples,coverage,fuzzing" if nightly else "examples,fuzzing"
    words = [
        *("run", f"{url}/{document}", f"--url={url}", "--no-color"),
        *(f"--phases={phases}", f"--max-examples={nightly or 3}"),
        *(f"--checks={','.join(checks)}", f"--request-timeout={PATIENCE}"),
        *("--continue-on-failure", "--generation-database=none"),
        f"--exclude-path-regex=({'|'.join(ENDLESS)})$|/mailboxes/.*/",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=None if nightly else 10 * PATIENCE,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
