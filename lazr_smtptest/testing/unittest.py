"""A server for the test cases of unittest, and of all that is built on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lazr_smtptest.server.capture import CaptureController
from lazr_smtptest.testing.notes import NotesMixin
from lazr_smtptest.testing.servers import make_server

__all__ = ["SMTPTestMixin"]


class SMTPTestMixin(NotesMixin):
    """Gives a test case a server, which runs as long as the tests of its class.

    Put it before the case in the list of bases. Each test begins with an empty
    mailbox, and fails in its cleanup if a hook of the server raised. trial calls
    no ``setUpClass``; `lazr_smtptest.testing.trial` is for its tests.

    Attributes:
        smtptest: the server that runs, and the mailbox of what it got.
        smtptest_options: keywords of `make_server`, to be set by the class.
    """

    smtptest: ClassVar[CaptureController]
    smtptest_options: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server; the other bases may use it already."""
        cls.smtptest = CaptureController(server=make_server(**cls.smtptest_options))
        cls.smtptest.start()
        cls.addClassCleanup(cls.smtptest.stop)
        super().setUpClass()

    def run(self, result: Any = None) -> Any:
        """Run the test with an empty mailbox; see `unittest.TestCase`.

        A ``setUp`` that does not call that of its base would leave it full.
        """
        server = getattr(self, "smtptest", None)
        if server is not None and server.running:
            server.clear()
            server.faults.reset()
        return super().run(result)

    def setUp(self) -> None:
        """Empty the mailbox, and forget the faults of the test before."""
        # A test may stop the server, to see what happens then.
        if not self.smtptest.running:
            self.smtptest.start()
        self.smtptest.clear()
        self.smtptest.faults.reset()
        self.smtptest.mailbox.activity.start(self.smtptest.host, self.smtptest.port)
        self.addCleanup(self.smtptest.mailbox.activity.stop)
        self.addCleanup(self.smtptest.check)
        super().setUp()
