"""Permissions of an agency's modules."""

import json
from collections.abc import Collection, Iterable

from services.authz.domain.catalogue import Catalogue, Permission
from services.authz.domain.module import with_modules
from services.authz.domain.reach import Reach
from services.authz.domain.signature import Signature
from services.authz.domain.switch import switch_of
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import RecordClass


async def catalogue(tx: Transaction, product: Catalogue) -> Catalogue:
    """Return every permission that the agency knows: the product's, then those of its modules by key.

    No scope: whoever is signed in may know which permissions there are.
    """
    rows = await tx.rows(
        """
        SELECT key, section, record_class, reaches, names, descriptions
          FROM module_permissions
         WHERE tenant_id = $1
         ORDER BY key
        """,
        tx.tenant_id,
    )
    return with_modules(product, map(_permission, rows)) if rows else product


async def catalogue_with(tx: Transaction, product: Catalogue, keys: Iterable[str]) -> Catalogue:
    """Return the product's catalogue if it has all of these keys, else the agency's.

    Most agencies use what the product has, and are answered without a query. No scope: as `catalogue`.
    """
    return product if all(key in product for key in keys) else await catalogue(tx, product)


async def register(tx: Transaction, wanted: Collection[Permission], signature: Signature) -> None:
    """Add permissions, or reword them."""
    await tx.execute_many(
        """
        INSERT INTO module_permissions (
            tenant_id, key, section, record_class, reaches, names, descriptions, registered_by, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, $8, $9)
        ON CONFLICT (tenant_id, key) DO UPDATE
           SET names = excluded.names, descriptions = excluded.descriptions
        """,
        [
            (
                tx.tenant_id,
                each.key,
                each.section,
                each.record_class,
                list(each.reaches),
                json.dumps(dict(each.name)),
                json.dumps(dict(each.description)),
                signature.by,
                signature.at,
            )
            for each in wanted
        ],
    )


def _permission(row: Row) -> Permission:
    return Permission(
        key=row["key"],
        section=row["section"],
        record_class=RecordClass(row["record_class"]),
        reaches=tuple(map(Reach, row["reaches"])),
        switch=switch_of(row["key"]),
        offered={},
        name=json.loads(row["names"]),
        description=json.loads(row["descriptions"]),
        module=row["section"],
    )
