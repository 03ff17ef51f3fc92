"""Image measures and the viewpoint check against the reference's recorded outputs; SSIM against scikit-image as well."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Tensor

from gsi_bench_dataset.layout.pixel_frame import ReferenceFrame
from gsi_bench_dataset.records import Detection, EncodedImage, Sample
from gsi_bench_metric.imaging.images import reference_view
from gsi_bench_metric.imaging.locality import boxes_mask, data_range, masked_mean, mse, ssim, ssim_map
from gsi_bench_metric.imaging.perceptual import MIN_SIDE, LpipsAlex, content_scaled, masked_lpips
from gsi_bench_metric.imaging.viewpoint import ViewpointError, keypoints, rotation_between, same_viewpoint
from gsi_bench_metric.imaging.weights import WeightsError
from gsi_bench_metric.protocols.official.operations import locality_boxes, locality_gate, pack_edits

RECORDED_OPENCV = "4.11."  # the build that made the viewpoint entries

# One entry per recorded image pair. near_black and blank_edit: SSIM divides rounding noise by a range of (almost) 0.
SAME_SIZE = (
    "moved_patch_256",
    "noise_160x120",
    "blur_320x240",
    "colour_portrait_240x320",
    "jpeg_320x240",
    "identical_200",
    "brighter_patch_160x120",
    "inpaint_256x192",
    "large_960x720",
    "wide_300x100",
    "blank_edit_128",
    "near_black_96",
    "stereo_view_320x240",
    "camera_roll_320x240",
    "odd_101x77",
)
PAIRS = (*SAME_SIZE, "size_mismatch")
MEANINGLESS_SSIM = ("near_black_96", "blank_edit_128")
EDGE_CASES = (
    "textured_vs_blank",
    "blank_vs_textured",
    "blank_vs_blank",
    "textured_vs_blob",
    "blob_vs_textured",
    "few_matches",
    "noise2",
    "roll5",
    "roll20",
    "flip",
    "jpeg80",
)


@functools.cache
def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@functools.cache
def _arrays(path: Path) -> dict[str, NDArray[np.uint8]]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


@functools.cache
def _network() -> LpipsAlex | WeightsError:
    try:
        return LpipsAlex.pretrained()
    except WeightsError as error:
        return error


@pytest.fixture(scope="session")
def lpips() -> LpipsAlex:
    network = _network()
    if isinstance(network, WeightsError):
        pytest.skip(str(network))  # lists what was tried and the command that fetches the weights
    return network


@dataclasses.dataclass(frozen=True)
class Recorded:
    """images.json and images.npz."""

    entries: dict[str, Any]
    arrays: dict[str, NDArray[np.uint8]]

    def pair(self, name: str) -> dict[str, Any]:
        return next(p for p in self.entries["pairs"] if p["name"] == name)

    def picture(self, name: str) -> Tensor:
        """An image as (1, H, W, 3) uint8 RGB."""
        return torch.from_numpy(self.arrays[name])[None]

    def mask(self, name: str, shape: list[int]) -> Tensor:
        bits = np.unpackbits(self.arrays[name])[: shape[0] * shape[1]]
        return torch.from_numpy(bits.reshape(1, *shape).astype(bool))


@pytest.fixture
def recorded(golden: Path) -> Recorded:
    return Recorded(_json(golden / "metric" / "images.json"), _arrays(golden / "metric" / "images.npz"))


@pytest.fixture
def geometry(golden: Path) -> dict[str, Any]:
    return _json(golden / "metric" / "geometry.json")["cases"]


def _assert_value(found: Tensor | float, expected: float, limit: float = 1e-4, relative: float = 0.0) -> None:
    torch.testing.assert_close(
        torch.tensor(float(found), dtype=torch.float64),
        torch.tensor(expected, dtype=torch.float64),
        rtol=relative,
        atol=limit,
        equal_nan=True,
    )


def _ssim_limit(name: str) -> float:
    return 1e-2 if name in MEANINGLESS_SSIM else 1e-4


# --- the evaluated window --------------------------------------------------------------------------------------------


def test_the_recorded_pairs_are_the_ones_listed_here(recorded: Recorded) -> None:
    assert tuple(sorted(p["name"] for p in recorded.entries["pairs"])) == tuple(sorted(PAIRS))
    assert tuple(c["tag"] for c in recorded.entries["viewpoint_edge_cases"]) == EDGE_CASES


def test_resize_and_crop_sizes_equal_the_reference(geometry: dict[str, Any]) -> None:
    assert len(geometry["resize_crop_shapes"]) == 40
    for case in geometry["resize_crop_shapes"]:
        frame = ReferenceFrame(case["h"], case["w"])
        assert list(frame.resized) == case["resized"], case
        assert list(frame.crop_start) == [case["crop_top"], case["crop_left"]], case
        assert list(frame.cropped) == case["cropped"], case
        assert list(frame.final) == case["final"], case


@pytest.mark.parametrize("side", ["original", "edited"])
@pytest.mark.parametrize("name", PAIRS)
def test_the_evaluated_window_equals_the_reference(recorded: Recorded, name: str, side: str) -> None:
    """Shape, single pixels, block means, channel means and deviations, in BGR, to 2e-3 of 255."""
    expected = recorded.pair(name)["img_process"][side]
    view = reference_view(recorded.picture(f"{name}.{side}"))
    assert view.dtype == torch.float32
    view = view[0].permute(1, 2, 0).double()
    assert list(view.shape) == expected["shape"]
    assert len(expected["samples"]) == 24
    for sample in expected["samples"]:
        _assert_near(view[sample["y"], sample["x"]], sample["bgr"])
    _assert_near(view.mean((0, 1)), expected["mean"])
    _assert_near(view.std((0, 1), correction=0), expected["std"])
    _assert_value(view.min(), expected["min"], limit=2e-3)
    _assert_value(view.max(), expected["max"], limit=2e-3)
    blocks = np.array(expected["block_means_8x8"])
    rows = np.linspace(0, view.shape[0], blocks.shape[0] + 1).astype(int)
    columns = np.linspace(0, view.shape[1], blocks.shape[1] + 1).astype(int)
    for i, j in np.ndindex(blocks.shape[:2]):
        block = view[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
        _assert_near(block.mean((0, 1)), blocks[i, j].tolist())


def _assert_near(found: Tensor, expected: list[float], limit: float = 2e-3) -> None:
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=limit)


def test_a_batch_of_windows_equals_single_windows(recorded: Recorded) -> None:
    batch = torch.cat([recorded.picture(f"blur_320x240.{side}") for side in ("original", "edited")])
    torch.testing.assert_close(reference_view(batch), torch.cat([reference_view(p[None]) for p in batch]), rtol=0, atol=1e-4)


# --- masks -----------------------------------------------------------------------------------------------------------


def test_excluded_boxes_equal_the_reference(geometry: dict[str, Any]) -> None:
    tags = set()
    for case in geometry["update_mask_2d"]:
        boxes = torch.tensor([[case["bbox_2d"]]], dtype=torch.float64)
        excluded = ~boxes_mask(boxes, torch.tensor([[True]]), case["H"], case["W"])[0].numpy()
        assert np.packbits(excluded).tobytes().hex() == case["packed_hex"], case["tag"]
        assert excluded.sum() == case["area"]
        tags.add(case["tag"])
    assert tags == {"ordered", "random", "left_of_image", "above_image", "right_of_image"}


def test_an_invalid_box_excludes_nothing_and_boxes_unite() -> None:
    boxes = torch.tensor([[[1.0, 1, 3, 3], [2, 2, 5, 4]]], dtype=torch.float64)

    def kept(*valid: bool) -> int:
        return int(boxes_mask(boxes, torch.tensor([valid]), 6, 7).sum())

    assert kept(False, False) == 42
    assert kept(True, False) == 38
    assert kept(False, True) == 36
    assert kept(True, True) == 33  # 4 + 6 pixels that share one


# --- SSIM, LPIPS, MSE ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["processed", "raw"])
@pytest.mark.parametrize("name", SAME_SIZE)
def test_masked_measures_equal_the_reference(recorded: Recorded, lpips: LpipsAlex, name: str, kind: str) -> None:
    """Evaluated windows in float32 BGR and full images in uint8 RGB, under every recorded mask, and swapped."""
    expected = recorded.pair(name)[f"masked_{kind}"]
    pictures = [recorded.picture(f"{name}.{side}") for side in ("original", "edited")]
    if kind == "processed":
        a, b = (reference_view(p) for p in pictures)
        bytes_a, bytes_b = a, b
    else:
        bytes_a, bytes_b = (p.permute(0, 3, 1, 2) for p in pictures)  # MSE of uint8 wraps round (quirk 67)
        a, b = bytes_a.double(), bytes_b.double()
    everywhere = torch.ones(1, *a.shape[2:], dtype=torch.bool)
    distance = lpips(content_scaled(a), content_scaled(b))
    full = ssim_map(a, b, data_range(b))
    for tag in ("all", "one_box", "two_boxes", "ellipse_only", "random", "none"):
        mask = recorded.mask(f"{name}.{kind}.{tag}", expected[tag]["mask_shape"])
        assert mask.sum() == expected[tag]["mask_sum"]
        _assert_value(masked_mean(full, mask), expected[tag]["ssim"]["value"], _ssim_limit(name))
        _assert_value(masked_lpips(distance, mask), expected[tag]["lpips"]["value"])
        _assert_value(mse(bytes_a, bytes_b, mask), expected[tag]["mse"]["value"], limit=1e-9, relative=1e-4)
    _assert_value(ssim(a, b), expected["no_mask"]["ssim"]["value"], _ssim_limit(name))
    _assert_value(mse(bytes_a, bytes_b, everywhere), expected["no_mask"]["mse"]["value"], limit=1e-9, relative=1e-4)
    swapped = expected["swapped_all"]
    _assert_value(ssim(b, a, everywhere), swapped["ssim"]["value"], _ssim_limit(name))
    _assert_value(masked_lpips(lpips(content_scaled(b), content_scaled(a)), everywhere), swapped["lpips"]["value"])
    _assert_value(mse(bytes_b, bytes_a, everywhere), swapped["mse"]["value"], limit=1e-9, relative=1e-4)


@pytest.mark.parametrize("name", SAME_SIZE)
def test_view_similarity_equals_the_reference(recorded: Recorded, lpips: LpipsAlex, name: str) -> None:
    """Half SSIM, half 1 - LPIPS, on full RGB images; the edited image first, so the range is the ground truth's."""
    edited, truth = (recorded.picture(f"{name}.{s}").permute(0, 3, 1, 2).double() for s in ("edited", "original"))
    everywhere = torch.ones(1, *edited.shape[2:], dtype=torch.bool)
    distance = masked_lpips(lpips(content_scaled(edited), content_scaled(truth)), everywhere)
    found = 0.5 * ssim(edited, truth, everywhere) + 0.5 * (1 - distance)
    _assert_value(found, recorded.pair(name)["eval_view"]["value"], _ssim_limit(name))


