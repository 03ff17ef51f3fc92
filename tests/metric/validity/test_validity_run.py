"""`gsi-bench validate` from a dataset of variants to a page: complete, resumable, honest about what is missed."""

import dataclasses
import json
from pathlib import Path

import pytest
from mutated import mutated

from gsi_bench_dataset import EncodedImage, Operation, SceneObject
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import REASONS, Detection, Reason
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.validity.content import build_content
from gsi_bench_metric.validity.grid import AFTER, GridError, cells_of
from gsi_bench_metric.validity.judge_accuracy import asked_of
from gsi_bench_metric.validity.page import bars_table, markdown
from gsi_bench_metric.validity.run import AN_EDIT, IMPOSSIBLE, NO_STATE, NOT_BUILT, SAME, Family, Request, families, validate
from gsi_bench_metric.validity.write import write_validity

EYE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
PLACES = {"grade000": 0.0, "grade040": 0.08, "grade080": 0.16, "grade100": 0.2, "opposite": -0.2}
CELLS = ("jpeg", "opposite", "grade040", "grade080")


def mug(x, turn=EYE, symmetry="none"):
    return SceneObject("mug_0", "mug", [x, 0.2, 2.0, 0.4, 0.3, 0.2, 0.0], turn, symmetry, None, True)


@pytest.fixture
def data(tmp_path, make_sample, make_image):
    """One move in five states; the sixth row is no variant."""
    parent = make_sample(
        split="mesatask",
        origin="demo",
        target="mug",
        pixel_frame="source",
        operation=Operation(kind="move", direction="right", distance_m=0.2, frame="camera"),
        original_bbox_3d=mug(0.0).bbox_3d,
        new_bbox_3d=mug(0.2).bbox_3d,
        rotation_matrix=EYE,
        objects=(mug(0.0),),
        scene_id="a",
        image=EncodedImage(make_image(seed=0), "a.png"),
    )
    rows = [parent]
    for seed, (variant, x) in enumerate(PLACES.items()):
        rows.append(
            dataclasses.replace(
                parent,
                id=f"{parent.id}-{variant}",
                query_id=f"{parent.query_id}-{variant}",
                parent_id=parent.id,
                variant=variant,
                edited_image=EncodedImage(make_image(seed=seed), "after.png"),
                objects_after=(mug(x),),
            )
        )
    folder = tmp_path / "variants"
    write_dataset({"mesatask": sorted(rows, key=lambda s: s.id)}, folder)
    return folder


def request(data, **changes):
    return Request(str(data), "mesatask", ("official",), "simulator", CELLS, device="cpu", workers=1, **changes)


