"""Answers that are made of a store, and kept until it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.web.http_headers import Headers

from lazr_smtptest.readers.http import store_answers
from lazr_smtptest.readers.http.answer import Answer, text_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.coroutines import begin
from lazr_smtptest.readers.http.store_answers import Made, StoreAnswers, is_timeless


class FakeStore:
    """A store that has nothing but a version."""

    validity = 1

    def __init__(self) -> None:
        self.changes = 0

    def last_change(self) -> int:
        return self.changes


class FakeReader:
    """Calls functions at once, and counts the calls of threads."""

    def __init__(self, *, is_in_memory: bool = True) -> None:
        self.store = FakeStore()
        self.calls = 0
        self._is_in_memory = is_in_memory

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        self.calls += 1
        return succeed(function(self.store, *arguments))

    def version_at_once(self) -> tuple[int, int] | None:
        return (1, self.store.changes) if self._is_in_memory else None


class Maker:
    """Makes answers that differ, and counts them."""

    def __init__(self, *, lasts: bool = True, size: int = 0) -> None:
        self.made = 0
        self._lasts = lasts
        self._size = size

    def __call__(self, store: FakeStore) -> Made:
        self.made += 1
        return Made(text_answer(f"{self.made}".ljust(self._size)), self._lasts)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


def answers_of(reader: FakeReader) -> StoreAnswers:
    return StoreAnswers(reader)  # type: ignore[arg-type]


def get(
    answers: StoreAnswers, make: Maker, path: str = "/", *, lasts: bool = True
) -> str:
    """Return the text of an answer."""
    answer = begin(answers.get(Call(method="GET", path=path), make, lasts=lasts))
    assert isinstance(answer, Answer)
    assert isinstance(answer.body, bytes)
    return answer.body.decode().rstrip()


def get_tagged(answers: StoreAnswers, make: Maker, known: str = "") -> Answer:
    headers = Headers({"If-None-Match": [known]} if known else {})
    call = Call(method="GET", path="/", headers=headers)
    answer = begin(answers.get_tagged(call, make))
    assert isinstance(answer, Answer)
    return answer


class TestKept:
    """When an answer is used again."""

    def test_while_nothing_changes(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        assert [get(answers, make), get(answers, make)] == ["1", "1"]

    def test_without_a_call_of_a_thread_for_a_store_in_memory(
        self, reader: FakeReader
    ) -> None:
        answers, make = answers_of(reader), Maker()
        get(answers, make)
        get(answers, make)
        assert reader.calls == 1

    def test_after_the_version_of_another_store_was_read(self) -> None:
        reader, make = FakeReader(is_in_memory=False), Maker()
        answers = answers_of(reader)
        assert [get(answers, make), get(answers, make)] == ["1", "1"]
        assert reader.calls == 2

    @pytest.mark.parametrize("is_in_memory", [True, False])
    def test_not_after_a_change(self, is_in_memory: bool) -> None:
        reader, make = FakeReader(is_in_memory=is_in_memory), Maker()
        answers = answers_of(reader)
        get(answers, make)
        reader.store.changes += 1
        assert get(answers, make) == "2"

    def test_not_for_another_path(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        assert [get(answers, make, "/a"), get(answers, make, "/b")] == ["1", "2"]

    def test_not_for_another_query(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        get(answers, make)
        call = Call(method="GET", path="/", query={"limit": ["1"]})
        begin(answers.get(call, make))
        assert make.made == 2

    def test_not_if_time_changes_it(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        get(answers, make, lasts=False)
        assert get(answers, make, lasts=False) == "2"

    def test_not_if_a_part_is_missing(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker(lasts=False)
        assert [get(answers, make), get(answers, make)] == ["1", "2"]


class TestBounds:
    """How many answers are kept."""

    def test_the_oldest_makes_room(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        paths = [f"/{number}" for number in range(store_answers._MOST + 1)]
        for path in paths:
            get(answers, make, path)
        get(answers, make, paths[-1])
        assert make.made == len(paths)
        get(answers, make, paths[0])
        assert make.made == len(paths) + 1

    def test_large_ones_make_room_for_each_other(self, reader: FakeReader) -> None:
        answers = answers_of(reader)
        make = Maker(size=store_answers._MOST_BYTES * 2 // 3)
        for path in ("/a", "/b", "/b", "/a"):
            get(answers, make, path)
        assert make.made == 3

    def test_a_very_large_one_is_not_kept(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker(size=store_answers._MOST_BYTES + 1)
        assert [get(answers, make), get(answers, make)] == ["1", "2"]


class TestTags:
    """The tags of answers."""

    def test_a_client_that_has_it_gets_no_body(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        tag = get_tagged(answers, make).headers["ETag"]
        again = get_tagged(answers, make, tag)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)

    def test_a_change_gives_another_tag(self, reader: FakeReader) -> None:
        answers, make = answers_of(reader), Maker()
        tag = get_tagged(answers, make).headers["ETag"]
        reader.store.changes += 1
        assert get_tagged(answers, make, tag).status == 200

    def test_what_does_not_last_has_none(self, reader: FakeReader) -> None:
        assert "ETag" not in get_tagged(answers_of(reader), Maker(lasts=False)).headers


@pytest.mark.parametrize(
    ("query", "timeless"),
    [("", True), ("code", True), ("after:1d", False), ("code -before:1h", False)],
)
def test_time_changes_what_a_query_with_a_date_finds(
    query: str, timeless: bool
) -> None:
    assert is_timeless(query) is timeless
