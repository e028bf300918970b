import pytest
from django.core.mail import EmailMessage

from lazr_smtptest.testing.settings import django_settings


@pytest.fixture
def smtp(smtptest, settings):
    for name, value in django_settings(smtptest).items():
        setattr(settings, name, value)
    return smtptest


def test_report(smtp):
    mail = EmailMessage(
        "Report",
        "See below.",
        "me@example.com",
        ["anna@example.com"],
        bcc=["b@b.example"],
    )
    mail.attach("report.txt", "All is well.", "text/plain")
    mail.send()

    mail = smtp.assert_received(subject="Report", count=1)
    assert mail.header("to") == "anna@example.com"
    assert mail.bcc == ("b@b.example",)
    assert "See below." in mail.text
    [attachment] = mail.attachments
    assert attachment.name == "report.txt"
