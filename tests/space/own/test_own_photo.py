"""A visitor's photo: its working size and what its EXIF says of the focal length."""

import io
import math

import numpy as np
import pytest
from PIL import ExifTags, Image

from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.photos.focal import field_of_view, focal_from_exif, focal_pixels
from gsi_bench_space.intake.uploads import UploadError
from gsi_bench_space.own.photo import LONGEST, read_photo

TAG = ExifTags.Base
SIZE = (4000, 3000)
EQUIVALENT = {TAG.FocalLengthIn35mmFilm: 28}
# 4.2 mm before a 6.4 × 4.8 mm sensor of 4000 × 3000 pixels, given in centimetres
SENSOR = {
    TAG.FocalLength: 4.2,
    TAG.FocalPlaneXResolution: 6250,
    TAG.FocalPlaneYResolution: 6250,
    TAG.FocalPlaneResolutionUnit: 3,
    TAG.ExifImageWidth: 4000,
    TAG.ExifImageHeight: 3000,
}


def jpeg(size, tags=None, orientation=1):
    exif = Image.Exif()
    exif[TAG.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update(tags or {})
    stream = io.BytesIO()
    gradient = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
    Image.fromarray(gradient).convert("RGB").save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def test_the_equivalent_focal_length_of_the_file_is_taken():
    photo = read_photo(jpeg((800, 600), EQUIVALENT))
    assert (photo.focal.mm, photo.focal.source) == (28, "exif_35mm")


def test_lens_and_sensor_give_the_angle_that_the_sensor_sees():
    found = focal_from_exif(SENSOR, SIZE)
    assert found.source == "exif_sensor"
    assert focal_pixels(found.mm, SIZE) == pytest.approx(4.2 / 6.4 * 4000)
    assert field_of_view(found.mm, SIZE) == pytest.approx(math.degrees(2 * math.atan(3.2 / 4.2)))


def test_pixels_follow_the_size_and_the_angle_does_not():
    assert focal_pixels(28, (1000, 750)) * 4 == pytest.approx(focal_pixels(28, SIZE))
    assert field_of_view(28, (1000, 750)) == pytest.approx(field_of_view(28, (3000, 4000)))


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {TAG.FocalLengthIn35mmFilm: 0},
        {TAG.FocalLengthIn35mmFilm: 65535},
        {TAG.FocalLengthIn35mmFilm: "wide"},
        {TAG.FocalLength: 4.2},
        SENSOR | {TAG.FocalPlaneResolutionUnit: 9},
        SENSOR | {TAG.FocalLength: float("nan")},
    ],
)
def test_an_impossible_focal_length_is_replaced_and_said(tags):
    assert focal_from_exif(tags, SIZE).source == "none"


def test_a_cropped_photo_does_not_keep_its_exif_focal_length():
    assert focal_from_exif(SENSOR | EQUIVALENT, (3000, 3000)).source == "cropped"
    assert focal_from_exif(SENSOR | EQUIVALENT, (3000, 4000)).source == "exif_35mm"  # merely turned upright


def test_a_resized_photo_has_its_angle_and_not_its_sensor():
    """A tool that resized it may have left the note of the sensor's pixels or written the new ones beside the old density."""
    assert focal_from_exif(SENSOR, (2000, 1500)).source == "none"
    assert focal_from_exif(SENSOR | EQUIVALENT, (2000, 1500)).source == "exif_35mm"
    unnoted = {tag: value for tag, value in SENSOR.items() if tag not in (TAG.ExifImageWidth, TAG.ExifImageHeight)}
    assert focal_from_exif(unnoted, SIZE).source == "none"
    assert focal_from_exif(SENSOR, SIZE[::-1]).source == "exif_sensor"


def test_a_photo_of_24_million_pixels_is_read():
    assert read_photo(jpeg((5712, 4284), EQUIVALENT)).uploaded == (5712, 4284)


def test_a_large_photo_is_worked_on_smaller_upright_and_says_so():
    photo = read_photo(jpeg((2048, 1024), EQUIVALENT, orientation=6))
    assert (photo.size, photo.uploaded) == ((LONGEST // 2, LONGEST), (1024, 2048))
    assert load_rgb(photo.picture).shape == (LONGEST, LONGEST // 2, 3)
    assert [name for name, _ in photo.notes] == ["turned", "own_shrunk"]


def test_a_small_photo_stays_pixel_by_pixel():
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    photo = read_photo(stream.getvalue())
    assert np.array_equal(load_rgb(photo.picture), pixels)
    assert photo.notes == ()


def test_what_uploads_refuse_is_refused_here_too():
    with pytest.raises(UploadError, match="not_a_picture"):
        read_photo(b"no image")
