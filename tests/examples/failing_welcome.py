import smtplib


def welcome(address, host, port):
    """What is tested: a function that sends a mail."""
    with smtplib.SMTP(host, port) as client:
        mail = "Subject: Welcome, {{ name }}\n\nNice to see you.\n"
        client.sendmail("shop@example.com", [address], mail)


def test_welcome(smtptest):
    welcome("anna@example.com", smtptest.host, smtptest.port)
    smtptest.assert_received(recipient="anna@example.com", subject="Welcome, Anna")
