"""`lazr_smtptest.mailbox.report`: the very texts of failures."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs
import pytest

from lazr_smtptest.mailbox import Mailbox, NotReceived
from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.mailbox.report import not_received
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.stores.session_log import SessionLog

Make = Callable[..., Envelope]

NO_MAIL = """\
no client connected
no message arrived

wanted:
  recipient  'bob@example.com'
  subject    'Hello'

Possible causes: it was not sent yet, it went to another host or port, or nothing \
was sent."""

WRONG_RECIPIENT = """\
recipient is 'bob@example.com', wanted 'rob@example.com'
no message matches (1 arrived)

wanted:
  recipient  'rob@example.com'

Message 1 of 1, from <ann@example.com> to bob@example.com:
  recipient
    - 'rob@example.com'
    + 'bob@example.com'
       ^"""

OTHER_SUBJECT = """\
subject is 'Hello', wanted 'Bye'
no message matches (1 arrived)

wanted:
  recipient  'bob@example.com'
  subject    'Bye'

Message 1 of 1, from <ann@example.com> to bob@example.com:
  subject
    - 'Bye'
    + 'Hello'"""

TWO_NEAR_MISSES = """\
nearest: subject is 'Hello', wanted 'Bye'
no message matches (3 arrived)

wanted:
  recipient  'bob@example.com'
  user       none
  subject    'Bye'

Message 2 of 3, from <ann@example.com> to bob@example.com:
  subject
    - 'Bye'
    + 'Hello'

Message 3 of 3, from <ann@example.com> to eve@example.com:
  recipient
    - 'bob@example.com'
    + 'eve@example.com'
       ^

