"""Permission groups and their members.

No scope anywhere: groups are the rights themselves, and handlers ask for the permission to see or change them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.authz.domain.group import GroupNameTaken, Member, PermissionGroup
from services.authz.domain.signature import Signature
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


async def insert(tx: Transaction, group: PermissionGroup, signature: Signature) -> None:
    """Add a group without members or grants. Raises GroupNameTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO permission_groups (
                tenant_id, id, name, is_employee_group, version, created_at, since, changed_by, reason, code,
                description)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            tx.tenant_id,
            group.id,
            group.name,
            group.is_employee_group,
            group.version,
            group.created_at,
            signature.at,
            signature.by,
            signature.reason,
            group.code,
            group.description,
        )
    except UniqueViolation:
        raise GroupNameTaken from None


async def rename(tx: Transaction, group: PermissionGroup, signature: Signature) -> None:
    """Replace name, kind and description of a group; what they were becomes past. Raises GroupNameTaken."""
    await _remember(tx, group.id, signature)
    try:
        await tx.execute(
            """
            UPDATE permission_groups
               SET name = $3, is_employee_group = $4, since = $5, changed_by = $6, reason = $7, description = $8
             WHERE tenant_id = $1 AND id = $2
            """,
            tx.tenant_id,
            group.id,
            group.name,
            group.is_employee_group,
            signature.at,
            signature.by,
            signature.reason,
            group.description,
        )
    except UniqueViolation:
        raise GroupNameTaken from None


async def get(tx: Transaction, group_id: UUID) -> PermissionGroup:
    """Return a group. Raises NotFound. No scope: see above."""
    row = await tx.row(
        """
        SELECT id, name, is_employee_group, version, created_at, code, description
          FROM permission_groups
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        group_id,
    )
    if row is None:
        raise NotFound
    return _group(row)


async def page(tx: Transaction, *, every: bool, after: Cursor, limit: int) -> Sequence[ListedGroup]:
    """Return up to `limit` groups, or employee groups, newest first. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT g.id, g.name, g.is_employee_group, g.version, g.created_at, g.code, g.description,
               (SELECT count(*) FROM group_members m WHERE (m.tenant_id, m.group_id) = (g.tenant_id, g.id)) AS members,
               (SELECT count(*) FROM grants
                 WHERE tenant_id = g.tenant_id AND holder_kind = 'group' AND holder_id = g.id) AS grants
          FROM permission_groups g
         WHERE g.tenant_id = $1 AND (g.created_at, g.id) < ($2, $3) AND ($5 OR g.is_employee_group)
         ORDER BY g.created_at DESC, g.id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
        every,
    )
    return [ListedGroup(_group(row), row["members"], row["grants"]) for row in rows]


async def delete(tx: Transaction, group_id: UUID, signature: Signature) -> None:
    """Remove a group without grants, with its members."""
    await _end_members(tx, group_id, None, signature)
    await _remember(tx, group_id, signature)
    await tx.execute("DELETE FROM permission_groups WHERE tenant_id = $1 AND id = $2", tx.tenant_id, group_id)


async def _remember(tx: Transaction, group_id: UUID, signature: Signature) -> None:
    await tx.execute(
        """
        INSERT INTO permission_groups_past (
            tenant_id, id, name, is_employee_group, valid_from, valid_to, changed_by, reason, ended_by, end_reason,
            description)
        SELECT tenant_id, id, name, is_employee_group, valid_from, greatest($3::timestamptz, valid_from),
               changed_by, reason, $4::uuid, $5::text, description
          FROM permission_groups_ever
         WHERE tenant_id = $1 AND id = $2 AND valid_to = 'infinity'
        """,
        tx.tenant_id,
        group_id,
        signature.at,
        signature.by,
        signature.reason,
    )


async def put_member(tx: Transaction, group_id: UUID, member: Member, signature: Signature) -> None:
    """Put a person into a group, or change until when the person is in it."""
    await _end_members(tx, group_id, member.user_id, signature)
    await tx.execute(
        """
        INSERT INTO group_members (tenant_id, group_id, user_id, expires_at, added_by, added_at, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        tx.tenant_id,
        group_id,
        member.user_id,
        member.expires_at,
        signature.by,
        signature.at,
        signature.reason,
    )


async def remove_member(tx: Transaction, group_id: UUID, user_id: UserId, signature: Signature) -> None:
    """Take a person out of a group."""
    await _end_members(tx, group_id, user_id, signature)


async def _end_members(tx: Transaction, group_id: UUID, user_id: UserId | None, signature: Signature) -> None:
    """End the membership of one person, or of everybody in the group."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM group_members
             WHERE tenant_id = $1 AND group_id = $2 AND ($3::uuid IS NULL OR user_id = $3)
            RETURNING *)
        INSERT INTO group_members_past (
            tenant_id, group_id, user_id, expires_at, added_by, added_at, reason, valid_to, ended_by, end_reason)
        SELECT tenant_id, group_id, user_id, expires_at, added_by, added_at, reason,
               greatest($4::timestamptz, added_at), $5::uuid, $6::text
          FROM gone
        """,
        tx.tenant_id,
        group_id,
        user_id,
        signature.at,
        signature.by,
        signature.reason,
    )


def _group(row: Row) -> PermissionGroup:
    columns = ("id", "name", "is_employee_group", "version", "created_at", "code", "description")
    return PermissionGroup(*(row[column] for column in columns))
