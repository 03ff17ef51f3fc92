"""How an editor brought the source to its own shape, found from the images and undone.

Most editors work at fixed squares or buckets. They stretch the source, cut a part out of it, or pad it with a margin. Which
one it was stands nowhere, so all are tried, and the one is taken under which the unchanged scene agrees best. An image of the
source's own size is taken as it is.

A mapping is a rectangle in the edited image: what is seen in it is what the whole source shows. Where the rectangle leaves the
edited image, that part of the source was cut away.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_metric.imaging.alignment import align, structure
from gsi_bench_metric.imaging.alignment_config import MAPPING, AlignmentConfig, MappingConfig
from gsi_bench_metric.imaging.images import RGB, pixel_hash
from gsi_bench_metric.imaging.keypoints import sift_features
from gsi_bench_metric.imaging.viewpoint import ratio_matches
from gsi_bench_metric.recent import Recent

__all__ = ["Mapped", "Mapping", "candidates", "map_back"]

Box = tuple[float, float, float, float]
Mask = NDArray[np.bool_]
KeyPoints = tuple[NDArray[np.float32], NDArray[np.float32]]
# Where the source lies along an axis that has room, or is cut: in the middle, at the start, at the end.
_PLACES = (0.5, 0.0, 1.0)
_KEPT = 2  # edits


@dataclasses.dataclass(frozen=True)
class Mapping:
    """How an image of `source` size became one of `edited` size, both (width, height) in pixels.

    Attributes:
        kind: "identity", "resize" (the aspect stays), "stretch", "cut" (a part of the source is not shown), "pad" (it is shown
            whole, with a margin) or "cut and pad".
        box: x0, y0, x1, y1 in the edited image, edges of pixels, where the whole source lies; it may reach beyond the image.
    """

    kind: str
    source: tuple[int, int]
    edited: tuple[int, int]
    box: Box

    @property
    def shown(self) -> Box:
        """x0, y0, x1, y1 of the part of the source, in its pixels, that the edited image shows."""
        ends = []
        for low, high, inside, full in zip(self.box[:2], self.box[2:], self.edited, self.source, strict=True):
            scale = full / (high - low)
            ends.append((max(0.0, -low * scale), min(float(full), (inside - low) * scale)))
        (x0, x1), (y0, y1) = ends
        return x0, y0, x1, y1

    @property
    def share(self) -> float:
        """Of the source that is shown, 0–1."""
        x0, y0, x1, y1 = self.shown
        return max(0.0, x1 - x0) * max(0.0, y1 - y0) / (self.source[0] * self.source[1])

    def __str__(self) -> str:
        return f"{self.kind} {self.source[0]}×{self.source[1]}→{self.edited[0]}×{self.edited[1]}"


@dataclasses.dataclass(frozen=True)
class Mapped:
    """An edited image brought back to the source's shape.

    Attributes:
        rgb: (H, W, 3) of the source's size. Where the editor cut the source, the nearest pixels that it shows stand.
        known: (H, W), False where the edited image does not show the source.
        mapping: what was undone.
        residual: how unlike the unchanged scene is under it, before drift: the mean difference of brightness structure in
            standard deviations of its surroundings, of the pixels that differ least; None: there was nothing to choose.
    """

    rgb: RGB
    known: Mask
    mapping: Mapping
    residual: float | None = None


# The detector, the protocol and the judge ask for the same edit one after another.
_RECENT: Recent[tuple[str, str, MappingConfig, bool], Mapped] = Recent(_KEPT)


def map_back(source: RGB, edited: RGB, config: MappingConfig = MAPPING, *, moved: bool = False) -> Mapped:
    """The edited image in the source's shape, under the mapping that explains it best.

    Args:
        source: (H, W, 3).
        edited: (h, w, 3) of any size.
        config: the numbers of the choice.
        moved: whether the camera was to move: then nothing stays where it was, and key points decide, among mappings about the
            middle.
    """
    size, other = _size(source), _size(edited)
    tried = list(candidates(size, other, config))
    if len(tried) == 1:
        return _mapped(edited, tried[0], None, config)
    key = (pixel_hash(source), pixel_hash(edited), config, moved)
    choose = _chosen_by_key_points if moved else _chosen
    return _RECENT.get(key, lambda: choose(source, edited, tried, config))


def _chosen(source: RGB, edited: RGB, tried: list[Mapping], config: MappingConfig) -> Mapped:
    look = _Look(source, edited, config)
    rough = {mapping: look.unlikeness(mapping) for mapping in tried}
    best = sorted(tried, key=rough.__getitem__)[: config.tried]
    left = {mapping: look.aligned_unlikeness(mapping) for mapping in tried if mapping in best or mapping is tried[0]}
    if tried[0].kind == "resize" and min(left.values()) > config.much * left[tried[0]]:
        return _mapped(edited, tried[0], left[tried[0]], config)
    # A shift and a zoom can make one mapping of another: of those that explain the image, the one that needs them least.
    like = [mapping for mapping in left if config.clearly * left[mapping] <= min(left.values())]
    least = min(rough[mapping] for mapping in like)
    chosen = next(mapping for mapping in like if config.clearly * rough[mapping] <= least)
    return _mapped(edited, chosen, left[chosen], config)


def _chosen_by_key_points(source: RGB, edited: RGB, tried: list[Mapping], config: MappingConfig) -> Mapped:
    """A margin of one colour was added. Else matched key points decide: a camera that moves a little neither stretches what it
    sees nor makes it much larger."""
    central = [mapping for mapping in tried if mapping.kind in ("resize", "stretch") or _is_central(mapping)]
    padded = next((mapping for mapping in central if mapping.kind == "pad" and _has_flat_margin(edited, mapping, config)), None)
    central = [mapping for mapping in central if mapping.kind != "pad"]
    if padded is not None or len(central) == 1:
        return _mapped(edited, padded or central[0], None, config)
    scale = min(1.0, config.points_px / max(source.shape[:2]))
    size = (max(1, round(source.shape[1] * scale)), max(1, round(source.shape[0] * scale)))
    before = _key_points(np.asarray(Image.fromarray(source).resize(size, Image.Resampling.BOX)), config)
    fits = {m: _stretch_and_zoom(before, _key_points(_cut_out(edited, m, size)[0], config), config) for m in central}
    least = min(stretch for stretch, _ in fits.values())
    if not math.isfinite(least):
        return _mapped(edited, central[0], None, config)
    like = [mapping for mapping in central if fits[mapping][0] <= least + config.as_straight]
    return _mapped(edited, min(like, key=lambda mapping: fits[mapping][1]), None, config)


def _has_flat_margin(edited: RGB, mapping: Mapping, config: MappingConfig) -> bool:
    """Whether what lies outside of the source's rectangle is of one colour, on both sides, and what lies inside is not."""
    columns, rows = np.arange(mapping.edited[0]) + 0.5, np.arange(mapping.edited[1]) + 0.5
    x0, y0, x1, y1 = mapping.box
    along, ends, middle = (1, (x0, x1), columns) if x0 > y0 else (0, (y0, y1), rows)
    strips = [np.compress(side, edited, axis=along) for side in (middle < ends[0] - 1, middle > ends[1] + 1)]
    inside = np.compress((middle > ends[0]) & (middle < ends[1]), edited, axis=along)
    if not all(strip.size for strip in strips):
        return False
    flat = all(strip.std(axis=(0, 1)).max() < config.flat for strip in strips)
    return flat and bool(inside.std(axis=(0, 1)).max() >= config.flat)


