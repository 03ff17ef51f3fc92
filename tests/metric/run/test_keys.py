"""A records folder never answers for other data: whatever field changes, scores are those of an empty folder."""

import dataclasses
import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from mutated import MUTATIONS, READ_BY_NO_STEP, mutated
from PIL import Image

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.reads import EVERYTHING, UndeclaredReadError, narrowed
from gsi_bench_dataset.records import Judgement, Prediction, Reason
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import DetectionItem
from gsi_bench_metric.detectors.recorded import RecordedDetector, reference_key
from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges.asking import ModelJudge, Reply
from gsi_bench_metric.judges.embedded.judge import EmbeddedJudge
from gsi_bench_metric.judges.official_question import OfficialQuestion
from gsi_bench_metric.judges.official_reply import DELIMITER
from gsi_bench_metric.judges.recorded import RecordedJudge
from gsi_bench_metric.judges.strict_question import StrictQuestion
from gsi_bench_metric.report.scored_images import scored_images
from gsi_bench_metric.run.judging import judge_each
from gsi_bench_metric.run.keys import content_of
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.run.scoring import Candidate, make_scorer, score_candidates

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"
SIDE = 128  # half of the size that the samples are kept in
SCALE, MOVE, REMOVE, PLACE, ROTATE, VIEW = ("00", "01", "02", "03", "04", "06")
SHOWN = {SCALE: "grade040", MOVE: "grade060", REMOVE: "wrong_object", PLACE: "grade100", ROTATE: "grade040", VIEW: "opposite"}


@pytest.fixture(scope="module")
def rows():
    """The committed samples at half their size, and the images of their variants."""
    return {sample.query_id: small(sample) for sample in read_dataset(DATA, "mesatask")}


def small(sample):
    pictures = {name: halved(getattr(sample, name), name) for name in ("image", "edited_image", "depth", "instance_mask",
                                                                       "instance_mask_after")}  # fmt: skip
    (fx, s, cx), (_, fy, cy), last = sample.camera_intrinsics
    k = ((fx / 2, s, cx / 2), (0.0, fy / 2, cy / 2), last)
    return dataclasses.replace(sample, **pictures, camera_intrinsics=k, variant=None)


def halved(image, name):
    opened = Image.open(io.BytesIO(image.bytes))
    smooth = name in ("image", "edited_image")
    stream = io.BytesIO()
    opened.resize((SIDE, SIDE), Image.Resampling.BOX if smooth else Image.Resampling.NEAREST).save(stream, "PNG")
    return EncodedImage(stream.getvalue(), f"{name}.png")


class Echo:
    """A model that rates by its prompt and both images, and counts how often it is asked."""

    name, at_once, asked = "echo", 4, 0

    def settings(self):
        return {"model": "echo"}

    def describe(self):
        return {}

    def answer(self, queries):
        for i, query in enumerate(queries):
            Echo.asked += 1
            number = int(query.key[:6], 16) % 10
            if query.prompt.schema is None:
                yield i, Reply(f'{DELIMITER}{{"score": {number}}}{DELIMITER}')
            else:
                names = query.prompt.schema["required"]
                yield i, Reply(json.dumps({name: "x" if name == "observations" else number for name in names}))


def recorded(rows):
    """What the simulator says of the edit and its image, by the edit's name in the reference's caches."""
    found = {}
    for query, sample in rows.items():
        if query.endswith("grade100"):
            for view in ("source", "edited"):
                (found[reference_key(sample), view],) = SimulatorDetector().detect([looked_at(sample, view)])
    return RecordedDetector(by_key=found, key="made here")


def looked_at(sample, view):
    picture = Picture(sample.image if view == "source" else sample.edited_image)
    return DetectionItem(sample, view, picture.pixels(), picture)


