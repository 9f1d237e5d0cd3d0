"""A snapshot travels small and arrives whole, and what older services send is still read."""

from dataclasses import replace
from itertools import cycle, islice
from random import Random
from typing import Final
from uuid import UUID

from hypothesis import given
from pydantic import TypeAdapter

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.catalogue import record_classes
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.reach import Reach
from services.authz.domain.starting_groups import starting_groups
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.authz_api import SNAPSHOT
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, View
from tests.unit.authz.test_compiling import NOW, World, worlds

CATALOGUE: Final = permission_catalogue()
FOUR_KILOBYTES: Final = 4_096
RANDOM: Final = Random(4)  # noqa: S311 data, not secrets


def some_id() -> UUID:
    return UUID(int=RANDOM.getrandbits(128), version=4)


def member_of_twenty_groups() -> Standing:
    """Return a person in twenty groups of which each grants one section at one reach, in a region of eight offices."""
    sections = islice(cycle(sorted({each.section for each in CATALOGUE.values()})), 20)
    reaches = cycle((Reach.OWN, Reach.PRINCIPAL, Reach.ALL, Reach.REGION, Reach.SECONDARY, Reach.OFFICE, Reach.USER))
    held = list[HeldGrant]()
    for at, (section, reach) in enumerate(zip(sections, reaches, strict=False)):
        group, other = Holder(HolderKind.GROUP, some_id(), str(at)), some_id()
        for permission in CATALOGUE.values():
            if permission.section == section:
                fitting = reach if reach in permission.reaches else Reach.ALL
                named = other if fitting in {Reach.OFFICE, Reach.USER} else None
                held.append(HeldGrant(Grant(permission.key, fitting, named), group))
    offices = [OfficeId(some_id()) for _ in range(8)]
    return Standing(
        tenant_id=TenantId(some_id()),
        user_id=UserId(some_id()),
        version=12_345,
        ownership=Ownership.EITHER,
        is_active=True,
        principal=frozenset(offices[:1]),
        secondary=frozenset(offices[1:3]),
        region=frozenset(offices),
        held=tuple(held),
    )


@given(worlds)
def test_what_arrives_is_what_was_sent(world: World) -> None:
    snapshot = compile_snapshot(world.standing(), NOW)
    snapshot = replace(snapshot, classes=record_classes(CATALOGUE, snapshot.scopes))

    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(snapshot)) == snapshot


@given(worlds)
def test_the_older_form_with_a_scope_per_key_is_still_read(world: World) -> None:
    snapshot = compile_snapshot(world.standing(), NOW)

    assert SNAPSHOT.validate_json(TypeAdapter(AccessSnapshot).dump_json(snapshot)) == snapshot


def test_twenty_groups_fit_into_four_kilobytes() -> None:
    snapshot = compile_snapshot(member_of_twenty_groups(), NOW)
    snapshot = replace(snapshot, classes=record_classes(CATALOGUE, snapshot.scopes))

    assert len(snapshot.scopes) > len(CATALOGUE) / 2
    assert len(SNAPSHOT.dump_json(snapshot)) <= FOUR_KILOBYTES


def test_an_administrator_fits_into_four_kilobytes() -> None:
    everything = dict.fromkeys(CATALOGUE, Scope(everything=View.FULL))
    classes = record_classes(CATALOGUE, CATALOGUE)
    snapshot = AccessSnapshot(
        TenantId(some_id()), UserId(some_id()), 1, Ownership.ASSIGNEE, everything, classes=classes
    )

    assert len(SNAPSHOT.dump_json(snapshot)) <= FOUR_KILOBYTES


def test_every_group_that_an_agency_starts_with_fits_as_well() -> None:
    member = member_of_twenty_groups()
    for group in starting_groups(CATALOGUE):
        holder = Holder(HolderKind.GROUP, some_id(), group.code)
        snapshot = compile_snapshot(replace(member, held=tuple(HeldGrant(each, holder) for each in group.grants)), NOW)
        snapshot = replace(snapshot, classes=record_classes(CATALOGUE, snapshot.scopes))
        assert len(SNAPSHOT.dump_json(snapshot)) <= FOUR_KILOBYTES, group.code
