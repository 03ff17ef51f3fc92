"""The simulator detector says what a rendered sample knows, and nothing about other pictures."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation, SceneObject
from gsi_bench_metric.baselines import BASELINES
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.registry import DetectorError, make_detector
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.images import pixel_hash

EYE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
K = [[64.0, 0.0, 32.0], [0.0, 64.0, 24.0], [0.0, 0.0, 1.0]]
HERE, THERE, ELSEWHERE = ([x, 0.0, 2.0, 0.3, 0.3, 0.1, 0.0] for x in (-0.4, 0.3, 0.7))


def thing(name, box, category="mug"):
    return SceneObject(id=name, category=category, bbox_3d=box, rotation_matrix=EYE, is_target=name == "mug_0")


def png(seed):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(stream, "PNG")
    return EncodedImage(stream.getvalue())


@pytest.fixture
def sample(make_sample):
    return make_sample(
        image=png(0),
        edited_image=png(1),
        target="mug",
        prompt="Move the mug 70 cm to the right.",
        operation=Operation(kind="move", direction="right", distance_m=0.7, frame="camera"),
        camera_intrinsics=K,
        pixel_frame="source",
        original_bbox_3d=HERE,
        new_bbox_3d=THERE,
        rotation_matrix=EYE,
        objects=[thing("mug_0", HERE), thing("mug_1", ELSEWHERE), thing("bowl_0", ELSEWHERE, "bowl")],
        objects_after=[thing("mug_0", THERE), thing("mug_1", ELSEWHERE), thing("bowl_0", ELSEWHERE, "bowl")],
    )


def boxes(sample, picture, view="edited"):
    found = SimulatorDetector().detect([DetectionItem(sample, view, pixel_hash(picture))])[0]
    return None if found is None else sorted(list(d.bbox_3d) for d in found)


def test_the_source_shows_every_object_of_the_class(sample):
    assert boxes(sample, BASELINES["copy"](sample), "source") == [HERE, ELSEWHERE]


def test_a_copy_shows_what_the_source_shows(sample):
    assert boxes(sample, BASELINES["copy"](sample)) == [HERE, ELSEWHERE]


def test_the_after_image_shows_the_objects_after_the_edit(sample):
    assert boxes(sample, BASELINES["after"](sample)) == [THERE, ELSEWHERE]


def test_a_pasted_target_is_where_it_was_pasted(sample):
    assert boxes(sample, BASELINES["paste"](sample)) == [THERE, ELSEWHERE]


def test_a_target_that_was_pasted_over_is_gone(sample):
    gone = dataclasses.replace(sample, operation=Operation(kind="remove"), new_bbox_3d=None)
    assert boxes(gone, BASELINES["paste"](gone)) == [ELSEWHERE]


def test_other_pictures_and_samples_without_objects_get_no_word(sample):
    assert boxes(sample, BASELINES["blur"](sample)) is None
    assert boxes(dataclasses.replace(sample, objects=None), BASELINES["copy"](sample)) is None


def test_rectangles_are_in_the_frame_of_the_reference(sample):
    found = SimulatorDetector().detect([DetectionItem(sample, "source", "")])[0][0]
    # 64 pixels are 896 there: 14 a pixel. The box is 0.3 m wide at a front face 1.95 m away.
    x1, _, x2, _ = found.bbox_2d
    assert x2 - x1 == pytest.approx(14 * 64 * (0.55 / 1.95 - 0.25 / 2.05))
    assert found.rotation_matrix == tuple(map(tuple, EYE))


def test_it_has_a_name_and_takes_no_file(tmp_path):
    assert isinstance(make_detector("simulator"), SimulatorDetector)
    with pytest.raises(DetectorError, match="leave --detections out"):
        make_detector("simulator", tmp_path / "x.json")
