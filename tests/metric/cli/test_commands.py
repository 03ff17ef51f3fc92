"""The commands that users type, on the embedded data: import, baseline, detections, evaluate, report."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.run.folder import load_run

DATA = Path(__file__).parents[2] / "data"
RECORDED = DATA / "eval" / "recorded-editor"
CACHE = RECORDED / "fine_eval" / "infer_cache.json"
PICTURES = RECORDED / "generated_images_fine"
EDITORS = ("recorded-editor", "copy", "paste", "blur")


def command(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> Path:
    """What `make demo` leaves: a dataset, baselines, detections by image, a run of four editors with its report."""
    folder = tmp_path_factory.mktemp("demo")
    data = folder / "data"
    command("import", DATA / "official" / "fine_dataset", "--split", "fine", "--origin", "demo", "--out", data)
    command("baseline", "copy", "paste", "blur", "--data", data, "--split", "fine", "--out", folder / "eval")
    store = folder / "detections.jsonl"
    command("detections", CACHE, "--data", data, "--split", "fine", "--predictions", PICTURES, "--out", store)
    baselines = [folder / "eval" / name / "generated_images_fine" for name in EDITORS[1:]]
    options = ["--protocol", "official", "--detector", "recorded", "--detections", store]
    judge = ["--judge", "recorded", "--judgements", DATA / "judgements"]
    command(
        "evaluate",
        PICTURES,
        *baselines,
        "--data",
        data,
        "--split",
        "fine",
        *options,
        *judge,
        "--out",
        folder / "run",
        "--quiet",
    )
    command("report", folder / "run", "--official-json", folder / "official")
    return folder


def row_of(workplace: Path, editor: str) -> dict[str, float]:
    rows = json.loads((workplace / "run" / "report.json").read_text())["rows"]
    return next(row["values"] for row in rows if row["editor"] == editor)


def test_the_recorded_editor_has_the_reference_row(workplace):
    recorded = json.loads((DATA / "expected" / "GSI-Real" / "EVAL_output_summary.json").read_text())["fine"]["recorded-editor"]
    row = row_of(workplace, "recorded-editor")
    # View edits bring LPIPS into IC: its last digits depend on the number of threads.
    assert row["ic"] == pytest.approx(recorded["instruction_compliance"], abs=1e-5)
    assert row["sa"] == pytest.approx(recorded["spatial_accuracy"], abs=1e-7)
    assert row["el"] == pytest.approx(recorded["edit_locality"]["lpips"], abs=1e-2)
    assert row["ac"] == pytest.approx(recorded["ac"], abs=1e-9)
    assert row["average"] == pytest.approx(recorded["average"], abs=1e-2)
    assert (row["n"], row["n_not_scored"]) == (19, 0)


def test_doing_nothing_fails_object_edits_and_changes_nothing(workplace):
    row = row_of(workplace, "copy")
    assert [row[f"ic/{operation}"] for operation in ("move", "rotate", "remove", "scale")] == [0, 0, 0, 0]
    assert row["el_ungated"] == pytest.approx(100)


@pytest.mark.parametrize("editor", ["paste", "blur"])
def test_an_editor_without_detections_has_locality_only(workplace, editor):
    row = row_of(workplace, editor)
    assert not {"ic", "sa", "el", "average", "average_ic_sa_el"} & row.keys()
    assert row["el_ungated"] > 0
    objects = [s for s in load_run(workplace / "run").scores if s.editor == editor and s.operation != "view"]
    assert len(objects) == 17
    assert all("no_detections" in {r.name for r in s.reasons} for s in objects)


def test_an_editor_that_was_not_judged_is_named_as_such(workplace):
    unscored = json.loads((workplace / "run" / "report.json").read_text())["unscored"]
    named = {entry["editor"] for entry in unscored if entry["reason"] == "not_judged" and entry["count"] == 19}
    assert named == {"copy", "paste", "blur"}


def test_every_sample_is_accounted_for_by_every_editor(workplace):
    run = load_run(workplace / "run")
    ids = {s.sample_id for s in run.scores}
    assert len(ids) == 19
    for editor in EDITORS:
        assert sorted(s.sample_id for s in run.scores if s.editor == editor) == sorted(ids)


def test_official_json_has_the_reference_files_and_values(workplace):
    out, recorded = workplace / "official", DATA / "expected" / "GSI-Real"
    for file in recorded.glob("*_eval_results.json"):
        written = json.loads((out / "recorded-editor" / "fine_eval" / file.name).read_text())
        wanted = json.loads(file.read_text())
        assert written.keys() == wanted.keys()
        assert all(written[key].keys() == wanted[key].keys() for key in wanted)
    for file in recorded.glob("EVAL_output_*.json"):
        # Only judged editors are in the reference's tables.
        assert list(json.loads((out / file.name).read_text())["fine"]) == ["recorded-editor"]
    assert len(list(recorded.glob("EVAL_output_*.json"))) == 6


def test_the_run_says_what_it_was_made_with(workplace):
    settings = load_run(workplace / "run").settings
    assert settings["protocol"] == "official"
    assert settings["dataset"]["samples"] == {"fine": 19}
    assert settings["dataset"]["origins"] == ["demo"]
    assert len(settings["dataset"]["content_hash"]) == 64
    assert settings["comparable_with_paper"] is False
    assert "origin is demo" in settings["not_comparable_because"]
    assert len(settings["editors"]["copy"]["fine"]["detections"]["sha256"]) == 64


def test_the_page_is_self_contained_and_names_every_editor(workplace):
    page = (workplace / "run" / "report.html").read_text()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert all(editor in page for editor in EDITORS)
    assert page.count("data:image/jpeg;base64,") >= 3 * len(EDITORS) * 3  # source, edited and change of some of each kind


def test_a_whole_tree_gives_the_same_scores_as_the_single_editor(workplace, tmp_path):
    data = workplace / "data"
    tree = ["evaluate", DATA / "eval", "--data", data, "--split", "all", "--protocol", "official", "--detector", "recorded"]
    command(*tree, "--judge", "recorded", "--judgements", DATA / "judgements", "--out", tmp_path / "run", "--quiet")
    whole = load_run(tmp_path / "run")
    single = [s for s in load_run(workplace / "run").scores if s.editor == "recorded-editor"]
    assert [dataclasses.replace(s, record=None) for s in whole.scores] == [dataclasses.replace(s, record=None) for s in single]


def test_batches_do_not_change_scores(workplace, tmp_path):
    options = ["--data", workplace / "data", "--split", "fine", "--protocol", "official", "--detector", "recorded"]
    files = ["--detections", CACHE, "--batch-size", 1, "--out", tmp_path / "run", "--quiet"]
    command("evaluate", PICTURES, *options, *files)
    batched = [s for s in load_run(workplace / "run").scores if s.editor == "recorded-editor"]
    for one, many in zip(load_run(tmp_path / "run").scores, batched, strict=True):
        assert (one.sample_id, one.locality_passed) == (many.sample_id, many.locality_passed)
        assert one.ic == pytest.approx(many.ic, abs=1e-6)
        assert (one.ssim, one.lpips) == pytest.approx((many.ssim, many.lpips), abs=1e-5)


ERRORS = {
    "detany3d needs its weights": (
        ["--detector", "detany3d"],
        r"detector 'detany3d'.*(weights detany3d|gsi-bench\[detany3d\])",
    ),
    "recorded needs a file": (["--protocol", "official", "--detector", "recorded"], "needs --detections"),
    "judgements need a judge": (
        ["--protocol", "official", "--detector", "recorded", "--detections", CACHE, "--judgements", CACHE],
        "--judgements needs --judge",
    ),
    "no such device": (["--device", "cuda:7"], "device 'cuda:7' is not available"),
}


@pytest.mark.parametrize(("options", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_unusable_options_give_one_line_and_status_2(workplace, tmp_path, capsys, options, message):
    words = ["evaluate", PICTURES, "--data", workplace / "data", "--split", "fine", "--out", tmp_path / "run", *options]
    assert main([str(word) for word in words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert re.search(message, error)
    assert not (tmp_path / "run").exists()


def test_one_editors_cache_cannot_serve_several(workplace, tmp_path, capsys):
    words = ["evaluate", PICTURES, workplace / "eval" / "copy" / "generated_images_fine", "--data", workplace / "data"]
    words += [
        "--split",
        "fine",
        "--protocol",
        "official",
        "--detector",
        "recorded",
        "--detections",
        CACHE,
        "--out",
        tmp_path / "r",
    ]
    assert main([str(word) for word in words]) == 2
    assert "holds one editor's detections by id and cannot serve several" in capsys.readouterr().err


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for name in ("import", "export", "evaluate", "report", "detections", "baseline", "weights", "register"):
        assert f"\n    {name}" in shown


@pytest.mark.parametrize("name", ["evaluate", "report", "detections", "baseline", "weights", "register"])
def test_every_command_teaches_by_an_example(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert f"gsi-bench {name}" in capsys.readouterr().out.split("example:")[1]