Message 1 of 3, from <ann@example.com> to zoe@example.com:
  recipient
    - 'bob@example.com'
    + 'zoe@example.com'
       ^
  subject
    - 'Bye'
    + 'Hello'"""

LINES = """\
  text differs at line 1:
    - One
    + One.
      Two."""


def failure(mailbox: Mailbox, *predicates: object, **criteria: object) -> str:
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(*predicates, **criteria)
    return str(caught.value)


def test_no_mail(mailbox: Mailbox) -> None:
    """Where nothing came the failure asks why."""
    text = failure(mailbox, recipient="bob@example.com", subject="Hello")
    assert text == NO_MAIL


def test_wrong_recipient(mailbox: Mailbox, make: Make) -> None:
    """The failure shows to whom the message went instead."""
    mailbox.add(make())
    assert failure(mailbox, recipient="rob@example.com") == WRONG_RECIPIENT


def test_right_recipient_but_other_subject(mailbox: Mailbox, make: Make) -> None:
    """Only what differs is shown of a message."""
    mailbox.add(make())
    text = failure(mailbox, recipient="bob@example.com", subject="Bye")
    assert text == OTHER_SUBJECT


def test_two_near_misses(mailbox: Mailbox, make: Make) -> None:
    """What misses least comes first, the newest before the older."""
    mailbox.add(make(rcpt_tos=("zoe@example.com",)))
    mailbox.add(make())
    mailbox.add(make("Bye", rcpt_tos=("eve@example.com",)))
    text = failure(mailbox, recipient="bob@example.com", subject="Bye", user=None)
    assert text == TWO_NEAR_MISSES


def test_texts_of_several_lines_are_compared_by_line(
    mailbox: Mailbox, report: Envelope
) -> None:
    """A wanted text of more than one line gets a diff."""
    mailbox.add(report)
    assert failure(mailbox, text="One\nTwo.").endswith(LINES)


def test_what_looks_like_a_header_of_a_diff_is_shown(
    mailbox: Mailbox, make: Make
) -> None:
    """A line of the text may begin with dashes, as that above a signature does."""
    mailbox.add(make(content=b"\r\nHi.\r\nBob\r\n"))
    assert "    - --\n" in failure(mailbox, text="Hi.\n--\nBob")


def test_a_long_difference_is_cut(mailbox: Mailbox, make: Make) -> None:
    """A diff has at most 20 lines, and says how many are left out."""
    mailbox.add(make(content=b"Subject: a\r\n\r\n" + b"x\r\n" * 100))
    assert "... and " in failure(mailbox, text="a\nb")


def test_an_attachment_is_named(mailbox: Mailbox, report: Envelope) -> None:
    """Of an attachment the failure shows name, type and size."""
    mailbox.add(report)
    assert "    + 'a.pdf', application/pdf, " in failure(mailbox, attachment="b.pdf")


def test_what_is_missing_is_none(mailbox: Mailbox, make: Make) -> None:
    """Where the message has nothing of the kind the failure says so."""
    mailbox.add(make())
    assert "    + none" in failure(mailbox, header={"X-Other": "a"})


def test_a_predicate_is_named(mailbox: Mailbox, make: Make) -> None:
    """A function is shown by its name, without a value."""

    def is_green(envelope: Envelope) -> bool:
        return False

    mailbox.add(make())
    assert failure(mailbox, is_green).endswith("  predicate\n    - is_green")


def test_at_most_five_messages_are_shown(mailbox: Mailbox, make: Make) -> None:
    """A failure is bounded, however much arrived."""
    for _ in range(7):
        mailbox.add(make())
    assert failure(mailbox, subject="x").count("Message ") == 5


def test_long_values_are_cut(mailbox: Mailbox, make: Make) -> None:
    """A value takes about 200 characters at most."""
    mailbox.add(make("x" * 5000))
    assert len(failure(mailbox, subject="y")) < 600


def test_many_recipients_are_counted(mailbox: Mailbox, make: Make) -> None:
    """Of many recipients five are shown."""
    mailbox.add(make(rcpt_tos=tuple(f"{n}@example.com" for n in range(8))))
    assert "4@example.com and 3 more:" in failure(mailbox, subject="x")


def test_line_ends_in_values_stay_on_one_line(mailbox: Mailbox, make: Make) -> None:
    """What a client sent cannot forge lines of the failure."""
    mailbox.add(make(mail_from="a\nb@example.com"))
    assert "from <a\\nb@example.com>" in failure(mailbox, subject="x")


def test_any_message_is_a_criterion_too(mailbox: Mailbox) -> None:
    """Without criteria any message is wanted."""
    assert "  any message\n" in failure(mailbox)


def test_the_appendix_comes_last(mailbox: Mailbox, make: Make) -> None:
    """A text for all failures, such as a transcript, can be given."""
    mailbox.appendix = lambda: "Session 1 was refused."
    mailbox.add(make())
    assert failure(mailbox, subject="x").endswith("\n\nSession 1 was refused.")


def test_the_nearest_of_many_messages_comes_first(mailbox: Mailbox, make: Make) -> None:
    """One letter of one address is another."""
    for number in range(499):
        mailbox.add(make(rcpt_tos=(f"user{number}@example.com",)))
        if number == 100:
            mailbox.add(make(rcpt_tos=("bbb@example.com",)))
    text = failure(mailbox, recipient="bob@example.com", subject="Hello")
    assert text.startswith(
        "nearest: recipient is 'bbb@example.com', wanted 'bob@example.com'\n"
        "no message matches (500 arrived)\n"
    )
    assert re.findall("^Message .*:$", text, re.M)[0].startswith("Message 102 of 500")


def test_two_letters_are_nearer_than_another_subject(
    mailbox: Mailbox, make: Make
) -> None:
    """Likeness counts, not the number of what differs."""
    mailbox.add(make("Hallo", helo="bab"))
    mailbox.add(make("Your invoice", helo="bob"))
    text = failure(mailbox, helo="bob", subject="Hello")
    assert text.startswith("nearest: helo, subject differ\n")
    assert text.index("Message 1 of 2") < text.index("Message 2 of 2")


def test_a_message_for_the_wanted_recipient_comes_first(
    mailbox: Mailbox, make: Make
) -> None:
    """Whatever else of it differs, and however many others are alike."""
    mailbox.add(make("Reset your password", rcpt_tos=("bob@example.com",)))
    for number in range(30):
        mailbox.add(make("Hello", rcpt_tos=(f"bob{number}@example.com",)))
    text = failure(mailbox, recipient="bob@example.com", subject="Hello")
    assert text.startswith("nearest: subject is 'Reset your password', wanted 'Hello'")


@pytest.mark.parametrize(
    ("arrived", "said"),
    [
        (5, ""),
        (6, "1 other message is not shown"),
        (31, "26 other messages are not shown"),
        (1010, "1005 other messages are not shown"),
    ],
)
def test_the_messages_that_are_not_shown_are_counted(
    arrived: int, said: str, mailbox: Mailbox, make: Make
) -> None:
    """Of those that are not wanted five are shown."""
    for _ in range(arrived):
        mailbox.add(make())
    text = failure(mailbox, subject="Bye")
    assert f"\n\n{said}" in text
    assert text.count("shown") == bool(said)


def test_wanted_messages_are_not_counted_among_the_others(
    mailbox: Mailbox, make: Make
) -> None:
    """Nothing of them has to be shown."""
    mailbox.add(make())
    text = failure(mailbox, subject="Hello", count=2)
    assert "not shown" not in text


@pytest.mark.parametrize(
    ("criteria", "first"),
    [
        ({"subject": "Bye"}, "subject is 'Hello', wanted 'Bye'"),
        ({"subject": None}, "subject is 'Hello', wanted none"),
        ({"subject": "x" * 99}, "subject differs at character 1"),
        ({"subject": re.compile("x")}, "subject 'Hello' has no match of 'x'"),
        ({"text": re.compile(r"x\d")}, "text 'Hi.\\n' has no match of 'x\\d'"),
        ({"text": re.compile("x")}, "text 'Hi.\\n' has no match of 'x'"),
        ({"text": re.compile("x" * 999)}, "text 'Hi.\\n' has no match of 'xxx"),
        ({"subject": str.isdigit}, "subject 'Hello' is not accepted by isdigit"),
        (
            {"subject": lambda subject: False},
            "subject 'Hello' is not accepted by the lambda in test_report.py line ",
        ),
        ({"user": "ann"}, "no user, wanted 'ann'"),
        ({"text": "Bye."}, "text does not contain 'Bye.'"),
        ({"text": "Hi.\nBye."}, "text differs at line 2"),
        ({"text": "Hi. " + "x" * 99}, "text differs at character 4"),
        ({"text": "x" * 99}, "text differs"),
        ({"attachment": "a.pdf"}, "no attachment, wanted name 'a.pdf'"),
    ],
)
def test_the_first_line_has_the_difference(
    mailbox: Mailbox, make: Make, criteria: dict[str, object], first: str
) -> None:
    """Where one message arrived, and it is in no session's reply."""
    mailbox.add(make())
    said = failure(mailbox, **criteria).splitlines()[0]
    # The rest is the length of the value, or the number of a line.
    assert said.startswith(first)
    assert len(said) <= len(first) + 100


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("b.pdf", "attachment name is 'a.pdf', wanted 'b.pdf'"),
        (
            {"name": "a.pdf", "content_type": "text/csv"},
            "attachment content_type is 'application/pdf', wanted 'text/csv'",
        ),
        (
            {"name": "a.pdf", "content": b"PDQ\r\n"},
            "the content of 'a.pdf' differs at byte 2",
        ),
    ],
)
def test_the_first_line_has_the_difference_of_an_attachment(
    mailbox: Mailbox, report: Envelope, wanted: object, first: str
) -> None:
    """Of the one that is nearest."""
    mailbox.add(report)
    assert failure(mailbox, attachment=wanted).splitlines()[0] == first


