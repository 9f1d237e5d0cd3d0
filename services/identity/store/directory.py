"""Rows of people and teams as a directory sees them: all teams, and colleagues who are neither ghosts nor contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import OfficeId, TeamId, UserId, UserKind, UserState
from services.identity.domain.directory import DirectoryEntry, DirectoryPerson, DirectoryTeam
from services.identity.domain.organisation import Team
from services.identity.domain.user import Assignments, User


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a search can be narrowed to by an index; None does not narrow."""

    id: UUID | None = None
    name: str | None = None
    """User id of a person or name of a team, in whatever case."""
    external_id: str | None = None


EVERYBODY: Final = Narrowing()


async def people(tx: Transaction, narrowing: Narrowing = EVERYBODY) -> Sequence[DirectoryPerson]:
    """Return the people whom a directory sees, oldest first.

    No scope: handlers have checked the machine's token, whose scope `scim` is for all people.
    """
    rows = await tx.rows(
        """
        SELECT u.id, userid, code, given_name, family_name, email, locale, state, version, created_at, kind, sponsor_id,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND a.kind = 'principal' ORDER BY 1) AS principal,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND a.kind = 'secondary' ORDER BY 1) AS secondary,
               array(SELECT t.id FROM team_members m JOIN teams t ON (t.tenant_id, t.id) = (m.tenant_id, m.team_id)
                      WHERE m.tenant_id = $1 AND m.user_id = u.id ORDER BY t.name, t.id) AS team_ids,
               array(SELECT t.name FROM team_members m JOIN teams t ON (t.tenant_id, t.id) = (m.tenant_id, m.team_id)
                      WHERE m.tenant_id = $1 AND m.user_id = u.id ORDER BY t.name, t.id) AS team_names,
               EXISTS (SELECT FROM credentials c WHERE c.tenant_id = $1 AND c.user_id = u.id) AS has_password,
               d.external_id, d.display_name, coalesce(d.calls_address_primary, true) AS calls_address_primary,
               coalesce(u.changed_at, u.created_at) AS changed_at
          FROM users u
          LEFT JOIN directory_users d ON d.tenant_id = $1 AND d.user_id = u.id
         WHERE u.tenant_id = $1 AND u.state <> 'ghost' AND u.kind = 'colleague'
           AND NOT EXISTS (SELECT FROM sub_accounts s WHERE s.tenant_id = $1 AND s.user_id = u.id)
           AND ($2::uuid IS NULL OR u.id = $2)
           AND ($3::text IS NULL OR lower(u.userid) = lower($3))
           AND ($4::text IS NULL OR d.external_id = $4)
         ORDER BY u.created_at, u.id
        """,
        tx.tenant_id,
        narrowing.id,
        narrowing.name,
        narrowing.external_id,
    )
    return [_person(row) for row in rows]


async def person(tx: Transaction, user_id: UserId) -> DirectoryPerson | None:
    """Return a person whom a directory sees, or None. No scope: as `people`."""
    found = await people(tx, Narrowing(id=user_id))
    return found[0] if found else None


async def codes(tx: Transaction) -> frozenset[str]:
    """Return the codes of everybody, ghosts included, in upper case. No scope: so that none is given twice."""
    rows = await tx.rows("SELECT upper(code) AS code FROM users WHERE tenant_id = $1", tx.tenant_id)
    return frozenset(row["code"] for row in rows)


async def seen(tx: Transaction, user_ids: Sequence[UserId]) -> frozenset[UserId]:
    """Return who of these is somebody whom a directory sees."""
    rows = await tx.rows(
        """
        SELECT id FROM users u
         WHERE tenant_id = $1 AND id = ANY($2) AND state <> 'ghost' AND kind = 'colleague'
           AND NOT EXISTS (SELECT FROM sub_accounts s WHERE s.tenant_id = $1 AND s.user_id = u.id)
        """,
        tx.tenant_id,
        user_ids,
    )
    return frozenset(row["id"] for row in rows)


async def gone(tx: Transaction, userid: str) -> UserId | None:
    """Return the colleague with a user id whom a directory could bring back, or None: a ghost, and no contact's."""
    return await tx.value(
        """
        SELECT id FROM users u
         WHERE tenant_id = $1 AND lower(userid) = lower($2) AND state = 'ghost' AND kind = 'colleague'
           AND NOT EXISTS (SELECT FROM sub_accounts s WHERE s.tenant_id = $1 AND s.user_id = u.id)
        """,
        tx.tenant_id,
        userid,
    )


