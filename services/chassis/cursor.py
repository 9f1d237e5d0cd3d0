"""Opaque keyset cursors: where the next page begins."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page that runs from newest to oldest."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        micros = int(self.at.timestamp()) * 1_000_000 + self.at.microsecond
        return base64.urlsafe_b64encode(micros.to_bytes(8, "big", signed=True) + self.id.bytes).decode().rstrip("=")


START: Final = Cursor(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before the first row. The cursor is never NULL, so that deep pages and the first use one plan."""


def parse(text: str) -> Cursor:
    """Return the cursor that a page gave. Raises ValueError for anything else."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        micros, row = int.from_bytes(raw[:8], "big", signed=True), UUID(bytes=raw[8:])
        at = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
    except (binascii.Error, ValueError, OverflowError, OSError):
        raise ValueError("not a cursor that this list has given") from None
    return Cursor(at, row)


def _validate(value: object) -> Cursor:
    return value if isinstance(value, Cursor) else parse(str(value))


CursorParam = Annotated[
    Cursor,
    GetPydanticSchema(lambda _source, _handler: core_schema.is_instance_schema(Cursor)),
    BeforeValidator(_validate),
    WithJsonSchema({"type": "string", "description": "`next` of the page before."}),
]
