"""Pictures checked and drawn by Pillow, off the event loop, one at a time: a large one takes 200 MB while it lasts."""

import asyncio
import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from PIL import Image, ImageOps

from services.chassis.problems import FieldError, Limited
from services.identity.domain.photo import MOST_PIXELS, Edits, MediaType, PictureRefused, check_edits

QUEUE: Final = 8
QUALITY: Final = 85
_FORMATS: Final[dict[MediaType, str]] = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_BESIDE: Final = "MPO"
"""What Pillow calls a JPEG that holds others beside the first: a preview or the depths, as telephones write them."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture to show, and the size of the upright original."""

    shown: bytes
    width: int
    height: int


class Pictures:
    """A bounded place to work on pictures."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._places = 1 + QUEUE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    async def draw(self, original: bytes, media_type: MediaType, edits: Edits) -> Drawn:
        """Return what is shown of a picture: upright, edited, and without what a camera writes beside the pixels.

        Raises PictureRefused for what is no whole picture of that type, EditsRefused, Limited when too many wait.
        """
        return await self._run(lambda: _draw(original, media_type, edits))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._places == 0:
            raise Limited("Too many pictures at the moment.", retry_after_seconds=2)
        self._places -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._places += 1


def _draw(original: bytes, media_type: MediaType, edits: Edits) -> Drawn:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit of pixels is lower than the one that is warned of
            return _drawn(original, media_type, edits)
    except Image.DecompressionBombError:
        raise _too_many() from None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError):
        # what Pillow raises for broken files, by its own list and by what was seen
        raise _refused("not_a_picture", f"This is not a whole picture of type {media_type}.") from None


def _drawn(original: bytes, media_type: MediaType, edits: Edits) -> Drawn:
    with Image.open(io.BytesIO(original), formats=[_FORMATS[media_type]]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise _too_many()
        if picture.format != _BESIDE and getattr(picture, "n_frames", 1) > 1:
            raise _refused("moving", "A moving picture cannot be taken.")
        upright = _plain(ImageOps.exif_transpose(picture), media_type)
    width, height = upright.size
    check_edits(width, height, edits)
    shown = upright.rotate(-edits.degrees, expand=True) if edits.degrees else upright
    if edits.crop is not None:
        crop = edits.crop
        shown = shown.crop((crop.left, crop.top, crop.left + crop.width, crop.top + crop.height))
    shown.thumbnail((edits.longest_side, edits.longest_side))
    written = io.BytesIO()
    # A new picture with these pixels alone: nothing that stood beside them in the file comes along.
    bare = Image.new(shown.mode, shown.size)
    bare.paste(shown)
    bare.save(written, _FORMATS[media_type], quality=QUALITY)
    return Drawn(written.getvalue(), width, height)


def _plain(picture: Image.Image, media_type: MediaType) -> Image.Image:
    """Return a picture in the three colours that every screen shows, and transparent where the type can be."""
    transparent = media_type != "image/jpeg" and picture.has_transparency_data
    return picture.convert("RGBA" if transparent else "RGB")


def _too_many() -> PictureRefused:
    return _refused("too_many_pixels", f"A picture may have {MOST_PIXELS} pixels.")


def _refused(code: str, detail: str) -> PictureRefused:
    return PictureRefused(errors=[FieldError("", code, detail)])
