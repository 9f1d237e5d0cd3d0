"""records running over real PostgreSQL and HTTP, with a stand-in for authz and an issuer of tokens."""

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest_asyncio

from services.chassis import ids
from services.chassis.database import Database, json_object, open_database
from services.contracts.access import Scope
from services.contracts.vocabulary import OfficeId, TenantId, UserId, UserState
from services.records.app import SERVICE
from services.records.store import directory
from tests.conftest import FreshDatabase
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import serving, settings_of
from tests.support.stub_authz import EVERYTHING, StubAuthz

KEYS: Final = (
    "listings.create",
    "listings.list",
    "listings.read",
    "listings.update",
    "listings.assignee.update",
    "listings.identity.read",
    "listings.identity.update",
    "listings.private.create",
    "listings.private.read",
    "listings.private_note.read",
    "listings.private_note.update",
    "listings.superoffer.update",
    "listings.no_commission.update",
    "listings.banner.update",
    "listings.investment.update",
    "listings.key_holder.update",
    "listings.archive.now",
    "listings.restore.now",
    "listings.archive.schedule",
    "listings.restore.schedule",
    "listings.delete",
    "listings.copy",
    "listings.bulk.delete",
    "listings.bulk.reassign",
    "listings.bulk.renumber",
    *(
        f"inquiries.{action}"
        for action in (
            *("create", "list", "read", "update", "assignee.update", "no_commission.update", "delete"),
            *("identity.read", "identity.update", "private.create", "private.read"),
            *("private_note.read", "private_note.update", "bulk.delete", "bulk.reassign"),
            *("archive.now", "restore.now", "archive.schedule", "restore.schedule"),
        )
    ),
    *(
        f"contacts.{action}"
        for action in (
            "create",
            "list",
            "read",
            "update",
            "assignee.update",
            "delete",
            "identity.read",
            "identity.update",
        )
    ),
    *(f"criteria.{action}" for action in ("create", "read", "update", "delete")),
    "admin.objection.update",
    "record_rights.read",
    "record_rights.update",
    "admin.agents.manage",
    "admin.permissions.manage",
)
"""What the head of an agency holds, on every record."""

SEARCH: Final = {"transaction_type": "sale"}
"""The least that a new inquiry needs besides its office."""

FLAT: Final = {"transaction_type": "sale", "property_type": "residential"}
"""The least that a new listing needs besides its office."""


