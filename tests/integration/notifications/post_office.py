"""What the tests of notifications stand on: the service's settings, mails to send, and what became of them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from services.chassis import ids
from services.chassis.database import Database, Row, open_database
from services.contracts.envelope import Envelope, Event
from services.contracts.identity_events import UserCreated, UserFacts
from services.contracts.vocabulary import TenantId, UserId, UserState
from services.notifications.app import SERVICE
from services.notifications.config import NotificationsSettings
from services.notifications.consumers import invite
from tests.integration.notifications.stub_identity import StubIdentity
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.mailsink import MailSink
from tests.support.running import NO_BROKER, eventually, settings_of
from tests.support.stub_authz import StubAuthz


@dataclass(frozen=True, slots=True)
class Invited:
    """A person who is to get an activation mail."""

    tenant_id: TenantId
    user_id: UserId
    address: str


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Notifications with everything around it; `db` is the fenced role, `crossing` the workers'."""

    database: ServiceDatabase
    db: Database
    crossing: Database
    sink: MailSink
    identity: StubIdentity
    authz: StubAuthz
    issuer: Issuer

    def settings(self, amqp_url: str = NO_BROKER, **more: object) -> NotificationsSettings:
        """Return the settings of one more process."""
        given: dict[str, Any] = {
            "authz_url": self.authz.url,
            "identity_url": self.identity.url,
            "jwks_url": self.issuer.jwks_url,
            "public_url": "https://agency.test",
            "smtp_host": self.sink.host,
            "smtp_port": self.sink.port,
            "smtp_timeout_seconds": 5.0,
            "sender_address": "keyholder@agency.test",
            **more,
        }
        settings: NotificationsSettings = settings_of(SERVICE, self.database, amqp_url, **given)
        return settings

    async def invite(self, tenant_id: TenantId | None = None, address: str = "", locale: str = "it") -> Invited:
        """Queue an activation mail, as the consumer does."""
        person = self.known(tenant_id, address)
        event = created(person, locale)
        async with self.db.transaction(person.tenant_id) as tx:
            await invite(tx, event, enveloped(event, person.tenant_id))
        return person

    def known(self, tenant_id: TenantId | None = None, address: str = "") -> Invited:
        """Return a person of whom identity knows and has told nothing yet."""
        person = Invited(tenant_id or TenantId(uuid4()), UserId(uuid4()), address or f"{uuid4().hex[:12]}@example.test")
        self.identity.emails[person.user_id] = person.address
        return person

    async def rows(self, person: Invited) -> Sequence[Row]:
        """Return a person's deliveries, oldest first."""
        async with self.db.transaction(person.tenant_id, readonly=True) as tx:
            return await tx.rows(
                "SELECT * FROM deliveries WHERE recipient_user_id = $1 ORDER BY created_at, id", person.user_id
            )

    async def reaches(self, person: Invited, *states: str) -> Row:
        """Return a person's delivery once it is in one of these states."""

        async def there() -> Row | None:
            return next((row for row in await self.rows(person) if row["state"] in states), None)

        row = await eventually(there)
        assert row is not None
        return row

    async def timeline(self, person: Invited) -> list[tuple[str, str | None]]:
        """Return state and code of everything that happened to a person's delivery."""
        (delivery,) = await self.rows(person)
        async with self.db.transaction(person.tenant_id, readonly=True) as tx:
            rows = await tx.rows(
                "SELECT state, code FROM delivery_history WHERE delivery_id = $1 ORDER BY seq", delivery["id"]
            )
        return [(row["state"], row["code"]) for row in rows]

    async def events(self, person: Invited) -> list[tuple[str, str]]:
        """Return topic and text of the events that wait for the broker."""
        async with self.db.transaction(person.tenant_id, readonly=True) as tx:
            rows = await tx.rows("SELECT topic, data::text AS data FROM outbox ORDER BY seq")
        return [(row["topic"], row["data"]) for row in rows]

    async def let_time_pass(self, person: Invited) -> None:
        """Make the person's mail due now: a wait, or the lease of a worker, is over."""
        async with self.db.transaction(person.tenant_id) as tx:
            await tx.execute(
                "UPDATE deliveries SET next_try_at = now() WHERE recipient_user_id = $1 AND next_try_at IS NOT NULL",
                person.user_id,
            )
            await tx.execute("SELECT pg_notify('deliveries', '')")


def created(person: Invited, locale: str = "it") -> UserCreated:
    """Return the event that tells of a new person."""
    return UserCreated(
        user=UserFacts(
            user_id=person.user_id,
            version=1,
            code="ANN",
            display_name="Anna Rossi",
            email=person.address,
            locale=locale,
            state=UserState.PROVISIONED,
            principal_offices=(),
            secondary_offices=(),
        )
    )


def enveloped(event: Event, tenant_id: UUID) -> Envelope:
    """Return an event on its way, with an id of its own."""
    return Envelope(
        id=ids.uuid7(),
        source="urn:keyholder:identity",
        type=event.topic,
        time=datetime.now(UTC),
        tenantid=TenantId(tenant_id),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data=event.model_dump(mode="json"),
    )


@asynccontextmanager
async def databases(database: ServiceDatabase) -> AsyncGenerator[tuple[Database, Database]]:
    """Yield the database by the fenced role and by the workers'."""
    async with (
        open_database(database.app, connections=3, name="test") as db,
        open_database(database.worker, connections=3, name="test") as crossing,
    ):
        yield db, crossing
