"""Numbers and turns that nothing can have, in samples, archives, detections and judgements: named, never a crash later."""

import json

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError
from gsi_bench_dataset.records import Detection, EncodedImage, RecordError, SceneObject
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.detectors.recorded import DetectionFileError, RecordedDetector
from gsi_bench_metric.editors.base import png_bytes
from gsi_bench_metric.judges.recorded import read_reference_file
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import make_scorer, score

BOX = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2]
TURN = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
FLAT = {
    "zeros": [[0.0] * 3] * 3,
    "one row of zeros": [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]],
    "two equal rows": [[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0]],
    "endless": [[1e300, 0, 0], [0, 1.0, 0], [0, 0, 1.0]],
}
NUMBERS = {
    "text": ["0.1", *BOX[1:]],
    "all text": [str(v) for v in BOX],
    "digits of one text": "1234567",
    "true": [True, *BOX[1:]],
    "NaN": [float("nan"), *BOX[1:]],
    "infinity": [float("-inf"), *BOX[1:]],
    "1e300": [1e300, *BOX[1:]],
    "a thousand digits": [10**1000, *BOX[1:]],
    "nothing": [None, *BOX[1:]],
    "a list inside": [[0.1], *BOX[1:]],
}


def row(**changes: object) -> dict[str, object]:
    return {"label": "mug", "bbox_3d": BOX, "bbox_2d": [1, 2, 3, 4], "rotation_matrix": TURN, "iou_score": 0.5} | changes


def cache(tmp_path, detection) -> str:
    path = tmp_path / "infer_cache.json"
    path.write_text(json.dumps({"a_0": {"origin_result": {"detections": [detection]}, "new_result": {"detections": []}}}))
    return path


@pytest.mark.parametrize("kind", FLAT)
def test_a_turn_that_turns_nothing_is_named(kind, tmp_path, make_sample, official_folder):
    for field in ("rotation_matrix", "new_rotation_matrix"):
        with pytest.raises(RecordError, match=f"{field}: no rotation"):
            make_sample(**{field: FLAT[kind]})
    with pytest.raises(RecordError, match="rotation_matrix: no rotation"):
        SceneObject(id="1", category="mug", bbox_3d=BOX, rotation_matrix=FLAT[kind])
    with pytest.raises(RecordError, match="rotation_matrix: no rotation"):
        Detection.from_json(row(rotation_matrix=FLAT[kind]))
    with pytest.raises(DetectionFileError, match=r"a_0 origin_result\[0\]: rotation_matrix: no rotation"):
        RecordedDetector.from_file(cache(tmp_path, row(rotation_matrix=FLAT[kind])))
    with pytest.raises(OfficialError, match=r"a_edit_0\.json: rotation_matrix: no rotation"):
        OfficialDataset(official_folder({"a_edit_0": {"rotation_matrix": FLAT[kind]}}), "fine")


def test_turns_with_rounding_mirror_or_scale_stay_the_same():
    for turn in ([[0.99, 0.01, 0], [0, 1.02, 0], [0, 0, -1]], [[1e-3, 0, 0], [0, 1e-3, 0], [0, 0, 1e-3]]):
        assert Detection.from_json(row(rotation_matrix=turn)).rotation_matrix == tuple(map(tuple, turn))


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_that_are_none_are_named(kind, tmp_path, official_folder):
    for field in ("bbox_3d", "bbox_2d"):
        value = NUMBERS[kind] if field == "bbox_3d" or isinstance(NUMBERS[kind], str) else NUMBERS[kind][:4]
        value = value[:4] if field == "bbox_2d" else value
        with pytest.raises(DetectionFileError, match=rf"a_0 origin_result\[0\]: {field}"):
            RecordedDetector.from_file(cache(tmp_path, row(**{field: value})))
    line = {"sample_id": "a_edit_0", "pixels": "00", "detections": [row(bbox_3d=NUMBERS[kind])]}
    (tmp_path / "s.jsonl").write_text(json.dumps(line))
    with pytest.raises(DetectionFileError, match=r"line 1\[0\]: bbox_3d"):
        RecordedDetector.from_file(tmp_path / "s.jsonl")
    with pytest.raises(OfficialError, match=r"a_edit_0\.json: original_bbox_3d"):
        OfficialDataset(official_folder({"a_edit_0": {"original_bbox_3d": NUMBERS[kind]}}), "fine")


