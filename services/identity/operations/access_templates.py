"""Access templates, network zones, and the policies that name them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.access_policy import AccessTemplate, NetworkZone, Source, StatedPolicy
from services.identity.domain.user import check_end
from services.identity.operations.access_policies import Author, Change
from services.identity.store import access_policies, access_templates, network_zones, users


async def create_zone(
    db: Database, tenant_id: TenantId, zone: NetworkZone, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Name some networks; return the zone's id, or an earlier request's. Raises ZoneNameTaken."""
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, zone.id, now)
        if made is not None:
            return made
        await network_zones.insert(tx, zone, now)
    return zone.id


def zone_change(zone: NetworkZone, author: Author, *, dry_run: bool, confirmed_users: int | None) -> Change:
    """Return the change of a zone, for all who use it at once, if their number is confirmed (MG-31).

    Raises when enacted: NotFound, Stale, ZoneNameTaken, NotConfirmed, LocksYouOut.
    """
    return Change(
        source=None,
        author=author,
        people=lambda tx: network_zones.people_of(tx, zone.id),
        write=lambda tx: network_zones.save(tx, zone),
        dry_run=dry_run,
        confirmed_users=confirmed_users,
        confirmed=False,
    )


async def remove_zone(db: Database, tenant_id: TenantId, zone_id: UUID, version: int) -> None:
    """Forget a zone that no policy names. Raises NotFound, Stale, ZoneInUse."""
    async with db.transaction(tenant_id) as tx:
        await network_zones.delete(tx, zone_id, version)


async def create_template(
    db: Database, tenant_id: TenantId, template: AccessTemplate, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Make a template; return its id, or an earlier request's. Raises TemplateNameTaken, UnknownZone."""
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, template.id, now)
        if made is not None:
            return made
        await access_templates.insert(tx, template.id, template.name, now)
        await access_policies.save(tx, Source.TEMPLATE, template.id, template.stated)
    return template.id


def template_change(template: AccessTemplate, author: Author, *, dry_run: bool) -> Change:
    """Return the change of a template, for all who have it. Raises when enacted: NotFound, Stale, UnknownZone."""

    async def write(tx: Transaction) -> None:
        await access_templates.rename(tx, template.id, template.name)
        await access_policies.save(tx, Source.TEMPLATE, template.id, template.stated)

    return Change(Source.TEMPLATE, author, lambda tx: access_templates.people_of(tx, template.id), write, dry_run)


async def remove_template(db: Database, tenant_id: TenantId, template_id: UUID, version: int) -> None:
    """Forget a template that nobody has. Raises NotFound, Stale, TemplateInUse."""
    async with db.transaction(tenant_id) as tx:
        found = await access_templates.find(tx, template_id)
        if found is None:
            raise NotFound
        if found.stated.version != version:
            raise Stale
        await access_templates.delete(tx, template_id)


def tenant_change(tenant_id: TenantId, stated: StatedPolicy, author: Author, *, dry_run: bool) -> Change:
    """Return the change of what holds for everybody who has nothing nearer. Raises when enacted: Stale, UnknownZone."""

    async def write(tx: Transaction) -> None:
        await access_policies.save(tx, Source.TENANT, tenant_id, stated)

    return Change(Source.TENANT, author, access_policies.everybody, write, dry_run)


def user_change(
    user_id: UserId, stated: StatedPolicy, template_id: UUID | None, author: Author, *, dry_run: bool, now: datetime
) -> Change:
    """Return the change of a person's own policy and template.

    Raises when enacted: NotFound, Stale, UnknownZone, UnknownTemplate, EndNeeded.
    """

    async def people(tx: Transaction) -> list[UserId]:
        return [(await users.get(tx, user_id)).id]

    async def write(tx: Transaction) -> None:
        user = await users.get(tx, user_id)
        await access_policies.save(tx, Source.USER, user_id, stated)
        await access_policies.give_template(tx, user_id, template_id)
        check_end(replace(user, ends_at=stated.policy.ends_at), now)

    return Change(Source.USER, author, people, write, dry_run)
