"""Templates.

No scope anywhere: templates are rights themselves, and handlers ask for the permission to see or change them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.authz.domain.signature import Signature
from services.authz.domain.template import Template, TemplateNameTaken
from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """A template with how many people are linked to it and how many grants it has."""

    template: Template
    users: int
    grants: int


async def insert(tx: Transaction, template: Template, signature: Signature) -> None:
    """Add a template without grants. Raises TemplateNameTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO templates (tenant_id, id, name, version, created_at, since, changed_by, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            tx.tenant_id,
            template.id,
            template.name,
            template.version,
            template.created_at,
            signature.at,
            signature.by,
            signature.reason,
        )
    except UniqueViolation:
        raise TemplateNameTaken from None


async def rename(tx: Transaction, template: Template, signature: Signature) -> None:
    """Replace the name of a template; what it was becomes past. Raises TemplateNameTaken."""
    await _remember(tx, template.id, signature)
    try:
        await tx.execute(
            """
            UPDATE templates
               SET name = $3, since = $4, changed_by = $5, reason = $6
             WHERE tenant_id = $1 AND id = $2
            """,
            tx.tenant_id,
            template.id,
            template.name,
            signature.at,
            signature.by,
            signature.reason,
        )
    except UniqueViolation:
        raise TemplateNameTaken from None


async def get(tx: Transaction, template_id: UUID) -> Template:
    """Return a template. Raises NotFound. No scope: see above."""
    row = await tx.row(
        "SELECT id, name, version, created_at FROM templates WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        template_id,
    )
    if row is None:
        raise NotFound
    return _template(row)


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[ListedTemplate]:
    """Return up to `limit` templates, newest first. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT t.id, t.name, t.version, t.created_at,
               (SELECT count(*) FROM template_links
                 WHERE tenant_id = t.tenant_id AND template_id = t.id) AS users,
               (SELECT count(*) FROM grants
                 WHERE tenant_id = t.tenant_id AND holder_kind = 'template' AND holder_id = t.id) AS grants
          FROM templates t
         WHERE t.tenant_id = $1 AND (t.created_at, t.id) < ($2, $3)
         ORDER BY t.created_at DESC, t.id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [ListedTemplate(_template(row), row["users"], row["grants"]) for row in rows]


async def delete(tx: Transaction, template_id: UUID, signature: Signature) -> None:
    """Remove a template without grants to which nobody is linked."""
    await _remember(tx, template_id, signature)
    await tx.execute("DELETE FROM templates WHERE tenant_id = $1 AND id = $2", tx.tenant_id, template_id)


async def _remember(tx: Transaction, template_id: UUID, signature: Signature) -> None:
    await tx.execute(
        """
        INSERT INTO templates_past (
            tenant_id, id, name, valid_from, valid_to, changed_by, reason, ended_by, end_reason)
        SELECT tenant_id, id, name, valid_from, greatest($3::timestamptz, valid_from), changed_by, reason,
               $4::uuid, $5::text
          FROM templates_ever
         WHERE tenant_id = $1 AND id = $2 AND valid_to = 'infinity'
        """,
        tx.tenant_id,
        template_id,
        signature.at,
        signature.by,
        signature.reason,
    )


def _template(row: Row) -> Template:
    return Template(row["id"], row["name"], row["version"], row["created_at"])