async def entry(tx: Transaction, user_id: UserId) -> DirectoryEntry | None:
    """Return what a directory calls a person, or None if none does. No scope: noted, not shown."""
    row = await tx.row(
        """
        SELECT external_id, display_name, calls_address_primary
          FROM directory_users WHERE tenant_id = $1 AND user_id = $2
        """,
        tx.tenant_id,
        user_id,
    )
    return DirectoryEntry(**row) if row else None


async def keep_person(tx: Transaction, user_id: UserId, entry: DirectoryEntry) -> None:
    """Remember what a directory calls a person."""
    await tx.execute(
        """
        INSERT INTO directory_users (tenant_id, user_id, external_id, display_name, calls_address_primary)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
           SET external_id = excluded.external_id, display_name = excluded.display_name,
               calls_address_primary = excluded.calls_address_primary
        """,
        tx.tenant_id,
        user_id,
        entry.external_id,
        entry.display_name,
        entry.calls_address_primary,
    )


async def teams(tx: Transaction, narrowing: Narrowing = EVERYBODY) -> Sequence[DirectoryTeam]:
    """Return the teams with those members whom a directory sees, oldest first. No scope: as `people`."""
    rows = await tx.rows(
        """
        SELECT t.id, t.name, t.version, t.created_at, coalesce(t.changed_at, t.created_at) AS changed_at, d.external_id,
               array(SELECT user_id FROM team_members m
                      WHERE m.tenant_id = $1 AND m.team_id = t.id ORDER BY 1) AS members,
               array(SELECT u.id FROM team_members m JOIN users u ON (u.tenant_id, u.id) = (m.tenant_id, m.user_id)
                      WHERE m.tenant_id = $1 AND m.team_id = t.id AND u.state <> 'ghost' AND u.kind = 'colleague'
                        AND NOT EXISTS (SELECT FROM sub_accounts s WHERE s.tenant_id = $1 AND s.user_id = u.id)
                      ORDER BY u.id) AS seen
          FROM teams t
          LEFT JOIN directory_teams d ON d.tenant_id = $1 AND d.team_id = t.id
         WHERE t.tenant_id = $1
           AND ($2::uuid IS NULL OR t.id = $2)
           AND ($3::text IS NULL OR lower(t.name) = lower($3))
           AND ($4::text IS NULL OR d.external_id = $4)
         ORDER BY t.created_at, t.id
        """,
        tx.tenant_id,
        narrowing.id,
        narrowing.name,
        narrowing.external_id,
    )
    return [_team(row) for row in rows]


async def team(tx: Transaction, team_id: TeamId) -> DirectoryTeam | None:
    """Return a team, or None. No scope: as `people`."""
    found = await teams(tx, Narrowing(id=team_id))
    return found[0] if found else None


async def keep_team(tx: Transaction, team_id: TeamId, entry: DirectoryEntry) -> None:
    """Remember what a directory calls a team."""
    await tx.execute(
        """
        INSERT INTO directory_teams (tenant_id, team_id, external_id) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, team_id) DO UPDATE SET external_id = excluded.external_id
        """,
        tx.tenant_id,
        team_id,
        entry.external_id,
    )


def _person(row: Row) -> DirectoryPerson:
    user = User(
        id=row["id"],
        userid=row["userid"],
        code=row["code"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        email=row["email"],
        locale=row["locale"],
        state=UserState(row["state"]),
        assignments=Assignments(
            tuple(OfficeId(office) for office in row["principal"]),
            tuple(OfficeId(office) for office in row["secondary"]),
        ),
        version=row["version"],
        created_at=row["created_at"],
        kind=UserKind(row["kind"]),
        sponsor_id=row["sponsor_id"],
    )
    return DirectoryPerson(
        user=user,
        entry=DirectoryEntry(row["external_id"], row["display_name"], row["calls_address_primary"]),
        teams=tuple(zip(row["team_ids"], row["team_names"], strict=True)),
        has_password=row["has_password"],
        changed_at=row["changed_at"],
    )


def _team(row: Row) -> DirectoryTeam:
    return DirectoryTeam(
        team=Team(row["id"], row["name"], tuple(row["members"]), row["version"]),
        entry=DirectoryEntry(row["external_id"]),
        seen=tuple(row["seen"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
