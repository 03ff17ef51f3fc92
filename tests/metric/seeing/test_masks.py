"""Masks: held against boxes, the nearer object first, by networks and by colour; what is refused."""

import dataclasses
import importlib.util

import numpy as np
import pytest
from seeing_cases import HEIGHT, UP, WIDTH, K, iou, onnx_spread, standing, view_of

from gsi_bench_metric.imaging.device import DeviceError
from gsi_bench_metric.imaging.fetching import WeightsError, kept_file
from gsi_bench_metric.seeing import registry
from gsi_bench_metric.seeing.base import View
from gsi_bench_metric.seeing.masks import u2net
from gsi_bench_metric.seeing.masks.grabcut import GrabCut
from gsi_bench_metric.seeing.masks.numbering import in_front, largest_within, numbered
from gsi_bench_metric.seeing.masks.salient import SalientSegmenter
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.registry import SEGMENTERS, make_segmenter

MUG, CAN, FAR = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9), standing("far", -0.12, 1.25)
with_onnxruntime = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="onnxruntime is not installed: pip install 'gsi-bench[segment]'"
)


def truth(numbers, count):
    return [numbers == i for i in range(1, count + 1)]


def test_numbers_follow_the_order_of_the_objects():
    view, numbers, _ = view_of(MUG, CAN)
    found = numbered(view, truth(numbers, 2))
    assert (found.numbers == numbers).all() and not found.by_box and not found.unseen


def test_where_masks_overlap_the_nearer_object_wins():
    for things in ((MUG, FAR), (FAR, MUG)):
        view, numbers, _ = view_of(*things)
        both = [silhouette.copy() for silhouette in view.silhouettes]
        shared = both[0] & both[1]
        assert shared.sum() > 20
        found = numbered(view, both)
        near = things.index(MUG) + 1
        assert (found.numbers[shared] == near).mean() > 0.95
        assert iou(found.numbers > 0, numbers > 0) > 0.9


def test_what_stands_on_another_wins_where_it_is_met_first():
    plate = standing("plate", 0, 1.0, (0.5, 0.02, 0.4))
    cup = standing("cup", 0, 1.05, (0.08, 0.1, 0.08), lift=0.02)
    view, numbers, _ = view_of(plate, cup)
    assert sum(v * v for v in plate.bbox_3d[:3]) != sum(v * v for v in cup.bbox_3d[:3])
    found = numbered(view, [numbers > 0, numbers == 2])  # the plate's mask holds the cup
    assert iou(found.numbers == 2, numbers == 2) > 0.98


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda mask: np.roll(mask, 60, 1), "misses its box"),
        (lambda mask: ~mask, "misses its box"),
        (np.zeros_like, "is empty"),
        (lambda mask: mask[:50], f"expected a mask of {WIDTH}×{HEIGHT} pixels"),
        (lambda mask: mask & (np.cumsum(mask).reshape(mask.shape) <= 5), "fills"),
        (lambda mask: None, "no mask was found"),
    ],
)
def test_an_impossible_mask_is_named_and_its_box_stands_in(spoil, words):
    view, numbers, _ = view_of(MUG, CAN)
    masks = truth(numbers, 2)
    found = numbered(view, [spoil(masks[0]), masks[1]])
    assert list(found.by_box) == ["mug"] and words in found.by_box["mug"]
    assert (found.numbers[view.silhouettes[0]] == 1).all() and iou(found.numbers == 2, masks[1]) > 0.99


def test_an_object_whose_mask_others_hold_is_named():
    view, numbers, _ = view_of(MUG, standing("far", -0.15, 1.0))
    found = numbered(view, [numbers == 1, numbers == 1])
    assert found.by_box == {"far": "nearer objects hold all of its mask"}
    assert (found.numbers == 2).any() and (found.numbers == 1).sum() > 0.95 * (numbers == 1).sum()


@pytest.mark.parametrize(("right", "away"), [(0, -3), (8, 0.9), (-8, 0.9)])
def test_an_object_beside_the_image_has_no_pixels(right, away):
    view, numbers, _ = view_of(MUG)
    wide = View(view.rgb, K, (MUG, standing("off", right, away)), UP)
    assert wide.rectangle(1) is None and wide.silhouettes[1] is None
    found = numbered(wide, [numbers == 1, None])
    assert found.unseen == ("off",) and not found.by_box and not (found.numbers == 2).any()


def test_an_object_at_the_border_is_cut_there():
    edge = standing("edge", -0.5, 0.9)
    view, numbers, _ = view_of(edge)
    x1, y1, x2, y2 = view.rectangle(0)
    assert (x1, 0 < y1 < y2 <= HEIGHT) == (0, True) and 0 < x2 < WIDTH
    assert iou(view.silhouettes[0], numbers == 1) > 0.97


def test_the_silhouette_is_where_the_box_is_drawn():
    for turn in (0.0, 0.4, 1.1):
        view, numbers, _ = view_of(standing("box", 0.05, 0.8, turn=turn))
        assert iou(view.silhouettes[0], numbers == 1) > 0.97


def test_what_is_in_front_is_what_hides_the_box():
    view, numbers, _ = view_of(MUG, FAR)
    mask = numbers == 1
    assert (mask & view.silhouettes[1]).sum() > 20
    assert (in_front(view, 1, {0: mask})[view.silhouettes[1]] == mask[view.silhouettes[1]]).all()
    assert not in_front(view, 0, {1: view.silhouettes[1]})[view.silhouettes[0]].any()


def test_the_largest_part_inside_is_taken():
    mask = np.zeros((20, 30), bool)
    mask[2:8, 2:8] = mask[10:12, 10:12] = mask[0:20, 25:30] = True
    inside = np.zeros_like(mask)
    inside[:, :20] = True
    found = largest_within(mask, inside)
    assert found.sum() == 36 and found[2:8, 2:8].all()
    assert not largest_within(mask & False, inside).any()