@pytest.mark.parametrize("name", PAIRS)
def test_locality_equals_the_reference(recorded: Recorded, lpips: LpipsAlex, name: str) -> None:
    """Boxes out of the detections, the kept mask bit by bit, SSIM, LPIPS, MSE and both gates."""
    source, edited = (recorded.picture(f"{name}.{side}") for side in ("original", "edited"))
    if source.shape != edited.shape:
        # The reference resizes here with cv2, but its main loop has resized with PIL before: never reached in a run.
        resized = cv2.resize(edited[0].numpy(), (source.shape[2], source.shape[1]), interpolation=cv2.INTER_LINEAR)
        edited = torch.from_numpy(resized)[None]
    a, b = reference_view(source), reference_view(edited)
    height, width = a.shape[2:]
    distance, full = lpips(content_scaled(a), content_scaled(b)), ssim_map(a, b, data_range(b))
    cases = recorded.pair(name)["eval_locality"]
    assert len(cases) == 10
    boxes, valid = locality_boxes(_pack(cases))
    masks = boxes_mask(boxes, valid, height, width)
    for case, mask in zip(cases, masks[:, None], strict=True):
        assert case["kept_mask_shape"] == [height, width]
        assert mask.equal(recorded.mask(f"{name}.locality.{case['tag']}", [height, width])), case["tag"]
        assert mask.sum() == case["kept_mask_sum"]
        found_ssim, found_lpips = masked_mean(full, mask), masked_lpips(distance, mask)
        _assert_value(found_ssim, case["ssim"], _ssim_limit(name))
        _assert_value(found_lpips, case["lpips"])
        _assert_value(mse(a, b, mask), case["mse"], limit=1e-9, relative=1e-4)
        for dataset_type in ("GSI-Real", "GSI-Syn"):
            assert locality_gate(float(found_ssim), float(found_lpips), dataset_type) is case["check"][dataset_type]