def records_settings(database: ServiceDatabase, authz: StubAuthz, issuer: Issuer, **more: Any) -> Any:
    """Return records' settings for a database, an authz and an issuer."""
    return settings_of(SERVICE, database, authz_url=authz.url, jwks_url=issuer.jwks_url, **more)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, str, set[str]]:
        """Return status, code and pointers of a problem."""
        return self.status, self.body["code"], {error["pointer"] for error in self.body["errors"]}


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency with two offices: Ada heads it, Bruno and Carla work there with the rights that a test gives them.

    The centre is the principal office of each of them.
    """

    http: aiohttp.ClientSession
    url: str
    db: Database
    authz: StubAuthz
    issuer: Issuer
    tenant_id: TenantId
    centre: OfficeId
    harbour: OfficeId
    ada: UserId
    bruno: UserId
    carla: UserId

    def give(
        self, who: UserId, *unscoped: str, beside: Collection[UUID] = (), section: str = "listings", **keys: Scope
    ) -> UserId:
        """Say what a person may do with records, and return the person; `identity__read` is `identity.read`.

        `unscoped` are whole keys, `beside` the teams and offices whose record rights count for the person.

        Before the person's first call: the running service keeps what it knows for five seconds.
        """
        held = {f"{section}.{name.replace('__', '.')}": scope for name, scope in keys.items()}
        self.authz.give(self.tenant_id, who, {**held, **dict.fromkeys(unscoped, EVERYTHING)}, beside=beside)
        return who

    async def call(
        self, who: UUID, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Return the answer to a call by a person; `headers` come on top."""
        sent = {**self.issuer.bearer(self.tenant_id, who), **(headers or {})}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as response:
            answer = await response.json() if response.content_length else None
            return Answer(response.status, answer, response.headers)

    async def take_on(self, who: UUID | None = None, **fields: object) -> dict[str, Any]:
        """Return a new listing, in the centre unless said otherwise, by Ada unless by somebody else."""
        body = {**FLAT, "office_id": str(self.centre), **fields}
        answer = await self.call(who or self.ada, "POST", "/v1/listings", body)
        assert answer.status == 201, answer.body
        return answer.body

    async def change(self, who: UUID, listing: dict[str, Any], body: object) -> Answer:
        """Return the answer to changing a listing from the version that is given."""
        return await self.do(who, "listings", listing, "PATCH ", body)

    async def do(self, who: UUID, section: str, record: dict[str, Any], what: str, body: object = None) -> Answer:
        """Return the answer to something done with a record (`POST /archive`), from the version that is given."""
        method, _, rest = what.partition(" ")
        headers = {"If-Match": f'"{record["version"]}"'}
        return await self.call(who, method, f"/v1/{section}/{record['id']}{rest}", body, headers)

    async def take_in(self, who: UUID | None = None, **fields: object) -> dict[str, Any]:
        """Return a new inquiry, in the centre unless said otherwise, by Ada unless by somebody else."""
        body = {**SEARCH, "office_id": str(self.centre), **fields}
        answer = await self.call(who or self.ada, "POST", "/v1/inquiries", body)
        assert answer.status == 201, answer.body
        return answer.body

    async def get_to_know(self, who: UUID | None = None, name: str = "Giulia Neri", **fields: Any) -> dict[str, Any]:
        """Return a new contact, in the centre unless said otherwise, by Ada unless by somebody else."""
        body = {"office_id": str(self.centre), **fields, "basic": {"name": name, **fields.get("basic", {})}}
        answer = await self.call(who or self.ada, "POST", "/v1/contacts", body)
        assert answer.status == 201, answer.body
        return answer.body

    async def stored(self) -> str:
        """Return all that the agency has in the database, to see that a refusal changed nothing."""
        async with self.db.transaction(self.tenant_id, readonly=True) as tx:
            return await tx.value(
                """
                SELECT jsonb_build_object(
                    'listings', (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.id) FROM listings AS l),
                    'inquiries', (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.id) FROM inquiries AS i),
                    'contacts', (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id) FROM contacts AS c),
                    'criteria', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM search_criteria AS s),
                    'numbers', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.section) FROM record_numbers AS n),
                    'outbox', (SELECT jsonb_agg(to_jsonb(o) ORDER BY o.seq) FROM outbox AS o),
                    'keys', (SELECT jsonb_agg(to_jsonb(k) ORDER BY k.key) FROM idempotency_keys AS k))::text
                """
            )

    async def left(self) -> str:
        """Return whatever the agency has in any table of the database."""
        async with self.db.transaction(self.tenant_id, readonly=True) as tx:
            return await tx.value(
                """
                SELECT string_agg(query_to_xml(format('SELECT to_jsonb(t) FROM %s AS t', c.oid::regclass),
                                               true, false, '')::text, ' ')
                  FROM pg_class AS c
                 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
                """
            )

    async def events(self, topic: str) -> list[dict[str, Any]]:
        """Return the events of a topic that wait to be published, oldest first."""
        async with self.db.transaction(self.tenant_id, readonly=True) as tx:
            rows = await tx.rows("SELECT data::text AS data FROM outbox WHERE topic = $1 ORDER BY seq", topic)
        return [json_object(row["data"]) for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records_database(database: FreshDatabase) -> ServiceDatabase:
    """A database of records' own."""
    return await database(SERVICE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records_db(records_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """The same database as the service sees it, for tests to look into."""
    async with open_database(records_database.app, connections=5, name="test") as db:
        yield db


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records_url(records_database: ServiceDatabase, authz: StubAuthz, issuer: Issuer) -> AsyncGenerator[str]:
    """records, answering."""
    async with serving(SERVICE, records_settings(records_database, authz, issuer)) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def agency(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, authz: StubAuthz, issuer: Issuer
) -> Agency:
    """A fresh agency for each test."""
    return await open_agency(http, records_url, records_db, authz, issuer)


async def open_agency(http: aiohttp.ClientSession, url: str, db: Database, authz: StubAuthz, issuer: Issuer) -> Agency:
    """Make an agency whose offices and people records has heard of."""
    tenant_id = TenantId(ids.uuid7())
    centre, harbour = OfficeId(ids.uuid7()), OfficeId(ids.uuid7())
    ada, bruno, carla = (UserId(ids.uuid7()) for _ in range(3))
    async with db.transaction(tenant_id) as tx:
        for office in (centre, harbour):
            await directory.save_office(tx, office, 1)
        for person in (ada, bruno, carla):
            await directory.save_person(tx, person, 1, UserState.ACTIVE, centre)
    authz.give(tenant_id, ada, dict.fromkeys(KEYS, EVERYTHING))
    return Agency(http, url, db, authz, issuer, tenant_id, centre, harbour, ada, bruno, carla)
