"""The server halves of Twisted's own tests of SMTP, run against our protocol.

The module `twisted.mail.test.test_smtp` of the installed Twisted is loaded once
more, under another name, and finds our protocol where it looks for Twisted's. Its
tests compare replies word by word; as RFC 5321 section 4.2 leaves the words to the
server, here only codes are compared.

What our protocol does otherwise on purpose stands in `EXCEPTIONS`, each with its
reason. That table is checked too: a test in it that passes is a failure.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import unittest
from types import ModuleType
from typing import Any
from unittest import mock

import attrs
import pytest
import twisted.mail
from twisted.mail import smtp

from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS

# The classes that test servers; what they have in common with those that test
# clients and helpers is only the module.
CLASSES = (
    "AnotherESMTPTests",
    "AnotherSMTPTests",
    "AuthTests",
    "EmptyLineTests",
    "ESMTPAuthenticationTests",
    "SMTPSenderFactoryRetryTests",
    "SMTPServerTests",
    "TLSTests",
)


@attrs.frozen
class Difference:
    """What our protocol does otherwise.

    Attributes:
        rfc: where it is said that this may or must be so, and what is said.
        shows: what the failure of the test must say.
    """

    rfc: str
    shows: str


EXCEPTIONS = {
    "SMTPServerTests.testSMTPGreetingNotExtended": Difference(
        "RFC 5321 section 2.2.1: servers support EHLO even where they have no "
        "extension; so there is one protocol, and its greeting says ESMTP",
        "ESMTP",
    ),
    "ESMTPAuthenticationTests.test_authenticationCapabilityAdvertised": Difference(
        "RFC 5321 section 4.1.1.1: EHLO has the client's name as its argument",
        "501",
    ),
    "ESMTPAuthenticationTests.test_unexpectedLoginFailure": Difference(
        "RFC 4954 section 6: 454 is a temporary failure of the authentication",
        "454",
    ),
    "SMTPSenderFactoryRetryTests.test_retryAfterDisconnect": Difference(
        "RFC 5321 sections 3.8 and 4.2.2: a local error in processing is 451, and "
        "the connection stays; so the client has an answer, and does not come again",
        "451",
    ),
}


class Ours(SMTPServerProtocol):
    """Our protocol, made and called as those tests make and call Twisted's."""

    def __init__(self, challengers: Any = None, contextFactory: Any = None) -> None:
        super().__init__(challengers, contextFactory)
        if contextFactory is not None:
            self.settings = Settings(tls=_ContextOfATest(contextFactory))

    def lineReceived(self, line: bytes) -> None:
        """Answer at once: the tests call this where the framing would."""
        super().lineReceived(line)
        if not self.replies.is_batch:
            self.replies.flush()


class _ContextOfATest(TLS):
    """A `lazr_smtptest.tls.context.TLS` made of a context factory."""

    def __init__(self, context_factory: Any) -> None:
        object.__setattr__(self, "_context_factory", context_factory)

    def wrap(self, factory: Any, reactor: Any, options: Any) -> Any:
        from twisted.protocols.tls import TLSMemoryBIOFactory

        return TLSMemoryBIOFactory(self._context_factory, False, factory, clock=reactor)


def load() -> ModuleType:
    """Load Twisted's module anew, with our protocol in it."""
    ours = ModuleType("twisted.mail.smtp")
    vars(ours).update(vars(smtp), SMTP=Ours, ESMTP=Ours)
    found = importlib.util.find_spec("twisted.mail.test.test_smtp")
    assert found is not None
    assert found.origin is not None
    spec = importlib.util.spec_from_file_location(
        f"{__name__}.twisted_tests", found.origin
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Trial looks for the module that a test was defined in.
    sys.modules[module.__name__] = module
    with mock.patch.object(twisted.mail, "smtp", ours):
        spec.loader.exec_module(module)
    return module


TWISTED = load()

# Not 334: what follows it is a challenge, and no words.
_REPLY = re.compile(rb"(?m)^(?!334)(\d{3})([ -]).*?(\r?)$")


def codes(value: Any) -> Any:
    """Leave only the codes of replies; anything else is as it was."""
    if isinstance(value, bytes):
        return _REPLY.sub(rb"\1\2\3", value)
    if isinstance(value, list):
        return [codes(each) for each in value]
    return value


class ByCode:
    """Compares replies by their codes."""

    def assertEqual(self, first: Any, second: Any, msg: Any = None) -> Any:
        return self.compare("assertEqual", codes(first), codes(second), msg)

    def assertIn(self, containee: Any, container: Any, msg: Any = None) -> Any:
        if isinstance(containee, bytes) and _REPLY.match(containee):
            containee, container = codes(containee), codes(container)
        return self.compare("assertIn", containee, container, msg)

    def compare(self, method: str, *values: Any) -> Any:
        return getattr(super(), method)(*values)


def names() -> list[str]:
    """The names of the tests, as the installed Twisted has them."""
    find = unittest.TestLoader().getTestCaseNames
    return [
        f"{class_name}.{name}"
        for class_name in CLASSES
        for name in find(getattr(TWISTED, class_name))
    ]


def run(name: str) -> str:
    """Run one test; give what was wrong, ``""`` if it passed."""
    class_name, _, method = name.partition(".")
    adapted = type(class_name, (ByCode, getattr(TWISTED, class_name)), {})
    result = unittest.TestResult()
    adapted(method).run(result)
    assert result.testsRun == 1
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    return "\n".join(text for _, text in [*result.errors, *result.failures])


@pytest.mark.parametrize("name", [name for name in names() if name not in EXCEPTIONS])
def test_our_protocol_passes_twisteds_own_test(name: str) -> None:
    """What Twisted's servers do, ours does as well."""
    problem = run(name)
    assert not problem, problem


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_our_protocol_differs_only_where_it_says(name: str) -> None:
    """An exception that is none any more, or another one, is to be noticed."""
    assert EXCEPTIONS[name].shows in run(name)
