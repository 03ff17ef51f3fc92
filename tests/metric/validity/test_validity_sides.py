"""`gsi-bench validate --given`: the same grid with less and with more known of each sample, in columns beside each other."""

import dataclasses
import json

import numpy as np
import pytest
from seeing_cases import drawn, png, sample_of, standing

from gsi_bench_dataset import EncodedImage, Operation
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import REASONS, Reason, Score
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.run.folder import RunError
from gsi_bench_metric.seeing import registry
from gsi_bench_metric.seeing.enriching import enrich
from gsi_bench_metric.seeing.looking import Looker, Makers
from gsi_bench_metric.seeing.options import Options
from gsi_bench_metric.validity.grid import GridError
from gsi_bench_metric.validity.run import Request, Validation, validate
from gsi_bench_metric.validity.sides.content import build_sides
from gsi_bench_metric.validity.sides.given import GIVEN, Giver, boxes_alone, check_given
from gsi_bench_metric.validity.sides.page import html, markdown
from gsi_bench_metric.validity.sides.run import validate_sides

WAYS = ("boxes", "embedded", "simulator")
MUG, CAN, FAR = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9), standing("far", -0.12, 1.25)
THINGS = (MUG, CAN, FAR)


@pytest.fixture(autouse=True)
def grabcut(monkeypatch):
    """Masks without weights."""
    monkeypatch.setattr(registry, "has_onnxruntime", lambda: False)


@pytest.fixture
def shown():
    """The right image of a move, with all that a renderer knows of source and after."""
    return _variant("grade100", 0.1)


def _variant(name, step):
    moved = dataclasses.replace(THINGS[0], bbox_3d=(THINGS[0].bbox_3d[0] + step, *THINGS[0].bbox_3d[1:]), is_target=True)
    before = (dataclasses.replace(THINGS[0], is_target=True), *THINGS[1:])
    after = (moved, *THINGS[1:])
    _, numbers, depth = drawn(before)
    rgb, numbers_after, _ = drawn(after)
    return sample_of(
        before,
        query=f"0-{name}",
        split="mesatask",
        parent_id="room_frame_000010_edit_0",
        variant=name,
        operation=Operation(kind="move", direction="right", distance_m=0.1, frame="camera"),
        objects_after=after,
        edited_image=EncodedImage(png(rgb), "after.png"),
        depth=EncodedImage(png(np.rint(depth * 1000).astype(np.uint16)), "depth.png"),
        instance_mask=EncodedImage(png(numbers.astype(np.uint16)), "mask.png"),
        instance_mask_after=EncodedImage(png(numbers_after.astype(np.uint16)), "mask.png"),
    )


@pytest.fixture
def data(tmp_path):
    """The move done right, not done, and done the other way."""
    folder = tmp_path / "variants"
    rows = [_variant(*each) for each in (("grade000", 0.0), ("grade100", 0.1), ("opposite", -0.1))]
    write_dataset({"mesatask": rows}, folder)
    return folder


def request(data, **changes):
    return Request(str(data), "mesatask", ("strict",), "tracker", ("opposite",), device="cpu", workers=1, **changes)


# What is given


def test_boxes_alone_leave_nothing_that_photographs_lack(shown):
    bare = boxes_alone(shown)
    for name in TrackerDetector().reads & {
        "edited_image",
        "objects_after",
        "instance_mask_after",
        "depth",
        "instance_mask",
        "up",
    }:
        assert getattr(shown, name) is not None or name == "up"
        assert getattr(bare, name) is None, name
    for name in ("image", "objects", "camera_intrinsics", "new_bbox_3d", "prompt", "operation"):
        assert getattr(bare, name) == getattr(shown, name)


def test_embedded_is_what_enrich_makes(shown, tmp_path):
    write_dataset({"mesatask": [boxes_alone(shown)]}, tmp_path / "bare")
    makers = Makers(registry.make_segmenter("auto", Options("cpu")), registry.make_depth("boxes", Options("cpu")), "auto")
    enrich(tmp_path / "bare", tmp_path / "enriched", makers, progress=False)
    (expected,) = read_dataset(tmp_path / "enriched", "mesatask")
    with RecordStore(tmp_path / "records") as records:
        giver = Giver("embedded")
        found = giver.give(shown, records)
    assert found.mask_source.startswith("grabcut") and found.depth_source == "boxes" and found.up_source == "box"
    for name in ("instance_mask", "depth", "up", "mask_source", "depth_source"):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.edited_image is None and found.objects_after is None
    assert giver.made.by["masks"] == {"grabcut": 1}


