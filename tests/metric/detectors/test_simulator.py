"""The simulator detector says what a rendered sample knows, and nothing about other images."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation, SceneObject
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.registry import DetectorError, make_detector
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.editors.baselines import BASELINES
from gsi_bench_metric.imaging.images import pixel_hash
from gsi_bench_metric.protocols.official.operations import of_target_class

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


def detect(sample, picture, view="edited"):
    return SimulatorDetector().detect([DetectionItem(sample, view, pixel_hash(picture))])[0]


def boxes(sample, picture, view="edited"):
    """Boxes of the mugs that are present."""
    found = detect(sample, picture, view)
    return None if found is None else sorted(list(d.bbox_3d) for d in of_target_class(sample, found))


def states(found):
    return sorted((d.object_id, d.state, list(d.bbox_3d)) for d in found)


def test_every_known_object_is_reported_under_its_id(sample):
    found = detect(sample, BASELINES["after"](sample))
    here = [("bowl_0", "present", ELSEWHERE), ("mug_0", "present", THERE), ("mug_1", "present", ELSEWHERE)]
    assert states(found) == here
    assert all((len(d.sigma), d.confidence, d.unobservable) == (7, 1.0, ()) for d in found)


def test_a_gone_object_is_absent_with_its_box_in_the_source(sample):
    gone = dataclasses.replace(sample, objects_after=sample.objects_after[1:])
    assert states(detect(gone, BASELINES["after"](gone)))[1] == ("mug_0", "absent", HERE)


def test_a_copy_is_a_duplicate_of_its_original(sample):
    copy = dataclasses.replace(sample.objects[0], id="mug_0_copy", bbox_3d=THERE)
    doubled = dataclasses.replace(sample, variant="duplicate", objects_after=[*sample.objects, copy])
    found = [row for row in states(detect(doubled, BASELINES["after"](doubled))) if row[0] == "mug_0"]
    assert found == [("mug_0", "duplicate", THERE), ("mug_0", "present", HERE)]


def test_a_turn_of_a_symmetric_object_is_unobservable(sample):
    round_ = dataclasses.replace(sample, objects=[dataclasses.replace(sample.objects[0], symmetry="continuous")])
    assert detect(round_, BASELINES["copy"](round_))[0].unobservable == ("turn",)


def test_official_uses_present_objects_of_the_class_by_id(sample):
    found = detect(sample, BASELINES["copy"](sample))
    assert [d.object_id for d in of_target_class(sample, found)] == ["mug_0", "mug_1"]
    nameless = [dataclasses.replace(d, object_id=None) for d in found]
    assert of_target_class(sample, nameless) == nameless


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
