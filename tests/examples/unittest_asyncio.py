import asyncio
import smtplib
import unittest

from lazr_smtptest.testing.unittest import SMTPTestMixin


class WelcomeTests(SMTPTestMixin, unittest.IsolatedAsyncioTestCase):
    def send(self):
        with smtplib.SMTP(self.smtptest.host, self.smtptest.port) as client:
            client.sendmail("shop@example.com", ["anna@example.com"], "Hello.\n")

    async def test_it_goes_to_the_new_customer(self):
        sending = asyncio.create_task(asyncio.to_thread(self.send))
        await self.smtptest.wait_for_async(recipient="anna@example.com", timeout=5)
        await sending
