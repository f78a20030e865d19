"""Admission: what is refused, by the expected wait."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from service.errors import Overloaded
from service.execution.admission import Admission
from service.observability.metrics import Metrics


class Clock:
    """Seconds that the test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_unmeasured_service_admits_everything() -> None:
    admission = Admission(max_wait_s=0.001, body_bytes=10, metrics=Metrics(), clock=Clock())
    with ExitStack() as searches:
        for _ in range(100):
            admission.check_arrival(None, 1.0)
            searches.enter_context(admission.search())


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.5], ids=["fast model", "usual model", "slow model"])
def test_the_budget_is_a_time_whatever_a_search_costs(seconds: float) -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(20):
        with admission.search():
            clock.now += seconds
        clock.now += 5.0  # Idle time does not count.
    with ExitStack() as searches:
        admitted = 0
        while admission.expected_wait_s <= 1.0:
            searches.enter_context(admission.search())
            admitted += 1
        assert admitted == pytest.approx(1.0 / seconds, abs=1.01)
        with pytest.raises(Overloaded) as refused:
            searches.enter_context(admission.search())
        assert refused.value.retry_after_s == 2  # Rounded up: the expected wait is a little over the budget.


def test_the_time_per_search_is_that_between_completions_of_concurrent_searches() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(30):
        with ExitStack() as batch:
            for _ in range(4):
                batch.enter_context(admission.search())
            clock.now += 0.4  # Four searches in one batch of 400 ms.
    with ExitStack() as searches:
        for _ in range(5):
            searches.enter_context(admission.search())
        assert admission.expected_wait_s == pytest.approx(0.5, rel=0.1)


def test_failed_searches_do_not_count_as_fast_ones() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    with admission.search():
        clock.now += 0.1
    for _ in range(50):
        with suppress(ValueError), admission.search():
            raise ValueError
    with admission.search():
        assert admission.expected_wait_s == pytest.approx(0.1)


def test_the_time_of_failed_searches_is_not_that_of_the_others() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(30):
        with admission.search():
            for _ in range(9):
                with suppress(ValueError), admission.search():
                    clock.now += 0.05
                    raise ValueError
            clock.now += 0.1
    with admission.search():
        assert admission.expected_wait_s == pytest.approx(0.1)


def test_a_search_that_would_miss_its_deadline_is_refused_on_arrival_unless_the_service_is_idle() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    with admission.search():
        clock.now += 0.2
    admission.check_arrival(0, allowed_s=0.01)
    with admission.search():
        admission.check_arrival(0, allowed_s=0.5)
        with pytest.raises(Overloaded) as refused:
            admission.check_arrival(0, allowed_s=0.3)
    assert refused.value.reason == "deadline"


def test_a_search_that_waits_for_something_else_is_not_in_progress() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    with ExitStack() as waiting:
        for _ in range(100):
            waiting.enter_context(admission.search())
            waiting.enter_context(admission.paused())
        assert admission.expected_wait_s == 0
        for _ in range(20):
            with admission.search():
                clock.now += 0.1
            clock.now += 5.0  # The others are still waiting. Their time is not that of a search.
        with admission.search():
            assert admission.expected_wait_s == pytest.approx(0.1)
    assert admission.expected_wait_s == 0
