import pytest
from django.core.mail import send_mail

from lazr_smtptest.testing.settings import django_settings


def welcome(address):
    """What is tested: a function of the project that sends a mail."""
    send_mail("Welcome", "Nice to see you.", None, [address])


@pytest.fixture
def smtp(smtptest, settings):
    """The server, and Django sends to it."""
    for name, value in django_settings(smtptest).items():
        setattr(settings, name, value)
    return smtptest


def test_welcome(smtp):
    welcome("anna@example.com")
    mail = smtp.assert_received(recipient="anna@example.com", subject="Welcome")
    assert mail.mail_from == "shop@example.com"
    assert mail.text == "Nice to see you.\n"
