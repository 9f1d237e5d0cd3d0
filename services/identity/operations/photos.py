"""Photos come, are edited, restored and deleted. Drawing happens outside of transactions."""

from dataclasses import dataclass

from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import TenantId, UserId
from services.identity.adapters.pictures import Pictures
from services.identity.domain.audit import AuditKind
from services.identity.domain.photo import UNEDITED, Edits, MediaType, Photo
from services.identity.operations.audit import note
from services.identity.store import photos, users


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it came, for the version that its sender saw."""

    file: bytes
    media_type: MediaType
    version: int


async def upload_photo(db: Database, pictures: Pictures, tenant_id: TenantId, user_id: UserId, upload: Upload) -> Photo:
    """Return the person's new photo, in place of any earlier one, whose original goes too.

    Raises PictureRefused, NotFound, Stale, Limited.
    """
    drawn = await pictures.draw(upload.file, upload.media_type, UNEDITED)
    photo = Photo(
        upload.media_type,
        drawn.width,
        drawn.height,
        len(upload.file),
        len(drawn.shown),
        UNEDITED,
        upload.version + 1,
    )
    async with db.transaction(tenant_id) as tx:
        await users.get(tx, user_id)
        before = await photos.find(tx, user_id)
        await photos.save(tx, user_id, photo, upload.file, drawn.shown)
        await note(tx, AuditKind.PHOTO_CHANGED, user_id, before, photo)
    return photo


async def edit_photo(
    db: Database, pictures: Pictures, tenant_id: TenantId, user_id: UserId, edits: Edits, version: int
) -> Photo:
    """Return the photo drawn from its original by these edits alone; without any it is the original again.

    Raises NotFound, Stale, EditsRefused, Limited.
    """
    async with db.transaction(tenant_id, readonly=True) as tx:
        before = await _at(tx, user_id, version)
        original = await photos.pixels(tx, user_id, "original")
    drawn = await pictures.draw(original, before.media_type, edits)
    async with db.transaction(tenant_id) as tx:
        before = await _at(tx, user_id, version)
        await photos.edit(tx, user_id, edits, drawn.shown, version + 1)
        after = await _at(tx, user_id, version + 1)
        await note(tx, AuditKind.PHOTO_CHANGED, user_id, before, after)
    return after


async def remove_photo(db: Database, tenant_id: TenantId, user_id: UserId, version: int) -> None:
    """Delete the original and what is shown of it for good. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        before = await _at(tx, user_id, version)
        await photos.delete(tx, user_id, version)
        await note(tx, AuditKind.PHOTO_REMOVED, user_id, before)


async def _at(tx: Transaction, user_id: UserId, version: int) -> Photo:
    photo = await photos.find(tx, user_id)
    if photo is None:
        raise NotFound
    if photo.version != version:
        raise Stale
    return photo
