"""Access templates, network zones, and the policies that name them."""

from dataclasses import fields, replace
from datetime import datetime
from uuid import UUID

from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.access_policy import AccessTemplate, NetworkZone, Source, StatedPolicy
from services.identity.domain.audit import AuditKind, Facts
from services.identity.domain.user import check_end
from services.identity.operations.access_policies import Author, Change
from services.identity.operations.audit import note
from services.identity.store import access_policies, access_templates, licences, network_zones, users


async def create_zone(
    db: Database, tenant_id: TenantId, zone: NetworkZone, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Name some networks; return the zone's id, or an earlier request's. Raises ZoneNameTaken."""
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, zone.id, now)
        if made is not None:
            return made
        await network_zones.insert(tx, zone, now)
        await note(tx, AuditKind.ZONE_CREATED, zone.id, after=zone)
    return zone.id


def zone_change(zone: NetworkZone, author: Author, *, dry_run: bool, confirmed_users: int | None) -> Change:
    """Return the change of a zone, for all who use it at once, if their number is confirmed (MG-31).

    Raises when enacted: NotFound, Stale, ZoneNameTaken, NotConfirmed, LocksYouOut.
    """

    async def write(tx: Transaction) -> None:
        before = await network_zones.find(tx, zone.id)
        await network_zones.save(tx, zone)
        await note(tx, AuditKind.ZONE_CHANGED, zone.id, before, zone)

    return Change(
        source=None,
        author=author,
        people=lambda tx: network_zones.people_of(tx, zone.id),
        write=write,
        dry_run=dry_run,
        confirmed_users=confirmed_users,
        must_be_confirmed=True,
    )


async def remove_zone(db: Database, tenant_id: TenantId, zone_id: UUID, version: int) -> None:
    """Forget a zone that no policy names. Raises NotFound, Stale, ZoneInUse."""
    async with db.transaction(tenant_id) as tx:
        before = await network_zones.find(tx, zone_id)
        await network_zones.delete(tx, zone_id, version)
        await note(tx, AuditKind.ZONE_REMOVED, zone_id, before)


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
        await note(tx, AuditKind.ACCESS_TEMPLATE_CREATED, template.id, after=_noted(template))
    return template.id


def template_change(template: AccessTemplate, author: Author, *, dry_run: bool) -> Change:
    """Return the change of a template, for all who have it. Raises when enacted: NotFound, Stale, UnknownZone."""

    async def write(tx: Transaction) -> None:
        before = await access_templates.find(tx, template.id)
        await access_templates.rename(tx, template.id, template.name)
        await access_policies.save(tx, Source.TEMPLATE, template.id, template.stated)
        await note(tx, AuditKind.ACCESS_TEMPLATE_CHANGED, template.id, before and _noted(before), _noted(template))

    return Change(Source.TEMPLATE, author, lambda tx: access_templates.people_of(tx, template.id), write, dry_run)


async def remove_template(db: Database, tenant_id: TenantId, template_id: UUID, version: int) -> None:
    """Forget a template that nobody has. Raises NotFound, Stale, TemplateInUse."""
    async with db.transaction(tenant_id) as tx:
        await licences.hold(tx)  # so that nobody changes what is compared here
        found = await access_templates.find(tx, template_id)
        if found is None:
            raise NotFound
        if found.stated.version != version:
            raise Stale
        await access_templates.delete(tx, template_id)
        await note(tx, AuditKind.ACCESS_TEMPLATE_REMOVED, template_id, _noted(found))


def tenant_change(tenant_id: TenantId, stated: StatedPolicy, author: Author, *, dry_run: bool) -> Change:
    """Return the change of what holds for everybody who has nothing nearer. Raises when enacted: Stale, UnknownZone."""

    async def write(tx: Transaction) -> None:
        before = await access_policies.find(tx, tenant_id)
        await access_policies.save(tx, Source.TENANT, tenant_id, stated)
        await note(tx, AuditKind.ACCESS_POLICY_CHANGED, tenant_id, _stated(before), _stated(stated))

    return Change(Source.TENANT, author, access_policies.everybody, write, dry_run)


def user_change(
    user_id: UserId, stated: StatedPolicy, template_id: UUID | None, author: Author, *, dry_run: bool, now: datetime
) -> Change:
    """Return the change of a person's own policy and template.

    Raises when enacted: NotFound, Stale, UnknownZone, UnknownTemplate, EndRefused.
    """

    async def people(tx: Transaction) -> list[UserId]:
        return [(await users.get(tx, user_id)).id]

    async def write(tx: Transaction) -> None:
        user = await users.get(tx, user_id)
        before = {
            **_stated(await access_policies.find(tx, user_id)),
            "template_id": await access_policies.template_of(tx, user_id),
        }
        await access_policies.save(tx, Source.USER, user_id, stated)
        await access_policies.give_template(tx, user_id, template_id)
        check_end(replace(user, ends_at=stated.policy.ends_at), now)
        after = {**_stated(stated), "template_id": template_id}
        await note(tx, AuditKind.ACCESS_POLICY_CHANGED, user_id, before, after)

    return Change(Source.USER, author, people, write, dry_run)


def _noted(template: AccessTemplate) -> Facts:
    return {"name": template.name, **_stated(template.stated)}


def _stated(stated: StatedPolicy) -> Facts:
    """Return a level's policy as it is noted: its parts, whichever there are, and the zones in one order."""
    parts = {part.name: getattr(stated.policy, part.name) for part in fields(stated.policy)}
    return {**parts, "zones": tuple(sorted(stated.zones))}