def _pack(cases: list[dict[str, Any]]) -> Any:
    fields = ("label", "bbox_3d", "bbox_2d", "rotation_matrix")
    picture = EncodedImage(b"unused", "0.jpg")
    return pack_edits(
        [Sample(id="0_edit_0", split="fine", img_id="0", query_id="0", image=picture, **c["edit_meta"]) for c in cases],
        *(
            [[Detection(**{k: d[k] for k in fields if k in d}) for d in c[side]["detections"]] for c in cases]
            for side in ("origin_res", "result")
        ),
    )


def _photo_like(seed: int, height: int = 60, width: int = 77, noise: float = 12.0) -> NDArray[np.uint8]:
    """Smooth blobs and noise, RGB uint8."""
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.uniform(20, 235, (6, 8, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, noise, smooth.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_ssim_agrees_with_scikit_image(dtype: type, seed: int) -> None:
    """The full map, border and all, and the library's own mean without the border."""
    a = _photo_like(seed)
    b = np.clip(a + np.random.default_rng(100 + seed).normal(0, 5 + 10 * seed, a.shape), 0, 255).astype(dtype)
    a = a.astype(dtype)
    value_range = float(b.max()) - float(b.min())
    mean, full = structural_similarity(a, b, data_range=value_range, channel_axis=-1, full=True)
    x, y = (torch.from_numpy(p).permute(2, 0, 1)[None] for p in (a, b))
    if dtype is np.uint8:  # scikit-image computes in float64 then, in float32 otherwise
        x, y = x.double(), y.double()
    found = ssim_map(x, y, data_range(y))[0].permute(1, 2, 0)
    # float32: a variance is the difference of numbers near 255^2, so good to about 2e-2, and is divided by at least
    # (0.03 * 255)^2 = 58: single pixels may differ by some 4e-4, their mean by far less.
    np.testing.assert_allclose(found.numpy(), full, rtol=0, atol=1e-10 if dtype is np.uint8 else 1e-3)
    _assert_value(ssim(x, y), mean, 1e-10 if dtype is np.uint8 else 1e-5)
    assert 0.1 < mean < 0.99


def test_measures_of_a_batch_equal_single_pictures(lpips: LpipsAlex) -> None:
    a, b = (
        torch.stack([torch.from_numpy(_photo_like(seed, noise=n)).permute(2, 0, 1) for seed in range(3)]).double()
        for n in (5.0, 25.0)
    )
    b[1] /= 2  # ranges and brightness differ within the batch
    b[2] = (b[2] > 128).double()  # largest value 1: not divided by 255
    rng = torch.Generator().manual_seed(5)
    mask = torch.rand(3, 60, 77, generator=rng) > torch.tensor([0.2, 0.5, 0.9])[:, None, None]

    def measures(x: Tensor, y: Tensor, kept: Tensor) -> Tensor:
        distance = lpips(content_scaled(x), content_scaled(y))
        return torch.stack((ssim(x, y, kept), ssim(x, y), masked_lpips(distance, kept).double(), mse(x, y, kept)), 1)

    batched = measures(a, b, mask)
    singles = torch.cat([measures(a[i : i + 1], b[i : i + 1], mask[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(batched, singles, rtol=1e-5, atol=1e-6)
    assert batched.std(0).min() > 1e-3  # three different results, or the comparison would say little


def test_lpips_of_equal_pictures_is_zero_and_grows_with_noise(lpips: LpipsAlex) -> None:
    picture = torch.from_numpy(_photo_like(0, 96, 128, noise=0)).permute(2, 0, 1)[None].float()
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    levels = [float(lpips(picture / 255, ((picture + s * noise) / 255).clamp(0, 1)).mean()) for s in (0, 5, 20, 80)]
    assert levels[0] < 1e-9  # convolutions of equal images may differ in the last bit
    assert levels == sorted(set(levels))


def test_lpips_refuses_pictures_that_its_network_cannot_hold(lpips: LpipsAlex) -> None:
    fits, small = torch.zeros(1, 3, MIN_SIDE, 40), torch.zeros(1, 3, MIN_SIDE - 1, 40)
    assert lpips(fits, fits).shape == (1, MIN_SIDE, 40)
    with pytest.raises(ValueError, match="both sides >= 31 px"):
        lpips(small, small)


# --- viewpoint -------------------------------------------------------------------------------------------------------


def _assert_viewpoint(source: NDArray[np.uint8], edited: NDArray[np.uint8], expected: dict[str, Any]) -> None:
    a, b = keypoints(source), keypoints(edited)
    if "exception" in expected:
        with pytest.raises(ViewpointError):
            same_viewpoint(a, b)
        return
    assert same_viewpoint(a, b) is expected["value"]
    angle = rotation_between(a, b)
    assert (angle is None) is (expected["value"] is None)
    if angle is not None:
        _assert_value(angle, expected["angle_deg"], limit=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_viewpoint_equals_the_reference(recorded: Recorded, name: str) -> None:
    expected = recorded.pair(name)["check_viewpoint_similarity"]
    _skip_if_built_otherwise(expected["degenerate_no_motion"])
    _assert_viewpoint(recorded.arrays[f"{name}.original"], recorded.arrays[f"{name}.edited"], expected)


@pytest.mark.parametrize("tag", EDGE_CASES)
def test_viewpoint_edge_cases_equal_the_reference(recorded: Recorded, tag: str) -> None:
    expected = next(c for c in recorded.entries["viewpoint_edge_cases"] if c["tag"] == tag)
    _skip_if_built_otherwise(expected["degenerate_no_motion"] or tag == "few_matches")
    _assert_viewpoint(recorded.arrays[f"view.{tag}.a"], recorded.arrays[f"view.{tag}.b"], expected)


def _skip_if_built_otherwise(depends_on_build: bool) -> None:
    if depends_on_build and not cv2.__version__.startswith(RECORDED_OPENCV):
        pytest.skip(f"degenerate: recorded with OpenCV {RECORDED_OPENCV}x, this is {cv2.__version__}")
