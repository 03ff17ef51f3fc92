"""The simple editors do to the pixels what they say, and nothing else."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation
from gsi_bench_metric.editors import baselines
from gsi_bench_metric.editors.baselines import BASELINES, after, blank, blur, copy, paste
from gsi_bench_metric.imaging.images import load_rgb

# At 2 m a camera of focal length 64 shows 32 pixels a metre: flat boxes at 2 m have exact pixel rectangles.
K = [[64.0, 0.0, 32.0], [0.0, 64.0, 24.0], [0.0, 0.0, 1.0]]
LEVEL = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
HERE = [-0.5, 0.0, 2.0, 0.5, 0.5, 0.0, 0.0]
BEFORE = (slice(16, 32), slice(8, 24))
AFTER = (slice(16, 32), slice(40, 56))
GREY = 90
FILL = 5  # how far OpenCV's inpainting may stray from a border of one grey


@pytest.fixture
def picture():
    """64×48 of one grey with a random patch where HERE is."""
    rgb = np.full((48, 64, 3), GREY, np.uint8)
    rgb[BEFORE] = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    return rgb


@pytest.fixture
def scene(make_sample, picture):
    """`scene(kind, **fields)`: the image as a sample with its target at HERE."""

    def make(kind: str | None, **fields):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG")
        values = {
            "image": EncodedImage(stream.getvalue(), "a.png"),
            "camera_intrinsics": K,
            "rotation_matrix": LEVEL,
            "original_bbox_3d": HERE,
            "new_bbox_3d": None,
            "pixel_frame": "source",
            "operation": Operation(kind=kind) if kind else None,
        }
        return make_sample(**(values | fields))

    return make


def outside(rgb, *regions):
    """The image with those regions blacked out."""
    kept = rgb.copy()
    for region in regions:
        kept[region] = 0
    return kept


def test_the_registry_holds_the_four_and_the_perfect_one():
    assert {"after": after, "copy": copy, "paste": paste, "blur": blur, "blank": blank} == BASELINES


def test_after_is_the_ground_truth_or_an_error_without_one(make_sample, make_image):
    sample = make_sample(edited_image=EncodedImage(make_image(seed=9)))
    np.testing.assert_array_equal(after(sample), load_rgb(sample.edited_image))
    with pytest.raises(ValueError, match="has no ground-truth after-image"):
        after(make_sample())


def test_copy_is_identical_to_the_pixel(make_sample, make_image):
    sample = make_sample(image=EncodedImage(make_image(kind="JPEG"), "a.jpg"))
    np.testing.assert_array_equal(copy(sample), load_rgb(sample.image))


def test_blank_is_one_grey_of_the_same_size(make_sample):
    assert np.array_equal(blank(make_sample()), np.full((48, 64, 3), 128, np.uint8))


def test_blur_smooths_and_keeps_size_and_brightness(scene, picture):
    found = blur(scene("move")).astype(float)
    assert found.shape == picture.shape
    assert np.abs(np.diff(found, axis=1)).sum() < 0.9 * np.abs(np.diff(picture.astype(float), axis=1)).sum()
    assert found.mean() == pytest.approx(picture.mean(), abs=1)


@pytest.mark.parametrize("kind", ["move", "place"])
def test_paste_moves_the_rectangle_and_fills_the_hole(scene, picture, kind):
    found = paste(scene(kind, new_bbox_3d=[0.5, *HERE[1:]]))
    np.testing.assert_array_equal(found[AFTER], picture[BEFORE])
    assert np.abs(found[BEFORE].astype(int) - GREY).max() <= FILL
    np.testing.assert_array_equal(outside(found, BEFORE, AFTER), outside(picture, BEFORE, AFTER))


def test_paste_in_the_reference_frame_means_the_same_pixels(scene, picture):
    # 64×48 becomes 896×672 without a crop: 14 of its pixels for one of the source.
    scaled = [[14 * v for v in row] for row in K[:2]] + [K[2]]
    goal = {"new_bbox_3d": [0.5, *HERE[1:]]}
    found = paste(scene("move", camera_intrinsics=scaled, pixel_frame="reference896", **goal))
    np.testing.assert_array_equal(found, paste(scene("move", **goal)))
    np.testing.assert_array_equal(found[AFTER], picture[BEFORE])


def test_paste_onto_an_overlapping_goal_shows_the_whole_patch(scene, picture):
    found = paste(scene("move", new_bbox_3d=[-0.25, *HERE[1:]]))
    np.testing.assert_array_equal(found[16:32, 16:32], picture[BEFORE])
    assert np.abs(found[16:32, 8:16].astype(int) - GREY).max() <= FILL


def test_paste_scales_to_the_size_of_the_goal(scene, picture):
    found = paste(scene("scale", new_bbox_3d=[0.5, 0.0, 2.0, 1.0, 1.0, 0.0, 0.0]))
    large = (slice(8, 40), slice(32, 64))
    assert np.abs(found[large].astype(int) - GREY).mean() > 20  # covered, to its corners
    assert (found[large][[0, -1]] != GREY).any(axis=(1, 2)).all()
    # Its mean over 2×2 pixels is the patch again, but for the interpolation.
    shrunk = found[large].reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    assert np.corrcoef(shrunk.ravel(), picture[BEFORE].ravel())[0, 1] > 0.9
    np.testing.assert_array_equal(outside(found, BEFORE, large), outside(picture, BEFORE, large))


def test_paste_cuts_a_goal_at_the_border_of_the_picture(scene, picture):
    found = paste(scene("move", new_bbox_3d=[1.0, *HERE[1:]]))  # centre on the right border
    assert found.shape == picture.shape
    assert (found[16:32, 56:64] != GREY).any()
    assert np.abs(found[BEFORE].astype(int) - GREY).max() <= FILL


def test_remove_leaves_no_patch_even_with_a_goal(scene, picture):
    for goal in (None, [0.5, *HERE[1:]]):
        found = paste(scene("remove", new_bbox_3d=goal))
        assert np.abs(found.astype(int) - GREY).max() <= FILL
        np.testing.assert_array_equal(outside(found, BEFORE), outside(picture, BEFORE))


def test_a_goal_outside_of_the_picture_leaves_no_patch(scene):
    for goal in ([50.0, *HERE[1:]], [0.5, 0.0, -2.0, *HERE[3:]]):
        assert np.abs(paste(scene("move", new_bbox_3d=goal)).astype(int) - GREY).max() <= FILL


def test_rotate_mirrors_in_place(scene, picture):
    found = paste(scene("rotate"))
    np.testing.assert_array_equal(found[BEFORE], picture[BEFORE][:, ::-1])
    np.testing.assert_array_equal(outside(found, BEFORE), outside(picture, BEFORE))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("view", {}),
        (None, {}),
        ("move", {"pixel_frame": "unknown"}),
        ("remove", {"original_bbox_3d": [50.0, *HERE[1:]]}),  # beside the image
        ("remove", {"original_bbox_3d": [-0.5, 0.0, -2.0, *HERE[3:]]}),  # behind the camera
        ("remove", {"original_bbox_3d": [-0.5, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]}),  # a point
    ],
)
def test_where_paste_cannot_act_the_source_stays(scene, picture, kind, fields):
    np.testing.assert_array_equal(paste(scene(kind, **({"new_bbox_3d": [0.5, *HERE[1:]]} | fields))), picture)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("kind", ["move", "rotate", "remove", "view"])
def test_the_decoded_picture_and_the_sample_are_not_modified(scene, picture, monkeypatch, name, kind):
    decoded = picture.copy()
    monkeypatch.setattr(baselines, "load_rgb", lambda _: decoded)
    sample = scene(kind, new_bbox_3d=[0.5, *HERE[1:]], edited_image=EncodedImage(b"decoded above"))
    before = sample.to_json()
    found = BASELINES[name](sample)
    np.testing.assert_array_equal(decoded, picture)
    assert sample.to_json() == before
    assert found.dtype == np.uint8 and found.shape == picture.shape


@pytest.mark.parametrize("name", BASELINES)
def test_the_same_sample_gives_the_same_picture(scene, name):
    sample = scene("move", new_bbox_3d=[0.5, *HERE[1:]])
    sample = dataclasses.replace(sample, edited_image=sample.image)
    np.testing.assert_array_equal(BASELINES[name](sample), BASELINES[name](sample))
