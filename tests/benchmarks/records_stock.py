"""An agency with a million listings, one with ten thousand, and who looks at them."""

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString
from uuid import UUID

import asyncpg

from services.contracts.access import Scope
from services.contracts.vocabulary import OfficeId, TenantId, View

LARGE, SMALL = TenantId(UUID(int=1)), TenantId(UUID(int=2))
SIZES: Final = {LARGE: 1_000_000, SMALL: 10_000}
OFFICES: Final = 100
ANNA, RITA, EDITOR, EXPORTER = (UUID(int=n) for n in (5, 6, 7, 8))
"""Rita has 2,000 record rights, the others none."""
OFFICE: Final = OfficeId(UUID(int=5))
REGION: Final = frozenset(OfficeId(UUID(int=n)) for n in range(1, 11))
EXPORTED_TOWN: Final = "Lucca"
"""Where every tenth listing is."""

SCOPES: Final[Mapping[str, Scope]] = {
    "none": Scope(),
    "own": Scope(own=True),
    "office public": Scope(public_offices=frozenset({OFFICE})),
    "office": Scope(offices=frozenset({OFFICE})),
    "region": Scope(offices=REGION),
    "all": Scope(everything=View.FULL),
}

_STATEMENTS: Final[Sequence[LiteralString]] = (
    """
    INSERT INTO offices (tenant_id, id, version)
    SELECT $1::uuid, lpad(to_hex(n), 32, '0')::uuid, 1 FROM generate_series(1, 100) AS n WHERE $2::int > 0
    """,
    """
    INSERT INTO people (tenant_id, id, version, state)
    SELECT $1::uuid, lpad(to_hex(n), 32, '0')::uuid, 1, 'active' FROM generate_series(1, 100) AS n WHERE $2::int > 0
    """,
    """
    INSERT INTO listings (
        tenant_id, id, number, office_id, assignee_id, created_by, is_private, standard_status, transaction_type,
        property_type, property_sub_type, title, description, country, region, province, municipality, district,
        postal_code, list_price_minor, currency, living_area_cm2, rooms, bedrooms_total, bathrooms_total, floor,
        year_built, energy_class, superoffer, no_commission, banner, street_name, street_number, owner_name,
        owner_phone, owner_email, private_note, version, created_at, updated_at)
    SELECT $1::uuid, md5($1::uuid::text || n)::uuid, n::text,
           lpad(to_hex(1 + (hashint4(n) & 2147483647) % 100), 32, '0')::uuid,
           lpad(to_hex(1 + (n::bigint * 7919 % 100)), 32, '0')::uuid,
           lpad(to_hex(1 + (n::bigint * 104729 % 97)), 32, '0')::uuid,
           n % 10 = 0, 'active', 'sale', 'residential', 'apartment', 'Trilocale ' || n,
           repeat('Luminoso appartamento con vista. ', 8), 'IT', 'Toscana', 'LU',
           CASE n % 10 WHEN 3 THEN 'Lucca' ELSE 'Viareggio' END, 'Centro', '55100', 10000000 + n * 100, 'EUR', 900000,
           3, 2, 1, 2, 1970, 'D', false, false, false, 'Via Roma', n::text, 'Owner ' || n, '+39 0584 1',
           'owner@example.com', 'keys at the bar', 1, now() - n * interval '1 s', now() - n * interval '1 s'
      FROM generate_series(1, $2::int) AS n
    """,
    """
    INSERT INTO record_rights (tenant_id, section, record_id, holder_kind, holder_id, record_class, effect, given_by,
                               given_at, record_updated_at)
    SELECT tenant_id, 'listings', id, 'user', lpad(to_hex(6), 32, '0')::uuid, 'read',
           CASE n % 2 WHEN 0 THEN 'allow' ELSE 'deny' END, created_by, now(), updated_at
      FROM (SELECT tenant_id, id, created_by, updated_at, row_number() OVER (ORDER BY updated_at DESC) AS n
              FROM listings WHERE tenant_id = $1) AS numbered
     WHERE n % ($2::int / 2000) = 0
    """,
)


async def fill(owner_url: str) -> None:
    """Write the listings of both agencies and Rita's record rights, and have them analysed as autovacuum would."""
    connection = await asyncpg.connect(owner_url)
    try:
        for tenant_id, size in SIZES.items():
            async with connection.transaction():
                await connection.execute("SELECT set_config('keyholder.tenant_id', $1, true)", str(tenant_id))
                for statement in _STATEMENTS:
                    await connection.execute(statement, tenant_id, size)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
