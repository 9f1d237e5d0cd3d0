"""Which permissions it takes to write which field."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, TenantId, UserId, View
from services.records.domain.kinds import StandardStatus
from services.records.domain.listing import LISTINGS
from services.records.domain.record import Tier
from services.records.domain.rights import refused, refused_at_creation
from tests.unit.records.test_listing import LISTING, OFFICES, PEOPLE

ALL, PUBLIC, OWN = Scope(everything=View.FULL), Scope(everything=View.PUBLIC), Scope(own=True)
CHANGED_BY, TIER_OF = LISTINGS.changed_by, LISTINGS.tier_of
NEVER = {"id", "number", "created_by", "version", "created_at", "updated_at"}


def holding(scope: Scope, *keys: str, user_id: UserId = PEOPLE[0]) -> AccessSnapshot:
    """Return what somebody may do who reads everything and holds these keys of listings besides."""
    held = {"listings.read": ALL, **{f"listings.{key}": scope for key in keys}}
    return AccessSnapshot(TenantId(UUID(int=9)), user_id, 1, Ownership.ASSIGNEE, held)


def test_every_field_but_the_fixed_ones_has_a_permission_that_changes_it() -> None:
    assert CHANGED_BY.keys() == TIER_OF.keys() - NEVER


@pytest.mark.catalogue("IMO-5", "IMO-7", "IMO-8", "IMO-9", "IMO-11", "IMO-33", "MG-63")
@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("title", "update"),
        ("standard_status", "update"),
        ("is_private", "update"),
        ("office_id", "assignee.update"),
        ("assignee_id", "assignee.update"),
        ("superoffer", "superoffer.update"),
        ("no_commission", "no_commission.update"),
        ("banner", "banner.update"),
        ("investment", "investment.update"),
        ("key_holder_id", "key_holder.update"),
        ("owner_name", "identity.update"),
        ("private_note", "private_note.update"),
    ],
)
def test_a_field_is_changed_by_its_own_permission_only(field: str, key: str) -> None:
    others = {changes.removeprefix("listings.") for changes in CHANGED_BY.values()} - {key}
    assert refused(LISTING, {field: None}, holding(ALL, key)) == []
    assert refused(LISTING, {field: None}, holding(ALL, *others)) == [(field, f"listings.{key}")]


@given(names=st.sets(st.sampled_from(sorted(CHANGED_BY))), held=st.sets(st.sampled_from(sorted(CHANGED_BY.values()))))
def test_a_change_is_refused_for_each_field_whose_permission_is_missing(names: set[str], held: set[str]) -> None:
    who = holding(ALL, *(key.removeprefix("listings.") for key in held))
    missing = refused(LISTING, dict.fromkeys(names), who)
    assert set(missing) == {(name, CHANGED_BY[name]) for name in names if CHANGED_BY[name] not in held}


def test_a_permission_reaches_where_its_scope_does() -> None:
    assert refused(LISTING, {"title": "x"}, holding(OWN, "update", user_id=PEOPLE[0])) == []
    assert refused(LISTING, {"title": "x"}, holding(OWN, "update", user_id=PEOPLE[1])) != []


def test_in_the_public_view_only_public_fields_are_changed() -> None:
    who = holding(PUBLIC, *(key.removeprefix("listings.") for key in CHANGED_BY.values()))
    for name in CHANGED_BY:
        assert (refused(LISTING, {name: None}, who) == []) is (TIER_OF[name] is Tier.PUBLIC), name


def test_making_a_listing_private_and_archiving_it_take_a_permission_more() -> None:
    who = holding(ALL, "update")
    archived = replace(LISTING, standard_status=StandardStatus.ARCHIVED)
    assert refused(LISTING, {"is_private": True}, who) == [("is_private", "listings.private.create")]
    assert refused(LISTING, {"is_private": False}, who) == []
    assert refused(LISTING, {"standard_status": StandardStatus.ARCHIVED}, who) == [
        ("standard_status", "listings.archive.now")
    ]
    assert refused(archived, {"standard_status": StandardStatus.ACTIVE}, who) == [
        ("standard_status", "listings.restore.now")
    ]
    assert refused(archived, {"standard_status": StandardStatus.ARCHIVED}, who) == []


@pytest.mark.catalogue("MG-59")
def test_who_creates_may_describe_property_and_owner_and_nothing_that_has_its_own_permission() -> None:
    mine = replace(LISTING, created_by=PEOPLE[0], title="New", owner_name="Neri", standard_status=StandardStatus.ACTIVE)
    assert refused_at_creation(mine, holding(OWN), OFFICES[0]) == []
    full = replace(mine, assignee_id=PEOPLE[1], superoffer=True, private_note="Ring twice.", is_private=True)
    assert {name for name, _ in refused_at_creation(full, holding(OWN), OFFICES[0])} == {
        "assignee_id",
        "superoffer",
        "private_note",
        "is_private",
    }
    keys = ("assignee.update", "superoffer.update", "private_note.update", "private.create")
    assert refused_at_creation(full, holding(OWN, *keys), OFFICES[0]) == []


@pytest.mark.catalogue("MG-59")
def test_who_creates_in_a_strangers_office_may_move_a_record_of_his_own_there() -> None:
    here, there = OFFICES
    mine = replace(LISTING, created_by=PEOPLE[0], office_id=there)
    missing = [("office_id", "listings.assignee.update")]
    in_one_office = holding(Scope(offices=frozenset({here})), "assignee.update")
    in_the_other = holding(Scope(offices=frozenset({there})), "assignee.update")
    assert refused_at_creation(mine, holding(ALL), here) == missing
    assert refused_at_creation(mine, holding(OWN, "assignee.update"), here) == []
    assert refused_at_creation(mine, in_one_office, here) == []
    assert refused_at_creation(mine, in_the_other, here) == missing, "moved away from here, not there"
    assert refused_at_creation(mine, holding(ALL), there) == []
    assert refused_at_creation(mine, replace(holding(ALL), principals=frozenset({there})), here) == []
    assert refused_at_creation(mine, holding(ALL), None) == missing
    assert refused_at_creation(mine, in_the_other, None) == []
