"""What may be uploaded, what is refused with which reason, and that nothing of the pixels is lost."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_space.intake import uploads
from gsi_bench_space.intake.uploads import MAX_BYTES, UploadError, read_upload
from gsi_bench_space.texts.english import ENGLISH

RNG = np.random.default_rng(5)
RGB = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A file that claims a size and holds nothing of it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def animation(kind: str) -> bytes:
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


REFUSED = {
    "not_a_picture": b"no image at all",
    "format": encoded(Image.fromarray(RGB), "GIF"),
    "too_many_pixels": png_header(60000, 60000),
    "too_small": encoded(Image.fromarray(RGB[:20, :20])),
    "animated": animation("WEBP"),
    "deep": encoded(Image.fromarray(RNG.integers(0, 60000, (48, 64), dtype=np.uint16))),
    "damaged": encoded(Image.fromarray(RGB))[:2000],
    "too_heavy": bytes(MAX_BYTES + 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_upload_is_refused_with_a_worded_reason(name):
    with pytest.raises(UploadError) as caught:
        read_upload(REFUSED[name])
    assert caught.value.name == name
    assert "{" not in ENGLISH[name].format(**caught.value.facts)


def test_an_animated_png_is_an_animation_too():
    with pytest.raises(UploadError, match="animated"):
        read_upload(animation("PNG"))


def test_16_bit_colour_is_refused_though_pillow_opens_it():
    import cv2  # noqa: PLC0415

    _, data = cv2.imencode(".png", RNG.integers(0, 60000, (48, 64, 3), dtype=np.uint16))
    with pytest.raises(UploadError, match="deep"):
        read_upload(data.tobytes())


def test_a_bomb_is_refused_by_its_header_and_never_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "convert", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(UploadError, match="too_many_pixels"):
        read_upload(REFUSED["too_many_pixels"])


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_eight_bit_rgb_reaches_scoring_pixel_by_pixel(kind):
    upload = read_upload(encoded(Image.fromarray(RGB), kind))
    assert (load_rgb(upload.picture) == RGB).all()
    assert upload.notes == () and upload.size == (64, 48)


def test_a_photo_is_turned_upright_as_its_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = read_upload(encoded(Image.fromarray(RGB), "PNG", exif=exif))
    assert upload.size == (48, 64)
    assert (load_rgb(upload.picture) == np.rot90(RGB, -1)).all()
    assert [name for name, _ in upload.notes] == ["turned"]


def test_transparent_parts_are_laid_over_white():
    """Changed on purpose: an upload is read as every image of the benchmark is."""
    alpha = np.dstack([RGB, np.full(RGB.shape[:2], 100, np.uint8)])
    upload = read_upload(encoded(Image.fromarray(alpha)))
    assert (load_rgb(upload.picture) == load_rgb(encoded(Image.fromarray(alpha)))).all()
    assert np.abs(load_rgb(upload.picture) - (255 - (255.0 - RGB) * 100 / 255)).max() <= 1
    assert [name for name, _ in upload.notes] == ["transparent"]


def test_a_phones_photo_with_further_images_is_its_first():
    """iPhones write JPEG with a map of brightness behind it (MPO)."""
    extra = Image.new("L", (32, 24))
    upload = read_upload(encoded(Image.fromarray(RGB), "MPO", save_all=True, append_images=[extra], quality=95))
    assert upload.size == (64, 48) and upload.notes == ()


def test_an_alpha_channel_that_hides_nothing_needs_no_word():
    alpha = np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)])
    assert read_upload(encoded(Image.fromarray(alpha))).notes == ()


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("1", "PNG")])
def test_other_colour_modes_become_rgb(mode, kind):
    assert load_rgb(read_upload(encoded(Image.fromarray(RGB).convert(mode), kind)).picture).shape == RGB.shape


def test_another_shape_than_the_sources_is_said():
    (note,) = read_upload(encoded(Image.fromarray(RGB)), like=(64, 64)).notes
    assert note == ("aspect", {"size": "64×48", "wanted": "64×64"})
    assert read_upload(encoded(Image.fromarray(RGB)), like=(128, 96)).notes == ()


def test_the_limits_hold_what_a_phone_takes():
    assert uploads.MAX_PIXELS >= 8064 * 6048 and uploads.MAX_PIXELS < Image.MAX_IMAGE_PIXELS