def test_what_is_made_once_is_looked_up_again(shown, tmp_path, monkeypatch):
    with RecordStore(tmp_path / "records") as records:
        first = Giver("embedded").give(shown, records)
        monkeypatch.setattr(Looker, "look", lambda *_: pytest.fail("looked again"))
        assert Giver("embedded").give(shown, records) == first


def test_the_renderers_word_is_not_taken_from_enrich(shown, tmp_path):
    giver = Giver("simulator")
    assert giver.give(shown, None) == shown
    for changes, found in (
        ({"depth": None}, "no depth"),
        ({"instance_mask": None}, "no instance_mask"),
        ({"mask_source": "u2netp"}, r"what enrich made \(mask_source u2netp\)"),
        ({"depth_source": "boxes"}, r"what enrich made \(depth_source boxes\)"),
    ):
        with pytest.raises(GridError, match=rf"{shown.id}: --given simulator expects .*found {found}"):
            giver.give(dataclasses.replace(shown, **changes), None)


def test_unknown_ways_are_named_and_doubled_ones_count_once():
    assert check_given(["boxes", "boxes", "simulator"]) == ("boxes", "simulator")
    with pytest.raises(GridError, match="expected some of boxes, embedded, simulator; found lidar"):
        check_given(["boxes", "lidar"])


# The run


def test_each_way_has_its_own_run_and_the_page_has_all(data, tmp_path):
    content, written = validate_sides(request(data), WAYS, tmp_path / "out", progress=False)
    assert [side.name for side in content.sides] == list(WAYS)
    assert {path.name for path in written if path.parent == tmp_path / "out"} == {
        f"validity.{e}" for e in ("html", "md", "json")
    }
    names = [json.loads((tmp_path / "out" / way / "settings.json").read_text())["given"]["name"] for way in WAYS]
    assert names == list(WAYS)
    assert all((tmp_path / "out" / way / "validity.html").is_file() for way in WAYS)
    whole = json.loads((tmp_path / "out" / "validity.json").read_text())
    assert {one["name"]: one["protocols"]["strict"]["move"]["right"]["n"] for one in whole["given"]} == dict.fromkeys(WAYS, 1)
    assert "masks by grabcut for 1 edit;" in (tmp_path / "out" / "validity.md").read_text()


def test_a_second_run_of_all_ways_scores_nothing_again(data, tmp_path, monkeypatch):
    first, _ = validate_sides(request(data), WAYS, tmp_path / "out", progress=False)
    monkeypatch.setattr(TrackerDetector, "detect", lambda *_: pytest.fail("asked again"))
    monkeypatch.setattr(Looker, "look", lambda *_: pytest.fail("looked again"))
    again, _ = validate_sides(request(data), WAYS, tmp_path / "out", progress=False)
    assert again.sides == first.sides


def test_runs_of_one_grid_and_of_several_ways_do_not_mix(data, tmp_path):
    validate(request(data), tmp_path / "one", progress=False)
    with pytest.raises(RunError, match=r"one: expected validations side by side .* found a validation of one grid"):
        validate_sides(request(data), ["boxes"], tmp_path / "one", progress=False)
    validate_sides(request(data), ["boxes"], tmp_path / "several", progress=False)
    with pytest.raises(RunError, match=r"several: expected a validation of one grid .* found validations side by side"):
        validate(request(data), tmp_path / "several", progress=False)


def test_without_the_option_samples_keep_what_they_have(data, tmp_path):
    found = validate(request(data), tmp_path / "run", progress=False)
    assert found.settings["given"] is None and found.made.words() == []


def test_the_command_shows_the_ways_beside_each_other(data, tmp_path, capsys):
    options = ["--data", str(data), "--split", "mesatask", "--protocol", "strict", "--cells", "opposite", "--workers", "1"]
    out = ["--out", str(tmp_path / "out"), "--device", "cpu"]
    assert main(["validate", *options, *out, "--given", "boxes", "simulator"]) == 0
    assert "| Images | boxes | simulator |" in capsys.readouterr().out
    assert main(["validate", *options, *out, "--given", "lidar"]) == 2
    assert "found lidar" in capsys.readouterr().err
    assert main(["validate", *options, *out, "--given", "boxes", "--judge", "embedded"]) == 2
    assert "--given is of protocols" in capsys.readouterr().err
    assert main(["validate", "--photos", str(tmp_path), *out, "--given", "boxes"]) == 2
    assert "takes no --given" in capsys.readouterr().err


