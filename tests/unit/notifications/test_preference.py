"""Who gets which mail: the rule against a plain table of words, and what explains it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.vocabulary import UserState
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import (
    MANDATORY,
    SYSTEM_DEFAULT,
    Decision,
    Ground,
    NotChoosable,
    Standing,
    decide,
    explain,
    require_choosable,
)

STANDINGS = st.builds(
    Standing,
    state=st.sampled_from(UserState),
    receives=st.booleans(),
    sender_sends=st.booleans(),
    suppressed=st.booleans(),
    choice=st.none() | st.booleans(),
    agency_default=st.none() | st.booleans(),
)


def plainly(category: str, of: Standing) -> tuple[bool, str]:
    """The order of the requirements, written down once more without the product's code."""
    table = [
        (of.state == "ghost", False, "recipient_gone"),
        (not of.receives, False, "receiving_blocked"),
        (not of.sender_sends, False, "sending_blocked"),
        (of.suppressed, False, "address_suppressed"),
        (category == "security", True, "mandatory"),
        (of.state != "active", False, "account_not_active"),
        (of.choice is not None, of.choice is True, "own_choice"),
        (of.agency_default is not None, of.agency_default is True, "agency_default"),
        (True, category != "appointments", "system_default"),
    ]
    return next((wanted, ground) for applies, wanted, ground in table if applies)


@given(st.sampled_from(Category), STANDINGS)
@pytest.mark.catalogue("MG-18", "SB-17", "SB-18", "SB-19", "SB-20", "SB-21")
def test_the_first_ground_with_anything_to_say_decides(category: Category, standing: Standing) -> None:
    decision = decide(category, standing)
    assert (decision.wanted, decision.ground.value) == plainly(category.value, standing)


@given(st.sampled_from(Category), STANDINGS)
def test_the_explanation_names_every_ground_in_order_and_agrees_with_the_decision(
    category: Category, standing: Standing
) -> None:
    steps = explain(category, standing)
    assert [step.ground for step in steps] == list(Ground)
    said = [step for step in steps if step.wanted is not None]
    assert decide(category, standing) == Decision(bool(said[0].wanted), said[0].ground)


@given(STANDINGS)
def test_nothing_that_one_chooses_keeps_mail_back_that_protects_the_account(standing: Standing) -> None:
    assert decide(Category.SECURITY, standing).ground not in {Ground.OWN_CHOICE, Ground.AGENCY_DEFAULT}


@pytest.mark.catalogue("MG-17")
def test_the_daily_summary_is_asked_for_and_everything_else_is_there() -> None:
    assert {category for category, wanted in SYSTEM_DEFAULT.items() if not wanted} == {Category.APPOINTMENTS}
    assert set(SYSTEM_DEFAULT) | MANDATORY == set(Category)


def test_security_cannot_be_chosen() -> None:
    require_choosable({Category.GENERAL: False})
    with pytest.raises(NotChoosable):
        require_choosable({Category.GENERAL: False, Category.SECURITY: False})
