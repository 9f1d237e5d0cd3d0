"""Temporary refusals end after days, uncertain tries after three; whatever is final stays so."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.delivery import State
from services.notifications.domain.retry import AWAY, LADDER, UNCERTAIN_LADDER, Outcome, after, of_reply


@given(st.integers(min_value=-1, max_value=999))
def test_the_first_digit_of_a_reply_decides(code: int) -> None:
    expected = {4: State.DEFERRED, 5: State.REFUSED}.get(code // 100, State.UNCERTAIN)
    assert of_reply(code, State.UNCERTAIN).state is expected


def test_temporary_refusals_are_given_up_after_three_days() -> None:
    attempts, waited = 0, timedelta()
    while (step := after(Outcome(State.DEFERRED, "451"), attempts, 0)).wait is not None:
        assert (step.state, step.failed) == (State.DEFERRED, False)
        attempts, waited = step.attempts, waited + step.wait
    assert (step.state, step.code, step.failed) == (State.REFUSED, "451", True)
    assert timedelta(days=3) < waited < timedelta(days=4)
    assert list(LADDER) == sorted(LADDER)


def test_identity_may_be_away_for_ever() -> None:
    step = after(Outcome(State.DEFERRED, "identity_unavailable", tried=False), attempts=10_000, uncertain_attempts=0)
    assert (step.state, step.attempts, step.wait) == (State.DEFERRED, 10_000, AWAY)


def test_the_third_uncertain_try_is_the_last() -> None:
    steps = [after(Outcome(State.UNCERTAIN, "timeout"), tries, tries) for tries in range(3)]
    assert [step.wait for step in steps] == [*UNCERTAIN_LADDER, None]
    assert [step.failed for step in steps] == [False, False, True]
    assert {step.state for step in steps} == {State.UNCERTAIN}


@pytest.mark.parametrize(
    ("state", "tried", "failed"),
    [(State.SENT, True, False), (State.REFUSED, True, True), (State.CANCELLED, False, False)],
)
def test_what_is_final_is_not_tried_again(state: State, tried: bool, failed: bool) -> None:
    step = after(Outcome(state, tried=tried), 2, 1)
    assert (step.state, step.wait, step.failed) == (state, None, failed)
    assert (step.attempts, step.uncertain_attempts) == (2 + tried, 1)
