"""The tracker against rendered ground truth: every object of these images is known.

`tests/data/variants` holds 20 outcomes of six edits of one table (256 px), made by
`gsi-bench build mesatask --preset small --num-scenes 3 --edits-per-scene 7 --variants 7 --seed 100`.
"""

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from gsi_bench_dataset.layout.pixel_frame import box_corners, project
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import DetectionItem, make_detector
from gsi_bench_metric.detectors.tracker.likelihood import Cloud, Level
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.imaging.pictures import Picture

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"
SCALE, MOVE, REMOVE, PLACE, ROTATE, VIEW = ("00", "01", "02", "03", "04", "06")


@pytest.fixture(scope="module")
def rows():
    return {s.query_id: s for s in read_dataset(DATA, "mesatask")}


@pytest.fixture(scope="module")
def track(rows):
    """(edit, variant or image) -> {object id: detections}, the sample being that of the right edit."""
    detector = make_detector("tracker")

    def run(edit, shown):
        sample = rows[f"{edit}-grade100"]
        picture = rows[f"{edit}-{shown}"].edited_image if isinstance(shown, str) else encoded(shown)
        found = {}
        for detection in detector.detect([DetectionItem(sample, "edited", None, Picture(picture))])[0]:
            found.setdefault(detection.object_id, []).append(detection)
        return found

    return run


def encoded(rgb):
    return EncodedImage(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())


def target(sample):
    return next(o for o in sample.objects if o.is_target)


def truth(rows, edit, variant):
    return next(o for o in rows[f"{edit}-{variant}"].objects_after if o.is_target)


def position_error_cm(detection, thing):
    return 100 * float(np.linalg.norm(np.array(detection.bbox_3d[:3]) - thing.bbox_3d[:3]))


