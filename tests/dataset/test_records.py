import json

import numpy as np
import pytest

from gsi_bench_dataset import Detection, EncodedImage, Judgement, Operation, Prediction, RecordError, SceneObject, Score
from gsi_bench_dataset.records import Sample, features_of, sample_features


@pytest.fixture
def rich(make_sample, make_image):
    """A sample with every kind of field filled."""
    box, eye = [0.0] * 7, np.eye(3)
    return make_sample(
        edited_image=EncodedImage(make_image(seed=1), "after.png"),
        operation=Operation(kind="place", receptacle="table", region=[[0, 0, 1], [1, 0, 1], [0, 0, 2]]),
        objects=[SceneObject("1", "mug", box, eye, is_target=True), SceneObject("2", "plate", box, eye, symmetry="2-fold")],
        up=[0, -1, 0], up_source="engine", seed=7, redistributable=True, prompt_zh="将杯子向右移动",
    )  # fmt: skip


def test_rows_and_json_lose_nothing(rich):
    assert Sample.from_row(rich.to_row()) == rich
    assert Sample.from_json(json.loads(json.dumps(rich.to_json()))) == rich


def test_features_name_every_field_and_take_every_row(rich, make_sample):
    pa = pytest.importorskip("pyarrow")
    assert list(sample_features()) == list(rich.to_row())
    table = pa.Table.from_pylist([rich.to_row(), make_sample().to_row()], schema=sample_features().arrow_schema)
    assert [Sample.from_row(row) for row in table.to_pylist()] == [rich, make_sample()]


@pytest.mark.parametrize(
    "record",
    [Detection(label="a", bbox_3d=(0.0,) * 7, bbox_2d=(0.0,) * 4), Judgement("a", "j"), Prediction("a", "e", path="x.png")],
)
def test_other_records_round_trip(record):
    assert type(record).from_json(json.loads(json.dumps(record.to_json()))) == record
    assert set(features_of(type(record))) == set(record.to_row())


def test_all_problems_of_a_record_come_at_once(make_sample):
    with pytest.raises(RecordError) as caught:
        make_sample(split="kitchen", original_bbox_3d=[1, 2], camera_intrinsics=[[float("inf")] * 3] * 3, prompt=None)
    assert len(caught.value.problems) == 4
    assert "'a_edit_0'" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": "x"}, "expected '<img_id>_edit_<query_id>'"),
        ({"camera_intrinsics": [[0.0] * 3] * 3}, "singular"),
        ({"new_bbox_3d": [0, 0, 1, -1, 1, 1, 0]}, "new_bbox_3d: sizes"),
    ],
)
def test_fields_must_agree_with_each_other(make_sample, fields, message):
    with pytest.raises(RecordError, match=message):
        make_sample(**fields)


def test_unknown_and_missing_columns_are_refused(make_sample):
    row = make_sample().to_row() | {"colour": "red"}
    del row["prompt"]
    with pytest.raises(RecordError, match=r"unknown field colour.*missing field prompt"):
        Sample.from_row(row)


def test_arrays_become_plain_tuples(make_sample):
    sample = make_sample(rotation_matrix=np.eye(3, dtype=np.float32))
    assert sample.rotation_matrix == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert hash(sample) is not None


@pytest.mark.parametrize("odd", ["", b"", {}, set(), "12", {1: 2}])
def test_what_is_no_list_never_counts_as_no_numbers(odd):
    for fields in ({"region": odd}, {"region": [[1.0, 2.0, 3.0], odd]}):
        with pytest.raises(RecordError, match="region: expected a matrix"):
            Operation("place", **fields)
    with pytest.raises(RecordError, match="scores: expected a list"):
        Judgement("a", "judge", scores=odd)


def test_a_prediction_is_exactly_one_picture():
    with pytest.raises(RecordError, match="exactly one"):
        Prediction("a", "e")


def test_a_score_may_be_missing_but_not_of_an_unknown_state():
    assert Score("a", "fine", "e", "strict", "move").ic is None
    with pytest.raises(RecordError, match="expected one of scored"):
        Score("a", "fine", "e", "strict", "move", state="lost")
