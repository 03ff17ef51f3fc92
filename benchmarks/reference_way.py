"""The baseline of the speed benchmark: scores edits the way the released reference does, three passes over all pictures.

Each pass (instruction compliance, spatial accuracy, edit locality) opens both pictures anew and measures locality anew; each
LPIPS call builds the whole AlexNet, random first, then read from a 244 MB file; SSIM is scikit-image's, box overlaps are
shapely's, SIFT runs on both pictures in two of the three passes. Where the reference's way is not known to the last call
the cheaper one is taken (no gradients, samples and detections parsed before the clock starts), so that the baseline is not
slower than what it stands for.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from reference_scores import Found, locality_mask, score
from skimage.metrics import structural_similarity
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import reference_view
from gsi_bench_metric.imaging.viewpoint import keypoints, same_viewpoint
from gsi_bench_metric.imaging.weights import lpips_heads, lpips_trunk
from gsi_bench_metric.protocols.official.operations import DATASET_TYPES, locality_gate, parse_operation

MODES = ("instruction-compliance", "spatial-accuracy", "edit-locality")
CHANNELS = (64, 192, 384, 256, 256)

Picture = NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Weights:
    """The two files that every LPIPS call reads."""

    alexnet: Path
    heads: Path


def write_weights(folder: Path) -> Weights:
    """AlexNet in torchvision's layout (61 million numbers; LPIPS uses none of the classifier's) and the LPIPS heads."""
    weights = Weights(folder / "alexnet.pth", folder / "heads.pth")
    if not weights.heads.is_file():
        torch.save(AlexNet().state_dict() | dict(lpips_trunk()), weights.alexnet)
        torch.save({f"lin{i}.model.1.weight": head.view(1, -1, 1, 1) for i, head in enumerate(lpips_heads())}, weights.heads)
    return weights


def score_three_passes(
    samples: Sequence[Sample], predictions: Path, detections: Path, weights: Weights
) -> dict[str, dict[str, float]]:
    """ic, sa, ssim, lpips and mse by sample id."""
    cache = json.loads(detections.read_text())
    results: dict[str, dict[str, float]] = {sample.id: {} for sample in samples}
    for mode in MODES:
        for sample in samples:
            entry = cache[f"{sample.img_id}_{sample.query_id}"]
            results[sample.id] |= _score_one(mode, sample, predictions / f"{sample.id}.png", entry, weights)
    return results


def _score_one(mode: str, sample: Sample, path: Path, entry: Mapping[str, Any], weights: Weights) -> Mapping[str, float]:
    found: Found = entry["origin_result"]["detections"]
    found_after: Found = entry["new_result"]["detections"]
    operation = parse_operation(sample.prompt)
    source = np.array(Image.open(io.BytesIO(sample.image.bytes)).convert("RGB"))
    edited = np.array(Image.open(path).convert("RGB"))
    a, b = _processed(source), _processed(edited)
    mask = locality_mask(sample, found, found_after, *a.shape[:2])
    similarity, distance = _masked_ssim(a, b, mask), _masked_lpips(a, b, mask, weights)
    error = float(((a - b) ** 2)[mask].mean())
    if mode == "edit-locality":
        return {"ssim": similarity, "lpips": distance, "mse": error}
    passed = locality_gate(similarity, distance, DATASET_TYPES[sample.split])
    if operation == "rotate":
        passed = passed and bool(same_viewpoint(keypoints(source), keypoints(edited)))
    if operation == "view":
        ic = sa = _view_score(edited, sample, weights)
    else:
        ic, sa = score(operation, sample, found, found_after, passed)
    return {"ic": ic} if mode == "instruction-compliance" else {"sa": sa}


def _processed(rgb: Picture) -> Picture:
    """The evaluated window (h, w, 3), float32 BGR."""
    return np.ascontiguousarray(reference_view(torch.from_numpy(rgb)[None])[0].permute(1, 2, 0).numpy())


def _view_score(edited: Picture, sample: Sample, weights: Weights) -> float:
    assert sample.edited_image is not None
    truth = np.array(Image.open(io.BytesIO(sample.edited_image.bytes)).convert("RGB"))
    everything = np.ones(truth.shape[:2], bool)
    similarity, distance = _masked_ssim(edited, truth, everything), _masked_lpips(edited, truth, everything, weights)
    return 0.5 * similarity + 0.5 * (1 - distance)


def _masked_ssim(a: Picture, b: Picture, mask: NDArray[np.bool_]) -> float:
    _, full = structural_similarity(a, b, data_range=b.max() - b.min(), channel_axis=-1, full=True)
    return float(full[mask].mean())


def _masked_lpips(a: Picture, b: Picture, mask: NDArray[np.bool_], weights: Weights) -> float:
    network = Lpips(weights)
    with torch.no_grad():
        distance = network(_network_input(a), _network_input(b))[0, 0]
    kept = torch.from_numpy(mask.astype(np.float32))
    return float((distance * kept).sum() / kept.sum().clamp(min=1e-6))


def _network_input(picture: Picture) -> Tensor:
    scaled = picture / 255 if picture.max() > 1 else picture
    return 2 * torch.from_numpy(scaled.astype(np.float32)).permute(2, 0, 1)[None] - 1


class AlexNet(nn.Module):
    """torchvision's AlexNet: same modules, same names, same random start."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, 1000),
        )


class Lpips(nn.Module):
    """LPIPS v0.1 with a distance map, built from its files as the `lpips` package builds it."""

    shift: Tensor
    scale: Tensor

    def __init__(self, weights: Weights):
        super().__init__()
        trunk = AlexNet()
        trunk.load_state_dict(torch.load(weights.alexnet, weights_only=True))
        layers = list(trunk.features)
        self.stages = nn.ModuleList(nn.Sequential(*layers[i:j]) for i, j in ((0, 2), (2, 5), (5, 8), (8, 10), (10, 12)))
        self.heads = nn.ModuleList(nn.Conv2d(channels, 1, 1, bias=False) for channels in CHANNELS)
        heads = torch.load(weights.heads, map_location="cpu", weights_only=True)
        for i, head in enumerate(self.heads):
            head.load_state_dict({"weight": heads[f"lin{i}.model.1.weight"]})
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188])[None, :, None, None])
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450])[None, :, None, None])
        self.eval()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        features_a, features_b = self._features(a), self._features(b)
        differences = [(_unit(x) - _unit(y)) ** 2 for x, y in zip(features_a, features_b, strict=True)]
        total = torch.zeros(())
        for head, difference in zip(self.heads, differences, strict=True):
            total = total + functional.interpolate(head(difference), a.shape[2:], mode="bilinear", align_corners=False)
        return total

    def _features(self, pictures: Tensor) -> list[Tensor]:
        x = (pictures - self.shift) / self.scale
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
