"""The audit trail: whoever changes anything is written down with it, and nobody can rewrite that."""

import json
from collections.abc import Sequence
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest

from services.chassis.cursor import START
from services.chassis.database import Row, Transaction, open_database
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.audit import AuditKind
from services.identity.domain.session import GRACE
from services.identity.store import audit_trail
from services.identity.store.audit_trail import Filter
from tests.integration.identity.conftest import OPERATOR_TOKEN, PASSWORD, Agency, found_agency
from tests.integration.identity.test_agent_cards import CARD, at
from tests.integration.identity.test_second_factor import code_of
from tests.support.clock import later
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
OTHER_PASSWORD = "Battery8staple"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


async def entries(agency: Agency, **wanted: object) -> list[dict[str, Any]]:
    """Return all entries that are wanted, newest first, by pages of three."""
    found = list[dict[str, Any]]()
    query = "&".join(f"{name}={quote(str(value))}" for name, value in wanted.items())
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        status, page = await agency.call("GET", f"/v1/audit-entries?limit=3&{query}{after}")
        assert status == 200, page
        found += page["items"]
        cursor = page["next"]
    return found


async def bearer(agency: Agency, user: dict[str, Any], password: str = PASSWORD) -> dict[str, str]:
    status, tokens = await agency.sign_in(user["userid"], password)
    assert status == 201, tokens
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def live(agency: Agency) -> dict[str, Any]:
    """Change everything once that an administrator can change; return a colleague to whom most of it happened."""
    user = await agency.add_user()
    path = f"/v1/users/{user['id']}"
    assert (await agency.call("POST", f"{path}/activation-mail"))[0] == 202
    assert (await agency.activate(user["id"]))[0] == 204
    own = await bearer(agency, user)
    change = {"present_password": PASSWORD, "password": OTHER_PASSWORD}
    assert (await agency.call("PUT", "/v1/me/password", change, own))[0] == 204
    own = await bearer(agency, user, OTHER_PASSWORD)
    assert (await agency.call("POST", f"{path}/password-reset-mail"))[0] == 202
    for method, what, body, headers in (
        ("PATCH", path, {"family_name": "Verdi"}, at(2)),
        ("PUT", f"{path}/assignments", {"principal_offices": [], "secondary_offices": [str(agency.office_id)]}, at(3)),
        ("PUT", f"{path}/card", CARD, at(0)),
        ("PUT", f"{path}/access-policy", {"networks": {"cidrs": ["127.0.0.0/8"]}}, at(0)),
        ("PUT", f"{path}/state", {"state": "suspended"}, at(4)),
        ("PUT", "/v1/password-policy", {"profile": "nist"}, at(1)),
        ("PATCH", f"/v1/offices/{agency.office_id}", {"name": "Mare"}, at(1)),
    ):
        status, answer = await agency.call(method, what, body, headers)
        assert status == 200, (what, answer)
    nouns: list[tuple[str, dict[str, object], dict[str, object]]] = [
        ("regions", {"name": "Nord"}, {"name": "Sud"}),
        ("teams", {"name": "A", "members": []}, {"name": "A", "members": [user["id"]]}),
        ("network-zones", {"name": "Sede", "cidrs": ["10.0.0.0/8"]}, {"name": "Sede", "cidrs": ["10.1.0.0/16"]}),
        ("access-templates", {"name": "Orario"}, {"name": "Orari"}),
    ]
    for noun, made, changed in nouns:
        status, one = await agency.call("POST", f"/v1/{noun}", made)
        assert status == 201, one
        verb = "PATCH" if noun == "regions" else "PUT"
        assert (await agency.call(verb, f"/v1/{noun}/{one['id']}", changed, at(1)))[0] == 200, noun
        assert (await agency.call("DELETE", f"/v1/{noun}/{one['id']}", headers=at(2)))[0] == 204, noun
    return user


