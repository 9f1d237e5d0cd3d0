"""Permission groups and their members.

No scope anywhere: groups are the rights themselves, and handlers ask for the permission to see or change them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.authz.domain.group import GroupNameTaken, Member, PermissionGroup
from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group with how many members and grants it has."""

    group: PermissionGroup
    members: int
    grants: int


async def insert(tx: Transaction, group: PermissionGroup) -> None:
    """Add a group without members or grants. Raises GroupNameTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO permission_groups (tenant_id, id, name, is_employee_group, version, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            tx.tenant_id,
            group.id,
            group.name,
            group.is_employee_group,
            group.version,
            group.created_at,
        )
    except UniqueViolation:
        raise GroupNameTaken from None


async def save(tx: Transaction, group: PermissionGroup) -> None:
    """Replace name, kind and version of a group. Raises GroupNameTaken."""
    try:
        await tx.execute(
            """
            UPDATE permission_groups
               SET name = $3, is_employee_group = $4, version = $5
             WHERE tenant_id = $1 AND id = $2
            """,
            tx.tenant_id,
            group.id,
            group.name,
            group.is_employee_group,
            group.version,
        )
    except UniqueViolation:
        raise GroupNameTaken from None


async def get(tx: Transaction, group_id: UUID) -> PermissionGroup:
    """Return a group. Raises NotFound. No scope: see above."""
    row = await tx.row(
        """
        SELECT id, name, is_employee_group, version, created_at
          FROM permission_groups
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        group_id,
    )
    if row is None:
        raise NotFound
    return _group(row)


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[ListedGroup]:
    """Return up to `limit` groups, newest first. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT g.id, g.name, g.is_employee_group, g.version, g.created_at,
               (SELECT count(*) FROM group_members m WHERE (m.tenant_id, m.group_id) = (g.tenant_id, g.id)) AS members,
               (SELECT count(*) FROM grants
                 WHERE tenant_id = g.tenant_id AND holder_kind = 'group' AND holder_id = g.id) AS grants
          FROM permission_groups g
         WHERE g.tenant_id = $1 AND (g.created_at, g.id) < ($2, $3)
         ORDER BY g.created_at DESC, g.id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [ListedGroup(_group(row), row["members"], row["grants"]) for row in rows]


async def delete(tx: Transaction, group_id: UUID) -> None:
    """Remove a group with its members and grants."""
    for statement in (
        "DELETE FROM grants WHERE tenant_id = $1 AND holder_kind = 'group' AND holder_id = $2",
        "DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2",
        "DELETE FROM permission_groups WHERE tenant_id = $1 AND id = $2",
    ):
        await tx.execute(statement, tx.tenant_id, group_id)


async def members(tx: Transaction, group_id: UUID) -> Sequence[Member]:
    """Return who is in a group, by id. No scope: see above."""
    rows = await tx.rows(
        "SELECT user_id, expires_at FROM group_members WHERE tenant_id = $1 AND group_id = $2 ORDER BY user_id",
        tx.tenant_id,
        group_id,
    )
    return [Member(row["user_id"], row["expires_at"]) for row in rows]


async def put_member(tx: Transaction, group_id: UUID, member: Member, by: UserId | None, now: datetime) -> None:
    """Put a person into a group, or change until when the person is in it."""
    await tx.execute(
        """
        INSERT INTO group_members (tenant_id, group_id, user_id, expires_at, added_by, added_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, group_id, user_id) DO UPDATE
           SET expires_at = excluded.expires_at, added_by = excluded.added_by, added_at = excluded.added_at
        """,
        tx.tenant_id,
        group_id,
        member.user_id,
        member.expires_at,
        by,
        now,
    )


async def remove_member(tx: Transaction, group_id: UUID, user_id: UserId) -> None:
    """Take a person out of a group."""
    await tx.execute(
        "DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id = $3",
        tx.tenant_id,
        group_id,
        user_id,
    )


def _group(row: Row) -> PermissionGroup:
    return PermissionGroup(row["id"], row["name"], row["is_employee_group"], row["version"], row["created_at"])
