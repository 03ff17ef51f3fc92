"""gsi_bench_metric.protocols.official.operations against the reference's recorded scores, gates and parsed prompts."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from gsi_bench_dataset.records import Detection, EncodedImage, Sample
from gsi_bench_metric.protocols.official.operations import (
    KEYWORDS,
    OBJECT_OPERATIONS,
    EditBatch,
    locality_gate,
    pack_edits,
    parse_operation,
    score_operation,
)


@functools.cache
def _load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.fixture
def operations(golden: Path) -> dict[str, Any]:
    return _load(golden / "metric" / "operations.json")


def _detections(result: dict[str, Any]) -> list[Detection]:
    fields = ("label", "bbox_3d", "bbox_2d", "iou_score", "rotation_matrix")
    return [Detection(**{k: d[k] for k in fields if k in d}) for d in result["detections"]]


def _pack(cases: list[dict[str, Any]]) -> EditBatch:
    picture = EncodedImage(b"unused", "0.jpg")
    return pack_edits(
        [
            Sample(id=f"{c['id']}_edit_0", split="fine", img_id=str(c["id"]), query_id="0", image=picture, **c["edit_meta"])
            for c in cases
        ],
        [_detections(c["origin_res"]) for c in cases],
        [_detections(c["result"]) for c in cases],
        [bool(c["check"]) for c in cases],  # False and None alike: no score
    )


def _cases(operations: dict[str, Any], operation: str) -> list[dict[str, Any]]:
    return [c for c in operations["cases"] if c["operation"] == operation]


def test_the_recorded_cases_are_all_of_the_object_operations(operations: dict[str, Any]) -> None:
    counts = Counter(c["operation"] for c in operations["cases"])
    assert set(counts) == set(OBJECT_OPERATIONS)
    assert counts.total() == 489


@pytest.mark.parametrize("operation", OBJECT_OPERATIONS)
def test_scores_equal_the_reference(operations: dict[str, Any], operation: str) -> None:
    """IC exactly; SA to 1e-7, in one batch of every recorded case of the operation."""
    cases = _cases(operations, operation)
    ic, sa = score_operation(operation, _pack(cases))
    expected_ic = [c["instruction_compliance"] for c in cases]
    expected_sa = torch.tensor([c["spatial_accuracy"] for c in cases], dtype=torch.float64)
    wrong = [
        (c["id"], c["scenario"]) for c, found in zip(cases, ic.tolist(), strict=True) if found != c["instruction_compliance"]
    ]
    assert wrong == []
    assert len(set(expected_ic)) == 2
    torch.testing.assert_close(sa, expected_sa, rtol=0, atol=1e-7)


@pytest.mark.parametrize("operation", OBJECT_OPERATIONS)
def test_a_batch_scores_as_its_edits_one_by_one(operations: dict[str, Any], operation: str) -> None:
    """Padding of detections to the longest list changes nothing."""
    cases = _cases(operations, operation)
    ic, sa = score_operation(operation, _pack(cases))
    singles = [score_operation(operation, _pack([c])) for c in cases]
    assert ic.equal(torch.cat([s[0] for s in singles]))
    torch.testing.assert_close(sa, torch.cat([s[1] for s in singles]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("operation", OBJECT_OPERATIONS)
def test_a_failed_gate_scores_zero(operations: dict[str, Any], operation: str) -> None:
    cases = [c for c in _cases(operations, operation) if c["instruction_compliance"] > 0]
    assert cases
    ic, sa = score_operation(operation, _pack([{**c, "check": False} for c in cases]))
    assert ic.count_nonzero() == sa.count_nonzero() == 0


def test_detections_marked_absent_do_not_count(operations: dict[str, Any]) -> None:
    case = next(c for c in _cases(operations, "remove") if c["scenario"] == "perfect" and c["instruction_compliance"] == 1)
    picture = EncodedImage(b"unused", "0.jpg")
    sample = Sample(id="a_edit_0", split="fine", img_id="a", query_id="0", image=picture, **case["edit_meta"])
    source, edited = _detections(case["origin_res"]), _detections(case["result"])
    gone = Detection(bbox_3d=sample.original_bbox_3d, bbox_2d=source[0].bbox_2d, state="absent")
    still = Detection(bbox_3d=sample.original_bbox_3d, bbox_2d=source[0].bbox_2d)
    assert score_operation("remove", pack_edits([sample], [source], [[*edited, gone]]))[0].item() == 1
    assert score_operation("remove", pack_edits([sample], [source], [[*edited, still]]))[0].item() == 0


@pytest.mark.parametrize("operation", ["view", "place", "delete", "", "Move"])
def test_other_operations_are_refused_by_name(operations: dict[str, Any], operation: str) -> None:
    batch = _pack(operations["cases"][:1])
    with pytest.raises(ValueError, match=f"operation {operation!r}; expected one of move, rotate, remove, scale"):
        score_operation(operation, batch)


def test_prompts_parse_like_the_reference(operations: dict[str, Any]) -> None:
    known = 0
    for case in operations["get_operation"]:
        if case["operation"] is None:  # IndexError there
            with pytest.raises(ValueError, match="please"):
                parse_operation(case["prompt"])
            continue
        assert parse_operation(case["prompt"]) == case["operation"], case
        assert (case["operation"] in KEYWORDS) is case["known"], case
        known += case["known"]
    assert known == 65


def test_keywords_equal_the_reference(operations: dict[str, Any]) -> None:
    assert {name: list(words) for name, words in KEYWORDS.items()} == operations["operation_keywords"]


def test_the_locality_gate_decides_like_the_reference(golden: Path) -> None:
    """Every recorded triple: bounds and their neighbours, NaN, all spellings of the dataset type."""
    rows = _load(golden / "metric" / "images.json")["check_locality"]
    assert len(rows) == 720
    assert [row for row in rows if locality_gate(*row[:3]) is not row[3]] == []
