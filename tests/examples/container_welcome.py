import smtplib

from lazr_smtptest.testing.container import SMTPTestContainer


def test_the_welcome_arrives():
    with SMTPTestContainer() as smtptest:
        with smtplib.SMTP(smtptest.host, smtptest.port) as client:
            client.sendmail(
                "shop@example.com", ["anna@example.com"], "Subject: Welcome\n\nHi.\n"
            )
        mail = smtptest.mailbox.wait_for(recipient="anna@example.com", timeout=10)
        assert mail.subject == "Welcome"
