"""Photos of people: uploaded, edited, restored, downloaded, deleted (MG-13)."""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Annotated, Final, Literal, cast

from pydantic import Field

from services.chassis.answers import NotModified, Streamed
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.photo import (
    LARGEST_BYTES,
    LONGEST_SIDE,
    MEDIA_TYPES,
    UNEDITED,
    Crop,
    Edits,
    MediaType,
    Photo,
)
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_among_colleagues, require_colleague
from services.identity.operations import photos as operations
from services.identity.operations.photos import Upload
from services.identity.store import photos
from services.identity.store.photos import Which

PIECE: Final = 64 * 1024
Pixels = Annotated[int, Field(ge=1, le=100_000)]


class CropFields(Input):
    left: Annotated[int, Field(ge=0, le=100_000)]
    top: Annotated[int, Field(ge=0, le=100_000)]
    width: Pixels
    height: Pixels


class EditsFields(Input):
    degrees: Literal[0, 90, 180, 270] = 0
    """Clockwise, before cutting."""
    crop: CropFields | None = None
    """In pixels of the turned original."""
    longest_side: Annotated[int, Field(ge=16, le=LONGEST_SIDE)] = LONGEST_SIDE
    """What is left is made smaller until neither side is longer."""


class CropShown(Output):
    left: int
    top: int
    width: int
    height: int


class EditsShown(Output):
    degrees: int
    crop: CropShown | None
    longest_side: int


class PhotoShown(Output):
    media_type: str
    width: int
    """Of the original, upright."""
    height: int
    original_bytes: int
    shown_bytes: int
    edits: EditsShown
    version: int


async def upload_photo(deps: Deps, call: Call) -> PhotoShown:
    """Take a photo of up to 10 MiB in place of any earlier one; version 0 never had one.

    The original is kept as it came; what is shown carries nothing that the camera wrote beside the pixels. For
    oneself, or with admin.agents.manage.
    """
    user_id = await _own_or_managed(deps, call)
    media_type = cast("MediaType", call.headers["Content-Type"].partition(";")[0].strip().lower())
    upload = Upload(call.body, media_type, call.version)
    return _shown(await operations.upload_photo(deps.db, deps.pictures, call.caller.tenant_id, user_id, upload))


async def edit_photo(deps: Deps, call: Call, asked: EditsFields) -> PhotoShown:
    """Show the original turned, cut and made smaller; each edit starts from the original again."""
    crop = None if asked.crop is None else Crop(**asked.crop.model_dump())
    return await _edited(deps, call, Edits(asked.degrees, crop, asked.longest_side))


async def restore_photo(deps: Deps, call: Call) -> PhotoShown:
    """Show the original as it came, without any edit."""
    return await _edited(deps, call, UNEDITED)


async def get_photo_facts(deps: Deps, call: Call) -> PhotoShown:
    """Show what is known of a colleague's photo: its size, its edits, its version."""
    return _shown(await _photo(deps, call, await _colleague(deps, call)))


async def get_photo(deps: Deps, call: Call) -> Streamed | NotModified:
    """Show a colleague's photo as edited."""
    return await _file(deps, call, await _colleague(deps, call), "shown")


async def get_original(deps: Deps, call: Call) -> Streamed | NotModified:
    """Download the photo as it was uploaded. For oneself, or with admin.agents.manage."""
    return await _file(deps, call, await _own_or_managed(deps, call), "original")


async def remove_photo(deps: Deps, call: Call) -> None:
    """Delete the original and what is shown of it for good. For oneself, or with admin.agents.manage."""
    user_id = await _own_or_managed(deps, call)
    await operations.remove_photo(deps.db, call.caller.tenant_id, user_id, call.version)


async def _own_or_managed(deps: Deps, call: Call) -> UserId:
    user_id = UserId(call.id_in_path("user_id"))
    if user_id != call.caller.user_id:
        await require_among_colleagues(deps, call, MANAGE)
    return user_id


async def _colleague(deps: Deps, call: Call) -> UserId:
    user_id = UserId(call.id_in_path("user_id"))
    await require_colleague(deps, call, user_id)
    return user_id


async def _edited(deps: Deps, call: Call, edits: Edits) -> PhotoShown:
    user_id = await _own_or_managed(deps, call)
    return _shown(
        await operations.edit_photo(deps.db, deps.pictures, call.caller.tenant_id, user_id, edits, call.version)
    )


async def _photo(deps: Deps, call: Call, user_id: UserId) -> Photo:
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        photo = await photos.find(tx, user_id)
    if photo is None:
        raise NotFound
    return photo


async def _file(deps: Deps, call: Call, user_id: UserId, which: Which) -> Streamed | NotModified:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        photo = await photos.find(tx, user_id)
        if photo is None:
            raise NotFound
        call.reply_headers["ETag"] = f'"{photo.version}"'
        call.reply_headers["Cache-Control"] = "private, no-cache"
        call.reply_headers["X-Content-Type-Options"] = "nosniff"
        if call.has(photo.version):
            return NotModified()
        file = await photos.pixels(tx, user_id, which)
    return Streamed(photo.media_type, _pieces(file))


async def _pieces(file: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]


def _shown(photo: Photo) -> PhotoShown:
    crop = photo.edits.crop
    return PhotoShown(
        media_type=photo.media_type,
        width=photo.width,
        height=photo.height,
        original_bytes=photo.original_bytes,
        shown_bytes=photo.shown_bytes,
        edits=EditsShown(
            degrees=photo.edits.degrees,
            crop=None if crop is None else CropShown(**asdict(crop)),
            longest_side=photo.edits.longest_side,
        ),
        version=photo.version,
    )


_PHOTO: Final = "/v1/users/{user_id}/photo"
ROUTES = (
    Route(
        "PUT",
        _PHOTO,
        upload_photo,
        gives=PhotoShown,
        edits=True,
        accepts=MEDIA_TYPES,
        max_body_bytes=LARGEST_BYTES,
    ),
    Route("GET", _PHOTO, get_photo, offers=MEDIA_TYPES),
    Route("DELETE", _PHOTO, remove_photo, edits=True),
    Route("GET", f"{_PHOTO}/original", get_original, offers=MEDIA_TYPES),
    Route("GET", f"{_PHOTO}/facts", get_photo_facts, gives=PhotoShown),
    Route("PUT", f"{_PHOTO}/edits", edit_photo, takes=EditsFields, gives=PhotoShown, edits=True),
    Route("DELETE", f"{_PHOTO}/edits", restore_photo, gives=PhotoShown, edits=True),
)
