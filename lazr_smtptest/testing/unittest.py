"""A server for the test cases of unittest and of frameworks that are built on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from unittest import TestCase

from lazr_smtptest.server.capture import CaptureController
from lazr_smtptest.testing.isolation import isolate
from lazr_smtptest.testing.notes import NotesMixin
from lazr_smtptest.testing.servers import make_controller

__all__ = ["SMTPTestMixin"]


class SMTPTestMixin(NotesMixin):
    """A test case with a server, which runs during the tests of its class.

    Put it before the case in the list of bases. Each test begins with an empty
    mailbox; an exception of a hook of the server fails the test in its cleanup. trial
    does not call ``setUpClass``: use `lazr_smtptest.testing.trial` there.

    Attributes:
        smtptest: the running server and its mailbox, a `CaptureController`.
        smtptest_options: keywords of `make_server`, and ``http``, ``imap`` and
            ``pop3``, see `Controller`; a class may set them.
    """

    smtptest: ClassVar[CaptureController]
    smtptest_options: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check the order of the bases.

        Raises:
            TypeError: `unittest.TestCase`, which calls no ``setUpClass`` of further
                bases, comes before the mixin.
        """
        super().__init_subclass__(**keywords)
        order = cls.__mro__
        if TestCase in order and order.index(TestCase) < order.index(SMTPTestMixin):
            raise TypeError(
                f"the mixin stands before the case in the bases of {cls.__name__}: "
                f"class {cls.__name__}(SMTPTestMixin, {_first_case(cls).__name__})"
            )

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server, before the ``setUpClass`` of the other bases."""
        cls.smtptest = make_controller(**cls.smtptest_options)
        cls.smtptest.start()
        cls.addClassCleanup(cls.smtptest.stop)
        super().setUpClass()

    def run(self, result: Any = None) -> Any:
        """Run the test with an empty mailbox; see `unittest.TestCase`.

        It is emptied here too: a ``setUp`` need not call that of its base. Hooks,
        subscribers and settings of the test end with it.
        """
        server = getattr(self, "smtptest", None)
        if server is None:
            return super().run(result)
        if server.running:
            server.clear()
            server.faults.reset()
        undo = isolate(server)
        try:
            return super().run(result)
        finally:
            undo()

    def setUp(self) -> None:
        """Empty the mailbox, and remove the fault rules of the previous test."""
        # A test may stop the server, to see what happens then.
        if not self.smtptest.running:
            self.smtptest.start()
        self.smtptest.clear()
        self.smtptest.faults.reset()
        self.smtptest.mailbox.activity.start(self.smtptest.host, self.smtptest.port)
        self.addCleanup(self.smtptest.mailbox.activity.stop)
        self.addCleanup(self.smtptest.check)
        super().setUp()


def _first_case(cls: type) -> type:
    """Return the first base of a class that is a test case."""
    return next(base for base in cls.__bases__ if issubclass(base, TestCase))