def _is_central(mapping: Mapping) -> bool:
    """Whether the middles of both images lie on each other, and the source covers the edited image or fits into it."""
    box = mapping.box
    middle = all(abs(a + b - size) < 1 for a, b, size in zip(box[:2], box[2:], mapping.edited, strict=True))
    touches = any(abs(a) < 1 for a in box[:2])
    return middle and touches


def _key_points(rgb: RGB, config: MappingConfig) -> KeyPoints:
    return sift_features(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8), config.least_contrast)


def _stretch_and_zoom(before: KeyPoints, after: KeyPoints, config: MappingConfig) -> tuple[float, float]:
    """Of the affine map that most matches agree on, absolute logs: how much more it scales along one axis than along another,
    and of its scale as a whole. Infinite where no map is believed."""
    unknown = (math.inf, math.inf)
    if min(len(before[0]), len(after[0])) < config.least_matches:
        return unknown
    first, second = ratio_matches(before[1], after[1])
    if len(first) < config.least_matches:
        return unknown
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.estimateAffine2D(
        before[0][first], after[0][second], method=cv2.RANSAC, ransacReprojThreshold=config.agree_px
    )
    if matrix is None or inliers.sum() < config.least_matches:
        return unknown
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if small < 1e-3:
        return unknown
    return float(np.log(large / small)), abs(float(np.log(large * small))) / 2


def candidates(source: tuple[int, int], edited: tuple[int, int], config: MappingConfig = MAPPING) -> Iterator[Mapping]:
    """The mappings that are possible between two sizes (width, height), the plainest first, none twice.

    >>> [str(mapping) for mapping in candidates((640, 480), (640, 480))]
    ['identity 640×480→640×480']
    >>> [mapping.kind for mapping in candidates((640, 480), (1280, 960))]
    ['resize', 'pad', 'pad', 'pad']
    """
    if source == edited:
        yield Mapping("identity", source, edited, (0.0, 0.0, float(edited[0]), float(edited[1])))
        return
    kept: list[Box] = []
    for box in _boxes(source, edited):
        if any(_differs(box, known, source) < config.same_px for known in kept):
            continue
        mapping = Mapping(_kind(box, source, edited, config), source, edited, box)
        if mapping.share >= config.least_shown:
            kept.append(box)
            yield mapping


def _boxes(source: tuple[int, int], edited: tuple[int, int]) -> Iterator[Box]:
    ratios = edited[0] / source[0], edited[1] / source[1]
    yield 0.0, 0.0, float(edited[0]), float(edited[1])
    uniform = (max(ratios), min(ratios), 1.0)  # covers the edited image, fits into it, was not scaled
    for place in _PLACES:
        for scale in uniform:
            yield _placed(source, edited, scale, place)