def test_the_first_line_has_the_message_that_was_not_wanted(
    mailbox: Mailbox, make: Make
) -> None:
    """Its subject and its recipients."""
    mailbox.add(make("Hello"))
    with pytest.raises(AssertionError) as caught:
        mailbox.assert_none(within=0)
    first, second = str(caught.value).splitlines()[:2]
    assert first == "unwanted: 'Hello' to bob@example.com"
    assert second == "a message arrived that should not have:"


def test_the_first_line_fits_into_a_terminal(mailbox: Mailbox) -> None:
    """What is cut off stands below, before the conversation."""
    log(mailbox, refusing("b" * 70 + "@example.com"))
    text = failure(mailbox)
    assert len(text.splitlines()[0]) == 80
    assert "was refused with 550 no" in text


def test_the_reason_is_not_repeated_above_the_conversation(mailbox: Mailbox) -> None:
    """The first line has it."""
    log(mailbox, refusing("bob@example.com"))
    assert "\n\nSession 1:\n" in failure(mailbox)


def test_notes_stand_beside_the_possible_causes(mailbox: Mailbox) -> None:
    """A line each, before the appendix."""
    mailbox.notes = lambda: ["the program connected to [::1]:25", "one more"]
    mailbox.appendix = lambda: "The end."
    assert failure(mailbox).endswith(
        "or nothing was sent.\n\n"
        "the program connected to [::1]:25\none more\n\nThe end."
    )


