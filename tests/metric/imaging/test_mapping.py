"""What an editor's shape does to an image is found and undone."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from gsi_bench_metric.imaging.mapping import candidates, map_back

SOURCES = {"4:3": (320, 240), "3:4": (240, 320), "3:2": (360, 240), "16:9": (320, 180), "1:1": (256, 256)}
SIZES = [(512, 512), (592, 432), (768, 512), (384, 672)]
SMOOTH = Image.Resampling.BICUBIC


def scene(size, seed=0):
    """Ellipses of all sizes on a gradient."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[:height, :width]
    image = np.stack([80 + 60 * x / width, 90 + 50 * y / height, np.full(x.shape, 110.0)], -1)
    for _ in range(60):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.12) * width
        image[((x - cx) / r) ** 2 + ((y - cy) / (r * rng.uniform(0.5, 1.5))) ** 2 < 1] = rng.uniform(0, 255, 3)
    return Image.fromarray(image.astype(np.uint8))


def edited(image):
    """The same with one object drawn elsewhere."""
    changed = image.copy()
    changed.paste((200, 30, 30), (image.width // 2, image.height // 2, image.width // 2 + 30, image.height // 2 + 30))
    return changed


def stretched(image, size):
    return image.resize(size, SMOOTH)


def cut(image, size):
    return ImageOps.fit(image, size, method=SMOOTH)


def padded(image, size, colour="black", at=(0.5, 0.5)):
    return ImageOps.pad(image, size, method=SMOOTH, color=colour, centering=at)


def padded_white_at_the_start(image, size):
    return padded(image, size, "white", (0, 0))


def unscaled(image, size):
    canvas = Image.new("RGB", size, (127, 127, 127))
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas


def cut_at_the_end(image, size):
    return ImageOps.fit(image, size, method=SMOOTH, centering=(1, 1))


WAYS = {
    stretched: "stretch",
    cut: "cut",
    padded: "pad",
    padded_white_at_the_start: "pad",
    unscaled: "pad",
    cut_at_the_end: "cut",
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("shape", SOURCES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_editors_shape_is_undone(shape, size, way):
    source = scene(SOURCES[shape])
    wanted = np.asarray(edited(source)).astype(int)
    found = map_back(np.asarray(source), np.asarray(way(edited(source), size)))
    assert found.rgb.shape == wanted.shape
    assert np.abs(found.rgb.astype(int) - wanted)[found.known].mean() < 5


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_mapping_is_named_with_both_sizes(way):
    found = map_back(np.asarray(scene((320, 240))), np.asarray(way(edited(scene((320, 240))), (512, 512))))
    assert str(found.mapping) == f"{WAYS[way]} 320×240→512×512"
    assert 0 <= found.residual < 0.3


def test_a_cut_names_the_part_of_the_source_that_is_shown():
    found = map_back(np.asarray(scene((320, 240))), np.asarray(cut(scene((320, 240)), (512, 512))))
    assert found.mapping.shown == pytest.approx((40, 0, 280, 240))
    assert found.mapping.share == pytest.approx(0.75)
    assert not found.known[:, :39].any()
    assert found.known[:, 41:279].all()


@pytest.mark.parametrize("zoom", [0.97, 1.03])
@pytest.mark.parametrize("shift", [-6, 6])
def test_a_small_shift_and_zoom_hide_no_mapping(zoom, shift):
    source = scene((320, 240))
    small = Image.fromarray(np.roll(np.asarray(edited(source)), shift, 1)).resize(
        (round(320 * zoom), round(240 * zoom)), SMOOTH
    )
    drifted = ImageOps.fit(small, (320, 240)) if zoom > 1 else padded(small, (320, 240))
    found = map_back(np.asarray(source), np.asarray(stretched(drifted, (512, 512))))
    assert found.mapping.kind == "stretch"


@pytest.mark.parametrize("way", [stretched, cut, padded], ids=lambda way: way.__name__)
@pytest.mark.parametrize("size", [(512, 512), (384, 672)], ids=str)
def test_a_moved_camera_hides_no_mapping(size, way):
    source = scene((320, 240))
    nearer = source.transform((320, 240), Image.Transform.AFFINE, (0.92, 0.0, 20.0, 0.0, 0.92, 6.0), Image.Resampling.BICUBIC)
    found = map_back(np.asarray(source), np.asarray(way(nearer, size)), moved=True)
    assert found.mapping.kind == WAYS[way]


@pytest.mark.parametrize("quality", [95, 60])
@pytest.mark.parametrize("colour", ["black", "white", (90, 120, 200)], ids=str)
def test_a_margin_of_any_colour_tells_after_jpeg_too(colour, quality):
    source = scene((320, 240))
    nearer = source.transform((320, 240), Image.Transform.AFFINE, (0.92, 0.0, 20.0, 0.0, 0.92, 6.0), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    padded(nearer, (512, 512), colour).save(file, format="JPEG", quality=quality)
    found = map_back(np.asarray(source), np.asarray(Image.open(file).convert("RGB")), moved=True)
    assert found.mapping.kind == "pad"


def test_an_image_of_the_sources_size_is_taken_as_it_is():
    image = np.asarray(scene((320, 240)))
    found = map_back(image, image[:, ::-1])
    assert (found.mapping.kind, found.residual, found.known.all()) == ("identity", None, True)
    np.testing.assert_array_equal(found.rgb, image[:, ::-1])


@pytest.mark.parametrize("size", [(640, 480), (160, 120), (1280, 960)])
def test_another_size_of_the_same_aspect_is_a_resize(size):
    found = map_back(np.asarray(scene((320, 240))), np.asarray(stretched(edited(scene((320, 240))), size)))
    assert found.mapping.kind == "resize"


@pytest.mark.parametrize("size", [(512, 512), (640, 480), (128, 96), (33, 400)])
def test_another_scene_is_taken_for_stretched(size):
    found = map_back(np.asarray(scene((320, 240))), np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8))
    assert found.mapping.kind in ("stretch", "resize")


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (7, 5)])
def test_tiny_images_have_a_mapping(size):
    found = map_back(np.asarray(scene((320, 240))), np.zeros((*size[::-1], 3), np.uint8))
    assert found.rgb.shape == (240, 320, 3)


def test_no_candidate_comes_twice():
    boxes = [mapping.box for mapping in candidates((640, 480), (1280, 960))]
    assert len(boxes) == len(set(boxes)) == 4
