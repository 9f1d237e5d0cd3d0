"""Rows of photos. No picture is read but the one that is asked for."""

import json
from dataclasses import asdict
from typing import Literal

from services.chassis.database import ForeignKeyViolation, Row, Transaction, json_object
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId
from services.identity.domain.photo import Crop, Edits, MediaType, Photo

Which = Literal["original", "shown"]


async def find(tx: Transaction, user_id: UserId) -> Photo | None:
    """Return what is known of a person's photo, or None. No scope: colleagues may know each other."""
    row = await tx.row(
        """
        SELECT media_type, width, height, edits::text AS edits, version, octet_length(original) AS original_bytes,
               octet_length(shown) AS shown_bytes
          FROM photos WHERE tenant_id = $1 AND user_id = $2 AND original IS NOT NULL
        """,
        tx.tenant_id,
        user_id,
    )
    return _photo(row) if row else None


async def pixels(tx: Transaction, user_id: UserId, which: Which) -> bytes:
    """Return a picture's file. Raises NotFound. No scope: as `find`; handlers keep originals from colleagues."""
    found: bytes | None = (
        await tx.value("SELECT shown FROM photos WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
        if which == "shown"
        else await tx.value("SELECT original FROM photos WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    )
    if found is None:
        raise NotFound
    return found


async def save(tx: Transaction, user_id: UserId, photo: Photo, original: bytes, shown: bytes) -> None:
    """Write a photo at its version, one above the stored one. Raises NotFound for an unknown person, Stale."""
    try:
        written = await tx.execute(
            """
            INSERT INTO photos AS p (tenant_id, user_id, version, media_type, original, width, height, shown, edits)
            SELECT $1, $2, $3::bigint, $4::text, $5::bytea, $6::int, $7::int, $8::bytea, $9::text::jsonb
             WHERE $3::bigint = 1 OR EXISTS (SELECT FROM photos WHERE tenant_id = $1 AND user_id = $2)
            ON CONFLICT (tenant_id, user_id) DO UPDATE
               SET version = excluded.version, media_type = excluded.media_type, original = excluded.original,
                   width = excluded.width, height = excluded.height, shown = excluded.shown, edits = excluded.edits
             WHERE p.version = excluded.version - 1
            """,
            tx.tenant_id,
            user_id,
            photo.version,
            photo.media_type,
            original,
            photo.width,
            photo.height,
            shown,
            json.dumps(asdict(photo.edits)),
        )
    except ForeignKeyViolation:
        raise NotFound from None
    if not written:
        raise Stale


async def edit(tx: Transaction, user_id: UserId, edits: Edits, shown: bytes, version: int) -> None:
    """Show a picture edited otherwise, at this version, one above the stored one. Raises Stale."""
    written = await tx.execute(
        """
        UPDATE photos SET edits = $3::text::jsonb, shown = $4, version = $5
         WHERE tenant_id = $1 AND user_id = $2 AND version = $5 - 1 AND original IS NOT NULL
        """,
        tx.tenant_id,
        user_id,
        json.dumps(asdict(edits)),
        shown,
        version,
    )
    if not written:
        raise Stale


async def delete(tx: Transaction, user_id: UserId, version: int) -> None:
    """Delete the original and what is shown of it; the next version goes on from here. Raises Stale."""
    deleted = await tx.execute(
        """
        UPDATE photos
           SET version = version + 1, media_type = NULL, original = NULL, width = NULL, height = NULL, shown = NULL,
               edits = NULL
         WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND original IS NOT NULL
        """,
        tx.tenant_id,
        user_id,
        version,
    )
    if not deleted:
        raise Stale


async def used_bytes(tx: Transaction) -> int:
    """Return how much the photos of the agency take, originals and what is shown together (MG-66)."""
    return await tx.value(
        """
        SELECT coalesce(sum(octet_length(original) + octet_length(shown)), 0)::bigint FROM photos WHERE tenant_id = $1
        """,
        tx.tenant_id,
    )


def _photo(row: Row) -> Photo:
    written = json_object(row["edits"])
    crop = written.pop("crop")
    edits = Edits(**written, crop=Crop(**crop) if isinstance(crop, dict) else None)  # pyright: ignore[reportArgumentType]
    media_type: MediaType = row["media_type"]
    columns = {name: value for name, value in row.items() if name not in {"edits", "media_type"}}
    return Photo(**columns, media_type=media_type, edits=edits)
