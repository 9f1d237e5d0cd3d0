"""What entries beside a record do to the rights of a person, against the algebra written out step by step."""

from typing import Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight, Scope
from services.contracts.vocabulary import Effect, OfficeId, Ownership, RecordClass, TenantId, UserId, View

ME, COLLEAGUE, TEAM, OFFICE, ELSEWHERE = (UUID(int=at) for at in range(1, 6))
CLASSES: Final = {
    "listings.list": "read",
    "listings.read": "read",
    "listings.print": "read",
    "listings.private.read": "read",
    "listings.update": "write",
    "listings.archive.now": "write",
    "links.update": "write",
    "listings.identity.read": "identity",
    "listings.private_note.read": "identity",
    "record_rights.update": "none",
}
BASIC: Final = {"listings.list", "listings.read", "listings.update", "listings.identity.read"}

scopes = st.builds(
    Scope,
    everything=st.sampled_from((None, None, View.PUBLIC, View.FULL)),
    offices=st.frozensets(st.sampled_from((OfficeId(OFFICE), OfficeId(ELSEWHERE)))),
    own=st.booleans(),
)
rights = st.lists(
    st.tuples(st.sampled_from((ME, TEAM, OFFICE, COLLEAGUE)), st.sampled_from(("read", "write", "identity"))),
    unique=True,
    max_size=6,
).flatmap(
    lambda entries: st.tuples(
        *(
            st.builds(RecordRight, st.just(holder), st.just(RecordClass(kind)), st.sampled_from(Effect))
            for holder, kind in entries
        )
    )
)
facts = st.builds(
    RecordFacts,
    office_id=st.sampled_from((OFFICE, ELSEWHERE)),
    assignee_id=st.sampled_from((ME, COLLEAGUE)),
    created_by=st.just(COLLEAGUE),
    is_private=st.booleans(),
    section=st.just("listings"),
    rights=rights,
)


@st.composite
def people(draw: st.DrawFn) -> AccessSnapshot:
    held = {key: draw(scopes) for key in draw(st.sets(st.sampled_from(sorted(CLASSES))))}
    return AccessSnapshot(
        TenantId(UUID(int=9)),
        UserId(ME),
        1,
        Ownership.ASSIGNEE,
        held,
        principals=frozenset({ME, TEAM, OFFICE}),
        classes={key: RecordClass(CLASSES[key]) for key in held if CLASSES[key] != "none"},
    )


class Reference:
    """Section 2 of the design for an active person, as plainly as it can be written."""

    def __init__(self, who: AccessSnapshot, record: RecordFacts) -> None:
        self.who, self.record = who, record

    def entry(self, kind: str) -> str:
        effects: dict[str, set[str]] = {"own": set(), "other": set()}
        for right in self.record.rights:
            if right.record_class.value == kind and right.holder_id in {ME, TEAM, OFFICE}:
                effects["own" if right.holder_id == ME else "other"].add(right.effect.value)
        for side in ("own", "other"):
            for effect in ("deny", "allow"):
                if effect in effects[side]:
                    return effect
        return "inherit"

    def reach(self, key: str) -> str | None:
        scope, record = self.who.scopes.get(key), self.record
        if scope is None:
            return None
        mine = scope.own and record.assignee_id == ME
        if scope.everything is View.FULL or record.office_id in scope.offices or mine:
            return "full"
        return "public" if scope.everything and not record.is_private else None

    def decide(self, key: str) -> str | None:
        identity = CLASSES[key] == "identity"
        if key not in {"listings.list", "listings.read"}:
            read = self.decide("listings.read")
            if read is None or (identity and read == "public"):
                return None
        says = self.entry(CLASSES[key])
        if says == "deny":
            return None
        if says == "allow":
            any_reach = key in self.who.scopes and not self.who.scopes[key].is_empty
            if key in BASIC or any_reach:
                return "full"
        mine = self.record.assignee_id == ME
        opened = mine or self.entry("read") == "allow" or self.reach("listings.private.read") is not None
        if self.record.is_private and not opened:
            return None
        reach = self.reach(key)
        return None if identity and reach == "public" else reach


@pytest.mark.catalogue("ON-3", "ON-19")
@settings(max_examples=1000)
@given(people(), facts)
def test_record_rights_beat_reach_and_privacy_in_both_directions(who: AccessSnapshot, record: RecordFacts) -> None:
    reference = Reference(who, record)
    for key in CLASSES:
        assert who.decide(key, record) == reference.decide(key), key


@given(facts)
def test_a_deny_of_read_refuses_everything(record: RecordFacts) -> None:
    everything = dict.fromkeys(CLASSES, Scope(everything=View.FULL))
    who = AccessSnapshot(
        TenantId(UUID(int=9)), UserId(ME), 1, Ownership.ASSIGNEE, everything, principals=frozenset({ME})
    )
    denied = RecordFacts(
        record.office_id,
        record.assignee_id,
        record.created_by,
        record.is_private,
        "listings",
        (RecordRight(ME, RecordClass.READ, Effect.DENY), *(r for r in record.rights if r.holder_id != ME)),
    )
    assert [key for key in CLASSES if who.decide(key, denied)] == []


@given(facts)
def test_entries_are_nothing_to_somebody_who_is_not_active(record: RecordFacts) -> None:
    nobody = AccessSnapshot(TenantId(UUID(int=9)), UserId(ME), 1, Ownership.ASSIGNEE)
    assert [key for key in CLASSES if nobody.decide(key, record)] == []
