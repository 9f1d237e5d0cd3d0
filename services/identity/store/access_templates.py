"""Rows of access templates; their policies are rows of access policies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.chassis.database import ForeignKeyViolation, Transaction, UniqueViolation
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId
from services.identity.domain.access_policy import AccessTemplate, TemplateInUse, TemplateNameTaken
from services.identity.store import access_policies


async def insert(tx: Transaction, template_id: UUID, name: str, now: datetime) -> None:
    """Add a template, whose policy is written apart. Raises TemplateNameTaken."""
    try:
        await tx.execute(
            "INSERT INTO access_templates (tenant_id, id, name, created_at) VALUES ($1, $2, $3, $4)",
            tx.tenant_id,
            template_id,
            name,
            now,
        )
    except UniqueViolation:
        raise TemplateNameTaken from None


async def rename(tx: Transaction, template_id: UUID, name: str) -> None:
    """Write a template's name. Raises NotFound, TemplateNameTaken."""
    try:
        renamed = await tx.execute(
            "UPDATE access_templates SET name = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, template_id, name
        )
    except UniqueViolation:
        raise TemplateNameTaken from None
    if not renamed:
        raise NotFound


async def delete(tx: Transaction, template_id: UUID) -> None:
    """Delete a template that nobody has, and its policy. Raises NotFound, TemplateInUse."""
    try:
        deleted = await tx.execute(
            "DELETE FROM access_templates WHERE tenant_id = $1 AND id = $2", tx.tenant_id, template_id
        )
    except ForeignKeyViolation:
        raise TemplateInUse from None
    if not deleted:
        raise NotFound
    await tx.execute("DELETE FROM access_policies WHERE tenant_id = $1 AND holder_id = $2", tx.tenant_id, template_id)


async def find(tx: Transaction, template_id: UUID) -> AccessTemplate | None:
    """Return a template, or None. No scope: handlers have checked that the caller manages people."""
    name: str | None = await tx.value(
        "SELECT name FROM access_templates WHERE tenant_id = $1 AND id = $2", tx.tenant_id, template_id
    )
    return None if name is None else AccessTemplate(template_id, name, await access_policies.find(tx, template_id))


async def every(tx: Transaction) -> Sequence[AccessTemplate]:
    """Return all templates by name. No scope: as `find`."""
    rows = await tx.rows(
        """
        SELECT t.id, t.name, p.hours::text AS hours, p.networks, p.ends_at, p.second_factor, p.version,
               array(SELECT zone_id FROM access_policy_zones pz
                      WHERE pz.tenant_id = $1 AND pz.holder_id = t.id ORDER BY zone_id) AS zones
          FROM access_templates t
          JOIN access_policies p ON (p.tenant_id, p.holder_id) = (t.tenant_id, t.id)
         WHERE t.tenant_id = $1
         ORDER BY t.name
        """,
        tx.tenant_id,
    )
    return [AccessTemplate(row["id"], row["name"], access_policies.stated(row)) for row in rows]


async def people_of(tx: Transaction, template_id: UUID) -> Sequence[UserId]:
    """Return the ids of all people who have a template."""
    rows = await tx.rows(
        """
        SELECT u.id
          FROM access_template_members m
          JOIN users u ON (u.tenant_id, u.id) = (m.tenant_id, m.user_id)
         WHERE m.tenant_id = $1 AND m.template_id = $2 AND u.state <> 'ghost'
        """,
        tx.tenant_id,
        template_id,
    )
    return [row["id"] for row in rows]
