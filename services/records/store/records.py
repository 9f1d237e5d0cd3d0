"""Records of any section as rows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from sys import intern
from typing import Any, Final, LiteralString, TypeVar, cast
from uuid import UUID

from services.chassis.database import Row, Transaction, UniqueViolation
from services.chassis.problems import FieldError, NotFound
from services.contracts.access import AccessSnapshot, RecordRight
from services.contracts.vocabulary import Effect, RecordClass
from services.records.domain.record import NumberTaken, Record
from services.records.store.table import Table

R = TypeVar("R", bound=Record)
CM2_PER_M2: Final = 10_000

_FIND: Final[LiteralString] = """
SELECT {columns},
       ARRAY(SELECT (holder_id, record_class, effect)
               FROM record_rights
              WHERE tenant_id = $1 AND record_id = $2 AND holder_id = ANY ($3::uuid[])) AS rights
  FROM {table}
 WHERE tenant_id = $1 AND id = $2
"""
_LOCK: Final[LiteralString] = "SELECT true FROM {table} WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
_HOLD: Final[LiteralString] = """
SELECT FROM {table} WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE
"""
_INSERT: Final[LiteralString] = """
INSERT INTO {table} (tenant_id, {columns})
SELECT $1, {columns}
  FROM jsonb_populate_record(NULL::{table}, $2::text::jsonb)
    ON CONFLICT (tenant_id, number) DO NOTHING
"""
_SAVE: Final[LiteralString] = """
  WITH allowed AS (
    UPDATE record_rights SET record_updated_at = $4 WHERE tenant_id = $1 AND record_id = $2
)
UPDATE {table} AS kept
   SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(kept, $3::text::jsonb))
 WHERE tenant_id = $1 AND id = $2
"""


async def find(tx: Transaction, table: Table[R], snapshot: AccessSnapshot | None, record_id: UUID) -> R | None:
    """Return a record with the record rights that count for the caller, or None; the rule decides on it.

    Without a snapshot it is for what the service does by itself.
    """
    row = await tx.row(sql_of(table, _FIND), tx.tenant_id, record_id, list(snapshot.principals) if snapshot else [])
    return None if row is None else record_of(table, row)


async def get(tx: Transaction, table: Table[R], snapshot: AccessSnapshot | None, record_id: UUID) -> R:
    """Return a record as `find` does, locked until the transaction ends. Raises NotFound."""
    found = await find(tx, table, snapshot, record_id) if await lock(tx, table, record_id) else None
    if found is None:
        raise NotFound
    return found


async def lock(tx: Transaction, table: Table[Record], record_id: UUID) -> bool:
    """Lock a record until the transaction ends; say whether there is one."""
    return bool(await tx.value(sql_of(table, _LOCK), tx.tenant_id, record_id))


async def hold(tx: Transaction, table: Table[Record], ids: Collection[UUID]) -> None:
    """Keep records from being deleted until the transaction ends; others may hold them too.

    What refers to records holds them before it locks anything of its own: deleting one locks it before what refers to
    it.
    """
    if ids:
        await tx.execute(sql_of(table, _HOLD), tx.tenant_id, list(ids))


async def insert(tx: Transaction, table: Table[R], record: R) -> bool:
    """Add a record; say whether its number was still free."""
    names = [field.name for field in fields(record)]
    return bool(await tx.execute(sql_of(table, _INSERT), tx.tenant_id, document_of(record, names)))


async def save(tx: Transaction, table: Table[R], record: R, names: Collection[str]) -> None:
    """Write the named fields of a record, its version and its last change. Raises NumberTaken."""
    document = document_of(record, {*names, "version", "updated_at"})
    try:
        await tx.execute(sql_of(table, _SAVE), tx.tenant_id, record.id, document, record.updated_at)
    except UniqueViolation:
        raise NumberTaken(errors=[FieldError("/number", NumberTaken.code, NumberTaken.title)]) from None


def sql_of(table: Table[Record], sql: LiteralString) -> LiteralString:
    """Return a statement of all sections as that of one."""
    return sql.replace("{table}", table.name).replace("{columns}", table.columns)


def document_of(record: object, names: Collection[str]) -> str:
    """Return fields of a record as the JSON object whose members are columns, areas in square centimetres."""
    values = {name: getattr(record, name) for name in names if name != "rights"}
    areas = {name: value for name, value in values.items() if name.endswith("_m2")}
    columns = {name: value for name, value in values.items() if name not in areas} | {
        name.replace("_m2", "_cm2"): None if value is None else int(value * CM2_PER_M2) for name, value in areas.items()
    }
    return json.dumps(columns, default=str)


def record_of(table: Table[R], row: Row) -> R:
    """Return the record that a row holds."""
    values = values_of(row, table.enums)
    values["rights"] = rights_of(row)
    return table.kind(**values)


def rights_of(row: Row) -> tuple[RecordRight, ...]:
    """Return the record rights that came with a row."""
    return tuple(RecordRight(holder, RecordClass(each), Effect(effect)) for holder, each, effect in row["rights"])


def square_metres(area_cm2: int | None) -> Decimal | None:
    """Return an area with two decimals, which is all that is kept."""
    return None if area_cm2 is None else Decimal(area_cm2 // 100).scaleb(-2)


def values_of(row: Row, enums: Mapping[str, type[StrEnum]]) -> dict[str, Any]:
    """Return a row as fields: closed sets as enums, lists as tuples, areas in square metres with two decimals."""
    names, areas = _fields(tuple(row.keys()))
    values: dict[str, Any] = dict(zip(names, row.values(), strict=True))
    for name, kind in enums.items():
        value = values.get(name)
        if isinstance(value, list):
            values[name] = list(map(kind, cast("list[str]", value)))
        elif value is not None:
            values[name] = kind(value)
    for name, value in values.items():
        if value.__class__ is list:
            values[name] = tuple(value)
    for name in areas:
        values[name] = square_metres(values[name])
    return values


@cache
def _fields(columns: tuple[str, ...]) -> tuple[Sequence[str], Sequence[str]]:
    """Return a row's columns as fields, and which are areas.

    Interned, since a record of forty fields is made from them: Python finds an argument by identity, or slowly.
    """
    names = [intern(column.replace("_cm2", "_m2")) for column in columns]
    return names, [name for name, column in zip(names, columns, strict=True) if name != column]
