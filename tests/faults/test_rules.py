"""The faults of a server: which rule fires, and what is told of it."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest import TLS, CaptureServer, Server, Settings
from lazr_smtptest.faults import Faults

if TYPE_CHECKING:
    from tests.faults.conftest import Site

HELLO = "EHLO client.example.com"


def test_a_server_has_no_faults_at_first(site: Site) -> None:
    """And the wire need not ask."""
    assert not site.faults.armed
    assert site.faults.rules == site.faults.journal == ()


def test_the_first_rule_that_matches_fires(site: Site) -> None:
    """They are asked in the order in which they were written."""
    site.faults.on("RCPT", recipient="a@*").reply(450, "4.2.1 first")
    site.faults.on("RCPT", optional=True).reply(550, "5.1.1 second")
    client = site.connect().greeted()
    assert client.mail("a@example.com", "b@example.com")[1:3] == ["450", "550"]


def test_a_rule_without_an_action_does_not_fire(site: Site) -> None:
    """It is not at its end yet."""
    rule = site.faults.on("MAIL")
    assert site.connect().greeted().mail() == ["250", "250", "354", "250"]
    assert site.faults.report()
    with pytest.warns(UserWarning, match="does nothing"):
        rule.remove()


def test_a_rule_fires_so_many_times(site: Site) -> None:
    """The first two tries are refused, the third is taken."""
    site.faults.on("MAIL", times=2).reply(451, "4.3.0 Try again later")
    client = site.connect().greeted()
    assert [client.mail()[0] for _ in range(3)] == ["451", "451", "250"]


def test_rules_make_a_sequence(site: Site) -> None:
    """When one is used up, the next one has its turn."""
    site.faults.on("MAIL", times=1).reply(451, "4.3.0 first")
    site.faults.on("MAIL", times=1).reply(452, "4.3.1 second")
    client = site.connect().greeted()
    assert [client.mail()[0] for _ in range(3)] == ["451", "452", "250"]


def test_a_rule_fires_the_nth_time(site: Site) -> None:
    """Counted over all sessions."""
    site.faults.on("MAIL", nth=[2, 3]).reply(451)
    codes = [site.connect().greeted().mail()[0] for _ in range(4)]
    assert codes == ["250", "451", "451", "250"]


def test_chance_comes_of_the_seed(new_site: type[Site]) -> None:
    """The same seed, the same failures."""

    def codes(seed: int) -> list[str]:
        site = new_site()
        site.server.faults = site.factory.faults = Faults(seed)
        site.faults.on("NOOP", probability=0.5).reply(451)
        return site.connect().greeted().codes(*["NOOP"] * 40)

    assert codes(1) == codes(1) != codes(2)
    assert set(codes(1)) == {"250", "451"}


def test_a_rule_may_have_a_seed_of_its_own(site: Site) -> None:
    """Whatever rules there are beside it."""
    client = site.connect().greeted()
    runs = []
    for _ in range(2):
        with site.faults.on("NOOP", probability=0.5, seed=7).reply(451):
            runs.append(client.codes(*["NOOP"] * 20))
    assert runs[0] == runs[1]


def test_a_rule_is_in_force_within_a_block(site: Site) -> None:
    """What it did stays in the journal."""
    client = site.connect().greeted()
    with site.faults.on("NOOP").reply(451) as rule:
        assert client.codes("NOOP") == ["451"]
    assert client.codes("NOOP") == ["250"]
    assert rule.fired == len(site.faults.journal) == 1
    assert not site.faults.armed


def test_clear_forgets_rules_and_journal(site: Site) -> None:
    """The next test begins with none."""
    site.faults.on("NOOP").reply(451)
    site.connect().greeted().codes("NOOP")
    site.faults.clear()
    assert site.faults.rules == site.faults.journal == ()
    assert repr(site.faults) == "<Faults of 0 rules, 0 fired>"


def test_the_journal_says_what_fired_where(site: Site) -> None:
    """A record has all that a test may ask for."""
    site.faults.on("RCPT", session=2, nth=2).reply(452)
    site.connect().greeted().mail()
    client = site.connect().greeted()
    site.clock.advance(5)
    client.mail("a@example.com", "b@example.com")
    [fired] = site.faults.journal
    assert (fired.phase, fired.session, fired.transaction, fired.nth) == (
        "RCPT",
        2,
        1,
        1,
    )
    assert (fired.sender, fired.to) == ("from@example.com", ("b@example.com",))
    assert (fired.helo, fired.at) == ("client.example.com", 5.0)
    assert fired.line == b"RCPT TO:<b@example.com>"
    assert fired.rule == "on('RCPT', session=2, nth=2).reply(452)"
    assert fired.session_id == client.protocol.session.id


def test_the_journal_has_no_password(site: Site, plain: str) -> None:
    """It is shown to everybody."""
    site.faults.on("AUTH").reply(454)
    site.connect().greeted().say(f"AUTH PLAIN {plain}")
    assert site.faults.journal[0].line == b""


def test_the_transcript_tells_of_a_fault(site: Site) -> None:
    """Whoever reads it need not wonder."""
    site.faults.on("NOOP").reply(451, "4.3.0 no")
    client = site.connect().greeted()
    client.say("NOOP")
    text = str(client.protocol.session.transcript)
    assert "=== fault: on('NOOP').reply(451, '4.3.0 no')" in text


def test_all_have_fired(site: Site) -> None:
    """Then there is nothing to report."""
    site.faults.on("NOOP").reply(451)
    site.faults.on("MAIL", optional=True).reply(451)
    site.connect().greeted().codes("NOOP")
    site.faults.assert_all_fired()
    assert site.faults.report() == ""


def test_what_did_not_fire_is_told(site: Site) -> None:
    """With what was written, and how near it came."""
    site.faults.on("MAIL").reply(451, "4.3.0 no")
    site.faults.on("NOOP", times=3).reply(451, "4.3.0 no")
    site.faults.on("RSET", nth=5).drop()
    site.connect().greeted().codes("NOOP", "RSET", "RSET")
    with pytest.raises(AssertionError) as raised:
        site.faults.assert_all_fired()
    assert str(raised.value).splitlines() == [
        "Faults that did not fire:",
        "  - on('MAIL').reply(451, '4.3.0 no')",
        "  - on('NOOP', times=3).reply(451, '4.3.0 no'): 1 of 3 times",
        "  - on('RSET', nth=5).drop(), though it matched 2 times",
    ]


def test_a_function_that_raises_refuses_and_is_reported(new_site: type[Site]) -> None:
    """451, and the test hears of it."""
    site = new_site()
    site.faults.on("MAIL", where=lambda context: 1 // 0).drop()
    assert site.connect().greeted().mail()[0] == "451"
    with pytest.raises(ZeroDivisionError):
        site.server.check()


def test_a_function_that_raises_where_nothing_can_be_refused(
    new_site: type[Site],
) -> None:
    """The server goes on, and the test hears of it."""
    site = new_site()
    site.server.settings = Settings(tls=TLS.auto())
    site.factory.settings = site.server.settings
    site.faults.on("TLS", where=lambda context: 1 // 0).drop()
    client = site.connect().greeted()
    assert client.codes("STARTTLS") == ["220"]
    assert not client.closed
    with pytest.raises(ZeroDivisionError):
        site.server.check()


def test_without_a_server_an_error_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody else would hear of it."""
    Faults().failed(ValueError("this went wrong"))
    assert "this went wrong" in caplog.text


