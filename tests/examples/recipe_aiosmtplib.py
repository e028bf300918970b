import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest


async def welcome(address, **server):
    """What is tested: a coroutine that sends a mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "shop@example.com", address
    mail["Subject"] = "Welcome"
    mail.set_content("Nice to see you.\n")
    await aiosmtplib.send(mail, **server)


@pytest.mark.asyncio
async def test_welcome(smtptest):
    task = asyncio.create_task(
        welcome("anna@example.com", hostname=smtptest.host, port=smtptest.port)
    )
    mail = await smtptest.wait_for_async(recipient="anna@example.com", timeout=10)
    assert mail.subject == "Welcome"
    await task


@pytest.mark.asyncio
@pytest.mark.smtptest(require_tls=True, auth={"shop": "secret"}, require_auth=True)
async def test_welcome_over_tls(smtptest):
    await welcome(
        "anna@example.com",
        hostname="localhost",
        port=smtptest.port,
        username="shop",
        password="secret",
        tls_context=smtptest.client_context(),
    )
    assert smtptest.latest.tls
    assert smtptest.latest.user == "shop"