def test_a_part_of_a_mailbox_has_its_notes(mailbox: Mailbox) -> None:
    """They are about the program, whoever the message is for."""
    mailbox.notes = lambda: ["a note"]
    with pytest.raises(NotReceived, match=r"\n\na note$"):
        mailbox.for_recipient("*@run-17.test").assert_received()


def test_a_reason_that_is_given_is_in_the_first_line(mailbox: Mailbox) -> None:
    """Before what the sessions tell."""
    log(mailbox, refusing("bob@example.com"))
    evidence = attrs.evolve(mailbox._evidence(), reason="it arrived 0.6 s too late")
    error = not_received(Criteria.of(), 0, 1, " within 5 s", evidence)
    assert str(error).splitlines()[:2] == [
        "it arrived 0.6 s too late",
        "no message arrived within 5 s",
    ]


def log(mailbox: Mailbox, session: Session) -> None:
    """Let a session go by."""
    session.ended = 1.0
    mailbox.sessions.session_began(session)
    mailbox.sessions.session_ended(session)


def refusing(recipient: str) -> Session:
    """Make a session in which a recipient was refused."""
    session = Session(refusals=1)
    session.begin("ann@example.com").refused = ((recipient, Reply(550, "no")),)
    session.transcript.server(b"550 no\r\n")
    return session


def test_the_first_line_has_the_reason(mailbox: Mailbox) -> None:
    """It is what a summary of many tests shows."""
    log(mailbox, refusing("bob@example.com"))
    first = failure(mailbox, subject="x").splitlines()[0]
    assert first == "bob@example.com was refused with 550 no"


def test_what_was_refused_and_is_wanted_comes_first(mailbox: Mailbox) -> None:
    """Before what was refused later."""
    for name in ("bob", "eve", "zoe"):
        log(mailbox, refusing(f"{name}@example.com"))
    text = failure(mailbox, recipient="bob@*")
    assert text.startswith("bob@example.com was refused with 550 no\n")
    assert re.findall("^Session .", text, re.MULTILINE) == [
        "Session 1",
        "Session 3",
        "Session 2",
    ]


def test_a_client_that_only_looked_in_comes_last(mailbox: Mailbox) -> None:
    """Whatever probes the port says nothing of the mail."""
    log(mailbox, refusing("bob@example.com"))
    probe = Session()
    probe.transcript.server(b"220 hello\r\n")
    log(mailbox, probe)
    text = failure(mailbox)
    assert text.startswith("bob@example.com was refused")
    assert text.index("Session 1") < text.index("Session 2")


def test_a_probe_is_neither_the_reason_nor_shown(mailbox: Mailbox) -> None:
    """It is no failure; that somebody connected is said."""
    probe = Session(ended=1.0)
    probe.transcript.server(b"220 hello\r\n")
    probe.transcript.note("the client closed the connection")
    probe.close()
    log(mailbox, probe)
    text = failure(mailbox)
    assert text.startswith("clients were connected, and none sent it\n")
    assert "Session" not in text


def test_what_was_refused_is_no_reason_where_it_was_not_wanted(
    mailbox: Mailbox, make: Make
) -> None:
    """Where messages arrived, the reason is in what differs."""
    mailbox.add(make())
    log(mailbox, refusing("bob@example.com"))
    first = failure(mailbox, recipient="eve@example.com").splitlines()[0]
    assert first == "recipient is 'bob@example.com', wanted 'eve@example.com'"


def test_sessions_that_delivered_are_not_shown(mailbox: Mailbox, make: Make) -> None:
    """Only those that were refused or broke off."""
    mailbox.add(make())
    log(mailbox, Session(delivered=1))
    assert "Session" not in failure(mailbox, subject="x")


