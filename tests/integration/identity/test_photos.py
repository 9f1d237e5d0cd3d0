"""Photos: what is shown comes from the original by the edits alone, and says nothing the pixels do not."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest
from PIL import Image

from services.identity.domain.photo import LARGEST_BYTES, MediaType
from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_audit_trail import bearer, entries

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORMATS: Final[dict[MediaType, str]] = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
POSITION: Final = 0x8825
ORIENTATION: Final = 0x0112
CAMERA: Final = "SecretCamera 3000"


def drawn(width: int = 60, height: int = 40) -> Image.Image:
    """Return a picture in which every quarter has its own colour."""
    picture = Image.new("RGB", (width, height), (200, 30, 30))
    picture.paste((30, 200, 30), (width // 2, 0, width, height // 2))
    picture.paste((30, 30, 200), (0, height // 2, width // 2, height))
    return picture


def file_of(picture: Image.Image, media_type: MediaType = "image/jpeg", orientation: int = 1) -> bytes:
    """Return a file that says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x0110] = CAMERA
    exif[ORIENTATION] = orientation
    exif.get_ifd(POSITION)[2] = (45.0, 26.0, 12.0)
    written = io.BytesIO()
    more: dict[str, Any] = {"quality": 95} if media_type == "image/jpeg" else {"lossless": True}
    picture.save(written, FORMATS[media_type], exif=exif, **more)
    return written.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a small file that unpacks to a picture of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1024))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def put(
    agency: Agency,
    path: str,
    file: bytes,
    media_type: str = "image/jpeg",
    version: int = 0,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    sent = {**agency.headers, **at(version), "Content-Type": media_type, **(headers or {})}
    async with agency.http.put(agency.url + path, data=io.BytesIO(file), headers=sent) as response:
        return response.status, await response.json()


async def get(agency: Agency, path: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    async with agency.http.get(agency.url + path, headers={**agency.headers, **headers}) as response:
        return response.status, await response.read(), response.headers


@pytest.mark.catalogue("MG-13", "MG-66")
@pytest.mark.parametrize("media_type", FORMATS)
async def test_a_photo_is_shown_edited_restored_and_deleted_and_its_original_kept(
    agency: Agency, media_type: MediaType
) -> None:
    user = await agency.add_user()
    path = f"/v1/users/{user['id']}/photo"
    assert (await get(agency, path))[0] == 404
    original = file_of(drawn(), media_type, orientation=6)
    status, facts = await put(agency, path, original, media_type)
    assert status == 200, facts
    assert (facts["width"], facts["height"], facts["version"]) == (40, 60, 1)
    status, shown, headers = await get(agency, path)
    assert (status, headers["Content-Type"], headers["ETag"]) == (200, media_type, '"1"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(shown)) as picture:
        assert (picture.format, picture.size) == (FORMATS[media_type], (40, 60))
        assert not picture.getexif()
    assert CAMERA.encode() not in shown
    assert (await get(agency, path, **{"If-None-Match": '"1"'}))[0] == 304
    assert (await get(agency, f"{path}/original"))[1] == original
    assert (await agency.call("GET", "/v1/licence"))[1]["storage_bytes"] == len(original) + len(shown)

    edits = {"degrees": 90, "crop": {"left": 0, "top": 0, "width": 30, "height": 20}, "longest_side": 16}
    assert (await agency.call("PUT", f"{path}/edits", edits))[0] == 428
    assert (await agency.call("PUT", f"{path}/edits", edits, at(0)))[0] == 412
    status, facts = await agency.call("PUT", f"{path}/edits", edits, at(1))
    assert (status, facts["edits"], facts["version"]) == (200, edits, 2)
    status, smaller, headers = await get(agency, path, **{"If-None-Match": '"1"'})
    assert (status, headers["ETag"]) == (200, '"2"')
    with Image.open(io.BytesIO(smaller)) as picture:
        assert picture.size in {(16, 11), (16, 10)}
    assert (await get(agency, f"{path}/original"))[1] == original
    assert (await agency.call("GET", f"{path}/facts"))[1] == facts
    assert (await agency.call("GET", "/v1/licence"))[1]["storage_bytes"] == len(original) + len(smaller)

    assert (await agency.call("DELETE", f"{path}/edits", headers=at(2)))[0] == 200
    assert (await get(agency, path))[1] == shown
    assert (await agency.call("DELETE", path, headers=at(2)))[0] == 412
    assert (await agency.call("DELETE", path, headers=at(3)))[0] == 204
    for gone in (path, f"{path}/original", f"{path}/facts"):
        assert (await get(agency, gone))[0] == 404
    assert (await agency.call("GET", "/v1/licence"))[1]["storage_bytes"] == 0
    assert (await put(agency, path, original, media_type, version=0))[0] == 412
    status, facts = await put(agency, path, original, media_type, version=4)
    assert (status, facts["version"]) == (200, 5)
    kinds = [entry["kind"] for entry in await entries(agency, subject_id=user["id"])]
    assert kinds[:4] == ["photo.changed", "photo.removed", "photo.changed", "photo.changed"]


async def test_one_s_own_photo_is_one_s_own_and_originals_are_nobody_else_s(agency: Agency) -> None:
    user, colleague = await agency.add_user(), await agency.add_user()
    tokens = list[dict[str, str]]()
    for one in (user, colleague):
        await agency.activate(one["id"])
        tokens.append(await bearer(agency, one))
    path = f"/v1/users/{user['id']}/photo"
    status, problem = await put(agency, path, file_of(drawn()), headers=tokens[1])
    assert (status, problem["code"]) == (403, "permission_missing")
    assert (await put(agency, path, file_of(drawn()), headers=tokens[0]))[0] == 200
    assert (await get(agency, path, **tokens[1]))[0] == 200
    assert (await get(agency, f"{path}/original", **tokens[1]))[0] == 403
    assert (await get(agency, f"{path}/original", **tokens[0]))[0] == 200
    assert (await agency.call("PUT", f"{path}/edits", {}, {**tokens[1], **at(1)}))[0] == 403
    assert (await agency.call("DELETE", path, headers={**tokens[1], **at(1)}))[0] == 403
    assert (await put(agency, f"/v1/users/{uuid4()}/photo", file_of(drawn())))[0] == 404


@pytest.mark.parametrize(
    ("file", "media_type", "status", "code"),
    [
        (file_of(drawn()), "image/gif", 415, "unsupported_media_type"),
        (file_of(drawn()), "image/png", 422, "not_a_picture"),
        (file_of(drawn(), "image/png"), "image/webp", 422, "not_a_picture"),
        (b"", "image/png", 422, "not_a_picture"),
        (b"<svg onload='alert(1)'/>", "image/png", 422, "not_a_picture"),
        (file_of(drawn(600, 400))[:-400], "image/jpeg", 422, "not_a_picture"),
        (png_that_claims(9_000, 9_000), "image/png", 422, "too_many_pixels"),
        (png_that_claims(60_000, 60_000), "image/png", 422, "too_many_pixels"),
        (png_that_claims(4_000, 4_000), "image/png", 422, "not_a_picture"),
        (bytes(LARGEST_BYTES + 1), "image/png", 413, "too_large"),
    ],
    ids=["gif", "jpeg as png", "png as webp", "nothing", "svg", "cut", "large", "bomb", "lies", "too many bytes"],
)
async def test_what_is_no_photo_is_refused_and_leaves_the_earlier_one(
    agency: Agency, file: bytes, media_type: str, status: int, code: str
) -> None:
    path = f"/v1/users/{agency.administrator_id}/photo"
    assert (await put(agency, path, file_of(drawn())))[0] == 200
    got, problem = await put(agency, path, file, media_type, version=1)
    assert (got, problem["errors"][0]["code"] if problem["errors"] else problem["code"]) == (status, code)
    assert (await agency.call("GET", f"{path}/facts"))[1]["version"] == 1


async def test_moving_pictures_are_refused(agency: Agency) -> None:
    written = io.BytesIO()
    drawn().save(written, "WEBP", save_all=True, append_images=[drawn().rotate(90, expand=False)], duration=100)
    status, problem = await put(agency, f"/v1/users/{agency.administrator_id}/photo", written.getvalue(), "image/webp")
    assert (status, problem["errors"][0]["code"]) == (422, "moving")


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop": {"left": 41, "top": 0, "width": 20, "height": 1}},
        {"degrees": 90, "crop": {"left": 0, "top": 0, "width": 41, "height": 1}},
        {"crop": {"left": -1, "top": 0, "width": 1, "height": 1}},
        {"degrees": 45},
        {"longest_side": 4},
        {"colour": "sepia"},
    ],
)
async def test_edits_that_cannot_be_are_refused(agency: Agency, wrong: dict[str, object]) -> None:
    path = f"/v1/users/{agency.administrator_id}/photo"
    assert (await put(agency, path, file_of(drawn())))[0] == 200
    assert (await agency.call("PUT", f"{path}/edits", wrong, at(1)))[0] == 422
    assert (await agency.call("GET", f"{path}/facts"))[1]["edits"]["degrees"] == 0
