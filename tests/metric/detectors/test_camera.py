"""How the camera moved, measured on two images of one scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors.tracker.camera_motion.camera import camera_motion
from gsi_bench_metric.detectors.tracker.camera_motion.reprojection import Reprojection
from gsi_bench_metric.detectors.tracker.surface import read_scene
from gsi_bench_metric.imaging.images import load_rgb

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"
VIEW = "06"


@pytest.fixture(scope="module")
def rows():
    return {s.query_id.removeprefix(f"{VIEW}-"): s for s in read_dataset(DATA, "mesatask") if s.query_id.startswith(f"{VIEW}-")}


@pytest.fixture(scope="module")
def scene(rows):
    sample = rows["grade100"]
    return read_scene(sample, load_rgb(sample.image))


def misplaced_cm(motion, sample):
    """How far the motion puts the objects from where they truly are in the new camera's frame; the median."""
    before = {o.id: o.bbox_3d[:3] for o in sample.objects}
    off = [motion.rotation @ before[o.id] + motion.translation - o.bbox_3d[:3] for o in sample.objects_after]
    return 100 * float(np.median(np.linalg.norm(off, axis=-1)))


@pytest.mark.parametrize("variant", ["grade100", "opposite"])
def test_a_camera_motion_of_20_cm_is_told_to_3_millimetres(rows, scene, variant):
    motion = camera_motion(scene, load_rgb(rows[variant].edited_image))
    assert misplaced_cm(motion, rows[variant]) < 0.3


def test_a_camera_motion_is_told_in_another_light_too(rows, scene):
    edited = load_rgb(rows["grade100"].edited_image)
    from_the_left = np.linspace(0.4, 1.0, edited.shape[1])[None, :, None] * [0.8, 1.0, 1.2]
    motion = camera_motion(scene, np.clip(edited * from_the_left, 0, 255).astype(np.uint8))
    assert misplaced_cm(motion, rows["grade100"]) < 0.5


def test_a_camera_that_stayed_is_told_to_have_stayed(scene):
    motion = camera_motion(scene, scene.rgb)
    assert motion.agreement > 0.99
    np.testing.assert_allclose(motion.translation, 0, atol=2e-4)
    np.testing.assert_allclose(motion.rotation, np.eye(3), atol=2e-4)


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, lambda rgb: np.random.default_rng(0).permutation(rgb)])
def test_a_picture_of_something_else_is_no_camera_motion(scene, turn):
    assert camera_motion(scene, np.ascontiguousarray(turn(scene.rgb))) is None


def test_a_rough_guess_is_made_exact_by_all_pixels(rows, scene):
    sample = rows["grade100"]
    edited = load_rgb(sample.edited_image)
    exact = camera_motion(scene, edited)
    views = Reprojection(scene, edited)
    rough = exact.translation + np.array([0.01, -0.008, 0.012])
    again = views.best(exact.rotation, rough)
    assert views.agreement(exact.rotation, rough) < again.agreement
    np.testing.assert_allclose(again.translation, exact.translation, atol=1e-3)
