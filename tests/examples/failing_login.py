import smtplib


def test_login(smtptest):
    with smtplib.SMTP(smtptest.host, smtptest.port, "client.example") as client:
        client.login("shop", "secret")
