"""The tests of a mailbox in process, run with one over HTTP."""

# ruff: noqa: F401

from __future__ import annotations

import pytest

from ..mailbox.test_box import (
    test_a_number_of_another_type_is_refused,
    test_a_view_clears_its_own_only,
    test_a_view_finds_its_own_only,
    test_a_view_has_its_own_messages,
    test_a_view_of_a_view_does_not_clear_the_rest,
    test_a_view_of_a_view_is_both,
    test_a_view_waits_for_its_own,
    test_a_views_failure_shows_the_others,
    test_an_empty_mailbox_has_no_latest,
    test_an_empty_mailbox_is_true,
    test_assert_received_counts,
    test_assert_received_gives_the_message,
    test_assert_received_may_wait,
    test_clear_forgets,
    test_find_all_gives_all,
    test_find_gives_none,
    test_find_gives_the_first,
    test_messages_come_oldest_first,
    test_messages_have_places,
    test_none_comes,
    test_none_is_there,
    test_one_is_there,
    test_reading_is_not_disturbed_by_what_comes,
    test_senseless_numbers_are_refused,
    test_sent_is_another_word_for_received,
    test_the_latest_came_last,
    test_too_few_are_not_received,
    test_too_many_fail,
    test_what_was_cleared_is_not_found_by_its_recipient,
    three,
)
from ..mailbox.test_waiting import (
    test_a_coroutine_gives_the_message,
    test_a_coroutine_times_out,
    test_a_message_wakes_the_waiting_thread,
    test_a_mistake_is_told_at_the_call,
    test_a_timeout_is_a_timeout_error,
    test_a_timeout_says_what_came,
    test_close_wakes_the_waiting_thread,
    test_more_than_was_waited_for_is_left,
    test_old_and_new_messages_count_together,
    test_what_a_predicate_raises_is_the_waiting_tests,
    test_what_is_there_is_not_waited_for,
)
from .conftest import Both


@pytest.fixture
def told(mailbox: Both) -> Both:
    """Return a mailbox that tells when somebody waits."""
    return mailbox
