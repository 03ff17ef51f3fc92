"""Quirks 41 and 70-99 of the reference: its loop, its files, its tables. One test each; docs/metric-quirks.md describes them.

Where the reference drops an edit silently or ends its run, the test states what happens here instead: the numbers of the edits
that it does score stay equal, and the others are named and counted.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.layout.official import OfficialError, read_official
from gsi_bench_dataset.records import Detection, EncodedImage, Prediction, Score
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.detectors.recorded import RecordedDetector
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.judges import JudgeItem
from gsi_bench_metric.judges.recorded import RecordedJudge, parse_reply, read_reference_file
from gsi_bench_metric.protocols.official.results import gated_rows, mode_stats, results_from_scores, summarise
from gsi_bench_metric.report.official_json import write_official_json
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.folder import Run, RunError
from gsi_bench_metric.run.pipeline import Request, evaluate
from gsi_bench_metric.run.planning import PlanError, make_plan
from gsi_bench_metric.run.scoring import Candidate, ScoringError, detection_items, make_scorer, score, score_candidates

IDENTITY = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.fixture(scope="session")
def scorer():
    return make_scorer("official", "cpu")


@pytest.fixture
def write_pictures(tmp_path, make_image):
    """`write_pictures(names)`: a folder of those images."""

    def write(*names: str) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir(exist_ok=True)
        for i, name in enumerate(names):
            (folder / name).write_bytes(
                make_image(seed=i, kind={"jpg": "JPEG", "jpeg": "JPEG"}.get(name.split(".")[-1], "PNG"))
            )
        return folder

    return write


def one_score(*, key_ic=1.0, sa=0.8, ssim=0.9, lpips=0.1, ac=8.0, operation="move", sample_id="img_edit_0") -> Score:
    return Score(
        sample_id=sample_id,
        split="fine",
        editor="e",
        protocol="official",
        operation=operation,
        ic=key_ic,
        sa=sa,
        ssim=ssim,
        lpips=lpips,
        mse=1.0,
        ac=ac,
    )


def row(**values) -> dict[str, float]:
    """The summary row of a single edit."""
    found = one_score(**values)
    return summarise(gated_rows(results_from_scores([found]), {found.sample_id: found.ac}).values())


def test_quirk_41_view_without_gt(scorer, make_sample):
    sample = make_sample(prompt="Rotate the camera 30 degrees to the left.", edited_image=None)
    (found,) = scored(scorer, (sample, sample.image))
    assert (found.ic, found.sa) == (0.0, 0.0)
    assert any("no ground-truth image" in reason.text for reason in found.reasons)


class FindsNothing:
    """A detector that finds nothing."""

    name, key, needs_pixels = "nothing", "0", False

    def detect(self, items):
        return [[] for _ in items]


def scored(scorer, *edits) -> list[Score]:
    """Scores of (sample, edited image) pairs where nothing is detected."""
    candidates = [Candidate(s, Prediction(sample_id=s.id, editor="e", image=image), FindsNothing()) for s, image in edits]
    return list(score_candidates(candidates, scorer))


def test_quirk_70_missing_images_are_not_in_the_mean_but_are_counted(scorer, make_sample):
    samples = [make_sample(query_id="0"), make_sample(query_id="1")]
    predictions = read_predictions({samples[0].id: samples[0].image.bytes}, "e")
    detector = RecordedDetector(by_key={("a_0", "source"): [], ("a_0", "edited"): []})
    scores = score(make_plan(samples, predictions), samples, scorer, detector, progress=False)
    found = aggregate(scores, judged=False)
    assert (found["n"], found["n_not_scored"]) == (1, 1)
    assert list(results_from_scores(scores)["instruction-compliance"]) == ["a_0"]
    assert scores[1].state == "no_picture"


def test_quirk_71_jpeg_and_upper_case_extensions_are_read(write_pictures):
    found = read_predictions(write_pictures("a_edit_0.jpeg", "a_edit_1.PNG"), "e")
    assert set(found.predictions) == {"a_edit_0", "a_edit_1"}


def test_quirk_72_two_pictures_for_one_edit_are_refused_or_flagged_and_both_are_named(write_pictures, make_sample):
    found = read_predictions(write_pictures("a_edit_0.jpg", "a_edit_0.png"), "e")
    with pytest.raises(PlanError, match=r"a_edit_0: duplicate: a_edit_0\.jpg and a_edit_0\.png"):
        make_plan([make_sample()], found, on_missing="error")
    (score,) = make_plan([make_sample()], found).unscored
    assert (score.state, [r.name for r in score.reasons]) == ("no_picture", ["duplicate"])


def test_quirk_73_rgb_suffix_is_read(write_pictures):
    found = read_predictions(write_pictures("a_edit_0_rgb.png"), "e")
    assert found.predictions["a_edit_0"].path.endswith("a_edit_0_rgb.png")


def test_quirk_74_samples_that_share_a_reference_key_are_refused(make_sample):
    samples = [make_sample("a_1", "2"), make_sample("a", "1_2")]
    with pytest.raises(PlanError, match="a_1_edit_2, a_edit_1_2 share the key 'a_1_2'"):
        make_plan(samples, read_predictions({s.id: s.image.bytes for s in samples}, "e"))


def test_quirk_75_a_source_of_another_image_is_never_used(official_folder):
    folder = official_folder({"img_1_edit_0": {}}, images=("img_10.png",))
    with pytest.raises(OfficialError, match=r"img_1: expected a source image .* found 'img_10\.png'"):
        list(read_official(folder, "fine"))


def test_quirk_76_brackets_in_ids_are_letters(write_pictures):
    found = read_predictions(write_pictures("a[1]_edit_0.png"), "e")
    assert set(found.predictions) == {"a[1]_edit_0"}


def test_quirk_77_an_edit_without_its_goal_is_not_scored_and_the_others_are(scorer, make_sample):
    lacking, sound = make_sample(query_id="0", new_bbox_3d=None), make_sample(query_id="1")
    scores = scored(scorer, (lacking, lacking.image), (sound, sound.image))
    by_id = {s.sample_id: s for s in scores}
    assert by_id[lacking.id].ic is None
    assert any("no new_bbox_3d" in reason.text for reason in by_id[lacking.id].reasons)
    assert by_id[sound.id].ic == 0.0


def test_quirk_79_detections_by_picture_do_not_serve_another_picture(make_sample, make_image):
    sample = make_sample()
    old = Prediction(sample_id=sample.id, editor="e", image=EncodedImage(make_image(seed=1)))
    new = Prediction(sample_id=sample.id, editor="e", image=EncodedImage(make_image(seed=2)))
    box = Detection(bbox_3d=sample.original_bbox_3d, bbox_2d=(0, 0, 9, 9))
    by_key = RecordedDetector(by_key={("a_0", "source"): [box], ("a_0", "edited"): [box]})
    lines = by_key.index_by_picture(detection_items([(sample, old)], with_pixels=True))
    store = {(line["sample_id"], line["pixels"]): [box] for line in lines}
    by_picture = RecordedDetector(by_picture=store)
    assert by_picture.detect(list(detection_items([(sample, old)], with_pixels=True))) == [[box], [box]]
    assert by_picture.detect(list(detection_items([(sample, new)], with_pixels=True))) == [[box], None]


def test_quirk_80_another_aspect_ratio_is_stretched_and_said(scorer, make_sample, make_image):
    sample = make_sample()
    (found,) = scored(scorer, (sample, EncodedImage(make_image(size=(64, 64)))))
    assert found.ssim is not None
    assert ("stretched", "64×64 made 64×48") in [(r.name, r.text) for r in found.reasons]


def test_quirk_81_the_network_is_built_once_for_all_edits(monkeypatch, make_sample):
    built = []
    original = LpipsAlex.pretrained.__func__
    monkeypatch.setattr(LpipsAlex, "pretrained", classmethod(lambda cls, device: built.append(1) or original(cls, device)))
    samples = [make_sample(query_id=str(i)) for i in range(5)]
    scored(make_scorer("official", "cpu", batch_size=2), *((s, s.image) for s in samples))
    assert built == [1]


@pytest.mark.parametrize("ac", [None, 0.0])
def test_quirk_82_a_missing_or_zero_judgement_zeroes_the_edit(ac):
    assert row() == pytest.approx({"ic": 100, "sa": 80, "el_ssim": 90, "el_lpips": 90, "ac": 80, "average": 87.5})
    assert set(row(ac=ac).values()) == {0.0}


@pytest.mark.parametrize(
    "reply",
    ["_ERROR_", '```json\n{"score": 8}\n```', '{"score": 8}', "||V^=^V||not json||V^=^V||", '||V^=^V||{"s": 8}||V^=^V||'],
)
def test_quirk_82_replies_that_the_reference_cannot_read_have_no_score(reply):
    score, problem = parse_reply(reply)
    assert score is None
    assert problem


def test_quirk_83_a_failed_edit_keeps_its_sa():
    found = row(key_ic=0.0, sa=0.848)
    assert found == pytest.approx({"ic": 0, "sa": 84.8, "el_ssim": 0, "el_lpips": 0, "ac": 0, "average": 21.2})


def test_quirk_84_a_score_in_quotes_is_not_judged_instead_of_ending_the_tables():
    assert parse_reply('||V^=^V||{"score": "8"}||V^=^V||') == (None, "the score is no finite number: '8'")


@pytest.mark.parametrize(("given", "ac", "average"), [("85", 850, 280), ("-3", -30, 60), ("true", 10, 70)])
def test_quirk_85_scores_outside_of_0_to_10_are_not_clipped(given, ac, average):
    judged, _ = parse_reply(f'||V^=^V||{{"score": {given}}}||V^=^V||')
    found = row(ac=judged)
    assert (found["ac"], found["average"]) == pytest.approx((ac, average))


def test_quirk_86_lpips_above_one_makes_el_negative():
    found = row(ssim=0.1, lpips=1.2)
    assert (found["el_lpips"], found["average"]) == pytest.approx((-20, 60))


def test_quirk_87_one_nan_makes_el_and_the_average_nan():
    found = row(ssim=np.nan, lpips=np.nan)
    assert np.isnan([found["el_ssim"], found["el_lpips"], found["average"]]).all()
    assert (found["ic"], found["sa"]) == pytest.approx((100, 80))


def test_quirk_88_results_without_sa_are_an_error_that_names_the_edit():
    results = results_from_scores([one_score()])
    results["spatial-accuracy"].clear()
    with pytest.raises(ValueError, match="img_0"):
        gated_rows(results, {"img_edit_0": 8.0})


def test_quirk_89_query_ids_with_an_underscore_lose_their_judgement():
    assert set(row(sample_id="img_edit_a_1").values()) == {0.0}


def test_quirk_90_an_empty_query_id_is_no_sample(official_folder):
    with pytest.raises(OfficialError, match=r"a_edit_\.json: expected only"):
        list(read_official(official_folder({"a_edit_0": {}, "a_edit_": {}}), "fine"))


def test_quirk_91_judgements_are_found_with_jpg_and_png_but_not_with_jpeg(tmp_path, make_sample):
    entries = [
        {"prediction": '||V^=^V||{"score": 8}||V^=^V||', "meta": {"index": f"a_edit_{i}{suffix}"}}
        for i, suffix in enumerate(("", ".jpg", ".png", ".jpeg"))
    ]
    path = tmp_path / "judge.json"
    path.write_text(json.dumps(entries))
    items = [JudgeItem(make_sample(query_id=str(i))) for i in range(4)]
    found = [j.score for j in RecordedJudge(read_reference_file(path)).judge(items)]
    assert found == [8.0, 8.0, 8.0, None]


def test_quirk_92_ssim_has_no_weight_in_the_average():
    assert row(ssim=1.0)["average"] == row(ssim=0.0)["average"] == pytest.approx(87.5)


def test_quirk_93_mode_statistics_are_not_gated_and_the_row_is():
    found = one_score(ac=0.0)
    results = results_from_scores([found])
    assert mode_stats(results)["instruction-compliance"]["overall_success_rate"] == 1.0
    assert summarise(gated_rows(results, {found.sample_id: found.ac}).values())["ic"] == 0.0


def test_quirk_94_sa_statistics_have_no_counts_and_el_statistics_no_mse():
    stats = mode_stats(results_from_scores([one_score()]))
    assert set(stats["spatial-accuracy"]) == {"operation_mean_score", "overall_mean_score"}
    names = {"operation_mean_ssim", "operation_mean_lpips", "overall_mean_ssim", "overall_mean_lpips"}
    assert set(stats["edit-locality"]) == names


@pytest.fixture
def tree(tmp_path, make_sample):
    """A reference eval/ tree with one editor, its detections, and a dataset of one sample."""
    sample = make_sample()
    write_dataset({"fine": [sample]}, tmp_path / "data")
    pictures = tmp_path / "eval" / "BAGEL" / "generated_images_fine"
    pictures.mkdir(parents=True)
    (pictures / f"{sample.id}.png").write_bytes(sample.image.bytes)
    cache = tmp_path / "eval" / "BAGEL" / "fine_eval" / "infer_cache.json"
    cache.parent.mkdir()
    cache.write_text(json.dumps({"a_0": {"origin_result": {"detections": []}, "new_result": {"detections": []}}}))
    (tmp_path / "judge").mkdir()
    return tmp_path


def request(tree: Path, **values) -> Request:
    options = {"predictions": (tree / "eval",), "data": str(tree / "data"), "split": "all"}
    options |= {"protocol": "official", "detector": "recorded", "judge": "recorded", "judgements": tree / "judge"}
    return Request(**options | values)


def test_quirk_95_judge_files_are_found_by_their_exact_split_and_editor_and_two_are_refused(tree):
    reply = [{"prediction": '||V^=^V||{"score": 8}||V^=^V||', "meta": {"index": "a_edit_0"}}]
    for name in ("judge_refine_BAGEL.json", "judge_fine_BAGEL.json"):
        (tree / "judge" / name).write_text(json.dumps(reply))
    run = evaluate(request(tree), tree / "run", progress=False)
    assert run.settings["editors"]["BAGEL"]["fine"]["judgements"]["path"].endswith("judge_fine_BAGEL.json")
    (tree / "judge" / "old_run_fine_BAGEL.json").write_text("[]")
    with pytest.raises(ScoringError, match=r"judge_fine_BAGEL\.json, old_run_fine_BAGEL\.json"):
        evaluate(request(tree), tree / "run", progress=False)


def test_quirk_96_editors_whose_names_collide_without_underscores_are_refused(tmp_path):
    scores = [dataclasses.replace(one_score(), editor=name) for name in ("my_model", "mymodel")]
    editors = {name: {"fine": {"judgements": None}} for name in ("my_model", "mymodel")}
    with pytest.raises(RunError, match="'my_model' and 'mymodel'"):
        write_official_json(Run({"protocol": "official", "editors": editors}, scores), tmp_path)
