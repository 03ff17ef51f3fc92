"""Which edits a gallery shows, and what is drawn on them."""

import dataclasses

import numpy as np
import pytest

from gsi_bench_dataset.records import Detection, Score
from gsi_bench_metric.pages.charts import interval_mark
from gsi_bench_metric.pages.images import CHANGE_SCALE, change_map
from gsi_bench_metric.pages.tables import Cell, Row
from gsi_bench_metric.report.gallery import choose
from gsi_bench_metric.report.overlay import edited_shapes, region_shapes, source_shapes
from gsi_bench_metric.report.plots import bin_counts, dot_plot, histogram
from gsi_bench_metric.report.target import evidence_of


def edit(number, ic=1.0, sa=0.5, lpips=0.1, **values):
    fields = {"sample_id": f"a_edit_{number}", "split": "fine", "editor": "e", "protocol": "official", "operation": "move"}
    return Score(**fields | {"ic": ic, "sa": sa, "ssim": 1 - lpips, "lpips": lpips, "mse": 1.0} | values)


def ids(choices, kind):
    return [choice.score.sample_id for choice in choices if choice.kind == kind]


def test_best_and_worst_are_ranked_by_ic_then_sa_then_el():
    scores = [edit(0), edit(1, sa=0.9), edit(2, ic=0.0, sa=0.99), edit(3, lpips=0.05), edit(4, ic=0.0, sa=0.0)]
    chosen = choose(scores, judged=False, each=2)
    assert ids(chosen, "best") == ["a_edit_1", "a_edit_3"]
    assert ids(chosen, "worst") == ["a_edit_4", "a_edit_2"]


def test_unscored_edits_have_no_rank_and_missing_are_not_shown():
    unscored = edit(1, ic=None, sa=None, state="partial")
    missing = edit(2, ic=None, sa=None, ssim=None, mse=None, state="no_picture")
    chosen = choose([edit(0), unscored, dataclasses.replace(missing, lpips=None)], judged=False, each=3)
    assert ids(chosen, "best") == ["a_edit_0"]
    assert ids(chosen, "worst") == []
    assert ids(chosen, "random") == ["a_edit_1"]


def test_no_edit_is_shown_twice_and_the_draw_is_fixed():
    scores = [edit(i, sa=i / 20) for i in range(20)]
    chosen = choose(scores, judged=False, each=3)
    shown = [choice.score.sample_id for choice in chosen]
    assert len(shown) == len(set(shown)) == 9
    assert choose(scores[::-1], judged=False, each=3) == chosen


def test_an_edit_that_the_judge_refused_is_not_among_the_best():
    chosen = choose([edit(0, sa=1.0, ac=0.0), edit(1, sa=0.2, ac=8.0)], judged=True, each=1)
    assert ids(chosen, "best") == ["a_edit_1"]


def test_a_goal_is_drawn_where_its_centre_projects(make_sample):
    sample = make_sample(pixel_frame="source")
    kinds = {shape.kind: shape.path for shape in source_shapes(sample, "move", (640, 480))}
    assert list(kinds) == ["original", "goal"]
    points = {
        kind: np.array([p.split(" ") for p in path[1:].replace("M", "L").split("L")], float) for kind, path in kinds.items()
    }
    K = np.array(sample.camera_intrinsics)
    step = K[0, 0] * 0.2 / sample.original_bbox_3d[2]
    assert points["goal"].mean(0)[0] - points["original"].mean(0)[0] == pytest.approx(step, rel=0.05)


def test_unknown_pixels_draw_2d_boxes_and_no_3d_box(make_sample):
    sample = make_sample(pixel_frame="unknown")
    found = Detection(bbox_3d=sample.original_bbox_3d, bbox_2d=[0, 0, 896, 100], rotation_matrix=sample.rotation_matrix)
    assert source_shapes(sample, "move", (448, 224)) == []
    (shape,) = edited_shapes(sample, "move", (448, 224), [found], None)
    assert shape.path == "M0.0 0.0L448.0 0.0L448.0 50.0L0.0 50.0L0.0 0.0"


def test_the_detection_that_the_protocol_took_is_marked(make_sample):
    start = make_sample().original_bbox_3d
    sample = make_sample(pixel_frame="source", new_bbox_3d=[start[0] + 0.5, *start[1:]])
    stayed = Detection(bbox_3d=sample.original_bbox_3d, bbox_2d=[0, 0, 50, 50])
    moved = Detection(bbox_3d=sample.new_bbox_3d, bbox_2d=[300, 0, 350, 50])
    other = Detection(bbox_3d=[9, *sample.new_bbox_3d[1:]], bbox_2d=[700, 0, 750, 50])
    evidence = evidence_of("move", sample, [stayed], [other, moved])
    kinds = [shape.kind for shape in edited_shapes(sample, "move", (640, 480), [other, moved], evidence)]
    assert kinds == ["other", "found", "goal"]


def test_the_locality_window_is_drawn_if_not_the_whole_image(make_sample):
    sample = make_sample(pixel_frame="source")
    small = region_shapes(sample, (400, 300), [], [])
    assert [shape.kind for shape in small] == ["window"]
    assert region_shapes(sample, (1600, 1200), [], []) == []


def test_a_change_map_is_dark_if_unchanged_and_bright_at_scale():
    before = np.full((20, 20, 3), 120, np.uint8)
    after = before.copy()
    after[:, 10:] = 255
    shown = change_map(before, after).astype(int).sum(-1)
    assert shown[:, 2].max() < 30
    assert shown[:, 17].min() > 600
    assert CHANGE_SCALE == 50


def test_every_value_is_in_one_bin():
    values = np.random.default_rng(0).uniform(-20, 120, 500)
    assert sum(bin_counts(values)) == 500


def test_plots_escape_texts_and_leave_out_what_does_not_exist():
    evil = "<script>x</script>"
    cells = [Cell("50.0", value=50.0, low=40.0, high=60.0), Cell("–"), Cell("nan", value=float("nan"))]
    plot = dot_plot(evil, [Row(evil, "", cells)], [(0, evil), (1, "b"), (2, "c")])
    for svg in (plot, histogram(evil, [1, 0, 2], 2, 0)):
        assert "<script" not in svg
        assert "<title>&lt;script&gt;" in svg
    assert plot.count("<circle") == 1
    assert "<polygon" not in plot
    assert interval_mark(Cell("–")) == ""
