"""A run builds its detector once, on the device that was asked for, and asks it about a source once for all editors."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest
from toys import ToyDetector

from gsi_bench_metric.detectors import DETECTORS
from gsi_bench_metric.detectors.tracker import surface
from gsi_bench_metric.hf import evaluate_module
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.judges.embedded.judge import EmbeddedJudge
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.validity import run as validity


@pytest.fixture
def toy():
    DETECTORS.add("toy", "toys:ToyDetector")
    ToyDetector.made.clear()
    ToyDetector.asked.clear()
    yield ToyDetector
    DETECTORS.remove("toy")


@pytest.fixture
def three(make_case):
    """A case with three editors; the last two lack an image."""
    case = make_case(4)
    for name in ("b", "c"):
        shutil.copytree(case.pictures, case.folder / name)
        (case.folder / name / f"{case.samples[0].id}.png").unlink()
    return case, (case.pictures, case.folder / "b", case.folder / "c")


@pytest.mark.parametrize("protocol", ["official", "strict"])
def test_three_editors_share_one_detector(three, toy, tmp_path, protocol):
    case, predictions = three
    changes = {"detections": None, "judge": None, "judgements": None, "protocol": protocol, "workers": 1}
    evaluate(case.request(predictions=predictions, detector="toy", **changes), tmp_path / "run", progress=False)
    assert [options.device for options in toy.made] == ["cpu"]
    sources = {sample: count for (sample, view), count in toy.asked.items() if view == "source"}
    assert set(sources.values()) == {1}, sources


def test_the_tracker_reads_a_source_once_for_all_editors(three, tmp_path, monkeypatch):
    case, predictions = three
    read, scenes = surface.read_scene, Counter()

    def counting(sample, rgb, *rest):
        scenes[sample.image.sha256, sample.original_bbox_3d] += 1
        return read(sample, rgb, *rest)

    monkeypatch.setattr(surface, "read_scene", counting)
    changes = {"detections": None, "judge": None, "judgements": None, "workers": 1}
    evaluate(case.request(predictions=predictions, detector="tracker", **changes), tmp_path / "run", progress=False)
    assert scenes and set(scenes.values()) == {1}


def test_compute_gives_its_device_to_the_detector(toy, make_sample):
    sample = make_sample()
    metric = GsiBench()
    metric.compute(
        predictions=[{"id": sample.id, "image": sample.image.bytes}], references=[sample], detector="toy", device="cpu"
    )
    assert [options.device for options in toy.made] == ["cpu"]


@pytest.mark.parametrize(("options", "expected"), [({}, "cpu"), ({"device": "meta"}, "meta")])
def test_compute_gives_its_device_to_the_judge(make_sample, monkeypatch, options, expected):
    sample, asked = make_sample(), []
    monkeypatch.setattr(evaluate_module, "make_judge", lambda name, path, given: asked.append(given))
    pair = {"predictions": [{"id": sample.id, "image": sample.image.bytes}], "references": [sample]}
    GsiBench().compute(**pair, detector="simulator", judge="embedded", judge_options=options, device="cpu")
    assert [given.device for given in asked] == [expected]


def test_validate_gives_its_device_to_one_detector(toy, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(validity, "verify", lambda *_: None)
    monkeypatch.setattr(validity, "watch_dataset", lambda *_: (validity.Watch(), {}))
    monkeypatch.setattr(validity, "resolve", lambda *_: tmp_path)
    monkeypatch.setattr("gsi_bench_metric.validity.settings.resolve", lambda *_: tmp_path)
    monkeypatch.setattr(validity, "families", lambda *_: [])
    monkeypatch.setattr(validity, "score_tasks", lambda tasks, start, *_, **__: seen.append(start()) or [])
    validity.validate(validity.Request("x", "mesatask", (), "toy", device="cpu"), tmp_path / "run", progress=False)
    assert seen and [options.device for options in toy.made] == ["cpu"]


def test_the_embedded_judge_looks_where_it_is_told_to():
    assert EmbeddedJudge("cpu").detector._device == "cpu"
    assert EmbeddedJudge("meta").detector._device == "meta"