def test_grabcut_finds_objects_of_one_colour():
    view, numbers, _ = view_of(MUG, CAN, FAR)
    found = numbered(view, GrabCut().segment([view])[0])
    assert not found.by_box
    assert all(iou(found.numbers == i, numbers == i) > 0.9 for i in (1, 2, 3))


def test_grabcut_gives_the_same_mask_twice():
    view, _, _ = view_of(MUG, CAN)
    first, second = GrabCut().segment([view, view])
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("size", [(0.002, 0.002, 0.002), (3.0, 3.0, 0.1)])
def test_grabcut_takes_boxes_too_small_or_large_to_learn_from(size):
    view, _, _ = view_of(standing("odd", 0, 0.9, size))
    (mask,) = GrabCut().segment([view])[0]
    assert mask is None or mask.shape == view.shape


# Networks


@pytest.fixture
def tiny(tmp_path):
    """A network that takes for salient what has a bright channel."""

    def make(side=32):
        path = tmp_path / "tiny.onnx"
        path.write_bytes(onnx_spread(side))
        return SalientSegmenter(dataclasses.replace(u2net.U2NETP, name="tiny", side=side), path)

    return make


@with_onnxruntime
def test_a_network_is_asked_about_the_crop_round_each_box(tiny):
    view, numbers, _ = view_of(MUG, CAN)
    masks = tiny(64).segment([view])[0]
    found = numbered(view, masks)
    assert not found.by_box and all(iou(found.numbers == i, numbers == i) > 0.85 for i in (1, 2))


@with_onnxruntime
def test_a_hidden_object_is_not_given_the_pixels_of_the_nearer(tiny):
    view, numbers, _ = view_of(FAR, MUG)
    masks = tiny(64).segment([view])[0]
    assert (masks[0] & (numbers == 2)).sum() < 0.1 * (numbers == 2).sum()
    assert iou(masks[0], numbers == 1) > 0.6


@with_onnxruntime
@pytest.mark.parametrize("content", [b"", b"no network", onnx_spread(8)[:40]])
def test_a_file_that_is_no_network_is_refused_by_name(content, tmp_path):
    (tmp_path / "wrong.onnx").write_bytes(content)
    with pytest.raises(SeeingError, match=r"wrong\.onnx: onnxruntime cannot run it"):
        SalientSegmenter(u2net.U2NETP, tmp_path / "wrong.onnx")


@with_onnxruntime
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "tpu"])
def test_a_device_that_onnxruntime_has_not_is_named(tiny, tmp_path, device):
    (tmp_path / "t.onnx").write_bytes(onnx_spread(8))
    import onnxruntime  # noqa: PLC0415

    if device.startswith("cuda") and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(DeviceError, match=device):
        SalientSegmenter(u2net.U2NETP, tmp_path / "t.onnx", device)


@with_onnxruntime
def test_the_embedded_network_finds_objects_on_a_table():
    try:
        path = kept_file(u2net.U2NETP.file, fetching=False)
    except WeightsError as error:
        pytest.skip(f"u2netp is not in the cache: {error}"[:120])
    view, numbers, _ = view_of(MUG, CAN)
    found = numbered(view, SalientSegmenter(u2net.U2NETP, path).segment([view])[0])
    assert not found.by_box and all(iou(found.numbers == i, numbers == i) > 0.8 for i in (1, 2))


# Choosing


def test_without_onnxruntime_auto_is_grabcut_and_says_so(monkeypatch):
    monkeypatch.setattr(registry, "has_onnxruntime", lambda: False)
    assert make_segmenter("auto", Options()).name == "grabcut"


@pytest.mark.parametrize("name", ["u2netp", "isnet"])
def test_without_onnxruntime_a_network_names_the_extra(name, monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.seeing.masks.salient.has_onnxruntime", lambda: False)
    with pytest.raises(SeeingError, match=r"onnxruntime: pip install 'gsi-bench\[segment\]'"):
        make_segmenter(name, Options())


@pytest.mark.parametrize("name", ["u2netp", "isnet"])
def test_without_weights_a_network_names_the_command(name, cache, monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.seeing.masks.salient.has_onnxruntime", lambda: True)
    with pytest.raises(SeeingError, match=f"gsi-bench weights {name}"):
        make_segmenter(name, Options(fetching=False))


@pytest.mark.parametrize("name", ["u2netp", "isnet"])
@pytest.mark.parametrize("content", [None, b"", b"wrong"])
def test_a_given_file_that_is_another_is_refused_by_name(name, content, cache, tmp_path, monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.seeing.masks.salient.has_onnxruntime", lambda: True)
    if content is not None:
        (tmp_path / "mine.onnx").write_bytes(content)
    with pytest.raises(SeeingError, match=r"mine\.onnx"):
        make_segmenter(name, Options(weights=str(tmp_path / "mine.onnx")))


def test_an_unknown_segmenter_is_named_with_those_there_are():
    with pytest.raises(SeeingError, match=r"no segmenter 'sam9'; expected .*grabcut.*u2netp.*auto"):
        make_segmenter("sam9", Options())
    assert make_segmenter("none", Options()) is None


def test_a_segmenter_is_added_by_one_line(monkeypatch):
    SEGMENTERS.add("mine", "seeing_cases:make_mine")
    try:
        assert make_segmenter("mine", Options()).name == "mine"
    finally:
        SEGMENTERS.remove("mine")


@pytest.mark.parametrize("options", [Options(weights="x"), Options(revision="x")])
def test_grabcut_takes_no_weights(options):
    with pytest.raises(SeeingError, match="grabcut"):
        make_segmenter("grabcut", options)
