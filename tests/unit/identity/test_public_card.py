"""What web sites may show of a person: what he shows, whole, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.vocabulary import UserId, UserKind, UserState
from services.identity.domain.agent_card import AgentCard, Billing, Contact, ContactKind, Showable, public_card
from services.identity.domain.user import Assignments, User

CARD = AgentCard(
    title="Direttrice",
    sender_address="office@agency.example",
    contacts=(Contact(ContactKind.PHONE, "+39 0583 1234"), Contact(ContactKind.MOBILE, "+39 333 1234567")),
    billing=Billing("BILLED", "BILLED", "BILLED", "BILLED"),
    descriptions={"it": "Da vent'anni a Lucca."},
)
WORDS = {
    Showable.NAME: "Gina Rossi",
    Showable.TITLE: "Direttrice",
    Showable.EMAIL: "office@agency.example",
    Showable.DESCRIPTION: "Da vent'anni a Lucca.",
    Showable.PHOTO: "photo=True",
}


def person(state: UserState, kind: UserKind) -> User:
    return User(
        id=UserId(UUID(int=1)),
        userid="gina",
        code="GR",
        given_name="Gina",
        family_name="Rossi",
        email="own@agency.example",
        locale="it",
        state=state,
        assignments=Assignments(),
        version=1,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        kind=kind,
    )


@pytest.mark.catalogue("MG-11", "MG-16")
@given(
    st.frozensets(st.sampled_from(Showable)),
    st.lists(st.booleans(), min_size=2, max_size=2),
    st.sampled_from(UserState),
    st.sampled_from(UserKind),
)
def test_exactly_what_is_to_be_shown_is_shown_of_who_works_here(
    shown: frozenset[Showable], each: list[bool], state: UserState, kind: UserKind
) -> None:
    contacts = tuple(replace(contact, shown=on) for contact, on in zip(CARD.contacts, each, strict=True))
    card = AgentCard(CARD.title, None, CARD.sender_address, contacts, shown, CARD.billing, CARD.descriptions)
    public = public_card(person(state, kind), card, has_photo=True)
    if state is not UserState.ACTIVE or kind is not UserKind.COLLEAGUE or not (shown or any(each)):
        assert public is None
        return
    text = repr(public)
    assert {one for one, word in WORDS.items() if word in text} == shown
    assert [contact.value in text for contact in contacts] == each
    assert "BILLED" not in text
    assert "own@agency.example" not in text
