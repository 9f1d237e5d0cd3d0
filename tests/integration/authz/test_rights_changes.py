"""Every change of rights stands in the journal with both its sides, and nobody can alter what stands there."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.integration.authz.conftest import Agency
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
LIST = {"key": "listings.list", "reach": "all", "view": "public"}


async def journal(agency: Agency, **asked: object) -> list[dict[str, Any]]:
    """Return the entries that are found, newest first, read in pages of two."""
    found, cursor = list[dict[str, Any]](), ""
    while True:
        given = {**asked, "limit": 2, **({"cursor": cursor} if cursor else {})}
        query = "&".join(f"{name}={value}" for name, value in given.items())
        answer = await agency.call("GET", f"/v1/rights-changes?{query}")
        assert answer.status == 200, answer.body
        found += answer.body["items"]
        cursor = answer.body["next"]
        if cursor is None:
            return found


@pytest.mark.catalogue("ON-78")
async def test_who_changed_what_of_whom_when_with_before_and_after(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))
    ending = {**READ, "expires_at": "2099-01-01T00:00:00Z"}
    group = await agency.put(group, "/grants", {"grants": [ending]})
    group = await agency.put(group, "/grants", {"grants": [LIST]})

    newest = await journal(agency, holder_id=group["id"])

    read, listed = {"reach": "principal", "view": "full"}, {"reach": "all", "view": "public"}
    told = [(each["kind"], each["key"], each["before"] and each["before"]["reach"], each["after"]) for each in newest]
    until = newest[-3]["after"]["expires_at"]
    assert until.startswith("2099-01-01")
    assert told == [
        ("grant", "listings.list", None, listed),
        ("grant", "listings.read", "principal", None),
        ("grant", "listings.read", "principal", {**read, "expires_at": until}),
        ("membership", None, None, {}),
        ("grant", "listings.read", None, read),
    ]
    assert {each["author_id"] for each in newest} == {str(agency.administrator_id)}
    assert {each["holder_id"] for each in newest} == {group["id"]}
    assert [each["user_id"] for each in newest if each["kind"] == "membership"] == [str(person)]
    assert [each["at"] for each in newest] == sorted((each["at"] for each in newest), reverse=True)


async def test_filters_find_what_they_name(agency: Agency, other_agency: Agency) -> None:
    person, colleague = await agency.person(), await agency.person()
    await agency.group(READ, LIST, members=(person, colleague))
    await other_agency.group(READ, members=(await other_agency.person(),))
    everything = await journal(agency)

    async def found(**asked: object) -> list[dict[str, Any]]:
        return await journal(agency, **asked)

    assert await found(user_id=person) == [each for each in everything if each["user_id"] == str(person)] != []
    assert await found(key="listings.list") == [each for each in everything if each["key"] == "listings.list"] != []
    by = str(agency.administrator_id)
    assert await found(author_id=by) == [each for each in everything if each["author_id"] == by] != []
    middle = everything[2]["at"]
    assert await found(since=middle) == [each for each in everything if each["at"] >= middle]
    assert await found(until=middle) == [each for each in everything if each["at"] < middle]
    assert await found(user_id=UUID(int=5)) == []


async def test_the_start_of_an_agency_is_nobodys_doing(agency: Agency) -> None:
    first = await journal(agency)

    assert {each["author_id"] for each in first} == {None}
    assert {each["kind"] for each in first} == {"grant", "membership"}


async def test_how_the_agency_manages_its_rights_is_told_like_any_change_of_rights(agency: Agency) -> None:
    for mode, reason in (("simple", "audit"), ("simple", "again"), ("extended", None)):
        body = {"rights_mode": mode} | ({"reason": reason} if reason else {})
        assert (await agency.call("PUT", "/v1/settings", body)).status == 200

    newest = (await journal(agency))[:2]

    simple, extended = {"rights_mode": "simple"}, {"rights_mode": "extended"}
    told = [(each["before"], each["after"], each["reason"], each["kind"]) for each in newest]
    assert told == [(simple, extended, None, "rights_mode"), (extended, simple, "audit", "rights_mode")]
    for each in newest:
        assert (each["author_id"], each["holder"], each["holder_id"]) == (str(agency.administrator_id), None, None)
    assert newest[0]["at"] > newest[1]["at"]


async def test_only_who_may_see_rights_reads_the_journal(agency: Agency) -> None:
    person = await agency.person()

    refused = await agency.call("GET", "/v1/rights-changes", by=person)
    assert (refused.status, refused.code) == (403, "permission_missing")


async def test_a_change_is_told_with_its_version(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))
    joined = await agency.put(group, "/grants", {"grants": [LIST]})

    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows(
            """
            SELECT data -> 'changes' -> 0 ->> 'holder_id' AS holder, (data ->> 'version')::bigint AS version,
                   data -> 'changes' -> 0 -> 'keys' ->> 0 AS key, jsonb_array_length(data -> 'changes') AS changes
              FROM outbox WHERE topic = 'authz.rights.changed.v1' ORDER BY seq DESC LIMIT 1
            """
        )
    assert [(row["holder"], row["key"], row["changes"]) for row in rows] == [(joined["id"], "listings.list", 1)]


async def test_the_services_can_neither_write_nor_alter_nor_remove_an_entry(
    agency: Agency, authz_database: ServiceDatabase
) -> None:
    await agency.group(READ)
    for url in (authz_database.app, authz_database.worker):
        connection = await asyncpg.connect(url)
        try:
            for statement in (
                "UPDATE rights_changes SET author_id = NULL",
                "DELETE FROM rights_changes",
                "TRUNCATE rights_changes",
                "INSERT INTO rights_changes (tenant_id) VALUES (gen_random_uuid())",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()
    assert await journal(agency)
