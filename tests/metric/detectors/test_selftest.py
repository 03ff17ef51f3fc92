"""What the tracker finds out of a sample before it sees an editor's image: whether a turn can be told, without an after-image.

The world is computed: a slab that lies on a table under the camera, printed or plain, and a camera that looks down on it.
"""

import math

import cv2
import numpy as np
import pytest

from gsi_bench_dataset.records import EncodedImage, Operation, SceneObject
from gsi_bench_dataset.vocabulary import SELF_TEST
from gsi_bench_metric.detectors import DetectionItem, make_detector
from gsi_bench_metric.imaging.pictures import Picture

SIZE, FOCAL, FAR = 256, 300.0, 1.5
K = [[FOCAL, 0, SIZE / 2], [0, FOCAL, SIZE / 2], [0, 0, 1]]
LYING = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # its second axis points to the camera, against gravity
THICK = 0.02


def texture(seed, size, detail):
    noise = np.random.default_rng(seed).uniform(0, 255, (detail, detail, 3)).astype(np.float32)
    return cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 255)


def about(angle):
    """A turn about gravity's axis, seen from above, camera frame."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def picture(face, sides, angle):
    """The table with the slab turned by an angle."""
    image = texture(99, SIZE, 20) * 0.35 + 90
    half = np.array(sides) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half @ about(angle)[:2, :2].T
    pixels = (corners / (FAR - THICK / 2) * FOCAL + SIZE / 2).astype(np.float32)
    flat = np.array([(0, 0), (96, 0), (96, 96), (0, 96)], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, pixels * 4)
    large = cv2.warpPerspective(face, matrix, (SIZE * 4, SIZE * 4))
    cover = cv2.warpPerspective(np.ones_like(face[..., 0]), matrix, (SIZE * 4, SIZE * 4), flags=cv2.INTER_NEAREST)
    small, share = (cv2.resize(p, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for p in (large * cover[..., None], cover))
    return (image * (1 - share[..., None]) + small).round().clip(0, 255).astype(np.uint8)


def png(rgb):
    return EncodedImage(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())


@pytest.fixture
def look(make_sample):
    """(print, sides, asked angle in degrees, shown angle) -> (unobservable in the source, detection in the edited image)."""
    detector = make_detector("tracker")

    def run(face, sides, asked, shown=None, symmetry="none"):
        box = [0.0, 0.0, FAR, sides[0], THICK, sides[1], 0.0]
        thing = SceneObject("slab", "slab", box, LYING.tolist(), symmetry, is_target=True)
        sample = make_sample(
            image=png(picture(face, sides, 0.0)), objects=(thing,), target="slab", original_bbox_3d=box, new_bbox_3d=box,
            rotation_matrix=LYING.tolist(), new_rotation_matrix=(about(math.radians(asked)) @ LYING).tolist(),
            camera_intrinsics=K, up=[0.0, 0.0, -1.0], operation=Operation(kind="rotate", angle_deg=-asked),
            pixel_frame="source",
            edited_image=None, objects_after=None, depth=None, instance_mask=None,
        )  # fmt: skip
        (source,) = detector.detect([DetectionItem(sample, "source", None, None)])[0]
        edited = png(picture(face, sides, math.radians(asked if shown is None else shown)))
        found = detector.detect([DetectionItem(sample, "edited", None, Picture(edited))])[0][0]
        return source.unobservable, found

    return run


PRINTED, PLAIN = texture(5, 96, 6), np.full((96, 96, 3), (190, 40, 40), np.float32)


@pytest.mark.parametrize("asked", [30, 60, 90, 150, -45])
def test_a_printed_turn_can_be_told_and_is_measured_right(look, asked):
    unobservable, found = look(PRINTED, (0.3, 0.3), asked)
    assert unobservable == ()
    turned = np.array(found.rotation_matrix) @ LYING.T
    assert math.degrees(math.atan2(turned[1, 0], turned[0, 0])) == pytest.approx(asked, abs=3)


@pytest.mark.parametrize("asked", [90, 180, -90])
def test_a_plain_turn_that_looks_the_same_is_told_up_front(look, asked):
    unobservable, _ = look(PLAIN, (0.3, 0.3), asked)
    assert {"turn", SELF_TEST} <= set(unobservable)


@pytest.mark.parametrize("shown", [0, 40, 90])
def test_the_answer_up_front_is_the_same_for_every_editor(look, shown):
    assert look(PRINTED, (0.3, 0.2), 90, shown)[0] == look(PRINTED, (0.3, 0.2), 90)[0]


def test_large_images_are_turned_too(look, monkeypatch):
    """More pixels of the object than OpenCV takes in one row."""
    monkeypatch.setitem(globals(), "SIZE", 1200)
    monkeypatch.setitem(globals(), "FOCAL", 1400.0)
    monkeypatch.setitem(globals(), "K", [[1400.0, 0, 600], [0, 1400.0, 600], [0, 0, 1]])
    unobservable, _ = look(PRINTED, (0.3, 0.3), 60)
    assert unobservable == ()