# What is told


def _validation(right, wrong, kinds=("move", "rotate")):
    """Scores of one edit a kind; `right`, `wrong`: IC by kind, None where it cannot be scored."""
    from gsi_bench_metric.validity.run import Family  # noqa: PLC0415

    families = [Family(f"s_edit_{i}", kind, "mug", None, (), {}, {}) for i, kind in enumerate(kinds)]
    scores = []
    for family in families:
        for editor, values in (("grade100", right), ("opposite", wrong)):
            ic = values[family.operation]
            why = () if ic is not None else (Reason("unobservable", REASONS["unobservable"]),)
            number = {"ic": ic, "sa": None if ic is None else 1.0, "lpips": 0.0, "reasons": why}
            scores.append(Score(f"{family.edit}-grade100", "mesatask", editor, "strict", family.operation, **number))
    settings = {
        "protocols": ["strict"], "operations": dict.fromkeys(kinds, 1), "edits": len(kinds), "scenes": 1, "detector": "tracker",
        "dataset": {"path": "<b>", "content_hash": None}, "split": "mesatask", "cells": None, "limit": None, "device": "cpu",
        "created": "now", "versions": {},
    }  # fmt: skip
    return Validation(settings, families, scores, [], {})


def test_every_way_is_a_column_with_its_own_counts():
    full = _validation({"move": 1.0, "rotate": 1.0}, {"move": 0.0, "rotate": 1.0})
    blind = _validation({"move": 0.0, "rotate": None}, {"move": 0.0, "rotate": None})
    content = build_sides([("boxes", blind), ("simulator", full)])
    rows = {label: [cell.text for cell in cells] for label, _, cells in content.right_table("strict").rows}
    assert rows == {"all": ["0", "100"], "move": ["0", "100"], "rotate": ["–", "100"]}
    wrong = {label: [(c.text, c.verdict) for c in cells] for label, _, cells in content.wrong_table("strict").rows}
    assert wrong["all"] == [("0", "met"), ("50", "missed")] and wrong["rotate"] == [("–", ""), ("100", "missed")]
    excluded = {label: [c.text for c in cells] for label, _, cells in content.excluded_table("strict").rows}
    assert excluded["rotate"] == ["100\u00a0%", "0\u00a0%"] and excluded["all"] == ["50\u00a0%", "0\u00a0%"]
    ((why, _, counts),) = content.reasons_table("strict").rows
    assert why == REASONS["unobservable"] and [c.text for c in counts] == ["1", "0"]
    assert dict(content.told("strict"))["boxes"] == (
        "1 of 2 right edits can be scored, and 0 of these comply; 0 of the 1 wrong ones that can be scored do so too"
    )
    assert content.to_json()["given"][0]["protocols"]["strict"]["move"]["right_that_do_not_comply"] == 1


def test_the_less_is_given_the_more_turns_may_be_left_out():
    turns = {"move": 1.0, "rotate": None}
    content = build_sides([(way, _validation(turns, {"move": 0.0, "rotate": 0.0})) for way in WAYS])
    cells = next(cells for label, _, cells in content.summary_table("strict").rows if label.startswith("Turns"))
    assert [cell.small.split("\n")[1] for cell in cells] == ["≤\u00a025 asked", "≤\u00a010 asked", "≤\u00a05 asked"]


def test_grids_without_turns_say_so():
    found = _validation({"move": 1.0}, {"move": 0.0}, kinds=("move",))
    content = build_sides([("boxes", found)])
    assert [cells[0].small for _, _, cells in content.summary_table("strict").rows][1:3] == ["no turns", "no turns"]


def test_the_page_explains_every_way_and_escapes_what_is_foreign():
    content = build_sides([(way, _validation({"move": 1.0, "rotate": 1.0}, {"move": 0.0, "rotate": 0.0})) for way in WAYS])
    page, text = html(content), markdown(content)
    for way in WAYS:
        assert f'<a href="{way}/validity.html">' in page and GIVEN[way] in text
    assert "<b>" not in page and "&lt;b&gt;" in page and "<script" not in page
