"""Reading images: what PIL gives, or an ImageError that says why not; never another exception, never a silent repair."""

import io
import struct
import zlib
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging import images
from gsi_bench_metric.imaging.images import ImageError, header_size, load_numbers, load_rgb, pixel_hash, resize_bicubic


@pytest.fixture
def rgb():
    return np.random.default_rng(3).integers(0, 256, (11, 17, 3), dtype=np.uint8)


def encode(picture: Image.Image | np.ndarray, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(stream, kind, **options)
    return stream.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header announces that size; its data is a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def test_every_kind_of_source_gives_the_same_pixels(rgb, tmp_path):
    raw = encode(rgb)
    path = tmp_path / "x.png"
    path.write_bytes(raw)
    for source in (raw, EncodedImage(raw), path, str(path)):
        np.testing.assert_array_equal(load_rgb(source), rgb)
        assert header_size(source) == (11, 17)


def test_opaque_alpha_is_dropped_and_clear_pixels_are_white(rgb):
    """Changed on purpose: what lies under a transparent pixel is not visible."""
    alpha = np.full((11, 17), 255, np.uint8)
    np.testing.assert_array_equal(load_rgb(encode(np.dstack([rgb, alpha]))), rgb)
    alpha[:4] = 0
    found = load_rgb(encode(np.dstack([rgb, alpha])))
    np.testing.assert_array_equal(found[4:], rgb[4:])
    assert (found[:4] == 255).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_a_fully_transparent_image_is_blank(rgb, mode):
    picture = Image.fromarray(rgb).convert("RGBA")
    picture.putalpha(0)
    options = {}
    if mode in ("RGB", "L"):
        picture, options = Image.new(mode, (17, 11), 40 if mode == "L" else (9, 9, 9)), {"transparency": 40}
        options = options if mode == "L" else {"transparency": (9, 9, 9)}
    elif mode == "P":
        picture, options = Image.fromarray(rgb).quantize(16), {"transparency": bytes(16)}
    else:
        picture = picture.convert(mode)
    found = load_rgb(encode(picture, **options))
    assert found.shape == (11, 17, 3) and found.std((0, 1)).max() < 2


def test_a_palette_is_its_colours_and_its_clear_entry_white(rgb):
    palette = Image.fromarray(rgb).quantize(16)
    wanted = np.asarray(palette.convert("RGB")).copy()
    np.testing.assert_array_equal(load_rgb(encode(palette)), wanted)
    wanted[np.asarray(palette) == 0] = 255
    np.testing.assert_array_equal(load_rgb(encode(palette, transparency=0)), wanted)


def test_grayscale_and_two_levels_become_three_equal_channels(rgb):
    grey = rgb[..., 0]
    np.testing.assert_array_equal(load_rgb(encode(grey)), np.repeat(grey[..., None], 3, axis=2))
    levels = Image.fromarray(grey > 127)
    np.testing.assert_array_equal(load_rgb(encode(levels)), np.repeat((grey > 127)[..., None], 3, axis=2) * np.uint8(255))


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B"), ("TIFF", "I")])
def test_sixteen_bit_grey_keeps_its_high_byte(kind, mode):
    """Changed on purpose: PIL saturates at 255, so that all but the darkest is white."""
    deep = np.random.default_rng(5).integers(0, 2**16, (5, 7), dtype=np.uint16)
    deep[0] = [0, 1, 254, 255, 256, 4096, 65535]
    values = deep.astype(">u2") if mode == "I;16B" else deep.astype(np.int32) if mode == "I" else deep
    found = load_rgb(encode(Image.fromarray(values), kind))
    assert found.dtype == np.uint8 and found.shape == (5, 7, 3)
    np.testing.assert_array_equal(found, np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, axis=2))


def test_floats_of_a_known_range_are_read_and_others_refused():
    unit = np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7)
    wanted = np.rint(unit * 255).astype(np.uint8)
    for values in (unit, np.rint(unit * 255)):
        np.testing.assert_array_equal(load_rgb(encode(values, "TIFF"))[..., 0], wanted)
    for values, found in ((unit * 1000, "0 to 1000"), (unit - 0.5, "-0.5 to 0.5"), (unit * np.nan, "nan")):
        with pytest.raises(ImageError, match=found):
            load_rgb(encode(values.astype(np.float32), "TIFF"))
    with pytest.raises(ImageError, match="0 to 70000"):
        load_rgb(encode((unit * 70000).astype(np.int32), "TIFF"))


