"""The metric of the evaluate library gives what `score` and `aggregate` give, for rows in every form."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import evaluate
import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import Sample
from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.records import sample_features
from gsi_bench_dataset.storage.predictions import PredictionSet, read_predictions
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.hf.register import register
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.judges import make_judge
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.score_files import read_scores
from gsi_bench_metric.run.scoring import ScoringError, make_scorer, score
from gsi_bench_metric.run.threads import one_thread

VARIANTS = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"

# One edit each of move, remove, view (with ground truth) and rotate, on images that are quick to score.
QUICK = (
    "036bce3393_frame_000120_edit_0",
    "7b6477cb95_frame_002310_edit_0",
    "a24f64f7fb_frame_001110_edit_0",
    "c49a8c6cff_frame_004890_edit_0",
)


@pytest.fixture(scope="module")
def end_to_end(golden: Path) -> Path:
    return golden / "metric" / "end_to_end"


@dataclasses.dataclass(frozen=True)
class Case:
    """A few recorded edits, and the row that the package computes for them without `evaluate`."""

    samples: list[Sample]
    pictures: dict[str, Path]
    arguments: dict[str, Any]
    expected: dict[str, float]

    @property
    def predictions(self) -> list[dict[str, Any]]:
        return [{"id": s.id, "image": str(self.pictures[s.id])} for s in self.samples]


@pytest.fixture(scope="module")
def arguments(end_to_end: Path) -> dict[str, Any]:
    return {
        "protocol": "official",
        "device": "cpu",
        "detector": "recorded",
        "detections": end_to_end / "eval/BAGEL/fine_eval/infer_cache.json",
        "judge": "recorded",
        "judgements": end_to_end / "mllm/predictions_infer_2000_judge-model_fine_BAGEL.json",
    }


@pytest.fixture(scope="module")
def case(end_to_end: Path, arguments: dict[str, Any]) -> Case:
    samples = [s for s in read_official(end_to_end / "fine_dataset", "fine") if s.id in QUICK]
    found = read_predictions(end_to_end / "eval/BAGEL/generated_images_fine", "editor").predictions
    chosen = PredictionSet("editor", {i: found[i] for i in QUICK})
    detector = make_detector("recorded", arguments["detections"])
    judge = make_judge("recorded", arguments["judgements"])
    with one_thread():  # as `compute` does, so that numbers are equal to the last digit
        scores = score(make_plan(samples, chosen), samples, make_scorer("official", "cpu"), detector, judge)
    return Case(samples, {i: Path(found[i].path or "") for i in QUICK}, arguments, aggregate(scores, judged=True))


@pytest.fixture
def metric(tmp_path: Path) -> GsiBench:
    return GsiBench(cache_dir=str(tmp_path / "metrics"))


def left_over(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "metrics").rglob("*.arrow"))


# --- equal numbers ------------------------------------------------------------------------------------------------------


def test_numbers_are_those_that_the_reference_recorded(metric: GsiBench, end_to_end: Path, arguments: dict[str, Any]) -> None:
    references = [s.to_row() for s in read_official(end_to_end / "fine_dataset", "fine")]
    predictions = list(read_predictions(end_to_end / "eval/BAGEL/generated_images_fine").predictions.values())
    row = metric.compute(predictions=predictions, references=references, **arguments)
    recorded = json.loads((end_to_end / "expected/GSI-Real/EVAL_output_summary.json").read_text())["fine"]["BAGEL"]
    assert row is not None
    assert (row["n"], row["n_not_scored"]) == (19, 0)
    # IC and SA of view edits are made of SSIM and LPIPS: float32 sums, which end in other digits in another order, as with
    # another number of threads than the reference had.
    assert row["ic"] == pytest.approx(recorded["instruction_compliance"], rel=1e-6)
    assert row["sa"] == pytest.approx(recorded["spatial_accuracy"], rel=1e-6)
    assert row["el"] == pytest.approx(recorded["edit_locality"]["lpips"], abs=1e-4)
    assert row["el_ssim"] == pytest.approx(recorded["edit_locality"]["ssim"], abs=1e-4)
    assert row["ac"] == pytest.approx(recorded["ac"], abs=1e-9)
    assert row["average"] == pytest.approx(recorded["average"], abs=1e-4)


def test_result_is_flat_and_savable_and_scores_are_written(metric: GsiBench, case: Case, tmp_path: Path) -> None:
    row = metric.compute(
        predictions=case.predictions, references=case.samples, out=tmp_path / "run", editor="BAGEL", **case.arguments
    )
    assert row is not None
    assert row == case.expected
    assert {type(value) for value in row.values()} <= {int, float}
    assert {"ic", "sa", "el", "el_ssim", "ac", "average", "n", "n_not_scored", "ic/move"} <= row.keys()
    saved = evaluate.save(tmp_path / "result.json", **row)
    assert json.loads(saved.read_text())["average"] == row["average"]
    scores = read_scores(tmp_path / "run" / "scores.jsonl")
    assert [s.sample_id for s in scores] == sorted(s.id for s in case.samples)
    assert {s.editor for s in scores} == {"BAGEL"}
    assert aggregate(scores, judged=True) == row
    assert left_over(tmp_path) == []


def test_images_as_paths_bytes_pil_and_arrays_score_equally(metric: GsiBench, case: Case) -> None:
    forms: list[Callable[[Path], Any]] = [
        Path.read_bytes,
        Image.open,
        lambda p: np.asarray(Image.open(p).convert("RGB")),
        lambda p: {"bytes": p.read_bytes(), "path": "a.png"},
    ]
    predictions = [
        {"sample_id": s.id, "edited_image": form(case.pictures[s.id])} for s, form in zip(case.samples, forms, strict=True)
    ]
    assert metric.compute(predictions=predictions, references=case.samples, **case.arguments) == case.expected


def test_decoded_rows_and_bare_images_by_position_score_equally(metric: GsiBench, case: Case) -> None:
    table = datasets.Dataset.from_list([s.to_row() for s in case.samples], features=sample_features())
    decoded = list(table)
    assert isinstance(decoded[0]["image"], Image.Image)
    bare: list[Any] = [case.pictures[s.id] for s in case.samples]
    bare[0] = {"bytes": None, "path": str(bare[0])}
    metric.add_batch(predictions=bare[:1], references=decoded[:1])
    metric.add_batch(predictions=bare[1:2], references=table[1:2])  # a dictionary of columns
    metric.add_batch(predictions=bare[2:], references=table.select([2, 3]).with_format("numpy"))
    assert metric.compute(**case.arguments) == case.expected


def test_pieces_in_any_order_and_a_second_run_score_equally(case: Case, tmp_path: Path) -> None:
    metric = GsiBench(cache_dir=str(tmp_path / "metrics"), keep_in_memory=True)
    predictions = case.predictions
    for prediction, sample in zip(reversed(predictions), case.samples, strict=True):
        metric.add(prediction=prediction, reference=sample)
    assert metric.compute(**case.arguments) == case.expected
    metric.add_batch(predictions=predictions)
    assert metric.compute(references=case.samples, **case.arguments) == case.expected


def test_two_processes_give_what_one_gives(case: Case, tmp_path: Path) -> None:
    (tmp_path / "work.json").write_text(
        json.dumps(
            {
                "references": [s.to_json() for s in case.samples],
                "predictions": case.predictions,
                "arguments": case.arguments,
            },
            default=str,
        )
    )
    code = (
        "import json, sys, evaluate\n"
        "from gsi_bench_dataset import Sample\n"
        "work, me = json.load(open('work.json')), int(sys.argv[1])\n"
        "metric = evaluate.load('gsi_bench', num_process=2, process_id=me, experiment_id='two', cache_dir='metrics')\n"
        "references = [Sample.from_json(r) for r in work['references']][me::2]\n"
        "row = metric.compute(predictions=work['predictions'][1 - me::2], references=references, **work['arguments'])\n"
        "print(json.dumps(row))\n"
    )
    register(tmp_path / "hf" / "modules")
    env = {k: v for k, v in os.environ.items() if k != "HF_MODULES_CACHE"}
    env |= {"HF_HOME": str(tmp_path / "hf"), "HF_EVALUATE_OFFLINE": "1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(i)], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
        for i in (0, 1)
    ]
    printed = [process.communicate(timeout=120)[0] for process in processes]
    assert [json.loads(p) for p in printed] == [case.expected, None]


# --- what is missing is counted -------------------------------------------------------------------------------------------


def test_missing_unreadable_and_empty_predictions_are_counted(
    metric: GsiBench,
    case: Case,
    make_sample: Callable[..., Sample],
    tmp_path: Path,
) -> None:
    references = [*case.samples, make_sample("x"), make_sample("y")]
    predictions: list[dict[str, Any]] = case.predictions
    predictions[1]["image"] = str(tmp_path / "none.png")
    predictions[2]["image"] = b"no picture"
    predictions[3]["image"] = None
    predictions.append({"id": "x_edit_0", "image": case.pictures[case.samples[0].id].read_bytes()[:1000]})
    row = metric.compute(predictions=predictions, references=references, out=tmp_path / "run", **case.arguments)
    assert row is not None
    assert (row["n"], row["n_not_scored"]) == (1, 5)
    reasons = {s.sample_id: s.reasons[0].name for s in read_scores(tmp_path / "run" / "scores.jsonl") if s.ic is None}
    assert [reasons[s.id] for s in references[1:]] == ["unreadable", "unreadable", "missing", "unreadable", "missing"]


def test_without_a_judge_there_is_no_ac(metric: GsiBench, case: Case) -> None:
    arguments = case.arguments | {"judge": None, "judgements": None}
    row = metric.compute(predictions=case.predictions[:1], references=case.samples[:1], **arguments)
    assert row is not None
    assert "average_ic_sa_el" in row
    assert not {"ac", "average"} & row.keys()


# --- what travels ---------------------------------------------------------------------------------------------------------


def test_only_what_scoring_needs_travels_and_paths_stay_paths(
    metric: GsiBench, make_sample: Callable[..., Sample], make_image: Callable[..., bytes], tmp_path: Path, monkeypatch: Any
) -> None:
    # A file of the image's own name must not take its place.
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"another file")
    move = make_sample("a", "0").to_row()
    move["edited_image"] = move["depth"] = move["instance_mask"] = {"bytes": make_image(seed=9), "path": "big.png"}
    view = make_sample("b", "0", prompt="Move the camera to the left.").to_row() | {"edited_image": "truth.png"}
    metric.add_batch(predictions=["edit.png", "edit.png"], references=[move, view])
    metric._finalize()
    stored = metric.data[:]
    assert stored["predictions"][0] == {"id": "a_edit_0", "image": {"bytes": None, "path": str(tmp_path / "edit.png")}}
    assert stored["references"][0]["image"] == {"bytes": move["image"]["bytes"], "path": None}
    assert stored["references"][0]["depth"] == {"bytes": make_image(seed=9), "path": None}
    assert stored["references"][1]["depth"] is None
    assert stored["references"][1]["edited_image"]["path"] == str(tmp_path / "truth.png")


# --- inputs that cannot be used ---------------------------------------------------------------------------------------------


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(ScoringError) as caught:
        act()
    return str(caught.value)


def test_all_bad_rows_are_listed_and_none_is_kept(
    metric: GsiBench, make_sample: Callable[..., Sample], make_image: Callable[..., bytes]
) -> None:
    good, picture = make_sample(), make_image()
    references = [good, 5, {"id": "b_edit_0"}, good.to_row() | {"prompt": 3, "target": None}, good.to_row() | {"image": None}]
    predictions = [
        {"id": 7, "image": picture},
        {"id": "x", "sample_id": "y", "image": picture},
        {"id": "x", "image": picture, "edited_image": picture},
        {"id": "x"},
        {"id": "x", "image": np.zeros((5, 8, 8), np.uint8)},
        {"id": "x", "image": np.zeros((8, 8, 3), np.float32)},
        {"id": "x", "image": b""},
        {"id": "x", "image": ""},
        {"id": "x", "image": 12},
        {"id": "x", "image": Image.open(io.BytesIO(picture[:200]))},
    ]
    message = refused(lambda: metric.add_batch(predictions=predictions, references=references))
    assert "(14 problems)" in message
    assert [f"predictions[{i}]: " in message for i in range(10)] == [True] * 10
    assert [f"references[{i}]: " in message for i in range(5)] == [False, True, True, True, True]
    assert "missing field prompt" in message
    assert "prompt: expected str, found 3; target: expected str, found nothing" in message
    assert "expected a uint8 array (H, W, 3), found float32 (8, 8, 3)" in message
    assert len(metric) == 0


def test_long_lists_of_problems_end_with_their_count(metric: GsiBench) -> None:
    message = refused(lambda: metric.add_batch(predictions=[], references=[1] * 30))
    assert "(30 problems)" in message
    assert message.endswith("and 10 more")


def test_bare_images_need_as_many_references_ids_all_or_none(metric: GsiBench, make_sample: Callable[..., Sample]) -> None:
    two = [make_sample("a"), make_sample("b")]
    message = refused(lambda: metric.add_batch(predictions=["1.png"], references=two))
    assert "1 predictions without ids and 2 references" in message
    message = refused(lambda: metric.add_batch(predictions=["1.png", {"id": "a_edit_0", "image": "2.png"}], references=two))
    assert "1 of 2 have no id (at 0)" in message
    assert "found str" in refused(lambda: metric.add_batch(predictions="folder", references=two))
    assert "found Dataset" in refused(lambda: metric.add_batch(references=datasets.DatasetDict({})))


def test_all_unfit_rows_are_listed_and_the_next_run_is_clean(
    metric: GsiBench, make_sample: Callable[..., Sample], arguments: dict[str, Any], tmp_path: Path
) -> None:
    lost = make_sample("b").to_row() | {"image": str(tmp_path / "gone.png")}
    references = [make_sample("a"), make_sample("a"), lost]
    predictions = [{"id": i, "image": "p.png"} for i in ("a_edit_0", "z_edit_0", "b_edit_0", "b_edit_0")]
    for _ in range(2):
        message = refused(lambda: metric.compute(predictions=predictions, references=references, **arguments))
        assert "(4 problems)" in message
        assert "references: 'a_edit_0' stands there 2 times" in message
        assert "predictions: 'b_edit_0' stands there 2 times" in message
        assert "predictions: 'z_edit_0' is no id of the references" in message
        assert "gone.png" in message
        assert left_over(tmp_path) == []
    assert "no references" in refused(lambda: metric.compute(predictions=[], references=[], **arguments))


def test_extra_predictions_can_be_left_out(metric: GsiBench, case: Case) -> None:
    row = metric.compute(predictions=case.predictions, references=case.samples[:1], ignore_extra=True, **case.arguments)
    assert row is not None
    assert (row["n"], row["n_not_scored"]) == (1, 0)


def test_bad_arguments_leave_added_rows_in_place(
    metric: GsiBench, make_sample: Callable[..., Sample], arguments: dict[str, Any]
) -> None:
    metric.add(prediction={"id": "a_edit_0", "image": "p.png"}, reference=make_sample())
    for change in ({"protocol": "mine"}, {"detector": "detany3d"}, {"judge": "openai"}, {"judge": None}):
        with pytest.raises(
            ValueError, match=r"not in this version|no protocol|leave --judgements out|judgements are given|detector 'detany3d'"
        ):
            metric.compute(**(arguments | change))
    assert len(metric) == 1


def test_with_only_images_given_the_tracker_scores_strictly() -> None:
    rows = {s.query_id: s for s in read_dataset(VARIANTS, "mesatask")}
    right = rows["01-grade100"]
    wrong = dataclasses.replace(right, id=f"{right.img_id}_edit_x", query_id="x")
    shown = [load_rgb(picture) for picture in (right.edited_image, rows["01-opposite"].edited_image) if picture]
    found = GsiBench().compute(predictions=shown, references=[right, wrong], device="cpu")
    assert found is not None
    assert (found["ic"], found["n"], found["n_not_scored"]) == (50, 2, 0)
    assert found["sa_given_ic"] > 80
