"""Opaque keyset cursors: where the next page begins."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page that runs from newest to oldest."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        micros = (self.at - _EPOCH) // _MICROSECOND
        return base64.urlsafe_b64encode(micros.to_bytes(8, "big", signed=True) + self.id.bytes).decode().rstrip("=")


START: Final = Cursor(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before the first row. The cursor is never NULL, so that deep pages and the first use one plan."""


def parse(text: str) -> Cursor:
    """Return the cursor that a page gave. Raises ValueError for anything else."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        micros, row = int.from_bytes(raw[:8], "big", signed=True), UUID(bytes=raw[8:])
        at = _EPOCH + micros * _MICROSECOND
    except (binascii.Error, ValueError, OverflowError):
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
