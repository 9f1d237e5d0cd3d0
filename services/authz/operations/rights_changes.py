"""What every change of rights has in common: the lock, the permission, the administrators, the news."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.authz.domain.administrator import MANAGE_PERMISSIONS, LastAdministrator, is_administrator
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.domain.delegation import check_delegation
from services.authz.domain.grant import named_in
from services.authz.domain.reach import Reach
from services.authz.domain.signature import Signature
from services.authz.store import administrators, people, standings, teams, tenants
from services.authz.store import rights_changes as journal
from services.chassis import outbox
from services.chassis.authz_client import require
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.authz_events import RightsChanged, SnapshotChanged
from services.contracts.vocabulary import TeamId, UserId


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes rights, when, and why, if he says so."""

    caller: Caller
    now: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """What was made, and the rights version as of which everybody sees it."""

    id: UUID
    rights_version: int


@dataclass(slots=True)
class RightsChange:
    """A change under way. Whoever is put into `concerned` gets a snapshot of the change's `version`."""

    tx: Transaction
    version: int
    author: Standing
    now: datetime
    signature: Signature
    manages_permissions: bool
    concerned: set[UserId] = field(default_factory=set[UserId])

    async def check_delegation(self, receivers: Iterable[UserId], given: Iterable[HeldGrant]) -> None:
        """Refuse to give people more than the author holds. Raises GrantsMoreThanHeld."""
        held = list(given)
        if not held or is_administrator(compile_snapshot(self.author, self.now)):
            return  # without reading what everybody holds who is in a group
        named = named_in(each.grant for each in held if each.grant.reach is Reach.TEAM)
        members = {team.id: await teams.members(self.tx, TeamId(team.id)) for team in named}

        def knowing(standing: Standing) -> Standing:
            return replace(standing, teams={**standing.teams, **members})

        standing = await standings.find_all(self.tx, list(receivers))
        check_delegation(knowing(self.author), [*map(knowing, standing.values())], held, self.now)


@asynccontextmanager
async def changing_rights(db: Database, author: Author, or_holding: str = "") -> AsyncGenerator[RightsChange]:
    """Open a transaction that changes rights of the author's tenant, who manages permissions or holds another key.

    A tenant's changes happen one after another, so the author's own rights are those of this very moment, and
    two changes cannot take one of the last two administrators each. Raises PermissionMissing, LastAdministrator.
    """
    async with db.transaction(author.caller.tenant_id) as tx:
        turn = await tenants.take_turn(tx, author.now)
        standing = await standings.find_or_nobody(tx, author.caller.user_id)
        held = compile_snapshot(standing, author.now)
        if not held.holds(or_holding):
            require(held, MANAGE_PERMISSIONS)
        signature = Signature(author.caller.user_id, turn.at, author.reason)
        change = RightsChange(tx, turn.version, standing, author.now, signature, held.holds(MANAGE_PERMISSIONS))
        async with keeping_administrators(tx):
            yield change
        await announce(tx, turn.version, change.concerned)


@asynccontextmanager
async def keeping_administrators(tx: Transaction) -> AsyncGenerator[None]:
    """Refuse what takes away the last administrator; the tenant's lock must be held. Raises LastAdministrator."""
    remained = await administrators.remain(tx)
    yield
    if remained and not await administrators.remain(tx):
        raise LastAdministrator


async def announce(tx: Transaction, version: int, concerned: Iterable[UserId]) -> None:
    """Tell what was changed; give the snapshots of the people concerned a new version and tell whoever keeps one."""
    changes = await journal.of_version(tx, version)
    if changes:
        await outbox.add(tx, RightsChanged(version=version, changes=tuple(changes)))
    known = await people.raise_versions(tx, concerned, version)
    if known:
        await outbox.add(tx, SnapshotChanged(user_ids=tuple(known), version=version))
