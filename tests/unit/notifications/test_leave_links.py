"""Links by which one leaves mail: only ours work, and each says exactly one thing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.contracts.vocabulary import TenantId
from services.notifications.adapters.leave_links import LeaveLinks, Leaving
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import CHOOSABLE

LINKS = LeaveLinks(SecretStr("a secret of twenty characters"), "https://agency.test")
OTHERS = LeaveLinks(SecretStr("another secret of twenty char"), "https://agency.test")


@given(st.uuids(), st.uuids(), st.sampled_from(CHOOSABLE))
def test_a_link_says_whose_mail_of_which_category(tenant: UUID, recipient: UUID, category: Category) -> None:
    leaving = Leaving(TenantId(tenant), recipient, category)
    token = LINKS.token(leaving)
    assert LINKS.read(token) == leaving
    assert OTHERS.read(token) is None
    assert LINKS.url(leaving) == f"https://agency.test/unsubscribe/{token}"


@given(st.uuids(), st.integers(0, 64), st.characters(codec="ascii"))
def test_a_link_with_one_character_changed_is_not_ours(tenant: UUID, place: int, character: str) -> None:
    leaving = Leaving(TenantId(tenant), tenant, Category.GENERAL)
    token = LINKS.token(leaving)
    changed = token[:place] + character + token[place + 1 :]
    assert LINKS.read(changed) in ({leaving, None} if changed == token else {None})


@given(st.text())
def test_any_other_text_is_not_ours(text: str) -> None:
    assert LINKS.read(text) is None


def test_mail_that_protects_the_account_has_no_link() -> None:
    assert LINKS.url(Leaving(TenantId(UUID(int=1)), UUID(int=2), Category.SECURITY)) == ""


@pytest.mark.parametrize("category", CHOOSABLE)
def test_the_order_of_categories_is_part_of_links_that_are_out_there(category: Category) -> None:
    order = ["general", "services", "domain", "administration", "support", "appointments", "matches", "invitations"]
    assert CHOOSABLE.index(category) == order.index(category.value)
