import os
import smtplib
import subprocess
import sys

import pytest
from celery import Celery

# What is tested: a task that sends a mail, in the process of a worker.

app = Celery("recipe_celery", broker="filesystem://")


def use_queue(folder):
    names = ("data_folder_in", "data_folder_out", "control_folder")
    app.conf.broker_transport_options = dict.fromkeys(names, folder)


@app.task(ignore_result=True)
def welcome(address):
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as client:
        mail = "Subject: Welcome\n\nNice to see you.\n"
        client.sendmail("shop@example.com", [address], mail)


if "QUEUE" in os.environ:
    use_queue(os.environ["QUEUE"])


@pytest.fixture
def worker(smtptest, tmp_path):
    """A worker in a process of its own, which sends to the server."""
    use_queue(str(tmp_path))
    environ = {
        **os.environ,
        "QUEUE": str(tmp_path),
        "SMTP_HOST": smtptest.host,
        "SMTP_PORT": str(smtptest.port),
    }
    command = ["celery", "--app", "recipe_celery", "worker", "--pool", "solo"]
    with subprocess.Popen([sys.executable, "-m", *command], env=environ) as process:
        yield
        process.terminate()


def test_welcome(worker, smtptest):
    welcome.delay("anna@example.com")
    # When the worker has started and comes to it.
    mail = smtptest.wait_for(recipient="anna@example.com", timeout=60)
    assert mail.subject == "Welcome"