def _placed(source: tuple[int, int], edited: tuple[int, int], scale: float, place: float) -> Box:
    width, height = source[0] * scale, source[1] * scale
    x0, y0 = (edited[0] - width) * place, (edited[1] - height) * place
    return x0, y0, x0 + width, y0 + height


def _differs(a: Box, b: Box, source: tuple[int, int]) -> float:
    """How far two mappings put a corner of the source apart at most, in pixels of the source."""
    scale = (source[0] / (b[2] - b[0]), source[1] / (b[3] - b[1])) * 2
    return max(abs(p - q) * s for p, q, s in zip(a, b, scale, strict=True))


def _kind(box: Box, source: tuple[int, int], edited: tuple[int, int], config: MappingConfig) -> str:
    whole = all(abs(p - q) < 1e-6 for p, q in zip(box, (0.0, 0.0, *edited), strict=True))
    if whole:
        aspect = edited[0] / edited[1] / (source[0] / source[1])
        return "resize" if abs(aspect - 1) <= config.same_aspect else "stretch"
    names = []
    if min(box[0], box[1], edited[0] - box[2], edited[1] - box[3]) < -1e-6:
        names.append("cut")
    if max(box[0], box[1], edited[0] - box[2], edited[1] - box[3]) > 1e-6:
        names.append("pad")
    return " and ".join(names)


class _Look:
    """A source and an edited image, small, held against each other under one mapping after another."""

    def __init__(self, source: RGB, edited: RGB, config: MappingConfig):
        self._config = config
        self._edited = edited
        scale = min(1.0, config.look_px / max(source.shape[:2]))
        self._size = (max(1, round(source.shape[1] * scale)), max(1, round(source.shape[0] * scale)))
        self._source = np.asarray(Image.fromarray(source).resize(self._size, Image.Resampling.BOX))
        self._wanted = _structure(self._source, config.alignment)
        self._seen: dict[Mapping, tuple[RGB, Mask]] = {}

    def unlikeness(self, mapping: Mapping) -> float:
        """Of the images as they are."""
        rgb, known = self._under(mapping)
        return self._difference(rgb, known)

    def aligned_unlikeness(self, mapping: Mapping) -> float:
        """Of the images once a small shift and zoom were removed, where that helps."""
        rgb, known = self._under(mapping)
        found = align(self._source, rgb, ~known, finest=self._config.align_px, config=self._config.alignment)
        if not found.warps:
            return self.unlikeness(mapping)
        covered = found.covered((known.shape[0], known.shape[1]), known)
        return min(self._difference(found.to_source(rgb), covered), self.unlikeness(mapping))

    def _under(self, mapping: Mapping) -> tuple[RGB, Mask]:
        if mapping not in self._seen:
            self._seen[mapping] = _cut_out(self._edited, mapping, self._size)
        return self._seen[mapping]

    def _difference(self, rgb: RGB, known: Mask) -> float:
        rest = np.abs(_structure(rgb, self._config.alignment) - self._wanted)[known]
        if not rest.size:
            return math.inf
        return float(np.minimum(rest, np.percentile(rest, self._config.trim)).mean()) / self._config.alignment.structure_range


def _structure(rgb: RGB, config: AlignmentConfig) -> NDArray[np.float32]:
    return structure(rgb.astype(np.float32).mean(-1), config)


def _mapped(edited: RGB, mapping: Mapping, residual: float | None, config: MappingConfig) -> Mapped:
    width, height = mapping.source
    if mapping.kind == "identity":
        return Mapped(edited, np.ones((height, width), bool), mapping)
    rgb, known = _cut_out(edited, mapping, mapping.source)
    x0, y0, x1, y1 = mapping.shown
    if max(x0, y0, width - x1, height - y1) < config.margin_px:
        known = np.ones_like(known)
    return Mapped(rgb, known, mapping, residual)


def _cut_out(edited: RGB, mapping: Mapping, size: tuple[int, int]) -> tuple[RGB, Mask]:
    """The rectangle of a mapping at a size (width, height), by PIL's bicubic resize, and which of its pixels are there."""
    left, top, right, bottom = mapping.box
    width, height = mapping.edited
    before, after = (max(0, math.ceil(-left)), max(0, math.ceil(-top))), (right - width, bottom - height)
    further = tuple(max(0, math.ceil(past)) for past in after)
    if any(before) or any(further):
        edited = np.pad(edited, ((before[1], further[1]), (before[0], further[0]), (0, 0)), mode="edge")
    box = (left + before[0], top + before[1], right + before[0], bottom + before[1])
    found = Image.fromarray(edited).resize(size, Image.Resampling.BICUBIC, box=box)
    x0, y0, x1, y1 = mapping.shown
    scale = size[0] / mapping.source[0], size[1] / mapping.source[1]
    columns, rows = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    known = ((rows > y0 * scale[1]) & (rows < y1 * scale[1]))[:, None] & ((columns > x0 * scale[0]) & (columns < x1 * scale[0]))
    return np.asarray(found), known


def _size(rgb: RGB) -> tuple[int, int]:
    return rgb.shape[1], rgb.shape[0]