def test_at_most_three_sessions_are_shown(mailbox: Mailbox) -> None:
    """The latest, and how many there are beside."""
    for _ in range(5):
        log(mailbox, refusing("bob@example.com"))
    text = failure(mailbox, subject="x")
    assert re.findall("^Session .", text, re.MULTILINE) == [
        "Session 5",
        "Session 4",
        "Session 3",
    ]
    assert text.endswith("\n\n... and 2 more sessions")


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 message was"), (2, "2 messages were")]
)
def test_what_was_accepted_and_is_not_there_is_told(
    number: int, said: str, mailbox: Mailbox
) -> None:
    """As where a test has deleted it."""
    log(mailbox, Session(delivered=number))
    text = failure(mailbox)
    assert text.startswith(f"{said} accepted, and none is here any more\n")


def test_that_nobody_sent_it_is_told_where_clients_were_connected(
    mailbox: Mailbox,
) -> None:
    """They were there before the mailbox was cleared; perhaps it went elsewhere."""
    mailbox.sessions.session_began(Session(refusals=1))
    mailbox.clear()
    assert failure(mailbox).splitlines() == [
        "clients were connected, and none sent it",
        "no message arrived",
        "",
        "wanted:",
        "  any message",
        "",
        "Possible causes: it was not sent yet, it went to another host or port, "
        "or nothing was sent.",
    ]


def test_an_unwanted_message_comes_with_what_was_said_since_the_clearing(
    mailbox: Mailbox, make: Make
) -> None:
    """Its session may have begun long before."""
    session = Session()
    session.transcript.client(b"NOOB")
    mailbox.sessions.session_began(session)
    mailbox.clear()
    session.transcript.at(1.0)
    session.transcript.client(b"MAIL FROM:<a@example.com>")
    mailbox.add(make(session=session))
    with pytest.raises(AssertionError) as caught:
        mailbox.assert_none(within=0)
    assert "MAIL FROM" in str(caught.value)
    assert "NOOB" not in str(caught.value)


def test_the_address_of_the_server_is_told(mailbox: Mailbox) -> None:
    """So it can be compared with the one that the program has."""
    mailbox.address = "localhost port 2525"
    first = failure(mailbox).splitlines()[0]
    assert first == "no client connected to localhost port 2525"


def test_what_should_not_be_there_is_shown_with_its_session(
    mailbox: Mailbox, make: Make
) -> None:
    """Who sent it, and when, can be seen there."""
    session = Session(delivered=1)
    log(mailbox, session)
    mailbox.add(make(session=session))
    with pytest.raises(AssertionError, match=r"(?s)\(session 1\)\n.*\n\nSession 1: "):
        mailbox.assert_none(within=0)


def test_a_failure_is_bounded(mailbox: Mailbox, make: Make) -> None:
    """Whatever a client said, and however much."""
    for _ in range(50):
        session = refusing("b" * 5000 + "@example.com")
        for _ in range(500):
            session.transcript.client(b"x" * 5000)
        log(mailbox, session)
        mailbox.add(make("x" * 5000, rcpt_tos=("b" * 5000,) * 100))
    text = failure(mailbox, subject="y" * 5000, recipient="z" * 5000)
    assert len(text) < 30_000


def test_the_failure_carries_what_arrived(mailbox: Mailbox, make: Make) -> None:
    """A test that catches the failure can look at the messages itself."""
    mailbox.add(make())
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(bool_of, subject="x")
    assert (caught.value.arrived, caught.value.criteria) == (
        (make(),),
        {"subject": "x", "predicate": (bool_of,)},
    )


def bool_of(envelope: Envelope) -> bool:
    return True


def test_a_failure_finds_messages_by_the_index() -> None:
    """To compare each of 50,000 messages with a recipient would take a while."""
    asked: list[str] = []

    def among(key: str) -> tuple[Envelope, ...]:
        asked.append(key)
        return ()

    mail = Envelope(mail_from="", rcpt_tos=("a@example.com",), content=b"")
    counters = SessionLog().counters
    known = Evidence(arrived=(mail,), sessions=(), counters=counters, among=among)
    wanted = Criteria.of(recipient="a@example.com")
    assert not known.has(wanted)
    assert asked == [wanted.key]
    assert attrs.evolve(known, among=None).has(wanted)
    assert known.has(Criteria.of())