def test_a_function_may_look_at_the_journal(site: Site) -> None:
    """The lock is its own thread's already."""
    site.faults.on("NOOP", where=lambda context: not site.faults.journal).reply(451)
    assert site.connect().greeted().codes("NOOP", "NOOP") == ["451", "250"]


def test_rules_come_from_any_thread(site: Site) -> None:
    """None of them is lost."""
    threads = [
        threading.Thread(target=lambda: site.faults.on("NOOP").reply(451))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.faults.rules) == 20


def test_the_journal_has_a_bound(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest stay."""
    monkeypatch.setattr("lazr_smtptest.faults.rules._JOURNAL", 2)
    faults = Faults()
    site.factory.faults = faults
    faults.on("NOOP").reply(451)
    site.connect().greeted().codes(*["NOOP"] * 3)
    assert [fired.nth for fired in faults.journal] == [2, 3]


# A part


def test_a_part_matches_only_what_it_is_limited_to(site: Site) -> None:
    """Tests that share a server do not disturb each other."""
    mine = site.faults.limited_to(recipient="*@run-17.test")
    mine.on("RCPT").reply(452, "4.2.2 Mailbox full")
    client = site.connect().greeted()
    assert client.mail("a@run-17.test", "a@run-18.test")[1:3] == ["452", "250"]


def test_a_part_knows_its_own_only(site: Site) -> None:
    """Its rules, its journal, its report."""
    mine = site.faults.limited_to(recipient="*@run-17.test")
    mine.on("RCPT").reply(452)
    other = site.faults.on("RCPT").reply(450)
    site.connect().greeted().mail("a@run-18.test")
    assert len(mine.rules) == 1
    assert mine.journal == ()
    assert "run-17" in mine.report()
    mine.clear()
    assert site.faults.rules == (other,)
    assert len(site.faults.journal) == 1


def test_a_part_matches_what_a_rule_says_too(site: Site) -> None:
    """Both addresses have to match."""
    mine = site.faults.limited_to(recipient="*@run-17.test")
    mine.on("RCPT", recipient="full@*").reply(452)
    client = site.connect().greeted()
    recipients = ("full@run-17.test", "full@run-18.test", "a@run-17.test")
    assert client.mail(*recipients)[1:4] == ["452", "250", "250"]


def test_a_part_has_parts(site: Site) -> None:
    """What limits one limits the other."""
    part = site.faults.limited_to(sender="a@*").limited_to(recipient="b@*")
    part.on("RCPT").reply(452)
    client = site.connect().greeted()
    assert client.mail("b@x", sender="a@x")[1] == "452"
    client.say("RSET")
    assert client.mail("b@x", sender="b@x")[1] == "250"
    assert len(part.journal) == 1


def test_a_part_has_no_rule_where_it_is_not_known(site: Site) -> None:
    """Nobody has named a recipient at MAIL."""
    with pytest.raises(ValueError, match="recipient is not known at MAIL"):
        site.faults.limited_to(recipient="a@b").on("MAIL")


@pytest.mark.parametrize("kind", [Server, CaptureServer])
def test_each_server_has_faults_of_its_own(kind: Any) -> None:
    """A rule of one is none of the other's."""
    one, other = kind(), kind()
    one.faults.on("MAIL").drop()
    assert other.faults.rules == ()


# Rules that do nothing


def test_a_rule_without_an_action_is_a_warning_in_its_own_line() -> None:
    """When the errors are checked; once."""
    server = Server()
    server.faults.on("RCPT", recipient="*@example.com")
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    with pytest.warns(
        UserWarning, match=r"^on\('RCPT', recip.* does nothing: "
    ) as seen:
        server.check()
    [warning] = seen
    assert (warning.filename, warning.lineno) == (__file__, line)
    server.check()


@pytest.mark.parametrize(
    "end",
    [
        lambda faults, rule: rule.remove(),
        lambda faults, rule: faults.clear(),
        lambda faults, rule: faults.reset(),
        lambda faults, rule: rule.__exit__(None, None, None),
    ],
)
def test_a_rule_that_never_got_an_action_is_a_warning_at_its_end(end: Any) -> None:
    """A context manager is one, too."""
    faults = Faults()
    rule = faults.on("RCPT")
    with pytest.warns(UserWarning, match="does nothing"):
        end(faults, rule)


def test_a_rule_whose_action_was_wrong_is_no_warning() -> None:
    """The action has raised an error already."""
    faults = Faults()
    with pytest.raises(ValueError, match="code"):
        faults.on("RCPT").reply(99)
    faults.clear()


def test_a_rule_with_an_action_is_no_warning() -> None:
    """Also if it never fires: `assert_all_fired` is for that."""
    server = Server()
    server.faults.on("RCPT").reply(451)
    server.check()
    server.faults.clear()


def test_the_report_says_that_a_rule_has_no_action() -> None:
    """It cannot fire."""
    faults = Faults()
    rule = faults.on("RCPT")
    assert faults.report().endswith(
        "on('RCPT'), which has no action, such as .reply(451)"
    )
    rule.reply(451)
    assert faults.report().endswith("on('RCPT').reply(451)")