def test_every_cell_is_scored_once_against_the_right_edit(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    assert {s.editor for s in found.scores} == {*PLACES, "jpeg:after", "jpeg:source", "jpeg:opposite"}
    assert {s.sample_id for s in found.scores} == {"a_edit_0-grade100"}
    assert all(s.ic is not None for s in found.scores)
    assert {c.displacement_error_cm for c in found.checks} == {0.0}
    assert {c.cell: round(c.moved_cm) for c in found.checks} == {
        "grade000": 0, "grade040": 8, "grade080": 16, "grade100": 20, "opposite": 20,
        "jpeg:after": 20, "jpeg:source": 0, "jpeg:opposite": 20,
    }  # fmt: skip


def test_a_second_run_takes_what_is_recorded(data, tmp_path, monkeypatch):
    first = validate(request(data), tmp_path / "run", progress=False)

    def never(*_):
        raise AssertionError("asked again")

    monkeypatch.setattr(SimulatorDetector, "detect", never)
    again = validate(request(data), tmp_path / "run", progress=False)
    assert again.scores == first.scores
    assert again.checks == first.checks


def test_workers_do_not_change_what_comes_out(data, tmp_path):
    alone = validate(request(data), tmp_path / "one", progress=False)
    several = validate(dataclasses.replace(request(data), workers=2), tmp_path / "two", progress=False)
    assert several.scores == alone.scores
    assert several.not_applicable == alone.not_applicable


def test_a_detector_that_errs_is_found_out(data, tmp_path, monkeypatch):
    right = SimulatorDetector.detect

    def off(self, items):
        def moved(d):
            return Detection.from_json(d.to_json() | {"bbox_3d": [d.bbox_3d[0] + 0.03, *d.bbox_3d[1:]]})

        found = right(self, items)
        return [[moved(d) for d in boxes] if item.view == "edited" else boxes for item, boxes in zip(items, found, strict=True)]

    monkeypatch.setattr(SimulatorDetector, "detect", off)
    found = validate(request(data), tmp_path / "run", progress=False)
    content = build_content(found)
    errors = {e.group: e for e in content.detector.errors}
    assert errors["targets moved 10 cm or more: displacement"].median == pytest.approx(3)
    group, _, (_, median, percentile, worst) = content.errors_table().rows[0]
    assert group == "targets moved 10 cm or more: displacement"
    assert (median.text, median.small, median.verdict) == ("3.00 cm", "≤\u00a00.3 cm", "missed")
    assert (percentile.small, percentile.verdict, worst.small, worst.verdict) == ("≤\u00a01.2 cm", "missed", "", "")
    assert ("presence right: ≥\u00a099 % of objects", "100", "met") in content.detector_bars


def test_the_page_says_what_is_missed_and_gives_every_number(data, tmp_path):
    out = tmp_path / "run"
    assert main([
        "validate", "--data", str(data), "--split", "mesatask", "--out", str(out), "--protocol", "official",
        "--detector", "simulator", "--cells", *CELLS, "--device", "cpu", "--workers", "1", "--quiet",
    ]) == 0  # fmt: skip
    page, numbers = (
        (out / "validity.html").read_text(),
        json.loads((out / "validity.json").read_text(), parse_constant=pytest.fail),
    )
    missed = [bar for bar in numbers["bars"]["official"] if bar["verdict"] == "missed"]
    assert f"{len(numbers['bars']['official']) - len(missed)} of {len(numbers['bars']['official'])} bars" in page
    assert "do not rank such editors on this" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert len((out / "objects.jsonl").read_text().splitlines()) == 8
    assert {p.name for p in out.glob("*.png")} == {"curves-official.png", "robustness-official.png", "reliability.png"}


def test_all_forms_tell_the_same_bars(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    content, _ = write_validity(found, request(data), tmp_path / "run")
    assert "| the right edit: IC 100 |" in markdown(content)
    assert (tmp_path / "run" / "validity.md").read_text() == markdown(content)


def test_names_from_outside_are_escaped_in_every_form(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    evil = found.settings | {"detector": "<script>|`x`_y_"}
    content, (page, text, *_) = write_validity(dataclasses.replace(found, settings=evil), request(data), tmp_path / "run")
    for form in (page, text):
        assert "<script" not in form.read_text()
    assert evil["detector"] not in text.read_text()
    assert evil["detector"] in bars_table(content)


def test_right_edit_and_nothing_done_have_bars_by_what_was_asked(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    content, _ = write_validity(found, request(data), tmp_path / "run")
    (part,) = content.parts
    (right,) = part.accuracy
    assert right.asked == "move, 10 cm or more"
    rows = {label: cells for label, _, cells in part.accuracy_table().rows}
    assert [cell.small for cell in rows["move, 10 cm or more"]] == ["", "≥\u00a099", "≥\u00a095", ""]
    assert [cell.small for cell in rows["nothing done"]] == ["", "", "", "≤\u00a01"]
    bars = {what: verdict for what, _, verdict in part.bars}
    assert bars["the right edit, by what was asked: move, 10 cm or more, SA ≥\u00a095"] == right.verdicts["sa"]
    assert bars["nothing done: average of IC, SA and EL ≤\u00a01"] == rows["nothing done"][-1].verdict
    (together,) = (cells for what, _, cells in content.scoreboard().rows if what == "the right edit, by what was asked")
    assert together[0].text == f"{list(right.verdicts.values()).count('met')} of 2"
    numbers = json.loads((tmp_path / "run" / "validity.json").read_text())
    assert numbers["protocols"][0]["accuracy"][0]["bars"]["ic"] == {"low": 99, "high": None}
    assert len(numbers["bars"]["detector"]) == len(content.detector_bars) > 0


def test_all_forms_say_how_many_edits_are_not_scored_and_why(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    assert build_content(found).parts[0].scored == "All 1 edits are scored."
    why = (Reason("target_hidden", "70 % of the mug is hidden"),)
    bare = [dataclasses.replace(score, ic=None, sa=None, reasons=why) for score in found.scores]
    content, (page, text, *_) = write_validity(dataclasses.replace(found, scores=bare), request(data), tmp_path / "run")
    said = f"100 % of edits (1 of 1) are not scored: {REASONS['target_hidden']} (100 %)."
    assert content.parts[0].scored == said
    assert said in page.read_text()
    assert said in text.read_text()


def test_what_rendered_edits_ask_for_is_told_from_their_scenes():
    edits = families(str(Path(__file__).parents[2] / "data/variants/GSI-Bench"), "mesatask")
    assert [asked_of(edit.operation, edit.before, edit.objects[AFTER]) for edit in edits] == [
        "scale", "move, 10 cm or more", "remove", "place", "rotate", "view",
    ]  # fmt: skip


def test_what_does_not_apply_is_counted_with_its_reason(data, tmp_path):
    wanted = dataclasses.replace(request(data), cells=(*CELLS, "overshoot"))
    found = validate(wanted, tmp_path / "run", progress=False)
    assert found.not_applicable == {("overshoot", "move", NOT_BUILT): 1}


def pear(x):
    return dataclasses.replace(mug(x, EYE, "none"), id="pear", category="pear", is_target=False)


def test_a_wrong_turn_that_looks_right_does_not_apply():
    cell = next(cell for cell in cells_of() if cell.name == "opposite")
    rows = {"grade100": 0, "opposite": 1}
    quarter, back = [[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]], [[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]

    def family(symmetry, kind="rotate"):
        objects = {"grade100": (mug(0, quarter, symmetry),), "opposite": (mug(0, back, symmetry),)}
        return Family("a_edit_0", kind, "mug", 90.0, (mug(0, EYE, symmetry),), rows, objects)

    assert family("2-fold").why_not(cell) == SAME
    carried = {
        name: (*objects, pear(x)) for (name, objects), x in zip(family("2-fold").objects.items(), (0.1, -0.1), strict=True)
    }
    assert dataclasses.replace(family("2-fold"), objects=carried).why_not(cell) == SAME  # what lies in it goes along
    assert family("none").why_not(cell) is None
    assert dataclasses.replace(family("none", "remove"), rows={"grade100": 0}).why_not(cell) == NO_STATE
    assert dataclasses.replace(family("none", "move"), rows={"grade100": 0}).why_not(cell) == IMPOSSIBLE


def test_a_zoomed_picture_says_nothing_about_camera_motions():
    (cell,) = (cell for cell in cells_of() if cell.name == "zoom_in:after")
    family = Family("a_edit_0", "view", "mug", None, (), {"grade100": 0}, {"grade100": ()})
    assert family.why_not(cell) == AN_EDIT
    assert dataclasses.replace(family, operation="move").why_not(cell) is None


def test_data_without_variants_is_refused_before_any_writing(tmp_path, make_sample):
    write_dataset({"mesatask": [make_sample(split="mesatask")]}, tmp_path / "plain")
    with pytest.raises(GridError, match="no variants in it; expected rows with parent_id and variant"):
        validate(request(tmp_path / "plain"), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_limit_takes_the_first_edits(data):
    assert [family.edit for family in families(str(data), "mesatask", limit=1)] == ["a_edit_0"]


@pytest.mark.parametrize("name", ["objects", "objects_after", "camera_intrinsics", "edited_image", "new_bbox_3d", "depth"])
@pytest.mark.parametrize("variant", ["grade040", "grade100"])
def test_mended_variants_are_scored_as_in_an_empty_folder(data, tmp_path, name, variant):
    request = Request(data=str(data), split="mesatask", detector="simulator", cells=CELLS, device="cpu", workers=1)
    validate(request, tmp_path / "kept", progress=False)
    rows = [mutated(s, name) if s.variant == variant else s for s in read_dataset(data, "mesatask")]
    write_dataset({"mesatask": rows}, data)
    again, fresh = (validate(request, tmp_path / folder, progress=False) for folder in ("kept", "fresh"))
    assert again.scores == fresh.scores and again.checks == fresh.checks
