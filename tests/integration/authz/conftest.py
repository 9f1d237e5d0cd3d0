"""authz running over real PostgreSQL and HTTP; identity's events are handed to its consumers as they would arrive."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest_asyncio

from services.authz.app import SERVICE
from services.chassis.database import Database, open_database
from services.contracts.envelope import Envelope, Event
from services.contracts.identity_events import LicenceCreated, OfficeChanged, UserCreated, UserFacts, UserStateChanged
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, UserState
from tests.conftest import FreshDatabase
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import INTERNAL_TOKEN, serving, settings_of

MANAGE = ({"key": "admin.permissions.manage", "reach": "all"}, {"key": "admin.agents.manage", "reach": "all"})


def facts(
    user_id: UUID,
    version: int = 1,
    state: UserState = UserState.ACTIVE,
    ends_at: datetime | None = None,
    **more: tuple[UUID, ...],
) -> UserFacts:
    """Return what identity tells of a person; `more` may give principal_offices and secondary_offices."""
    return UserFacts(
        user_id=UserId(user_id),
        version=version,
        code=f"C{user_id.hex[-6:]}",
        display_name="Gina Rossi",
        email="gina@agency.example",
        locale="it",
        state=state,
        principal_offices=tuple(map(OfficeId, more.get("principal_offices", ()))),
        secondary_offices=tuple(map(OfficeId, more.get("secondary_offices", ()))),
        ends_at=ends_at,
    )


async def tell(db: Database, tenant_id: TenantId, event: Event) -> None:
    """Have authz carry out one event."""
    envelope = Envelope(
        id=uuid4(),
        source="urn:keyholder:identity",
        type=event.topic,
        time=datetime.now(UTC),
        tenantid=tenant_id,
        traceparent="",
        data={},
    )
    _, handler = SERVICE.subscriptions[0].find(event.topic)
    async with db.transaction(tenant_id) as tx:
        await handler(tx, event, envelope)


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        return self.body["code"]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Return pointer and code of each thing that is wrong."""
        return [(error["pointer"], error["code"]) for error in self.body["errors"]]


