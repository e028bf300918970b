import smtplib


def test_hello(smtptest):
    with smtplib.SMTP(smtptest.host, smtptest.port) as client:
        client.sendmail(
            "me@example.com", ["you@example.com"], "Subject: Hello\n\nHi.\n"
        )
    mail = smtptest.assert_received(count=1)
    assert mail.subject == "Hello"
    assert mail.mail_from == "me@example.com"
    assert mail.rcpt_tos == ("you@example.com",)
