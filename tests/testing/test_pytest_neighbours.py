"""The pytest plugin beside other plugins, each of them real."""

from __future__ import annotations

from collections.abc import Callable

Python = Callable[..., str]
Needs = Callable[[str], None]

# pytest-asyncio and pytest-twisted both want to run a test that is a coroutine.
NO_ASYNCIO = ("-p", "no:asyncio")
NO_TWISTED = ("-p", "no:twisted")
ASYNCIO = (*NO_TWISTED, "-o", "asyncio_default_fixture_loop_scope=function")


def test_pytest_finds_it_and_pays_nothing(python: Python) -> None:
    """Where no test asks for a server, Twisted is not even imported."""
    output = python(
        """
        import sys

        def test_nothing(pytestconfig):
            assert pytestconfig.pluginmanager.hasplugin("smtptest")
            assert not any(name.startswith("twisted") for name in sys.modules)
            ours = [name for name in sys.modules if name.startswith("lazr_smtptest")]
            assert sorted(ours) == [
                "lazr_smtptest",
                "lazr_smtptest._checks",
                "lazr_smtptest._secrets",
                "lazr_smtptest.testing",
                "lazr_smtptest.testing.pytest_options",
                "lazr_smtptest.testing.pytest_plugin",
                "lazr_smtptest.version",
            ]
        """,
        "pytest",
        *NO_TWISTED,
        *NO_ASYNCIO,
    )
    assert "1 passed" in output, output


def test_each_worker_of_xdist_has_its_own_server(python: Python, needs: Needs) -> None:
    """On ports of their own, and nobody sees another's mail."""
    needs("xdist")
    output = python(
        """
        import smtplib
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_mail(smtptest, number):
            with smtplib.SMTP("127.0.0.1", smtptest.port) as client:
                client.sendmail("a@b", ["c@d"], f"Subject: {number}\\n\\n")
            assert [mail.subject for mail in smtptest] == [str(number)]
        """,
        *("pytest", *NO_TWISTED, *NO_ASYNCIO, "-n", "2"),
    )
    assert "20 passed" in output, output


def test_a_test_of_asyncio_may_await_a_message(python: Python, needs: Needs) -> None:
    """With pytest-asyncio: the loop goes on, and the sender with it."""
    needs("pytest_asyncio")
    output = python(
        """
        import asyncio
        import aiosmtplib
        import pytest

        @pytest.mark.asyncio
        async def test_mail(smtptest):
            waiting = asyncio.create_task(smtptest.wait_for_async(subject="Hi"))
            await aiosmtplib.send(
                b"Subject: Hi\\n\\n",
                sender="a@example.com",
                recipients=["b@example.com"],
                hostname=smtptest.host,
                port=smtptest.port,
            )
            assert (await waiting).mail_from == "a@example.com"

        @pytest.mark.asyncio
        @pytest.mark.smtptest(implicit_tls=True)
        async def test_marked(smtptest):
            async with aiosmtplib.SMTP(
                hostname="localhost", port=smtptest.port, use_tls=True,
                tls_context=smtptest.client_context(),
            ) as client:
                await client.sendmail("a@example.com", ["b@example.com"], b"")
            assert smtptest.latest.tls
        """,
        *("pytest", *ASYNCIO),
    )
    assert "2 passed" in output, output


def test_a_test_of_twisted_may_await_a_message(python: Python, needs: Needs) -> None:
    """With pytest-twisted: by a Deferred, on its reactor."""
    needs("pytest_twisted")
    output = python(
        """
        import pytest_twisted
        from twisted.internet import reactor
        from twisted.internet.task import deferLater
        from twisted.mail.smtp import sendmail

        def send(port):
            return sendmail(
                "127.0.0.1", "a@example.com", ["b@example.com"], b"Subject: Hi\\n\\n",
                port=port,
            )

        @pytest_twisted.ensureDeferred
        async def test_coroutine(smtptest):
            waiting = smtptest.when(subject="Hi")
            await deferLater(reactor, 0, send, smtptest.port)
            assert (await waiting).mail_from == "a@example.com"

        @pytest_twisted.inlineCallbacks
        def test_generator(smtptest):
            yield send(smtptest.port)
            assert len(smtptest) == 1

        def test_plain(smtptest):
            assert len(smtptest) == 0
        """,
        *("pytest", *NO_ASYNCIO),
    )
    assert "3 passed" in output, output
