"""Answers of a harness get the numbers that `gsi-bench evaluate` gives for the same images, and an account of the rest."""

import json
import shutil
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import sample_ids
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.folder import load_run

DATA = Path(__file__).parents[2] / "data"
RECORDED = DATA / "eval/recorded-editor"
OFFICIAL = ["--protocol", "official", "--detector", "recorded", "--detections", str(RECORDED / "fine_eval/infer_cache.json")]
(JUDGEMENTS,) = (DATA / "judgements").glob("*recorded-editor.json")
JUDGED = [*OFFICIAL, "--judge", "recorded", "--judgements", str(JUDGEMENTS)]
JUNK = 2  # answers without an image in the tests below


def answered(folder: Path, images: Path, ids: list[str], junk: int = 0, **changes) -> Path:
    """A file of answers: the first `junk` of them words, the others in both conventions."""
    found = {path.stem: path for path in images.iterdir()}
    forms = (lambda p: json.dumps({"text": "", "images": [str(p)]}), lambda p: f"Generated image saved to: {p}")
    answers = [
        {"id": name, "text": "I cannot do that." if i < junk else forms[i % 2](found[name])} for i, name in enumerate(ids)
    ]
    content = {"format": 1, "editor": "recorded-editor", "split": "fine", "base": str(folder), "answers": answers}
    (folder / "answers.json").write_text(json.dumps(content | changes))
    return folder / "answers.json"


def scored(answers: Path, data: Path, out: Path, images: Path, *options: str) -> dict:
    words = ["harness-score", answers, "--data", data, "--out", out, "--images", images, "--quiet", *options]
    assert main([str(word) for word in words]) == 0
    return json.loads((out / "results.json").read_text())


def evaluated(images: Path, data: Path, out: Path, *options: str) -> dict[str, float]:
    words = ["evaluate", images, "--data", data, "--split", "fine", "--out", out, "--quiet", "--editor", "recorded-editor"]
    assert main([str(word) for word in [*words, *options]]) == 0
    run = load_run(out)
    return aggregate(run.scores, run.judged("fine", "recorded-editor"))


@pytest.mark.parametrize("options", [OFFICIAL, JUDGED, []], ids=["official", "judged", "strict"])
def test_numbers_of_a_harness_are_those_of_evaluate(options, harness_data, tmp_path):
    data = harness_data / "data"
    images = RECORDED / "generated_images_fine" if options else harness_data / "eval/paste/generated_images_fine"
    answers = answered(tmp_path, images, sample_ids(data, "fine"))
    found = scored(answers, data, tmp_path / "out", images, *options)
    row = evaluated(images, data, tmp_path / "run", *options)
    assert found["row"] == row and {"ic", "sa", "el"} <= row.keys()
    assert ("ac" in row) is ("--judge" in options)
    assert found["row_all"]["ic"] == row["ic"] and found["protocol"] == ("official" if options else "strict")
    assert found["scored"] + sum(found["not_scored"].values()) == found["asked"] == 8


def test_junk_is_counted_by_reason_and_is_not_zero(harness_data, tmp_path):
    data, images = harness_data / "data", tmp_path / "images"
    shutil.copytree(harness_data / "eval/paste/generated_images_fine", images)
    ids = sample_ids(data, "fine")
    (images / f"{ids[JUNK]}.png").write_bytes(b"no image")
    answers = answered(tmp_path, images, ids, JUNK)
    found = scored(answers, data, tmp_path / "out", images)
    for name in ids[:JUNK]:
        (images / f"{name}.png").unlink()
    row = evaluated(images, data, tmp_path / "run")
    assert found["not_scored"]["no_image"] == JUNK and found["not_scored"]["unreadable"] == 1
    assert found["samples"][ids[0]] == {"reason": "no_image", "text": "text without an image: 'I cannot do that.'"}
    # `evaluate` counts missing images as 0 under the strict protocol; the harness's mean leaves them out.
    assert found["row_all"]["ic"] == row["ic"] < found["row"]["ic"]
    numbers = [one["ic"] for one in found["samples"].values() if "ic" in one]
    assert found["row"]["ic"] == pytest.approx(sum(numbers) / len(numbers)) and len(numbers) == found["scored"]


def test_samples_that_were_not_asked_for_are_not_missing(harness_data, tmp_path):
    data, images = harness_data / "data", RECORDED / "generated_images_fine"
    answers = answered(tmp_path, images, sample_ids(data, "fine")[:4])
    found = scored(answers, data, tmp_path / "out", images, *OFFICIAL)
    assert (found["asked"], found["scored"], found["not_scored"]) == (4, 4, {})
    assert found["row_all"]["ic"] == found["row"]["ic"] and len(found["samples"]) == 4


def test_an_edit_that_no_editor_could_do_says_why(harness_data, tmp_path):
    data, images = harness_data / "data", harness_data / "eval/copy/generated_images_fine"
    view = next(name for name in sample_ids(data, "fine") if name.endswith("110_edit_0"))
    found = scored(answered(tmp_path, images, [view]), data, tmp_path / "out", images)
    assert found["samples"] == {view: {"reason": "no_goal", "text": "the sample has no camera motion, the goal of a view"}}


def test_answers_of_words_alone_have_no_numbers(harness_data, tmp_path):
    data, images = harness_data / "data", RECORDED / "generated_images_fine"
    answers = answered(tmp_path, images, sample_ids(data, "fine"), junk=8)
    found = scored(answers, data, tmp_path / "out", images)
    assert (found["asked"], found["scored"], found["not_scored"]) == (8, 0, {"no_image": 8})
    assert found["row"] == found["row_all"] == {} and found["run"] is None


def test_images_outside_of_the_given_folder_are_not_opened(harness_data, tmp_path):
    data, images = harness_data / "data", RECORDED / "generated_images_fine"
    answers = answered(tmp_path, images, sample_ids(data, "fine"))
    found = scored(answers, data, tmp_path / "out", tmp_path)
    assert found["not_scored"] == {"outside": 8}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content_hash": "0" * 64}, "make the tasks anew"),
        ({"answers": [{"id": "z_edit_0", "text": ""}]}, "1 answers belong to no sample of split fine"),
        ({"split": "mesatask"}, "mesatask"),
    ],
)
def test_answers_to_other_data_are_refused(changes, words, harness_data, tmp_path, capsys):
    data = harness_data / "data"
    answers = answered(tmp_path, RECORDED / "generated_images_fine", sample_ids(data, "fine"), **changes)
    assert main(["harness-score", str(answers), "--data", str(data), "--images", "/", "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out").exists()
