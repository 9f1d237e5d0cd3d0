"""What expires stops counting at that instant, is announced, and becomes past."""

from datetime import UTC, datetime, timedelta

import pytest

from services.authz.app import SERVICE
from services.authz.operations.expiry import expire
from tests.integration.authz.conftest import Agency
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, settings_of, working

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "own"}


async def test_whoever_held_what_expired_is_told_and_nobody_else(agency: Agency) -> None:
    member, linked, owner, other = [await agency.person() for _ in range(4)]
    soon = datetime.now(UTC) + timedelta(hours=1)
    ending = {**READ, "expires_at": soon.isoformat()}
    group = await agency.group(READ, members=(other,))
    await agency.put(group, f"/members/{member}", {"expires_at": soon.isoformat()})
    await agency.template(ending, users=(linked,))
    await agency.put_rights(owner, "/grants", {"grants": [ending]})
    await agency.news()

    assert await expire(agency.db, agency.tenant_id, soon - timedelta(microseconds=1)) == 0
    assert await agency.news() == []
    assert await expire(agency.db, agency.tenant_id, soon) == 3

    assert [people for people, _ in await agency.news()] == [{str(member), str(linked), str(owner)}]
    assert [await agency.scopes(person) for person in (member, linked, owner)] == [{}, {}, {}]
    assert (await agency.scopes(other)).keys() == {"listings.read"}
    async with agency.db.transaction(agency.tenant_id) as tx:
        assert await tx.value("SELECT count(*) FROM grants_past WHERE end_reason = 'expired'") == 2
        assert await tx.value("SELECT count(*) FROM group_members_past WHERE end_reason = 'expired'") == 1


async def test_of_much_that_expires_at_once_some_ends_each_time_until_all_has(agency: Agency) -> None:
    async with agency.db.transaction(agency.tenant_id) as tx:
        for _ in range(11):
            await tx.execute(
                """
                WITH people AS (
                    INSERT INTO people (tenant_id, id, state)
                    SELECT $1, gen_random_uuid(), 'active' FROM generate_series(1, 10)
                    RETURNING id)
                INSERT INTO grants (tenant_id, holder_kind, holder_id, key, reach, view, granted_at, expires_at)
                SELECT $1, 'user', id, 'key.' || k, 'own', 'full', now() - interval '2 hours', now() - interval '1 hour'
                  FROM people, generate_series(1, 100) AS k
                """,
                agency.tenant_id,
            )
    await agency.news()
    now, left = datetime.now(UTC), list[int]()
    for _ in range(3):
        await expire(agency.db, agency.tenant_id, now)
        async with agency.db.transaction(agency.tenant_id) as tx:
            left.append(await tx.value("SELECT count(*) FROM grants WHERE expires_at <= $1", now))

    assert left == [6_000, 1_000, 0]
    assert len(set[str]().union(*(people for people, _ in await agency.news()))) == 110


async def test_the_worker_ends_what_has_expired(
    agency: Agency, authz_database: ServiceDatabase, issuer: Issuer
) -> None:
    person, past = await agency.person(), datetime.now(UTC) - timedelta(seconds=1)
    await agency.put_rights(person, "/grants", {"grants": [{**READ, "expires_at": past.isoformat()}]})

    async def ended() -> bool:
        return (await agency.rights(person))["grants"] == []

    async with working(SERVICE, settings_of(SERVICE, authz_database, jwks_url=issuer.jwks_url)):
        assert await eventually(ended)