DETECTORS = {
    "tracker": lambda rows: make_detector("tracker", device="cpu"),
    "tracker-boxes": lambda rows: make_detector("tracker-boxes", device="cpu"),
    "simulator": lambda rows: SimulatorDetector(),
    "recorded": recorded,
}
JUDGES = {
    "none": lambda rows: None,
    "recorded": lambda rows: RecordedJudge({s.id: Judgement(s.id, "recorded", 7.0) for s in rows.values()}),
    "embedded": lambda rows: EmbeddedJudge("cpu"),
    "asked": lambda rows: ModelJudge(Echo(), OfficialQuestion()),
    "asked strictly": lambda rows: ModelJudge(Echo(), StrictQuestion()),
}


@dataclasses.dataclass
class Bench:
    """A detector, a judge and a protocol, and the edit that they score: the image of one variant of it."""

    sample: object
    picture: EncodedImage
    detector: object
    judge: object
    scorer: object

    def score(self, sample, folder, picture=None):
        with RecordStore(folder) as records:
            prediction = Prediction(sample.id, "editor", image=picture or self.picture)
            (score,) = score_candidates([Candidate(sample, prediction, self.detector, self.judge)], self.scorer, records)
        return score


@pytest.fixture(scope="module")
def scorers():
    return {name: make_scorer(name, "cpu") for name in ("strict", "official")}


@pytest.fixture(scope="module")
def bench(rows, scorers):
    made = {}

    def make(detector, judge, protocol, edit=MOVE, *, anew=False):
        known = (detector, judge, protocol, edit)
        if anew or known not in made:
            sample, shown = rows[f"{edit}-grade100"], rows[f"{edit}-{SHOWN[edit]}"].edited_image
            shown = sample.edited_image if detector in ("simulator", "recorded") else shown
            found = Bench(sample, shown, DETECTORS[detector](rows), JUDGES[judge](rows), scorers[protocol])
            if anew:
                return found
            made[known] = found
        return made[known]

    return make


@pytest.fixture(scope="module")
def first(bench, tmp_path_factory):
    """(bench, score, folder of records) of the sample as it is; each is made once, and the folder copied for every test."""
    made = {}

    def run(*names):
        if names not in made:
            folder = tmp_path_factory.mktemp("records")
            made[names] = bench(*names).score(bench(*names).sample, folder), folder
        return (bench(*names), *made[names])

    return run


def count(folder):
    """Records by kind."""
    with RecordStore(folder) as records:
        return records.counts()


_ALWAYS = [
    ("tracker", "embedded", "strict", MOVE),
    ("simulator", "recorded", "strict", MOVE),
    ("recorded", "asked", "strict", VIEW),
    ("recorded", "recorded", "official", MOVE),
    ("simulator", "asked", "official", VIEW),
]
_THOROUGH = [
    ("tracker", "none", "strict", ROTATE),
    ("tracker", "none", "strict", VIEW),
    ("tracker-boxes", "asked", "strict", MOVE),
    ("simulator", "asked strictly", "strict", REMOVE),
    ("tracker", "embedded", "official", SCALE),
]
WAYS = [pytest.param(way, id=" ".join(way)) for way in _ALWAYS]
WAYS += [pytest.param(way, id=" ".join(way), marks=pytest.mark.slow) for way in _THOROUGH]


@pytest.mark.parametrize("name", [*(name for name in MUTATIONS if name not in READ_BY_NO_STEP), "unread"])
@pytest.mark.parametrize("way", WAYS)
def test_old_records_never_answer_for_a_changed_sample(first, bench, tmp_path, way, name):
    run, _, folder = first(*way)
    shutil.copytree(folder, tmp_path / "kept")
    changed = mutated(run.sample, name)
    again = run.score(changed, tmp_path / "kept")
    fresh = bench(*way, anew=True).score(changed, tmp_path / "fresh")
    assert again == fresh


# (way, field): what the issue is about. The change shows in the score, so old records would have been caught.
SEEN = [
    (("tracker", "embedded", "strict", MOVE), ("edited_image", "depth", "instance_mask", "instance_mask_after", "up", "objects",
                                               "camera_intrinsics", "new_bbox_3d", "operation", "image")),
    (("tracker", "none", "strict", VIEW), ("operation", "depth", "camera_intrinsics")),
    (("tracker", "none", "strict", ROTATE), ("edited_image", "instance_mask_after", "objects_after")),
    (("simulator", "asked", "official", VIEW), ("edited_image", "prompt")),
    (("recorded", "recorded", "official", MOVE), ("image", "prompt", "target")),
]  # fmt: skip


