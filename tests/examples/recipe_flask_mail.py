import pytest
from flask import Flask
from flask_mail import Mail, Message

from lazr_smtptest.testing.settings import flask_mail_settings

mail = Mail()


def create_app(**config):
    """What is tested: an application with a page that sends a mail."""
    app = Flask(__name__)
    app.config.update(config, MAIL_DEFAULT_SENDER="shop@example.com")
    mail.init_app(app)

    @app.post("/customers/<address>")
    def welcome(address):
        mail.send(Message("Welcome", [address], "Nice to see you."))
        return "", 204

    return app


@pytest.fixture
def app(smtptest):
    return create_app(TESTING=True, **flask_mail_settings(smtptest))


def test_welcome(app, smtptest):
    response = app.test_client().post("/customers/anna@example.com")
    assert response.status_code == 204
    smtptest.assert_received(recipient="anna@example.com", subject="Welcome")
