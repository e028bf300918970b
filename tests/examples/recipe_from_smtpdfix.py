import smtplib

import pytest


@pytest.mark.smtptest(require_tls=True, auth={"anna": "secret"}, require_auth=True)
def test_hello(smtptest):
    with smtplib.SMTP("localhost", smtptest.port) as client:
        client.starttls(context=smtptest.client_context())
        client.login("anna", "secret")
        client.sendmail(
            "me@example.com", ["you@example.com"], "Subject: Hello\n\nHi.\n"
        )
    assert len(smtptest) == 1
    assert smtptest[0].subject == "Hello"