@pytest.mark.parametrize(("way", "name"), [(way, name) for way, names in SEEN for name in names], ids=str)
def test_what_a_score_depends_on_changes_it(first, bench, tmp_path, way, name):
    run, before, _ = first(*way)
    fresh = bench(*way, anew=True).score(mutated(run.sample, name), tmp_path / "fresh")
    assert dataclasses.replace(fresh, record=None) != dataclasses.replace(before, record=None)


# (way, field): which records are new. What is not named is taken from the folder.
NEW = [
    (("tracker", "embedded", "strict", MOVE), "prompt", {}),
    (("tracker", "embedded", "strict", MOVE), "attribution", {}),
    (("tracker", "embedded", "strict", MOVE), "official_json", {}),
    (("tracker", "embedded", "strict", MOVE), "scene_id", {"scores": 1}),
    (("tracker", "embedded", "strict", MOVE), "variant", {"locality": 1, "scores": 1}),
    (("tracker", "embedded", "strict", MOVE), "new_bbox_3d", {"detections": 2, "judgements": 1, "locality": 1, "scores": 1}),
    (("tracker", "embedded", "strict", MOVE), "depth", {"detections": 2, "judgements": 1, "locality": 1, "scores": 1}),
    (("tracker", "none", "strict", VIEW), "operation", {"locality": 1, "scores": 1}),
    (("tracker-boxes", "asked", "strict", MOVE), "depth", {"locality": 1, "scores": 1}),
    (("tracker-boxes", "asked", "strict", MOVE), "prompt", {"replies": 1, "judgements": 1, "scores": 1}),
    (("tracker-boxes", "asked", "strict", MOVE), "up", {"detections": 2, "locality": 1, "scores": 1}),
    (("simulator", "asked strictly", "strict", REMOVE), "edited_image", {"detections": 2, "scores": 1}),
    (("recorded", "recorded", "official", MOVE), "prompt", {"scores": 1, "locality": 1}),
    (("recorded", "recorded", "official", MOVE), "depth", {}),
    (("recorded", "recorded", "official", MOVE), "operation", {}),
    (("recorded", "recorded", "official", MOVE), "edited_image", {}),
    (("simulator", "asked", "official", VIEW), "depth", {}),
    (("tracker", "embedded", "official", SCALE), "depth", {"detections": 2, "judgements": 1, "scores": 1}),
]


@pytest.mark.parametrize(("way", "name", "new"), NEW, ids=str)
def test_only_what_reads_a_field_is_done_again(first, tmp_path, way, name, new):
    run, _, folder = first(*way)
    shutil.copytree(folder, tmp_path / "kept")
    before = count(tmp_path / "kept")
    run.score(mutated(run.sample, name), tmp_path / "kept")
    found = count(tmp_path / "kept") - before
    assert found == Counter(new)


def test_other_words_for_the_same_move_touch_no_image(first, tmp_path):
    run, _, folder = first("recorded", "recorded", "official", MOVE)
    shutil.copytree(folder, tmp_path / "kept")
    words = dataclasses.replace(run.sample, prompt=f"{run.sample.prompt} Thank you.")
    before = count(tmp_path / "kept")
    run.score(words, tmp_path / "kept")
    assert count(tmp_path / "kept") - before == Counter({"scores": 1})


def test_a_judge_of_words_and_images_is_not_paid_again(rows, tmp_path):
    judge, sample = ModelJudge(Echo(), OfficialQuestion()), rows[f"{MOVE}-grade100"]
    with RecordStore(tmp_path / "records") as records:
        Echo.asked = 0
        for name in [None, *MUTATIONS]:
            changed = sample if name is None else mutated(sample, name)
            list(judge_each(judge, [(changed, Prediction(changed.id, "editor", image=sample.edited_image))], records))
        read = ("image", "prompt", "target")
        assert Echo.asked == 1 + len(read)  # the id is no part of what the model is shown
        judged = records.counts()
        assert judged == {"replies": 1 + len(read), "judgements": 1 + len(read) + len(("id", "img_id", "query_id"))}


