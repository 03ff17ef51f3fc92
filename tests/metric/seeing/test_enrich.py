"""`gsi-bench enrich` as a whole: what is added, what is left, resuming, what is refused and counted."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from seeing_cases import UP, Mine, drawn, iou, png, sample_of, standing

from gsi_bench_dataset import EncodedImage, Operation, read_dataset
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import verify_dataset, write_dataset
from gsi_bench_metric.imaging.images import load_numbers
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.write import write_report
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.seeing.depth.box_scene import BoxScene
from gsi_bench_metric.seeing.enriching import enrich
from gsi_bench_metric.seeing.looking import Makers
from gsi_bench_metric.seeing.options import SeeingError

MUG, CAN, FAR = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9), standing("far", -0.12, 1.25)
THINGS = (MUG, CAN, FAR)
RGB, NUMBERS, DEPTH = drawn(THINGS)
PICTURE = EncodedImage(png(RGB), "source.png")


def written(tmp_path, *samples):
    data = tmp_path / "data"
    write_dataset({"fine": sorted(samples, key=lambda s: s.id)}, data)
    return data


def run(data, out, *args):
    return main(["enrich", str(data), "--out", str(out), "--masks", "grabcut", "--device", "cpu", "--quiet", *args])


def samples(folder):
    return {s.id: s for s in read_dataset(folder, "fine")}


class Counting(Mine):
    """Outlines of boxes; counts the images that it is asked about."""

    def __init__(self, fails_at=None):
        self.asked, self.batches, self._fails_at = [], [], fails_at

    def segment(self, views):
        if self._fails_at is not None and len(self.batches) == self._fails_at:
            raise KeyboardInterrupt
        self.batches.append(len(views))
        self.asked += [tuple(t.id for t in view.things) for view in views]
        return super().segment(views)


def test_what_lacks_is_added_with_its_origin(tmp_path, capsys):
    data = written(tmp_path, sample_of(THINGS))
    assert run(data, tmp_path / "out") == 0
    (sample,) = samples(tmp_path / "out").values()
    assert (sample.mask_source, sample.depth_source, sample.up_source) == ("grabcut", "boxes", "box")
    assert iou(load_numbers(sample.instance_mask) == 1, NUMBERS == 1) > 0.85
    depth = load_numbers(sample.depth) / 1000
    assert np.median(np.abs(depth - DEPTH)[depth > 0] / DEPTH[depth > 0]) < 0.01
    np.testing.assert_allclose(sample.up, UP, atol=1e-6)
    assert sample.up_agreement_deg == pytest.approx(0, abs=1e-3) and sample.depth_residual is None
    verify_dataset(tmp_path / "out")
    said = capsys.readouterr().out
    assert "instance_mask: made by grabcut 1; 0 came with it" in said and "1 samples, 1 images" in said


def test_the_card_says_who_made_what(tmp_path):
    run(written(tmp_path, sample_of(THINGS)), tmp_path / "out")
    card = (tmp_path / "out/README.md").read_text()
    for line in (
        "| fine | `depth` | boxes | 1 of 1 |",
        "| fine | `instance_mask` | grabcut | 1 of 1 |",
        "| fine | `up` | box | 1 of 1 |",
    ):
        assert line in card
    assert "Added to the images" not in (tmp_path / "data/README.md").read_text()


def test_what_a_sample_came_with_is_never_replaced(tmp_path):
    own = {
        "instance_mask": EncodedImage(png(NUMBERS.astype(np.uint16)), "own.png"),
        "depth": EncodedImage(png(np.full(NUMBERS.shape, 900, np.uint16)), "d.png"),
        "up": (0.0, -1.0, 0.0),
        "up_source": "engine",
    }
    given, lacking = sample_of(THINGS, "0", **own), sample_of(THINGS, "1")
    run(written(tmp_path, given, lacking), tmp_path / "out")
    found = samples(tmp_path / "out")
    assert found[given.id] == given
    assert found[lacking.id].mask_source == "grabcut" and found[lacking.id].image == lacking.image


@pytest.mark.parametrize("part", ["masks", "depth", "gravity"])
def test_a_part_that_is_not_asked_for_is_left(tmp_path, part):
    args = ["--gravity", "none"] if part == "gravity" else [f"--{part}", "none"]
    run(written(tmp_path, sample_of(THINGS)), tmp_path / "out", *args)
    (sample,) = samples(tmp_path / "out").values()
    made = {"masks": sample.instance_mask, "depth": sample.depth, "gravity": sample.up}
    assert [name for name, value in made.items() if value is None] == [part]


def test_each_source_image_is_looked_at_once(tmp_path):
    segmenter = Counting()
    data = written(tmp_path, *(sample_of(THINGS, str(i)) for i in range(4)), sample_of(THINGS, img_id="other"))
    done = enrich(data, tmp_path / "out", Makers(segmenter, BoxScene(), "auto"), progress=False)
    assert len(segmenter.asked) == 2 and done.images == 2 and done.samples == 5


def test_samples_that_know_only_their_target_share_all_boxes(tmp_path):
    segmenter = Counting()
    alone = [sample_of(order, str(i), alone=True, image=PICTURE) for i, order in enumerate([(MUG,), (CAN,), (FAR,)])]
    enrich(written(tmp_path, *alone), tmp_path / "out", Makers(segmenter, BoxScene(), "auto"), progress=False)
    assert [len(names) for names in segmenter.asked] == [3]
    for sample, number in zip(samples(tmp_path / "out").values(), (1, 2, 3), strict=True):
        mask = load_numbers(sample.instance_mask)
        assert set(np.unique(mask)) == {0, 1}  # its own only object
        assert iou(mask == 1, number == NUMBERS) > 0.9
        assert sample.up_source == "box" and sample.objects is None


def test_other_orders_of_objects_get_their_own_numbers(tmp_path):
    data = written(tmp_path, sample_of(THINGS, "0"), sample_of((FAR, MUG, CAN), "1", image=PICTURE))
    enrich(data, tmp_path / "out", Makers(Counting(), None, None), progress=False)
    first, second = (load_numbers(s.instance_mask) for s in samples(tmp_path / "out").values())
    assert ((first == 3) == (second == 1)).all() and ((first == 1) == (second == 2)).all() and (first == 3).any()


def test_a_run_that_was_stopped_goes_on(tmp_path):
    data = written(tmp_path, *(sample_of(THINGS, img_id=f"i{i}") for i in range(4)))
    with pytest.raises(KeyboardInterrupt):
        enrich(data, tmp_path / "out", Makers(Counting(fails_at=2), BoxScene(), "auto"), progress=False)
    assert not (tmp_path / "out").exists()
    again = Counting()
    done = enrich(data, tmp_path / "out", Makers(again, BoxScene(), "auto"), progress=False)
    assert len(again.asked) == 2 and done.images == 2 and done.made["instance_mask"] == {"mine": 4}
    third = Counting()
    enrich(data, tmp_path / "out", Makers(third, BoxScene(), "auto"), progress=False)
    assert third.asked == []


def test_two_runs_give_the_same_bytes(tmp_path):
    data = written(tmp_path, sample_of(THINGS))
    for name in ("a", "b"):
        run(data, tmp_path / name)
    a, b = (sorted((tmp_path / name).rglob("*.*")) for name in ("a", "b"))
    assert [p.read_bytes() for p in a] == [p.read_bytes() for p in b]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_images_are_looked_at_in_batches(tmp_path, batch):
    data = written(tmp_path, *(sample_of(THINGS, img_id=f"i{i}") for i in range(5)))
    segmenter = Counting()
    enrich(data, tmp_path / "out", Makers(segmenter, BoxScene(), "auto"), batch=batch, progress=False)
    assert sum(segmenter.batches) == 5 and max(segmenter.batches) == batch


# What cannot be made


def test_what_one_image_lacks_is_named_and_the_rest_goes_on(tmp_path, capsys):
    bad = [
        sample_of(THINGS, img_id="damaged", image=EncodedImage(PICTURE.bytes[:200], "x.png")),
        sample_of(THINGS, img_id="frameless", pixel_frame="unknown"),
        sample_of((standing("behind", 0, -3),), img_id="unseen"),
    ]
    assert run(written(tmp_path, sample_of(THINGS), *bad), tmp_path / "out") == 0
    found = samples(tmp_path / "out")
    assert len(found) == 4 and [s.img_id for s in found.values() if s.instance_mask is not None] == ["room_frame_000010"]
    assert all(
        (s.mask_source is None, s.depth_source is None) == (s.instance_mask is None, s.depth is None) for s in found.values()
    )
    said = capsys.readouterr().out
    report = json.loads((tmp_path / "out-enriching/report.json").read_text())
    for words, image in (
        ("cannot be read", "damaged"),
        ("pixel_frame is unknown", "frameless"),
        ("no known box is seen", "unseen"),
    ):
        assert words in said
        for column in ("instance_mask", "depth"):
            assert [images for why, images in report["problems"][column].items() if words in why] == [[image]]
    assert found["frameless_edit_0"].up_source == "box"  # boxes tell it without the image
    assert found["unseen_edit_0"].up is None and "one box has no second" in said


class Odd(Mine):
    """Spoils the masks of the object at a position."""

    def __init__(self, position, spoil):
        self._position, self._spoil = position, spoil

    def segment(self, views):
        found = super().segment(views)
        for masks in found:
            masks[self._position] = self._spoil(masks[self._position])
        return found


@pytest.mark.parametrize("spoil", [np.zeros_like, lambda mask: ~mask, lambda mask: mask[:9], lambda mask: None])
def test_an_object_without_a_usable_mask_is_named_in_the_column(tmp_path, spoil):
    data = written(tmp_path, sample_of(THINGS))
    done = enrich(data, tmp_path / "out", Makers(Odd(1, spoil), None, None), progress=False)
    (sample,) = samples(tmp_path / "out").values()
    assert sample.mask_source == "mine; outline of the box for can"
    assert any("outline of the box" in why for why in done.problems["instance_mask"])


def test_a_sample_of_which_no_mask_was_found_stays_without(tmp_path):
    data = written(tmp_path, sample_of((MUG,), img_id="a"), sample_of((CAN, MUG), img_id="b"))
    done = enrich(data, tmp_path / "out", Makers(Odd(0, np.zeros_like), None, None), progress=False)
    found = samples(tmp_path / "out")
    assert found["a_edit_0"].instance_mask is None and found["a_edit_0"].mask_source is None
    assert found["b_edit_0"].mask_source == "mine; outline of the box for can"
    assert done.problems["instance_mask"]["mug: the mask is empty"] == ["a"]


class Estimating:
    """A depth that is what is given, whatever the image."""

    to_scale = False
    name = key = "given"

    def __init__(self, depth):
        self._depth = depth

    def estimate(self, views, numbers):
        return [self._depth for _ in views]


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_an_estimate_is_stored_in_the_boxes_scale_with_residual(tmp_path, scale):
    data = written(tmp_path, sample_of(THINGS))
    enrich(data, tmp_path / "out", Makers(Counting(), Estimating((DEPTH * scale).astype(np.float32)), None), progress=False)
    (sample,) = samples(tmp_path / "out").values()
    assert sample.depth_source == "given" and 0 <= sample.depth_residual < 0.02
    assert np.median(np.abs(load_numbers(sample.depth) / 1000 - DEPTH) / DEPTH) < 0.02


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (DEPTH[:50], "expected a depth of 160×120"),
        (DEPTH * np.nan, "no known box is seen"),
        (DEPTH * 0, "no known box is seen"),
    ],
)
def test_a_depth_that_cannot_be_used_is_named_and_left_out(tmp_path, depth, words):
    data = written(tmp_path, sample_of(THINGS))
    done = enrich(data, tmp_path / "out", Makers(Counting(), Estimating(depth.astype(np.float32)), None), progress=False)
    (sample,) = samples(tmp_path / "out").values()
    assert sample.depth is None and sample.depth_source is None and sample.instance_mask is not None
    assert words in next(iter(done.problems["depth"]))


def test_where_nothing_can_be_made_no_dataset_is_written(tmp_path, capsys):
    data = written(tmp_path, sample_of((standing("behind", 0, -3),)))
    assert run(data, tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "nothing could be added" in said and "no known box is seen" in said and not (tmp_path / "out").exists()


def test_data_that_lacks_nothing_comes_out_as_it_was(tmp_path):
    data = written(tmp_path, sample_of(THINGS))
    run(data, tmp_path / "out")
    run(tmp_path / "out", tmp_path / "again")
    assert samples(tmp_path / "again") == samples(tmp_path / "out")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--masks", "none", "--depth", "none", "--gravity", "none"], "nothing to add"),
        (["--masks", "sam9"], "no segmenter"),
        (["--depth", "far"], "no depth"),
        (["--masks", "sam"], "needs its weights"),
        (["--masks", "sam-transformers"], "needs a model"),
        (["--depth", "transformers", "--depth-model", "/nowhere/at/all"], "cannot be loaded"),
        (["--gravity", "poses"], "needs --poses"),
        (["--poses", "/nowhere"], "expected the folder of ScanNet"),
        (["--device", "tpu"], "is not available here"),
        (["--masks-model", "x"], "no weights that can be chosen"),
    ],
)
def test_a_wrong_option_is_one_line_before_any_work(tmp_path, capsys, args, words):
    data = written(tmp_path, sample_of(THINGS))
    assert run(data, tmp_path / "out", *args) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said and not (tmp_path / "out").exists()


def test_the_dataset_that_is_read_is_not_written_over(tmp_path):
    data = written(tmp_path, sample_of(THINGS))
    with pytest.raises(SeeingError, match="give --out another place"):
        enrich(data, tmp_path / "data" / ".." / "data", Makers(Counting(), None, None), progress=False)


def test_a_source_without_a_maker_cannot_be_said():
    with pytest.raises(ValueError, match="mask_source: 'u2netp' made nothing"):
        dataclasses.replace(sample_of(THINGS), mask_source="u2netp")


# What is said afterwards


def test_a_run_on_enriched_samples_says_so_in_its_report(make_case, tmp_path):
    case = make_case(4)
    depth = EncodedImage(png(np.full((48, 64), 900, np.uint16)), "d.png")
    case.samples = [dataclasses.replace(s, depth=depth, depth_source="boxes") if i else s for i, s in enumerate(case.samples)]
    case.write_data()
    run = evaluate(case.request(), tmp_path / "run", progress=False)
    assert run.settings["dataset"]["enriched"] == {"fine": {"depth: boxes": 3}}
    (line,) = [value for name, value in build_report(run, gallery=0).settings if name == "Added by `gsi-bench enrich`"]
    assert line == "fine 4 samples, of these depth: boxes 3"
    assert "Added by `gsi-bench enrich`" in (write_report(run, tmp_path / "run", progress=False)[0]).read_text()


def test_a_run_on_samples_as_they_came_says_nothing_of_it(make_case, tmp_path):
    run = evaluate(make_case(4).request(), tmp_path / "run", progress=False)
    assert run.settings["dataset"]["enriched"] == {}
    assert not [name for name, _ in build_report(run, gallery=0).settings if "enrich" in name]


def test_a_folder_of_an_older_release_loads_and_keeps_its_hash():
    folder = Path(__file__).parents[2] / "data/variants/GSI-Bench"
    verify_dataset(folder)
    assert "mask_source" not in (folder / "README.md").read_text()
    assert all(s.mask_source is None and s.depth_residual is None for s in read_dataset(folder, "mesatask"))


def test_a_run_says_how_many_of_its_turns_are_measurable(make_case, tmp_path):
    case = make_case(4)
    run = evaluate(case.request(), tmp_path / "untold", progress=False)
    assert run.settings["dataset"]["measurable"] == {}
    assert not [name for name, _ in build_report(run, gallery=0).settings if "Measurable" in name]
    turn = Operation(kind="rotate", direction="clockwise", angle_deg=90.0)
    known = (False, True, True, None)
    case.samples = [dataclasses.replace(s, operation=turn, measurable=m) for s, m in zip(case.samples, known, strict=True)]
    case.write_data()
    run = evaluate(case.request(), tmp_path / "told", progress=False)
    assert run.settings["dataset"]["measurable"] == {"fine": "rotate 2 of 3"}
    (line,) = [value for name, value in build_report(run, gallery=0).settings if name == "Measurable, by the true shapes"]
    assert line == "fine: rotate 2 of 3"
