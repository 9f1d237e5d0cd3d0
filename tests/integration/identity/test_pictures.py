"""Drawing pictures: exactly what the edits say, and nothing but a picture or a refusal, whatever comes in."""

import gc
import io
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from services.chassis.problems import Problem
from services.identity.adapters.pictures import Pictures
from services.identity.domain.photo import Crop, Edits, MediaType
from tests.integration.identity.test_photos import CAMERA, FORMATS, drawn, file_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pictures() -> AsyncGenerator[Pictures]:
    """A place to draw. What other tests left is cleared away before: aio-pika's must not be in a thread."""
    gc.collect()
    with Pictures() as place:
        yield place


EDITS = st.builds(
    Edits,
    st.sampled_from([0, 90, 180, 270]),
    st.one_of(
        st.none(), st.builds(Crop, st.integers(0, 70), st.integers(0, 70), st.integers(1, 70), st.integers(1, 70))
    ),
    st.sampled_from([16, 30, 2048]),
)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 8), EDITS)
@often
async def test_what_is_shown_is_the_upright_original_turned_cut_and_made_smaller(
    pictures: Pictures, width: int, height: int, orientation: int, edits: Edits
) -> None:
    original = file_of(drawn(width, height), "image/png", orientation)
    with Image.open(io.BytesIO(original)) as opened:
        expected = ImageOps.exif_transpose(opened)
    upright = expected.size
    for _ in range(edits.degrees // 90):
        expected = expected.transpose(Image.Transpose.ROTATE_270)
    crop = edits.crop
    outside = crop is not None and (crop.left + crop.width > expected.width or crop.top + crop.height > expected.height)
    if outside:
        with pytest.raises(Problem):
            await pictures.draw(original, "image/png", edits)
        return
    got = await pictures.draw(original, "image/png", edits)
    if crop is not None:
        expected = expected.crop((crop.left, crop.top, crop.left + crop.width, crop.top + crop.height))
    assert (got.width, got.height) == upright
    with Image.open(io.BytesIO(got.shown)) as shown:
        assert max(shown.size) == min(max(expected.size), edits.longest_side)
        if max(expected.size) <= edits.longest_side:
            assert shown.convert("RGB").tobytes() == expected.convert("RGB").tobytes()
        assert not shown.info.keys() - {"dpi"}


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)), st.integers(0, 400), st.integers(1, 30))
@often
async def test_however_broken_a_file_is_it_is_drawn_or_refused(
    pictures: Pictures, noise: bytes, media_type: MediaType, begin: int, length: int
) -> None:
    whole = file_of(drawn(), media_type)
    for file in (noise, whole[:begin] + noise[:length] + whole[begin + length :], whole[: begin + length]):
        try:
            got = await pictures.draw(file, media_type, Edits())
        except Problem as problem:
            assert problem.errors[0].code in {"not_a_picture", "too_many_pixels", "moving"}  # noqa: PT017
        else:
            assert CAMERA.encode() not in got.shown


def with_others_beside(picture: Image.Image, exif: Image.Exif) -> bytes:
    """Return the file of a telephone that keeps a preview and the depths beside the picture."""
    written = io.BytesIO()
    beside = [Image.new("RGB", (8, 6), "red"), Image.new("RGB", picture.size, "blue")]
    picture.save(written, "MPO", save_all=True, append_images=beside, exif=exif)
    return written.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
async def test_of_a_photo_with_others_beside_it_the_first_alone_is_taken(pictures: Pictures, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    original = with_others_beside(drawn(40, 30), exif)
    with Image.open(io.BytesIO(original)) as opened:
        assert (opened.format, getattr(opened, "n_frames", 1)) == ("MPO", 3)
        expected = ImageOps.exif_transpose(opened).convert("RGB")
    got = await pictures.draw(original, "image/jpeg", Edits(0, None, 2048))
    assert (got.width, got.height) == expected.size == ((40, 30) if orientation == 1 else (30, 40))
    with Image.open(io.BytesIO(got.shown)) as shown:
        assert (shown.format, getattr(shown, "n_frames", 1)) == ("JPEG", 1)
        pairs = zip(shown.convert("RGB").tobytes(), expected.tobytes(), strict=True)
        assert sum(abs(one - other) for one, other in pairs) / len(expected.tobytes()) < 8
    for cut in (len(original) // 8, 40):
        with pytest.raises(Problem):
            await pictures.draw(original[:cut], "image/jpeg", Edits(0, None, 2048))
