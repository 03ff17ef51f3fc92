"""`compute()` keeps nothing of one call for the next, and every field that a step reads reaches that step."""

import pytest
from mutated import MUTATIONS, READ_BY_NO_STEP, mutated

from gsi_bench_dataset.reads import reads_of
from gsi_bench_dataset.records import PICTURE_FIELDS, Operation, SceneObject
from gsi_bench_metric.detectors.detany3d.detector import DetAny3DDetector
from gsi_bench_metric.detectors.recorded import RecordedDetector
from gsi_bench_metric.detectors.registry import DETECTORS
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.hf.evaluate_rows import FIELDS
from gsi_bench_metric.judges.embedded.judge import EmbeddedJudge
from gsi_bench_metric.judges.official_question import OfficialQuestion
from gsi_bench_metric.judges.recorded import RecordedJudge
from gsi_bench_metric.judges.strict_question import StrictQuestion
from gsi_bench_metric.run.scoring import make_scorer

STEPS = {
    "tracker": TrackerDetector(),
    "tracker-boxes": TrackerDetector(boxes_alone=True),
    "simulator": SimulatorDetector(),
    "recorded": RecordedDetector(),
    "detany3d": DetAny3DDetector,
    "official question": OfficialQuestion(),
    "strict question": StrictQuestion(),
    "recorded judge": RecordedJudge({}),
    "embedded judge": EmbeddedJudge("cpu"),
}


def travels(names):
    return {name.partition(".")[0] for name in names} <= {"id", *FIELDS, *PICTURE_FIELDS}


def test_every_registered_detector_is_looked_at():
    assert set(DETECTORS) <= set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_what_detectors_and_judges_read_travels(name):
    assert hasattr(STEPS[name], "reads") and travels(reads_of(STEPS[name]))


@pytest.mark.parametrize("protocol", ["strict", "official"])
@pytest.mark.parametrize("kind", ["move", "view"])
def test_what_protocols_read_travels(make_sample, protocol, kind):
    words = {"move": "Move the mug 20 centimeters to the right.", "view": "Move the camera 20 centimeters to the right."}
    scorer, sample = make_scorer(protocol, "cpu"), make_sample(prompt=words[kind], operation=Operation(kind=kind))
    assert travels(reads_of(scorer) | scorer.measured(sample))


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in READ_BY_NO_STEP])
def test_one_call_leaves_nothing_for_the_next(make_sample, make_image, name):
    mug = SceneObject("mug_0", "mug", make_sample().original_bbox_3d, make_sample().rotation_matrix, is_target=True)
    sample = make_sample(pixel_frame="source", objects=(mug,), objects_after=(mug,), edited_image=make_sample().image)
    metric, changed = GsiBench(), mutated(sample, name)

    def compute(metric, sample):
        return metric.compute(
            predictions=[{"id": sample.id, "image": make_image(seed=3)}],
            references=[sample],
            protocol="strict",
            detector="tracker",
            judge="embedded",
            device="cpu",
        )

    compute(metric, sample)
    assert compute(metric, changed) == compute(GsiBench(), changed)