@pytest.mark.catalogue("MG-2")
async def test_every_change_is_noted_with_its_author_and_without_secrets(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await live(agency)
    found = await entries(agency)
    kinds = {entry["kind"] for entry in found}
    nouns = {kind.partition(".")[0] for kind in kinds}
    # what these nouns did not go through here is asked for where it happens
    elsewhere = {"licence.changed", "user.impersonated"}
    assert {kind for kind in AuditKind if kind.partition(".")[0] in nouns} - kinds == elsewhere
    assert nouns >= {"user", "card", "access_policy", "office", "region", "team", "access_template", "zone", "password"}
    people = {str(agency.administrator_id), user["id"]}
    for entry in found:
        assert entry["address"] == "127.0.0.1"
        assert entry["request_id"]
        assert (entry["actor_id"] in people) == (entry["author"] == "person")
    by_operator = [entry["kind"] for entry in found if entry["author"] == "operator"]
    assert sorted(by_operator) == ["licence.created", "office.created", "user.created"]
    assert "system" not in {entry["author"] for entry in found}
    by_kind = {entry["kind"]: entry for entry in reversed(found) if entry["subject_id"] == user["id"]}
    assert by_kind["user.changed"]["before"] == {"family_name": "Rossi"}
    assert by_kind["user.changed"]["after"] == {"family_name": "Verdi"}
    assert by_kind["user.assigned"]["after"]["secondary"] == [str(agency.office_id)]
    assert by_kind["card.changed"]["before"]["colour"] is None
    assert by_kind["card.changed"]["after"]["billing"]["tax_code"] == CARD["billing"]["tax_code"]
    assert by_kind["access_policy.changed"]["after"] == {"networks": ["127.0.0.0/8"]}
    assert by_kind["user.state_changed"]["after"] == {"state": "suspended"}
    assert by_kind["password.changed"]["actor_id"] == user["id"]
    assert (by_kind["password.changed"]["before"], by_kind["password.changed"]["after"]) == (None, None)
    assert len(by_kind["sessions.ended"]["after"]["session_ids"]) == 1
    connection = await asyncpg.connect(identity_database.worker)
    written = str(await connection.fetch("SELECT e::text FROM audit_entries e WHERE tenant_id = $1", agency.tenant_id))
    await connection.close()
    assert PASSWORD not in written
    assert OTHER_PASSWORD not in written
    assert "argon2" not in written


async def test_second_factors_are_noted_by_whoever_touches_them(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    own = await bearer(agency, user)
    _, enrolment = await agency.call("POST", "/v1/me/authenticator", {"present_password": PASSWORD}, own)
    confirmation = {"code": code_of(enrolment["secret"])}
    status, codes = await agency.call("POST", "/v1/me/authenticator/confirmation", confirmation, own)
    assert status == 200, codes
    assert (await agency.call("POST", "/v1/me/recovery-codes", {"present_password": PASSWORD}, own))[0] == 200
    reason = {"Change-Reason": quote("Telefono perso: è stato rubato")}
    assert (await agency.call("DELETE", f"/v1/users/{user['id']}/second-factor", headers=reason))[0] == 204
    found = {entry["kind"]: entry for entry in await entries(agency, subject_id=user["id"])}
    assert found["second_factor.added"]["actor_id"] == user["id"]
    assert found["recovery_codes.renewed"]["actor_id"] == user["id"]
    removed = found["second_factor.removed"]
    assert (removed["actor_id"], removed["reason"]) == (str(agency.administrator_id), "Telefono perso: è stato rubato")
    assert enrolment["secret"] not in json.dumps(list(found.values()))


async def test_each_part_of_an_access_policy_is_noted_when_it_alone_changes(agency: Agency) -> None:
    user = await agency.add_user()
    parts: list[dict[str, object]] = [
        {"hours": {day: [] for day in WEEK}},
        {"networks": {"cidrs": ["127.0.0.0/8"]}},
        {"ends_at": "2999-01-01T00:00:00Z"},
        {"second_factor_required": True},
    ]
    for version, part in enumerate(parts):
        status, answer = await agency.call("PUT", f"/v1/users/{user['id']}/access-policy", part, at(version))
        assert status == 200, answer
    noted = await entries(agency, subject_id=user["id"], kind="access_policy.changed")
    assert len(noted) == len(parts)
    assert noted[0]["before"]["second_factor"] is False
    assert noted[0]["after"] == {"ends_at": None, "second_factor": True}


async def test_a_change_that_fails_or_changes_nothing_is_not_noted(agency: Agency) -> None:
    user = await agency.add_user()
    path = f"/v1/users/{user['id']}"
    before = await entries(agency)
    assert (await agency.call("PATCH", path, {"family_name": "Verdi"}, at(7)))[0] == 412
    assert (await agency.call("PATCH", path, {"email": f"ada.{agency.licence_code}@agency.example"}, at(1)))[0] == 409
    for unreadable in ("x" * 501, "%ff", "%ED%A0%80", "a%00b", "one%0Atwo"):
        why = {**at(1), "Change-Reason": unreadable}
        status, problem = await agency.call("PATCH", path, {"family_name": "Verdi"}, why)
        assert (status, problem["errors"][0]["pointer"]) == (422, "/Change-Reason")
    assert (await agency.call("GET", path))[1]["family_name"] == "Rossi"
    assert (await agency.call("PATCH", path, {"family_name": "Rossi"}, at(1)))[0] == 200
    assert await entries(agency) == before


async def test_filters_and_pages_agree_with_looking_through_everything(agency: Agency) -> None:
    user = await live(agency)
    everything = await entries(agency)
    assert sorted(everything, key=lambda entry: (entry["at"], entry["id"]), reverse=True) == everything
    middle = everything[len(everything) // 2]["at"]
    for wanted in (
        {"subject_id": user["id"]},
        {"actor_id": user["id"]},
        {"actor_id": str(agency.administrator_id)},
        {"kind": "team.changed"},
        {"subject_id": user["id"], "actor_id": str(agency.administrator_id), "kind": "user.changed"},
        {"actor_id": str(agency.administrator_id), "kind": "region.created"},
        {"since": middle},
        {"until": middle},
        {"since": middle, "subject_id": user["id"]},
        {"kind": "user.state_changed", "until": middle},
        {"subject_id": str(uuid4())},
    ):
        plain = [
            entry
            for entry in everything
            if all(entry[name] == value for name, value in wanted.items() if name not in {"since", "until"})
            and entry["at"] >= wanted.get("since", "")
            and entry["at"] < wanted.get("until", "9999")
        ]
        assert await entries(agency, **wanted) == plain, wanted
    assert (await agency.call("GET", "/v1/audit-entries?kind=user.flown"))[0] == 422
    assert (await agency.call("GET", "/v1/audit-entries?since=yesterday"))[0] == 422


async def test_only_who_manages_people_reads_it_and_only_the_own_agency_s(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    status, problem = await agency.call("GET", "/v1/audit-entries", headers=await bearer(agency, user))
    assert (status, problem["code"]) == (403, "permission_missing")
    other = await found_agency(http, identity_url, authz)
    assert {entry["subject_id"] for entry in await entries(other)}.isdisjoint(
        {entry["subject_id"] for entry in await entries(agency)}
    )
    status, _ = await agency.call("GET", "/v1/audit-entries", headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
    assert status == 401


async def test_no_role_can_rewrite_or_remove_an_entry(
    agency: Agency, identity_database: ServiceDatabase, postgres_url: str
) -> None:
    before = await entries(agency)
    name = identity_database.owner.rpartition("/")[2]
    superuser = postgres_url.rpartition("/")[0] + "/" + name
    for url in (identity_database.app, identity_database.worker, identity_database.owner, superuser):
        connection = await asyncpg.connect(url)
        try:
            for statement in (
                "UPDATE audit_entries SET reason = 'x'",
                "DELETE FROM audit_entries",
                "TRUNCATE audit_entries",
                "UPDATE audit_entries SET reason = 'x' WHERE false",
            ):
                async with connection.transaction():
                    await connection.execute(
                        "SELECT set_config('keyholder.tenant_id', $1, true)", str(agency.tenant_id)
                    )
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        async with connection.transaction():
                            await connection.execute(statement)
        finally:
            await connection.close()
    assert await entries(agency) == before


class Explained(Transaction):
    """A transaction that keeps the plan of each query instead of its rows."""

    plan = ""

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        """Return nothing, having asked how the query would be carried out."""
        found = await super().rows("EXPLAIN " + sql, *values)
        self.plan = "\n".join(row[0] for row in found)
        return []


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "audit_entries_newest"),
        (Filter(subject_id=UUID(int=5)), "audit_entries_of_subject"),
        (Filter(actor_id=UserId(UUID(int=5))), "audit_entries_by_actor"),
        (Filter(kind=AuditKind.TEAM_CHANGED), "audit_entries_of_kind"),
    ],
)
async def test_every_way_of_asking_walks_an_index_of_its_own(
    identity_database: ServiceDatabase, wanted: Filter, index: str
) -> None:
    tenant = TenantId(UUID(int=77))
    async with open_database(identity_database.owner, connections=1, name="tests") as db:
        async with db.transaction(tenant) as tx:
            if not await tx.value("SELECT count(*) FROM audit_entries WHERE tenant_id = $1", tenant):
                await tx.execute(
                    """
                    INSERT INTO audit_entries (tenant_id, id, at, kind, subject_id, author, actor_id)
                    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, now() - n * interval '1 minute',
                           'kind.' || chr(97 + n % 20), lpad(to_hex(n % 300), 32, '0')::uuid, 'person',
                           lpad(to_hex(n % 40), 32, '0')::uuid
                      FROM generate_series(1, 20000) AS n
                    """,
                    tenant,
                )
                await tx.execute("ANALYZE audit_entries")
        async with db.transaction(tenant, readonly=True) as tx:
            explained = Explained(tx._connection, tenant)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
            await audit_trail.page(explained, wanted, after=START, limit=51)
    assert index in explained.plan
    assert "Sort" not in explained.plan


@pytest.mark.parametrize("reason", ["the operator wanted it", "%ff"])
async def test_nobody_signs_as_the_operator_and_gives_reasons_by_a_header(agency: Agency, reason: str) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    used = {"refresh_token": tokens["refresh_token"]}
    assert (await agency.call("POST", "/v1/sessions/refresh", used))[0] == 200
    pretended = {"Authorization": "Bearer operator", "Change-Reason": reason}
    with later(GRACE):
        assert (await agency.call("POST", "/v1/sessions/refresh", used, pretended))[0] == 401
    (entry,) = [one for one in await entries(agency, subject_id=user["id"]) if one["kind"] == "sessions.ended"]
    assert (entry["author"], entry["actor_id"], entry["reason"]) == ("system", None, None)
