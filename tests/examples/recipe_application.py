import os
import subprocess
import sys

import pytest

# What is tested: a program that runs for as long as all the tests do, and sends a
# mail for each address that it is given.
PROGRAM = """
import os, smtplib, sys
for address in map(str.strip, sys.stdin):
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as client:
        client.sendmail("shop@example.com", [address], "Subject: Welcome\\n")
"""


@pytest.fixture(scope="session")
def program(smtptest_shared):
    environ = {
        **os.environ,
        "SMTP_HOST": smtptest_shared.host,
        "SMTP_PORT": str(smtptest_shared.port),
    }
    with subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        env=environ,
        text=True,
    ) as process:
        yield process


@pytest.mark.parametrize("name", ["anna", "bert"])
def test_welcome(program, smtptest, name):
    print(f"{name}@example.com", file=program.stdin, flush=True)
    smtptest.wait_for(recipient=f"{name}@example.com", timeout=10)
    assert len(smtptest) == 1