@pytest.mark.parametrize("edit", SHOWN)
@pytest.mark.parametrize("way", [("tracker", "embedded", "strict"), ("simulator", "asked strictly", "strict"),
                                 ("tracker-boxes", "embedded", "official")], ids=" ".join)  # fmt: skip
def test_no_step_reads_what_it_does_not_name(bench, tmp_path, way, edit):
    run = bench(*way, edit)
    assert run.score(run.sample, tmp_path / "records").state != "no_picture"


@pytest.mark.parametrize("step", ["detector", "judge", "scorer"])
def test_a_step_that_names_too_little_is_found_out(bench, tmp_path, monkeypatch, step):
    run = bench("tracker", "embedded", "strict", anew=True)
    named = getattr(run, step).reads
    monkeypatch.setattr(getattr(run, step), "reads", named - {"objects"}, raising=False)
    with pytest.raises(UndeclaredReadError, match="`objects`"):
        run.score(run.sample, tmp_path / "records")


def test_a_detector_that_names_nothing_gets_all_and_is_keyed_by_all(bench, tmp_path):
    class Plain:
        name, key, needs_pixels, asked = "plain", "0", False, 0

        def detect(self, items):
            Plain.asked += len(items)
            return [[] if narrowed(item.sample, EVERYTHING).attribution else None for item in items]

    run = bench("tracker", "none", "official", anew=True)
    run.detector = Plain()
    for asked, name in ((2, None), (2, None), (4, "attribution"), (6, "seed")):
        run.score(run.sample if name is None else mutated(run.sample, name), tmp_path / "records")
        assert Plain.asked == asked


@pytest.mark.parametrize("name", ["depth", "instance_mask", "edited_image", "objects", "camera_intrinsics", "up"])
def test_a_missing_image_counts_by_the_sample_of_now(bench, tmp_path, name):
    run = bench("tracker", "none", "strict")
    changed = mutated(run.sample, name)

    def absent(sample, folder, bench):
        with RecordStore(folder) as records:
            gone = Prediction(sample.id, "editor", path="none")
            candidate = Candidate(sample, gone, bench.detector, None, Reason("missing", "none"))
            return next(iter(score_candidates([candidate], bench.scorer, records)))

    absent(run.sample, tmp_path / "kept", run)
    again = absent(changed, tmp_path / "kept", run)
    assert again == absent(changed, tmp_path / "fresh", bench("tracker", "none", "strict", anew=True))
    assert count(tmp_path / "kept")["detections"] == 2


def test_a_folder_of_an_older_release_goes_on_and_says_so(make_case, tmp_path, caplog):
    case, run = make_case(4), tmp_path / "run"
    evaluate(case.request(), run, progress=False)
    former = (run / "scores.jsonl").read_bytes()
    settings = json.loads((run / "settings.json").read_text())
    assert not caplog.records and settings.pop("record_keys") == 2
    (run / "settings.json").write_text(json.dumps(settings))
    evaluate(case.request(), run, progress=False)
    assert [r.message for r in caplog.records if "made again" in r.message and str(run) in r.message]
    assert (run / "scores.jsonl").read_bytes() == former
    caplog.clear()
    evaluate(case.request(), run, progress=False)
    assert not caplog.records


@pytest.mark.parametrize("said", [{}, {"sample": "of an older release"}, {"content": ""}])
def test_what_an_older_record_does_not_say_is_no_change(make_sample, said):
    sample = make_sample()
    said = {"content": content_of(sample)} if "content" in said else said
    assert scored_images(sample, None, said)[1] is None
    assert (scored_images(mutated(sample, "depth"), None, said)[1] is None) == ("content" not in said)
