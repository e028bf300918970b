"""`lazr_smtptest.readers.judging`: criteria that a child process checks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from lazr_smtptest._patterns import PatternTimeoutError
from lazr_smtptest.mailbox.difference import candidates
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.functions import LARGE
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.parsing.worker import Bounds
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.query.criteria_json import read_criteria
from lazr_smtptest.readers.imap import functions
from lazr_smtptest.readers.judging import JUDGING, judged_elsewhere

HEADER = b"Subject: Hello\r\nTo: bob@example.com\r\n\r\n"
# Their texts are equal up to the end of the smaller one.
SMALL = Envelope(
    id="small",
    mail_from="ann@example.com",
    rcpt_tos=("bob@example.com",),
    content=HEADER + b"Your code is 481516.\r\n" + b"x " * 1000,
)
LARGER = attrs.evolve(SMALL, id="large", content=SMALL.content + b"x " * LARGE)

MISSED: list[dict[str, Any]] = [
    {"text": "Your code is 4711"},
    {"text": {"regex": "code is [a-z]+"}},
    {"subject": "Hallo"},
    {"subject": {"regex": "^B"}, "text": "goodbye"},
    {"recipient": "eve@example.com", "text": "goodbye"},
    {"html": {"regex": "x"}},
    {"header": {"To": "eve@example.com"}},
    {"attachment": {"name": "a.pdf", "content": "eA=="}},
    {"text": None},
]


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsingPool]:
    """A pool with one child; its bound of time is none that a test reaches."""
    pool = ParsingPool(processes=1, registry=functions, bounds=Bounds(cpu=60.0))
    yield pool
    pool.close()


def elsewhere(given: dict[str, Any], pool: ParsingPool) -> Criteria:
    """Return the criteria that a child checks."""
    return judged_elsewhere(read_criteria(given), given, pool.call)


@pytest.mark.slow
@pytest.mark.parametrize("given", MISSED, ids=str)
def test_a_child_shows_the_same_differences(
    given: dict[str, Any], pool: ParsingPool
) -> None:
    """As in the calling thread, and in the same order."""
    [here], _ = candidates(read_criteria(given), [LARGER])
    [there], _ = candidates(elsewhere(given, pool), [LARGER])
    assert there.describe() == here.describe()
    assert there.distance == here.distance


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        {"text": "Your code is 481516"},
        {"text": {"regex": "code is [0-9]+"}, "subject": "Hello"},
        {"recipient": "bob@*", "html": None},
    ],
    ids=str,
)
def test_a_child_finds_the_same(given: dict[str, Any], pool: ParsingPool) -> None:
    """A message that meets the criteria."""
    assert elsewhere(given, pool)(LARGER)


@pytest.mark.slow
def test_a_regular_expression_that_takes_too_long_is_an_error(
    pool: ParsingPool,
) -> None:
    """The same one as in the calling thread."""
    criteria = elsewhere({"text": {"regex": "(x |xx )+$Q"}}, pool)
    with pytest.raises(PatternTimeoutError, match="took more than 1 s for one value"):
        criteria(attrs.evolve(LARGER, content=HEADER + b"x " * LARGE + b"!"))


def asked(
    answer: Callable[[str, Envelope, str], Any] | None = None,
) -> tuple[list[str], Callable[..., Any]]:
    """Return the ids of the messages that a child is asked about, and who asks."""
    ids: list[str] = []

    def parsing(name: str, envelope: Envelope, argument: str) -> Any:
        assert name == JUDGING
        ids.append(envelope.id)
        if answer is not None:
            return answer(name, envelope, argument)
        return functions.FUNCTIONS[name].run(envelope, argument)

    return ids, parsing


def test_a_small_message_is_checked_here() -> None:
    """To send it would take longer."""
    ids, parsing = asked()
    given = {"text": "481516"}
    assert judged_elsewhere(read_criteria(given), given, parsing)(SMALL)
    assert ids == []


def test_an_envelope_is_checked_here() -> None:
    """It needs nothing of the content."""
    ids, parsing = asked()
    given = {"recipient": "eve@example.com", "text": "481516"}
    assert not judged_elsewhere(read_criteria(given), given, parsing)(LARGER)
    assert ids == []


def test_a_child_is_asked_once_about_a_message() -> None:
    """For all criteria together."""
    ids, parsing = asked()
    given = {"subject": "Hello", "text": "481516"}
    criteria = judged_elsewhere(read_criteria(given), given, parsing)
    assert criteria(LARGER)
    assert criteria(LARGER)
    assert ids == ["large"]


def test_a_message_that_exceeds_the_bounds_does_not_meet_them() -> None:
    """The difference says why."""
    function = functions.FUNCTIONS[JUDGING]
    _, parsing = asked(lambda _, envelope, __: function.failed(envelope, "it is huge"))
    given = {"text": "481516"}
    criteria = judged_elsewhere(read_criteria(given), given, parsing)
    [candidate], _ = candidates(criteria, [LARGER])
    assert candidate.describe()[0] == "text cannot be checked: it is huge"


@pytest.mark.slow
def test_the_functions_of_the_pool_install_no_reactor() -> None:
    """The processes of workers and of twistd choose theirs after they are imported."""
    program = (
        "import sys, lazr_smtptest.readers.imap.functions; "
        "sys.exit('twisted.internet.reactor' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