@pytest.mark.parametrize("value", ["0.5", True, float("nan"), float("inf"), [0.5], {}])
def test_a_confidence_that_is_no_number_is_named(value, tmp_path):
    with pytest.raises(DetectionFileError, match="iou_score"):
        RecordedDetector.from_file(cache(tmp_path, row(iou_score=value)))


def test_an_edit_that_stands_twice_in_the_detections_is_named(tmp_path):
    entry = json.dumps({"origin_result": {"detections": []}, "new_result": {"detections": []}})
    (tmp_path / "infer_cache.json").write_text(f'{{"a_0": {entry}, "b_0": {entry}, "a_0": {entry}}}')
    with pytest.raises(DetectionFileError, match="the key 'a_0' stands twice"):
        RecordedDetector.from_file(tmp_path / "infer_cache.json")


@pytest.mark.parametrize("score", ['"7"', "NaN", "Infinity", "1" * 400, "[7]", "null", "{}", "1e999", "[" * 50_000])
def test_a_recorded_score_without_number_is_that_edits_problem(score, tmp_path):
    replies = [f'||V^=^V||{{"score": {score}}}||V^=^V||', '||V^=^V||{"score": 7}||V^=^V||']
    path = tmp_path / "j.json"
    path.write_text(json.dumps([{"prediction": reply, "meta": {"index": f"{i}_edit_0"}} for i, reply in enumerate(replies)]))
    found = read_reference_file(path)
    assert found["0_edit_0"].score is None and found["0_edit_0"].problem
    assert found["1_edit_0"].score == 7


@pytest.fixture
def whole_scene(make_sample):
    """Fields of a sample that a detector knows the scene of."""
    ids, depth = np.ones((48, 64), np.uint16), np.full((48, 64), 2000, np.uint16)
    ids[10:30, 20:40] = 2
    mask, metres = (EncodedImage(png_bytes(Image.fromarray(a)), "n.png") for a in (ids, depth))
    mug = SceneObject(id="2", category="mug", bbox_3d=BOX, rotation_matrix=TURN, is_target=True)
    floor = SceneObject(id="1", category="floor", bbox_3d=BOX, rotation_matrix=TURN)
    return {
        "instance_mask": mask,
        "instance_mask_after": mask,
        "depth": metres,
        "objects": (floor, mug),
        "up": (0.0, -1.0, 0.0),
    }


@pytest.mark.parametrize("field", ["image", "edited_image", "depth", "instance_mask"])
@pytest.mark.parametrize("protocol", ["official", "strict"])
def test_a_sample_with_damaged_images_does_not_end_the_others(field, protocol, make_sample, make_image, whole_scene):
    cut = EncodedImage(make_image()[:2500], "cut.png")
    samples = [make_sample("a", **whole_scene | {field: cut}), make_sample("b", **whole_scene)]
    predictions = read_predictions({s.id: make_image() for s in samples}, "editor")
    plan = make_plan(samples, predictions, protocol=protocol)
    found = score(plan, samples, make_scorer(protocol, "cpu"), make_detector("tracker"), progress=False)
    assert [s.sample_id for s in found] == ["a_edit_0", "b_edit_0"]
    assert "source_unreadable" not in [r.name for r in found[1].reasons]
    if field == "image":
        assert "source_unreadable" in [r.name for r in found[0].reasons]
    json.dumps([s.to_json() for s in found])
