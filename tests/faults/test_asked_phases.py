"""At which phases a fault policy is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zope.interface import implementer

from lazr_smtptest.faults import Faults
from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.smtp.fault_points import FaultPoints

if TYPE_CHECKING:
    import pytest

    from tests.faults.conftest import Site

ALL = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "EOD", "KEPT", "QUIT"]


def converse(site: Site) -> None:
    """Send a message, and quit."""
    client = site.connect().greeted()
    assert client.mail()[-1] == "250"
    client.say("QUIT")


def described(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the phases of a conversation for which a context was made."""
    phases: list[str] = []
    context = FaultPoints._context

    def spy(points: FaultPoints, point: str, facts: dict[str, Any]) -> Any:
        phases.append(point)
        return context(points, point, facts)

    monkeypatch.setattr(FaultPoints, "_context", spy)
    converse(site)
    return phases


def test_only_the_phases_of_a_rule_are_described(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule in wait costs nothing elsewhere."""
    site.faults.on("RCPT", sender="nobody@example.com", optional=True).reply(550)
    assert described(site, monkeypatch) == ["RCPT"]


def test_a_recipient_that_no_rule_names_is_not_described(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule for another recipient costs a comparison of addresses."""
    site.faults.on("RCPT", recipient="nobody@example.com", optional=True).reply(550)
    assert described(site, monkeypatch) == []


def test_a_rule_of_any_phase_is_asked_once_for_each_reply(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KEPT and the parts of a message are not among them."""
    site.faults.on("ANY", helo="nobody", optional=True).reply(550)
    assert described(site, monkeypatch) == [each for each in ALL if each != "KEPT"]


def test_a_quota_counts_what_was_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rule fires at RCPT, and is told of each message after its end."""
    site.faults.on("RCPT", optional=True).quota(messages=5)
    assert described(site, monkeypatch) == ["RCPT", "KEPT"]


def test_a_removed_rule_is_not_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phases are those of the rules that are left."""
    site.faults.on("MAIL", optional=True).reply(550).remove()
    site.faults.on("QUIT", helo="nobody", optional=True).reply(550)
    assert described(site, monkeypatch) == ["QUIT"]


def test_a_subclass_may_decide_about_every_phase(site: Site) -> None:
    """It is asked whatever rules there are."""
    phases: list[str] = []

    class Watching(Faults):
        def decide(self, context: Any) -> Any:
            phases.append(context.phase)
            return super().decide(context)

    site.factory.faults = faults = Watching()
    faults.on("RCPT", recipient="nobody@example.com", optional=True).reply(550)
    converse(site)
    assert phases == ALL


def test_a_policy_without_the_method_is_asked_everywhere(site: Site) -> None:
    """It may be somebody's own, of before the method was there."""
    phases: list[str] = []

    @implementer(IFaultPolicy)
    class Policy:
        armed = True

        def marks(self) -> tuple[int, ...]:
            return ()

        def decide(self, context: Any) -> None:
            phases.append(context.phase)

        def failed(self, error: BaseException) -> None:
            raise AssertionError(error)

    site.factory.faults = Policy()
    converse(site)
    assert phases == ALL