def test_cmyk_is_what_pil_makes_of_it(rgb):
    raw = encode(Image.fromarray(rgb).convert("CMYK"), "JPEG")
    np.testing.assert_array_equal(load_rgb(raw), np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_an_image_is_read_upright_as_datasets_reads_it(rgb, kind, turn):
    """Changed on purpose: one rule for the orientation, in whatever way an image comes in."""
    exif = Image.Exif()
    exif[0x0112] = turn
    raw = encode(rgb, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    wanted = datasets.Image().decode_example({"bytes": raw, "path": None})
    assert header_size(raw) == wanted.size[::-1]
    np.testing.assert_array_equal(load_rgb(raw), np.asarray(wanted))


def test_an_orientation_behind_the_pixels_of_a_png_counts(rgb, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    body = exif.tobytes()[6:]
    notes = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
    raw = encode(rgb)
    raw = raw[:-12] + notes + raw[-12:]
    np.testing.assert_array_equal(load_rgb(raw), np.rot90(rgb, -1))
    monkeypatch.setattr(Image.Image, "load", None)  # the size is known without a pixel
    assert header_size(raw) == (17, 11)


def test_numbers_are_read_upright_and_exactly():
    deep = np.random.default_rng(5).integers(0, 2**16, (5, 7), dtype=np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    np.testing.assert_array_equal(load_numbers(encode(deep, exif=exif)), np.rot90(deep, -1))
    grey = deep.astype(np.uint8)
    np.testing.assert_array_equal(load_numbers(encode(np.repeat(grey[..., None], 3, axis=2))), grey)
    with pytest.raises(ImageError, match="one whole number a pixel"):
        load_numbers(encode(np.dstack([grey, grey, grey + 1])))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_is_refused_when_decoded(kind):
    raw = encode(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8), kind)[:-400]
    assert header_size(raw) == (64, 64)
    with pytest.raises(ImageError, match=r"t\.x: cannot be decoded"):
        load_rgb(EncodedImage(raw, "t.x"))


@pytest.mark.parametrize("raw", [b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x04\0\0\0WEBP", b"\0"])
def test_what_is_no_picture_is_refused(raw):
    for read in (load_rgb, header_size):
        with pytest.raises(ImageError, match="not a readable image"):
            read(raw)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path):
    with pytest.raises(ImageError, match=r"gone\.png: no such file"):
        load_rgb(tmp_path / "gone.png")
    with pytest.raises(ImageError, match="not a readable image"):
        load_rgb(tmp_path)
    with pytest.raises(ImageError):
        load_rgb(Path())


@pytest.mark.parametrize("size", [(images.MAX_PIXELS + 1, 1), (2**14, 2**14), (2**31 - 1, 2**31 - 1)])
def test_a_picture_over_the_limit_is_refused_by_its_header(size, monkeypatch):
    def decode(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "convert", decode)
    for read in (load_rgb, header_size):
        with pytest.raises(ImageError, match=r"limit|exceed|readable"):
            read(png_of_size(*size))


def test_the_limit_itself_is_allowed_without_a_warning(recwarn):
    assert header_size(png_of_size(images.MAX_PIXELS // 1000, 1000)) == (1000, images.MAX_PIXELS // 1000)
    assert header_size(png_of_size(images.MAX_PIXELS, 1)) == (1, images.MAX_PIXELS)
    assert not recwarn.list


def test_the_limit_message_says_size_and_limit(rgb, monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 11 * 17 - 1)
    with pytest.raises(ImageError, match=r"x\.png: 17×11 is over the limit of 186 pixels"):
        load_rgb(EncodedImage(encode(rgb), "x.png"))
    monkeypatch.setattr(images, "MAX_PIXELS", 11 * 17)
    assert load_rgb(encode(rgb)).shape == (11, 17, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_file_loads_or_raises_an_image_error(kind, rgb):
    rng = np.random.default_rng(7)
    raw = encode(rgb, kind)
    outcomes = set()
    for i in range(300):
        damaged = bytearray(raw)
        for at in rng.integers(0, len(raw), rng.integers(1, 5)):
            damaged[at] = rng.integers(256)
        if i % 3 == 0:
            del damaged[int(rng.integers(1, len(raw))) :]
        try:
            outcomes.add(load_rgb(bytes(damaged)).dtype.name)
        except ImageError:
            outcomes.add("refused")
    assert "refused" in outcomes and outcomes <= {"refused", "uint8"}


def test_pixel_hash_is_of_the_pixels_and_not_of_the_file(rgb):
    png, webp = encode(rgb), encode(rgb, "WEBP", lossless=True)
    assert png != webp
    assert pixel_hash(load_rgb(png)) == pixel_hash(load_rgb(webp)) == pixel_hash(rgb)
    assert pixel_hash(np.asfortranarray(rgb)) == pixel_hash(rgb[::-1][::-1]) == pixel_hash(rgb)


def test_pixel_hash_tells_shape_and_single_values_apart(rgb):
    flat = np.full((4, 6, 3), 9, np.uint8)  # the same bytes in either orientation
    assert pixel_hash(flat) != pixel_hash(flat.transpose(1, 0, 2))
    assert pixel_hash(rgb) != pixel_hash(rgb.transpose(1, 0, 2))
    other = rgb.copy()
    other[-1, -1, -1] ^= 1
    assert pixel_hash(other) != pixel_hash(rgb)


@pytest.mark.parametrize("size", [(11, 17), (5, 9), (40, 30), (1, 1)])
def test_resize_is_pils_bicubic(rgb, size):
    wanted = Image.fromarray(rgb).resize((size[1], size[0]), Image.BICUBIC)
    np.testing.assert_array_equal(resize_bicubic(rgb, *size), np.asarray(wanted))
