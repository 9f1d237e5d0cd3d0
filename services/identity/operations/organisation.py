"""Regions and teams are made, changed, removed."""

from datetime import datetime
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.contracts.vocabulary import RegionId, TeamId, TenantId
from services.identity.domain.audit import AuditKind
from services.identity.domain.directory import DirectoryEntry
from services.identity.domain.organisation import Region, Team
from services.identity.operations.audit import note
from services.identity.store import directory, regions, teams


async def create_region(
    db: Database, tenant_id: TenantId, region: Region, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Make a region; return its id, or that of an earlier request with the same key. Raises RegionNameTaken."""
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, region.id, now)
        if made is not None:
            return made
        await regions.insert(tx, region, now)
        await note(tx, AuditKind.REGION_CREATED, region.id, after=region)
        await outbox.add(tx, region.changed())
    return region.id


async def change_region(db: Database, tenant_id: TenantId, region: Region) -> None:
    """Write a region at its next version. Raises NotFound, Stale, RegionNameTaken."""
    async with db.transaction(tenant_id) as tx:
        before = await regions.find(tx, region.id)
        await regions.save(tx, region)
        await note(tx, AuditKind.REGION_CHANGED, region.id, before, region)
        await outbox.add(tx, region.changed())


async def remove_region(db: Database, tenant_id: TenantId, region_id: RegionId, version: int) -> None:
    """Remove a region in which no office lies. Raises NotFound, Stale, RegionInUse."""
    async with db.transaction(tenant_id) as tx:
        region = await regions.delete(tx, region_id, version)
        await note(tx, AuditKind.REGION_REMOVED, region_id, region)
        await outbox.add(tx, region.changed(removed=True))


async def create_team(
    db: Database,
    tenant_id: TenantId,
    team: Team,
    key: IdempotencyKey | None,
    now: datetime,
    entry: DirectoryEntry | None = None,
) -> UUID:
    """Make a team; return its id, or that of an earlier request with the same key.

    Raises TeamNameTaken, UnknownMember.
    """
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, team.id, now)
        if made is not None:
            return made
        await teams.insert(tx, team, now)
        if entry is not None:
            await directory.keep_team(tx, team.id, entry)
        await note(tx, AuditKind.TEAM_CREATED, team.id, after=team)
        await outbox.add(tx, team.changed())
    return team.id


async def change_team(db: Database, tenant_id: TenantId, team: Team, entry: DirectoryEntry | None = None) -> None:
    """Write a team at its next version. Raises NotFound, Stale, TeamNameTaken, UnknownMember."""
    async with db.transaction(tenant_id) as tx:
        before = await teams.find(tx, team.id)
        await teams.save(tx, team)
        if entry is not None:
            known = await directory.team(tx, team.id)
            await directory.keep_team(tx, team.id, entry)
            await note(tx, AuditKind.TEAM_CHANGED, team.id, known and known.entry, entry)
        await note(tx, AuditKind.TEAM_CHANGED, team.id, before, team)
        await outbox.add(tx, team.changed())


async def remove_team(db: Database, tenant_id: TenantId, team_id: TeamId, version: int) -> None:
    """Remove a team; its members stay. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        before = await teams.find(tx, team_id)
        team = await teams.delete(tx, team_id, version)
        await note(tx, AuditKind.TEAM_REMOVED, team_id, before)
        await outbox.add(tx, team.changed(removed=True))
