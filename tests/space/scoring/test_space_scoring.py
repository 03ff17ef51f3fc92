"""The app's numbers are the metric's."""

import json

import numpy as np
import pytest
from mutated import mutated
from PIL import Image

from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.imaging.images import header_size, load_rgb
from gsi_bench_space.scoring.bench import MEASURES, Bench
from gsi_bench_space.shelf import png

MOVE, SCALE = "s00000_dining_edit_02", "s00000_dining_edit_00"


@pytest.mark.parametrize("protocol", ["strict", "official"])
@pytest.mark.parametrize(("sample_id", "name"), [(MOVE, "after"), (MOVE, "copy"), (SCALE, "grade080")])
def test_numbers_equal_those_of_evaluate(shelf, bench, protocol, sample_id, name):
    sample, picture = shelf.samples[sample_id], shelf.example(sample_id, name)
    metric = GsiBench()
    wanted = metric.compute(
        predictions=[{"id": sample.id, "image": picture.bytes}],
        references=[sample.to_row()],
        protocol=protocol,
        detector="tracker",
        device="cpu",
    )
    found = bench.score(sample, picture).of(protocol).values
    assert {m: found[m] for m in MEASURES if m in wanted} == pytest.approx({m: wanted[m] for m in MEASURES if m in wanted})
    assert {"ic", "sa", "el"} <= wanted.keys() and found["ac"] is None


def test_the_strict_protocol_comes_first(shelf, exact):
    sample = shelf.samples[MOVE]
    assert [r.protocol for r in exact.score(sample, sample.image).results] == ["strict", "official"]


def test_each_picture_is_looked_at_once_for_both_protocols(shelf):
    class Counting(SimulatorDetector):
        looked = 0

        def detect(self, items):
            type(self).looked += len(items)
            return super().detect(items)

    bench, sample = Bench(Counting()), shelf.samples[MOVE]
    bench.score(sample, sample.edited_image)
    assert Counting.looked == 2
    bench.score(sample, sample.image)
    assert Counting.looked == 3  # the source is known by now


def test_of_a_large_upload_only_what_was_compared_is_kept(shelf, exact):
    sample = shelf.samples[MOVE]
    large = Image.fromarray(load_rgb(sample.edited_image)).resize((2048, 2048))
    result = exact.score(sample, png(np.asarray(large), "large.png"))
    assert header_size(result.edited) == header_size(sample.image)
    assert result.of("strict").notes[0].name == "resized"
    compared = exact.compared(result)
    assert compared.edited.shape == load_rgb(sample.image).shape


def test_a_result_is_plain_json_whatever_was_not_measured(shelf, exact):
    for sample in shelf.samples.values():
        text = json.dumps(exact.score(sample, sample.edited_image).to_json(), allow_nan=False)
        assert json.loads(text)["protocols"]["strict"]["ac"] is None


def test_an_edit_without_detector_result_is_not_scored(shelf):
    bench = Bench(make_detector("simulator"))
    result = bench.score(shelf.samples[SCALE], shelf.example(SCALE, "opposite")).of("strict")
    assert result.outcome == "Not scored" and result.values["ic"] is None
    assert [note.name for note in result.notes] == ["no_detections"]


@pytest.mark.parametrize("name", ["objects", "objects_after", "camera_intrinsics", "edited_image", "new_bbox_3d"])
def test_another_sample_of_the_same_id_is_looked_at_anew(shelf, name):
    """What is remembered of one is no answer for the other."""
    bench, sample = Bench(SimulatorDetector()), shelf.samples[MOVE]
    bench.score(sample, sample.edited_image)
    changed = mutated(sample, name)
    found = bench.score(changed, sample.edited_image)
    assert found.source_detections == Bench(SimulatorDetector()).score(changed, sample.edited_image).source_detections
    assert found.edited_detections == Bench(SimulatorDetector()).score(changed, sample.edited_image).edited_detections
