"""No test fails because the machine is busy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def test_an_example_of_hypothesis_may_take_any_time() -> None:
    """Its deadline of 0.2 seconds is one of the machine, not of what is tested."""
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def test_other_settings_of_a_test_leave_it_so() -> None:
    """They are added to those of all tests."""
    assert settings(max_examples=7).deadline is None