def turn_error_deg(detection, thing):
    turn = np.array(detection.rotation_matrix) @ np.array(thing.rotation_matrix).T
    return math.degrees(math.acos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("variant", ["grade020", "grade060", "grade100", "overshoot", "opposite"])
def test_a_moved_object_is_found_where_it_went(rows, track, variant):
    thing = truth(rows, MOVE, variant)
    (found,) = track(MOVE, variant)[thing.id]
    assert found.state == "present"
    assert position_error_cm(found, thing) < 2
    assert turn_error_deg(found, thing) < 5
    assert found.bbox_3d[4] == pytest.approx(thing.bbox_3d[4], rel=0.06)


@pytest.mark.parametrize("variant", ["grade040", "grade100", "opposite"])
def test_scale_is_measured_to_four_percent_in_place(rows, track, variant):
    thing = truth(rows, SCALE, variant)
    (found,) = track(SCALE, variant)[thing.id]
    assert found.bbox_3d[3] == pytest.approx(thing.bbox_3d[3], rel=0.04)
    assert position_error_cm(found, thing) < 1


@pytest.mark.parametrize("variant", ["grade040", "grade100"])
def test_a_turn_is_measured_to_a_degree(rows, track, variant):
    thing = truth(rows, ROTATE, variant)
    (found,) = track(ROTATE, variant)[thing.id]
    assert turn_error_deg(found, thing) < 1
    assert position_error_cm(found, thing) < 0.5


def test_a_thing_that_was_put_on_another_is_found_on_it(rows, track):
    thing = truth(rows, PLACE, "grade100")
    (found,) = track(PLACE, "grade100")[thing.id]
    assert position_error_cm(found, thing) < 2


@pytest.mark.parametrize("variant", ["grade000", "grade100", "opposite"])
def test_after_camera_motion_objects_are_in_the_new_frame(rows, track, variant):
    found = track(VIEW, variant)
    for thing in rows[f"{VIEW}-{variant}"].objects_after:
        assert position_error_cm(found[thing.id][0], thing) < 1.5
        assert turn_error_deg(found[thing.id][0], thing) < 1.5


def test_a_removed_object_is_absent_and_the_others_stay(rows, track):
    for edit in (REMOVE, SCALE):
        sample = rows[f"{edit}-grade100"]
        found = track(edit, "grade100" if edit == REMOVE else "removed")
        assert [d.state for d in found[target(sample).id]] == ["absent"]
        for thing in sample.objects:
            if not thing.is_target:
                assert found[thing.id][0].state == "present"
                assert position_error_cm(found[thing.id][0], thing) < 0.5


def test_a_copy_beside_the_original_is_a_duplicate(rows, track):
    sample = rows[f"{MOVE}-grade100"]
    first, second = track(MOVE, "duplicate")[target(sample).id]
    assert (first.state, second.state) == ("present", "duplicate")
    assert position_error_cm(first, target(sample)) < 0.1
    assert position_error_cm(second, truth(rows, MOVE, "grade100")) < 1.5


def test_another_object_removed_is_missed_the_target_is_not(rows, track):
    found = track(REMOVE, "wrong_object")
    kept = {o.id for o in rows[f"{REMOVE}-wrong_object"].objects_after}
    assert {name for name, (d, *_) in found.items() if d.state == "absent"} == set(found) - kept


def test_an_untouched_picture_moves_nothing(rows, track):
    for edit in (MOVE, SCALE, ROTATE, REMOVE, PLACE, VIEW):
        sample = rows[f"{edit}-grade100"]
        found = track(edit, load_rgb(sample.image))
        for thing in sample.objects:
            (detection,) = found[thing.id]
            assert detection.state == "present"
            assert position_error_cm(detection, thing) < 0.1


@pytest.mark.parametrize("name", ["jpeg", "shift", "tone", "half size"])
def test_a_degraded_image_moves_nothing_and_moves_are_found(rows, track, name):
    source = load_rgb(rows[f"{MOVE}-grade100"].image)
    edited = load_rgb(rows[f"{MOVE}-grade100"].edited_image)
    goal = truth(rows, MOVE, "grade100")
    original = target(rows[f"{MOVE}-grade100"])
    (still,) = track(MOVE, spoiled(source, name))[goal.id]
    (moved,) = track(MOVE, spoiled(edited, name))[goal.id]
    assert position_error_cm(still, original) < 1.0
    assert position_error_cm(moved, goal) < 2.0


@pytest.mark.parametrize("variant", ["grade040", "grade100", "opposite"])
def test_scale_is_measured_through_jpeg_and_never_vanishes(rows, track, variant):
    thing = truth(rows, SCALE, variant)
    (found,) = track(SCALE, spoiled(load_rgb(rows[f"{SCALE}-{variant}"].edited_image), "jpeg"))[thing.id]
    assert found.state == "present"
    assert found.bbox_3d[3] == pytest.approx(thing.bbox_3d[3], rel=0.08)
    assert position_error_cm(found, thing) < 1


def spoiled(rgb, name):
    if name == "jpeg":
        return cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)
    if name == "shift":
        matrix = np.array([[1, 0, 3.0], [0, 1, -2.0]])
        return cv2.warpAffine(rgb, matrix, rgb.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    if name == "tone":
        return np.clip(rgb * np.array([1.1, 0.95, 0.9]) + 8, 0, 255).astype(np.uint8)
    small = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def test_answers_are_the_same_twice_and_say_how_sure_they_are(rows, track):
    thing = truth(rows, MOVE, "grade060")
    (first,) = track(MOVE, "grade060")[thing.id]
    (second,) = track(MOVE, "grade060")[thing.id]
    assert first == second
    assert 0 < first.confidence <= 1
    assert len(first.sigma) == 7
    assert all(s > 0 for s in first.sigma)


def test_the_source_is_reported_as_the_sample_tells_it(rows):
    sample = rows[f"{MOVE}-grade100"]
    found = make_detector("tracker").detect([DetectionItem(sample, "source")])[0]
    assert [(d.object_id, d.bbox_3d) for d in found] == [(o.id, o.bbox_3d) for o in sample.objects]
    assert all(("turn" in d.unobservable) == (o.symmetry == "continuous") for d, o in zip(found, sample.objects, strict=True))


def test_with_boxes_alone_a_move_is_found_to_a_few_centimetres(rows, track):
    sample = rows[f"{MOVE}-grade100"]
    bare = dataclasses.replace(sample, depth=None, instance_mask=None, instance_mask_after=None)
    goal = truth(rows, MOVE, "grade100")
    told, untold = (DetectionItem(s, "edited", None, Picture(sample.edited_image)) for s in (sample, bare))
    (answer,), (same) = make_detector("tracker-boxes").detect([told]), make_detector("tracker").detect([untold])
    assert [answer] == same
    found = {d.object_id: d for d in answer}
    assert found[goal.id].state == "present"
    assert position_error_cm(found[goal.id], goal) < 4


def test_rectangles_are_those_of_the_boxes_in_the_896_frame(rows, track):
    sample = rows[f"{MOVE}-grade100"]
    for detection, *_ in track(MOVE, "grade100").values():
        corners = project(box_corners(detection.bbox_3d, detection.rotation_matrix), sample.camera_intrinsics)
        assert detection.bbox_2d[:2] == pytest.approx(corners.min(0) * 896 / 256, abs=0.01)


def test_without_a_picture_there_is_no_word(rows):
    sample = rows[f"{MOVE}-grade100"]
    assert make_detector("tracker").detect([DetectionItem(sample, "edited")]) == [None]


@pytest.mark.gpu
def test_gpu_decides_as_cpu_and_measures_to_a_tenth_of_a_mm(rows):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    items = [
        DetectionItem(rows[f"{edit}-grade100"], "edited", None, Picture(rows[f"{edit}-grade100"].edited_image))
        for edit in (MOVE, SCALE, ROTATE, REMOVE, PLACE, VIEW)
    ]
    for here, there in zip(*(TrackerDetector(device).detect(items) for device in ("cpu", "cuda")), strict=True):
        assert [(d.object_id, d.state, d.unobservable) for d in here] == [(d.object_id, d.state, d.unobservable) for d in there]
        for a, b in zip(here, there, strict=True):
            assert b.bbox_3d[:3] == pytest.approx(a.bbox_3d[:3], abs=1e-4)


def test_the_search_runs_where_it_is_told_and_says_the_same(rows):
    item = DetectionItem(rows[f"{MOVE}-grade100"], "edited", None, Picture(rows[f"{MOVE}-grade100"].edited_image))
    used = []
    original = Cloud.to

    def spy(cloud, device):
        used.append(device)
        return original(cloud, "cpu")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cloud, "to", spy)
        told = TrackerDetector("cuda:3")
        patch.setattr(Level, "to", lambda level, device: level)
        assert told.detect([item]) == TrackerDetector().detect([item])
    assert {"cuda:3", "cpu"} <= set(used)
