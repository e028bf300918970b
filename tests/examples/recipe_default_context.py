import smtplib
import ssl

import pytest


def welcome(port):
    """What is tested: it trusts whom the machine trusts, and nobody else."""
    with smtplib.SMTP_SSL(
        "localhost", port, context=ssl.create_default_context()
    ) as client:
        client.sendmail("shop@example.com", ["anna@example.com"], "Subject: Welcome\n")


@pytest.mark.smtptest(implicit_tls=True)
def test_welcome_is_encrypted(smtptest, tmp_path, monkeypatch):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(smtptest.server.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    welcome(smtptest.port)
    assert smtptest.latest.tls


@pytest.mark.smtptest(implicit_tls=True)
def test_welcome_is_not_sent_to_a_stranger(smtptest):
    with pytest.raises(ssl.SSLCertVerificationError):
        welcome(smtptest.port)
    smtptest.assert_none(within=0)
