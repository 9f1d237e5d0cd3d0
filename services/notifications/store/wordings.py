"""Rows of agencies' own wordings."""

from collections.abc import Sequence

from services.chassis.database import Transaction
from services.chassis.problems import NotFound, Stale
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Wording
from services.notifications.domain.wording import KeptWording


async def find(tx: Transaction, template: Template, language: str) -> Wording | None:
    """Return the agency's own words for a mail. No scope: letters are written with them."""
    row = await tx.row(
        "SELECT subject, body_text, body_html FROM wordings WHERE tenant_id = $1 AND template = $2 AND language = $3",
        tx.tenant_id,
        template,
        language,
    )
    return Wording(row["subject"], row["body_text"], row["body_html"]) if row else None


async def every(tx: Transaction) -> Sequence[KeptWording]:
    """Return the agency's own wordings, at most one per mail and language. No scope: the permission was checked."""
    rows = await tx.rows(
        """
        SELECT template, language, subject, body_text, body_html, version
          FROM wordings
         WHERE tenant_id = $1
         ORDER BY template, language
        """,
        tx.tenant_id,
    )
    return [
        KeptWording(
            Template(row["template"]),
            row["language"],
            Wording(row["subject"], row["body_text"], row["body_html"]),
            row["version"],
        )
        for row in rows
    ]


async def put(tx: Transaction, template: Template, language: str, wording: Wording, version: int) -> None:
    """Keep a wording; `version` is that of the one it replaces, 0 for none. Raises Stale."""
    touched = await tx.execute(
        """
        INSERT INTO wordings AS w (tenant_id, template, language, subject, body_text, body_html)
        SELECT $1, $2, $3, $4, $5, $6
         WHERE $7 = 0 OR EXISTS (SELECT FROM wordings WHERE tenant_id = $1 AND template = $2 AND language = $3)
        ON CONFLICT (tenant_id, template, language) DO UPDATE
           SET subject = excluded.subject, body_text = excluded.body_text, body_html = excluded.body_html,
               version = w.version + 1
         WHERE w.version = $7
        """,
        tx.tenant_id,
        template,
        language,
        wording.subject,
        wording.text,
        wording.html,
        version,
    )
    if not touched:
        raise Stale


async def delete(tx: Transaction, template: Template, language: str, version: int) -> None:
    """Go back to our own words. Raises NotFound, Stale."""
    removed = await tx.execute(
        "DELETE FROM wordings WHERE tenant_id = $1 AND template = $2 AND language = $3 AND version = $4",
        tx.tenant_id,
        template,
        language,
        version,
    )
    if not removed:
        raise NotFound if await find(tx, template, language) is None else Stale
