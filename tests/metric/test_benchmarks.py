"""The speed benchmark compares like with like, and runs."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gsi_bench_dataset.storage.shards import read_dataset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ("leaderboard", "inputs", "reference_scores", "reference_way", "kernels", "geometry", "measure", "speed")


@pytest.fixture(scope="module")
def benchmarks():
    """The modules of benchmarks/, which is a folder of scripts and no package."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small images gain nothing from more, and waiting threads are slow on a busy machine
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
        for name in NAMES:
            del sys.modules[name]
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def inputs(benchmarks, tmp_path_factory):
    return benchmarks.inputs.make_inputs(tmp_path_factory.mktemp("inputs") / "edits", 320, 240, edits=6)


@pytest.fixture(scope="module")
def scores(benchmarks, inputs, tmp_path_factory):
    return benchmarks.measure.ours(inputs, tmp_path_factory.mktemp("run") / "run")


def test_every_operation_of_the_mix_is_measured_in_full(benchmarks, scores):
    assert tuple(score.operation for score in scores) == benchmarks.inputs.OPERATIONS
    assert {score.state for score in scores} == {"scored"}
    assert all(score.ic == 1 for score in scores if score.operation != "view")


def test_rotations_reach_the_viewpoint_check(scores):
    assert [score.same_viewpoint for score in scores if score.operation == "rotate"] == [True]


def test_equal_seeds_give_equal_inputs(benchmarks, inputs, tmp_path):
    again = benchmarks.inputs.make_inputs(tmp_path / "again", 320, 240, edits=6)
    for picture in inputs.predictions.iterdir():
        assert (again.predictions / picture.name).read_bytes() == picture.read_bytes()
    assert list(read_dataset(again.data, "fine")) == list(read_dataset(inputs.data, "fine"))
    assert json.loads(again.detections.read_text()) == json.loads(inputs.detections.read_text())


@pytest.mark.slow  # builds a 244 MB network 20 times, as the reference does
def test_the_reference_way_gives_our_scores(benchmarks, inputs, scores, tmp_path):
    weights = benchmarks.reference_way.write_weights(tmp_path)
    samples = list(read_dataset(inputs.data, "fine"))
    found = benchmarks.reference_way.score_three_passes(samples, inputs.predictions, inputs.detections, weights)
    benchmarks.measure.check_equal(found, scores)


def test_a_baseline_with_other_scores_is_refused(benchmarks, scores):
    same = {s.sample_id: {"ic": s.ic, "sa": s.sa, "ssim": s.ssim, "lpips": s.lpips} for s in scores}
    benchmarks.measure.check_equal(same, scores)
    same[scores[0].sample_id]["lpips"] += 2e-4
    with pytest.raises(AssertionError, match="lpips"):
        benchmarks.measure.check_equal(same, scores)


def test_kernels_do_unique_work_only(benchmarks, inputs):
    calls = []
    clock = benchmarks.kernels.Clock.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks.kernels.Clock, "time", lambda self, name, *a: (calls.append(name), clock(self, name, *a))[1])
        seconds = benchmarks.kernels.Kernels().seconds(list(read_dataset(inputs.data, "fine")), inputs.predictions)
    # 2 sources, 6 edited images and 1 ground truth; the view edit is compared a second time, in full size. SSIM's sums
    # over a source are counted with it.
    assert [calls.count(name) for name in ("decoding", "AlexNet", "SSIM", "SIFT", "matching")] == [9, 10, 8, 2, 1]
    assert benchmarks.kernels.limit(seconds) < sum(seconds.values())


def test_the_leaderboard_benchmark_prints_both_figures(benchmarks, capsys):
    benchmarks.leaderboard.main(["--runs", "2"])
    shown = capsys.readouterr().out
    assert "2 runs × 1834 edits, 4 pairs" in shown and "limit 60 s" in shown and "limit 2 MB" in shown


def test_batched_geometry_agrees_with_shapely(benchmarks):
    for row in (benchmarks.geometry.iou_row(500, 50), benchmarks.geometry.projection_row(500, 50)):
        assert row[-1] < 1e-9, row[0]


@pytest.mark.slow
def test_the_speed_command_prints_a_table_for_each_part(benchmarks, capsys):
    benchmarks.speed.run(benchmarks.speed.arguments(["--quick", "--threads", "1", "--only", "memory", "geometry", "batches"]))
    shown = capsys.readouterr().out
    for words in ("edits a size", "peak memory, MiB", "oriented 3D IoU", "pictures together"):
        assert words in shown
