"""Offices move between regions, and teams change: what that does to rights."""

from datetime import datetime
from typing import Final

from services.authz.domain.grant import downgraded
from services.authz.domain.reach import Reach
from services.authz.domain.signature import Signature
from services.authz.operations.rights_changes import announce
from services.authz.store import grants, offices, teams, tenants
from services.chassis import outbox
from services.chassis.database import Transaction
from services.contracts.authz_events import RegionRightsDowngraded
from services.contracts.identity_events import OfficeChanged, TeamChanged

LEFT: Final = "the office left its region"


async def keep_office(tx: Transaction, office: OfficeChanged, now: datetime) -> None:
    """Keep what was told of an office, unless something newer is known.

    When it leaves its region, rights over the region become rights over the own offices (ON-37), for every holder
    by whom nobody of another region's office holds them; how many is told in the same transaction.
    """
    turn = await tenants.take_turn(tx, now)
    known = await offices.find(tx, office.office_id)
    if known is not None and known.version >= office.version:
        return
    before = known.region_id if known else None
    if before == office.region_id:
        await offices.save(tx, office)
        return
    concerned = await offices.principals_near(tx, office.office_id, before, office.region_id)
    if known is not None:
        await offices.remember(tx, office.office_id, turn.at)
    await offices.save(tx, office)
    if before is not None:
        changed = await _downgrade(tx, office, Signature(None, turn.at, LEFT))
        await outbox.add(
            tx, RegionRightsDowngraded(office_id=office.office_id, region_id=before, grants=changed, at=turn.at)
        )
    await announce(tx, turn.version, concerned)


async def keep_team(tx: Transaction, team: TeamChanged, now: datetime) -> None:
    """Keep what was told of a team, unless something newer is known. Grants that name a removed one end."""
    turn = await tenants.take_turn(tx, now)
    if not await teams.save(tx, team):
        return
    before, after = await teams.members(tx, team.team_id), frozenset(team.members)
    if before != after or team.removed:
        moved = before ^ after
        holders = await teams.granted_to(tx, team.team_id)
        await teams.remove_members(tx, team.team_id, before - after, turn.at)
        await teams.add_members(tx, team.team_id, after - before, turn.at)
        if team.removed:
            await teams.end_grants(tx, team.team_id, turn.at)
        await announce(tx, turn.version, moved | holders)


async def _downgrade(tx: Transaction, office: OfficeChanged, signature: Signature) -> int:
    """Return how many grants now reach the own offices instead of the region."""
    changed = 0
    for holder in await offices.regional_holders(tx, office.office_id):
        held = await grants.of(tx, holder)
        regional = [grant for grant in held if grant.reach is Reach.REGION]
        await grants.end(tx, holder, regional, signature)
        await grants.put(tx, holder, downgraded(regional, held), signature)
        changed += len(regional)
    return changed
