import pytest_twisted
from twisted.mail.smtp import sendmail


def welcome(host, port, address):
    """What is tested: a function that sends a mail and returns a Deferred."""
    mail = b"Subject: Welcome\n\nNice to see you.\n"
    return sendmail(host, "shop@example.com", [address], mail, port=port)


@pytest_twisted.ensureDeferred
async def test_welcome(smtptest):
    sent = welcome(smtptest.host, smtptest.port, "anna@example.com")
    mail = await smtptest.when(recipient="anna@example.com", timeout=5)
    assert mail.subject == "Welcome"
    await sent
