"""Whose own a record is follows the agency's choice: for everybody, at once, and as it was for the past."""

import asyncio
from datetime import datetime
from itertools import pairwise

import pytest

from services.authz.store import past_standings, standings, tenants
from services.contracts.vocabulary import Ownership, UserId
from tests.integration.authz.conftest import Agency
from tests.integration.authz.test_directory import chosen

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHANGES = 100


async def tell(agency: Agency, version: int, ownership: Ownership) -> int:
    """Tell authz of a licence and return the version of the agency's rights since."""
    await agency.tell(chosen(version, "Europe/Warsaw", ownership))
    async with agency.db.transaction(agency.tenant_id) as tx:
        return await tx.value("SELECT rights_version FROM tenants WHERE tenant_id = $1", agency.tenant_id)


async def test_another_ownership_is_compiled_and_announced_for_everybody(agency: Agency) -> None:
    people = {agency.administrator_id, *[await agency.person() for _ in range(3)]}
    await agency.news()
    version = await tell(agency, 2, Ownership.EITHER)
    assert await agency.news() == [(frozenset(map(str, people)), version)]
    for person in people:
        snapshot = (await agency.peer("GET", f"{person}/snapshot")).body
        assert (snapshot["ownership"], snapshot["version"]) == ("either", version)
        assert (await agency.call("GET", f"/v1/users/{person}/access")).body["ownership"] == "either"


async def test_what_is_older_or_known_or_concerns_no_right_announces_nothing(agency: Agency) -> None:
    await tell(agency, 4, Ownership.CREATOR)
    await agency.news()
    for version, ownership in ((3, Ownership.EITHER), (4, Ownership.CREATOR), (5, Ownership.CREATOR)):
        await tell(agency, version, ownership)
    assert await agency.news() == []
    async with agency.db.transaction(agency.tenant_id) as tx:
        row = await tx.row("SELECT ownership, timezone, licence_version FROM tenants")
    assert row is not None
    assert tuple(row) == ("creator", "Europe/Warsaw", 5)


async def test_the_past_keeps_whose_own_records_were(agency: Agency) -> None:
    """Asked again of every moment, each change answers as it did then."""
    person, then = UserId(await agency.person()), dict[datetime, Ownership]()
    chosen_in_turn = (Ownership.CREATOR, Ownership.CREATOR, Ownership.EITHER, Ownership.ASSIGNEE)
    for version, ownership in enumerate((Ownership.ASSIGNEE, *chosen_in_turn), 1):
        await tell(agency, version, ownership)
        async with agency.db.transaction(agency.tenant_id) as tx:
            turn = await tenants.take_turn(tx, await tx.value("SELECT rights_changed_at FROM tenants"))
        then[turn.at] = ownership
    async with agency.db.transaction(agency.tenant_id) as tx:
        for moment, ownership in then.items():
            standing = await past_standings.find(tx, person, moment)
            assert standing is not None
            assert standing.ownership is ownership
        spans = await tx.rows("SELECT valid_from, valid_to FROM ownerships_ever ORDER BY valid_from")
    assert len(spans) == 4
    assert all(before["valid_to"] == after["valid_from"] for before, after in pairwise(spans))


async def test_in_a_hundred_changes_no_snapshot_mixes_what_was_with_what_is(agency: Agency) -> None:
    """A snapshot of a version has the ownership of that version, whenever it is compiled."""
    person = UserId(await agency.person())
    chosen_at, seen = dict[int, Ownership](), set[tuple[int, Ownership]]()
    done = asyncio.Event()

    async def compile_on() -> None:
        while not done.is_set():
            async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
                standing = (await standings.find_all(tx, [person]))[person]
            seen.add((standing.version, standing.ownership))

    async def change_on() -> None:
        in_turn = (Ownership.CREATOR, Ownership.EITHER, Ownership.ASSIGNEE)
        try:
            for number in range(CHANGES):
                ownership = in_turn[number % 3]
                chosen_at[await tell(agency, number + 2, ownership)] = ownership
        finally:
            done.set()

    before = (await agency.peer("GET", f"{person}/snapshot")).body
    await asyncio.gather(change_on(), compile_on(), compile_on())
    chosen_at[before["version"]] = Ownership(before["ownership"])
    assert all(ownership is chosen_at[version] for version, ownership in seen)
    assert len(seen) > 1, "compiled while it changed"
