"""Photos of people: what may be uploaded, and how the one that is shown comes from it (MG-13)."""

from dataclasses import dataclass
from typing import Final, Literal

from services.chassis.problems import FieldError, Invalid

LARGEST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 50_000_000
"""As many as today's telephones take; more is refused before it is unpacked."""
LONGEST_SIDE: Final = 2048
"""Of the picture that is shown, in pixels; larger ones are made smaller."""
MediaType = Literal["image/jpeg", "image/png", "image/webp"]
MEDIA_TYPES: Final[tuple[MediaType, ...]] = ("image/jpeg", "image/png", "image/webp")


class PictureRefused(Invalid):
    code = "picture_refused"
    title = "This picture cannot be taken."


class EditsRefused(Invalid):
    code = "edits_refused"
    title = "The picture cannot be edited like this."


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of the turned picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Edits:
    """What is done to the upright original, in this order: turned, cut, made smaller."""

    degrees: Literal[0, 90, 180, 270] = 0
    """Clockwise."""
    crop: Crop | None = None
    longest_side: int = LONGEST_SIDE


UNEDITED: Final = Edits()


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo without its pixels. Sizes in bytes; width and height of the upright original."""

    media_type: MediaType
    width: int
    height: int
    original_bytes: int
    shown_bytes: int
    edits: Edits
    version: int


def turned(width: int, height: int, edits: Edits) -> tuple[int, int]:
    """Return width and height after turning."""
    return (height, width) if edits.degrees in {90, 270} else (width, height)


def check_edits(width: int, height: int, edits: Edits) -> None:
    """Refuse cutting outside of the turned picture. Raises EditsRefused."""
    crop = edits.crop
    if crop is None:
        return
    wide, high = turned(width, height, edits)
    if crop.left + crop.width > wide or crop.top + crop.height > high:
        wrong = FieldError("/crop", "outside", f"The turned picture is {wide} by {high} pixels.")
        raise EditsRefused(errors=[wrong])