@dataclass
class Agency:
    """An agency with an active administrator; calls are the administrator's unless `by` says whose."""

    http: aiohttp.ClientSession
    url: str
    issuer: Issuer
    db: Database
    tenant_id: TenantId
    administrator_id: UUID
    office_id: UUID

    async def call(
        self, method: str, path: str, body: object = None, *, by: UUID | None = None, **headers: str
    ) -> Answer:
        """Return the answer to a call; `If_Match` and the like become headers."""
        sent = self.issuer.bearer(self.tenant_id, by or self.administrator_id)
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self._send(method, path, body, sent)

    async def peer(self, method: str, path: str, **headers: str) -> Answer:
        """Return the answer to another service's call about somebody of this agency."""
        sent = {"Authorization": f"Bearer {INTERNAL_TOKEN}"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self._send(method, f"/internal/v1/tenants/{self.tenant_id}/users/{path}", None, sent)

    async def suppose(self, proposal: object, *keys: str, limit: int = 200) -> Answer:
        """Return the answer to records' question what a proposal does to the reach of keys."""
        body = {"proposal": proposal, "keys": keys, "limit": limit}
        path = f"/internal/v1/tenants/{self.tenant_id}/hypotheses"
        return await self._send("POST", path, body, {"Authorization": f"Bearer {INTERNAL_TOKEN}"})

    async def tell(self, event: Event) -> None:
        """Have authz carry out one of identity's events."""
        await tell(self.db, self.tenant_id, event)

    async def person(self, state: UserState = UserState.ACTIVE) -> UUID:
        """Return a colleague, principal in the first office."""
        user_id = uuid4()
        await self.tell(UserCreated(user=facts(user_id, 1, state, principal_offices=(self.office_id,))))
        return user_id

    async def group(self, *grants: dict[str, Any], members: tuple[UUID, ...] = ()) -> Any:
        """Return a new group with grants and members."""
        group = (await self.call("POST", "/v1/groups", {"name": uuid4().hex})).body
        if grants:
            group = await self.put(group, "/grants", {"grants": list(grants)})
        for member in members:
            group = await self.put(group, f"/members/{member}", {})
        return group

    async def put(self, group: Any, path: str, body: object) -> Any:
        """Return the group after a change that must succeed."""
        answer = await self.change(group, "PUT", path, body)
        assert answer.status == 200, answer.body
        return answer.body

    async def change(self, group: Any, method: str, path: str, body: object = None, by: UUID | None = None) -> Answer:
        """Return the answer to a change of the version of a group that one has."""
        return await self.call(method, f"/v1/groups/{group['id']}{path}", body, by=by, If_Match=f'"{group["version"]}"')

    async def template(self, *grants: dict[str, Any], users: tuple[UUID, ...] = ()) -> Any:
        """Return a new template with grants and people linked to it."""
        made = (await self.call("POST", "/v1/templates", {"name": uuid4().hex})).body
        if grants:
            made = (await self.change_template(made, "PUT", "/grants", {"grants": list(grants)})).body
        for user in users:
            await self.put_rights(user, "/template", {"template_id": made["id"]})
        return made

    async def change_template(
        self, template: Any, method: str, path: str, body: object = None, by: UUID | None = None
    ) -> Answer:
        """Return the answer to a change of the version of a template that one has."""
        path = f"/v1/templates/{template['id']}{path}"
        return await self.call(method, path, body, by=by, If_Match=f'"{template["version"]}"')

    async def rights(self, person: UUID) -> Any:
        """Return what a person holds beside his groups."""
        return (await self.call("GET", f"/v1/users/{person}/rights")).body

    async def change_rights(
        self, person: UUID, method: str, path: str, body: object = None, by: UUID | None = None
    ) -> Answer:
        """Return the answer to a change of what a person holds himself, at its present version."""
        version = (await self.rights(person))["version"]
        return await self.call(method, f"/v1/users/{person}{path}", body, by=by, If_Match=f'"{version}"')

    async def put_rights(self, person: UUID, path: str, body: object) -> Any:
        """Return what a person holds himself after a change that must succeed."""
        answer = await self.change_rights(person, "PUT", path, body)
        assert answer.status == 200, answer.body
        return answer.body

    async def scopes(self, person: UUID) -> dict[str, Any]:
        """Return everything that a person may do."""
        return (await self.call("GET", f"/v1/users/{person}/access")).body["scopes"]

    async def starting_group(self, code: str) -> Any:
        """Return one of the groups that the agency started with."""
        groups = (await self.call("GET", "/v1/groups")).body["items"]
        group_id = next(group["id"] for group in groups if group["code"] == code)
        return (await self.call("GET", f"/v1/groups/{group_id}")).body

    async def news(self) -> list[tuple[frozenset[str], int]]:
        """Return whose snapshots were told to have changed, and to which version, since last asked."""
        async with self.db.transaction(self.tenant_id) as tx:
            rows = await tx.rows(
                """
                DELETE FROM outbox
                 WHERE tenant_id = $1 AND topic = 'authz.snapshot.changed.v1'
                RETURNING ARRAY(SELECT jsonb_array_elements_text(data -> 'user_ids')) AS people,
                          (data -> 'version')::bigint AS version
                """,
                self.tenant_id,
            )
        return [(frozenset(row["people"]), row["version"]) for row in rows]

    async def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        async with self.http.request(method, self.url + path, json=body, headers=headers) as response:
            text = await response.read()
            return Answer(
                response.status, await response.json(content_type=None) if text else None, {**response.headers}
            )


async def found_agency(http: aiohttp.ClientSession, url: str, issuer: Issuer, db: Database) -> Agency:
    """Take on an agency with one office and an active administrator."""
    agency = Agency(http, url, issuer, db, TenantId(uuid4()), uuid4(), uuid4())
    await agency.tell(
        LicenceCreated(
            name="Casa Bella",
            timezone="Europe/Rome",
            locale="it",
            ownership=Ownership.ASSIGNEE,
            administrator_id=UserId(agency.administrator_id),
        )
    )
    await agency.tell(OfficeChanged(office_id=OfficeId(agency.office_id), version=1, name="Centro"))
    await agency.tell(UserStateChanged(user=facts(agency.administrator_id, 2, principal_offices=(agency.office_id,))))
    await agency.news()
    return agency


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def authz_database(database: FreshDatabase) -> ServiceDatabase:
    """A database of authz's own."""
    return await database(SERVICE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def authz_url(authz_database: ServiceDatabase, issuer: Issuer) -> AsyncGenerator[str]:
    """authz, answering."""
    async with serving(SERVICE, settings_of(SERVICE, authz_database, jwks_url=issuer.jwks_url)) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def db(authz_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """The database of authz, fenced to one tenant per transaction."""
    async with open_database(authz_database.app, connections=4, name="tests") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, authz_url: str, issuer: Issuer, db: Database) -> Agency:
    """A fresh agency for each test."""
    return await found_agency(http, authz_url, issuer, db)


@pytest_asyncio.fixture(loop_scope="session")
async def other_agency(http: aiohttp.ClientSession, authz_url: str, issuer: Issuer, db: Database) -> Agency:
    """Another agency, which must never be seen."""
    return await found_agency(http, authz_url, issuer, db)
