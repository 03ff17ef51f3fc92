"""A sample with a goal that may not be what its words ask for is scored, and the score says so."""

import dataclasses
import json

import pytest

from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.protocols.text import reason_text
from gsi_bench_metric.run.folder import load_run
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.run.remarks import remarked

WORDS = "the stored goal may not be what the words ask for: asks 20 cm right; stored goal lies 20 cm left of the original"


@pytest.fixture
def wrong(make_case, tmp_path):
    """A run of edits, the first with a goal on the wrong side, which its row does not say."""
    case = make_case(4)
    case.samples[0] = dataclasses.replace(case.samples[0], new_bbox_3d=[-0.1, *case.samples[0].original_bbox_3d[1:]])
    write_dataset({"fine": case.samples}, case.data)
    evaluate(case.request(), tmp_path / "run")
    return case, tmp_path / "run"


def test_the_score_and_the_report_say_that_a_goal_is_suspect(wrong):
    case, folder = wrong
    run = load_run(folder)
    told = {s.sample_id: [r.text for r in s.reasons if r.name == "goal_suspect"] for s in run.scores}
    assert told == {sample.id: [WORDS] if i == 0 else [] for i, sample in enumerate(case.samples)}


def test_a_remark_is_said_once_and_in_both_languages(wrong):
    case, folder = wrong
    score = next(s for s in load_run(folder).scores if s.sample_id == case.samples[0].id)
    assert remarked(score, case.samples[0]) == score
    (found,) = [r for r in score.reasons if r.name == "goal_suspect"]
    assert reason_text(found, "zh").startswith("存储的目标可能与指令不符：asks 20 cm right")


def test_a_resumed_run_says_it_again(wrong):
    case, folder = wrong
    before = (folder / "scores.jsonl").read_bytes()
    evaluate(case.request(), folder)
    assert (folder / "scores.jsonl").read_bytes() == before
    assert sum("goal_suspect" in json.dumps(json.loads(line)) for line in before.splitlines()) == 1
