"""The judge `embedded`: a proxy of appearance without a model, from the tracker's pose, colours and LPIPS.

It knows the very pixels of the object before the edit, and asks how many of them are found again where the object now is. That
is less than a person or a vision-language model sees: surfaces that the source does not show are not rated, and a judge's
leniency is not modelled. Its scores are called a proxy wherever they stand, and are never comparable with the paper's.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_dataset.reads import KIND, reads_of
from gsi_bench_dataset.records import Detection, Judgement, Sample
from gsi_bench_dataset.storage.record_store import NoRecords, Records, digest
from gsi_bench_metric.detectors import Detector, make_detector
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.tracker.surface import SCENE, Scene, Scenes, Surface
from gsi_bench_metric.imaging.alignment import Alignment, align
from gsi_bench_metric.imaging.images import RGB, ImageError
from gsi_bench_metric.imaging.mapping import map_back
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.judges.base import Judge, JudgeError, JudgeItem
from gsi_bench_metric.judges.embedded.config import EMBEDDED, EmbeddedJudgeConfig, RatingConfig
from gsi_bench_metric.judges.embedded.filling import Filling, look_at_filling
from gsi_bench_metric.judges.embedded.likeness import Laid, lay_over
from gsi_bench_metric.judges.options import JudgeOptions

__all__ = ["Aspects", "EmbeddedJudge", "score_of", "score_of_filling"]

Picture = NDArray[np.float32]

# Raised with every change of a number that this code gives for the same inputs.
_VERSION = 1
_KEPT = 4  # scenes


@dataclasses.dataclass(frozen=True)
class Aspects:
    """What the score of an object is made of.

    Attributes:
        colour: mean CIELAB distance of the better 80 % of what both images show, brightness fitted and counted half.
        structure: mean LPIPS over all of it.
        complete: share of it whose colour is found again, 0–1.
        other: how much more its colours are those of another object of the scene than its own, -1 to 1.
    """

    colour: float
    structure: float
    complete: float
    other: float


def score_of(aspects: Aspects, config: RatingConfig = EMBEDDED.rating) -> float:
    """0–10: the product of the aspects; little for what looks more like another object."""
    colour = math.exp(-((aspects.colour / config.colour) ** config.colour_power))
    structure = math.exp(-((aspects.structure / config.structure) ** config.structure_power))
    score = 10 * colour * structure * aspects.complete
    taken_for_another = aspects.other > config.other and aspects.colour > config.other_colour
    return min(score, config.other_cap) if taken_for_another else score


def score_of_filling(filling: Filling, config: RatingConfig = EMBEDDED.rating) -> float:
    """0–10 for the place of something that was to be taken away."""
    seam = math.exp(-max(0.0, filling.seam - config.seam_free) / config.seam)
    grain = math.exp(-max(0.0, abs(filling.grain) - config.grain_free) / config.grain)
    return 10 * (1 - filling.remains) * filling.fitting * seam * grain


class EmbeddedJudge:
    """Rates what is left of the object's own pixels."""

    name = "embedded"
    ahead = 0

    def __init__(self, device: str | None = None, *, config: EmbeddedJudgeConfig = EMBEDDED):
        """Builds the network when it is first asked. `device`: where; None: the CPU. `config`: every number that was chosen."""
        self.detector: Detector | None = make_detector("tracker", device=device)
        self.key = digest("embedded", _VERSION, config.to_json(), self.detector.key)
        self._device, self._config = device or "cpu", config
        self._lpips: LpipsAlex | None = None
        self.reads = SCENE | KIND | reads_of(self.detector)  # it may ask the detector itself
        self._scenes = Scenes(_KEPT)

    def describe(self) -> dict[str, Any]:
        """That it is a proxy."""
        return {"judge": self.name, "proxy": True, "version": _VERSION, "detector": "tracker", "network": "LPIPS-Alex"}

    def account(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def judge(self, items: Sequence[JudgeItem], records: Records = NoRecords()) -> list[Judgement]:  # noqa: B008 - has no state
        """A judgement for each edit; its reply is what the score is made of."""
        return [self._judgement(item) for item in items]

    def _judgement(self, item: JudgeItem) -> Judgement:
        try:
            score, reply = self._look(item)
        except ImageError as error:
            return Judgement(item.sample.id, self.name, problem=str(error))
        problem = reply if score is None else None
        return Judgement(item.sample.id, self.name, score=score, reply=None if problem else reply, problem=problem)

    def _look(self, item: JudgeItem) -> tuple[float | None, str]:
        """(score, what it is made of) or (None, why not)."""
        if item.source is None or item.edited is None:
            raise JudgeError(f"{item.sample.id}: judge {self.name!r} looks at images, and was given none")
        sample = item.sample
        scene = self._scenes.of(sample)
        surface = _target(scene, sample)
        if surface is None:
            return None, "the source shows nothing of the target"
        kind = sample.operation.kind if sample.operation else None
        edited = map_back(scene.rgb, item.edited.rgb(), self._config.mapping, moved=kind == "view").rgb
        if kind != "view":
            edited = _drift(scene.rgb, edited, self._config).to_source(edited)
        others = [other for other in scene.surfaces if other is not surface]
        if kind == "remove":
            return _of_filling(scene, surface, others, edited, self._config)
        found = self._found(item, surface)
        if found is None or found.state == "absent":
            return 0.0, json.dumps({"proxy": True, "target": "not found"})
        if kind == "view":
            others = []  # they are seen from elsewhere; where they hide the target its own pixels are not found
        laid = lay_over(scene, surface, found, others, edited, config=self._config.likeness)
        if laid is None:
            return None, "of the side that the source shows too little can be seen where the target now is"
        aspects = self._aspects(laid, scene, surface, others)
        return score_of(aspects, self._config.rating), json.dumps(
            {"proxy": True, **dataclasses.asdict(aspects), "seen": laid.expected}
        )

    def _found(self, item: JudgeItem, surface: Surface) -> Detection | None:
        """The target as the tracker found it; of two, the one that moved: a copy left behind is not what was asked for."""
        detections = item.edited_detections
        if detections is None and self.detector is not None:
            detections = self.detector.detect([DetectionItem(item.sample, "edited", None, item.edited)])[0]
        mine = [d for d in detections or () if d.object_id == surface.thing.id]
        return next((d for d in mine if d.state == "duplicate"), mine[0] if mine else None)

    def _aspects(self, laid: Laid, scene: Scene, surface: Surface, others: Sequence[Surface]) -> Aspects:
        config = self._config.rating
        lit = _in_the_same_light(laid, config)
        after = np.where(laid.seen[..., None], laid.after, lit).astype(np.float32)
        distance = _colour_distance(lit, after, config)[laid.seen]
        best = np.sort(distance)[: max(1, round(config.kept_share * len(distance)))]
        return Aspects(
            colour=float(best.mean()),
            structure=self._structure(lit, after, laid),
            complete=float((distance < config.found).mean()),
            other=_more_like_another(laid, scene, (surface, others), config),
        )

    def _structure(self, before: Picture, after: Picture, laid: Laid) -> float:
        if self._lpips is None:
            self._lpips = LpipsAlex.pretrained(self._device)
        a, b = (torch.from_numpy(np.ascontiguousarray(p.transpose(2, 0, 1)))[None].to(self._device) for p in (before, after))
        with torch.no_grad():
            distance = self._lpips(a, b)[0].cpu().numpy()
        return float(distance[laid.seen].mean())


def _target(scene: Scene, sample: Sample) -> Surface | None:
    """What the source shows of the target, if anything."""
    targets = {thing.id for thing in sample.objects or () if thing.is_target} or {"target"}
    return next((s for s in scene.surfaces if s.thing.id in targets and len(s.points)), None)


def _drift(source: RGB, edited: RGB, config: EmbeddedJudgeConfig) -> Alignment:
    """The drift of the whole image, fitted on small ones."""
    return align(source, edited, finest=config.rating.drift_side, config=config.alignment)


def _of_filling(
    scene: Scene, surface: Surface, others: Sequence[Surface], edited: RGB, config: EmbeddedJudgeConfig
) -> tuple[float | None, str]:
    elsewhere = np.any([other.mask for other in others], axis=0) if others else np.zeros_like(surface.mask)
    filling = look_at_filling(scene.rgb, edited, surface.mask, elsewhere, config=config.filling)
    if filling is None:
        return None, "nothing of the surroundings of the target can be seen"
    return score_of_filling(filling, config.rating), json.dumps({"proxy": True, **dataclasses.asdict(filling)})


def _in_the_same_light(laid: Laid, config: RatingConfig) -> Picture:
    """The object before, as bright as after wherever that changes slowly: the same factor for red, green and blue."""
    seen = laid.seen.astype(np.float32)
    known = cv2.GaussianBlur(seen, (0, 0), config.light_px) * config.dark
    grey = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) * seen for picture in (laid.before, laid.after))
    before, after = (cv2.GaussianBlur(g, (0, 0), config.light_px) + known for g in grey)
    factor = np.clip(after / np.maximum(before, 1e-6), *config.light)
    lit = laid.before * np.where(laid.seen, factor, 1)[..., None]
    return np.asarray(np.clip(lit, 0, 1), dtype=np.float32)


def _colour_distance(a: Picture, b: Picture, config: RatingConfig) -> Picture:
    """CIELAB distance at every pixel, after a blur of a pixel, lightness counted half."""
    smooth = (cv2.GaussianBlur(p, (0, 0), config.colour_blur_px) for p in (a, b))
    first, second = (cv2.cvtColor(np.clip(p, 0, 1), cv2.COLOR_RGB2LAB) for p in smooth)
    difference = first - second
    return np.asarray(np.sqrt(config.dull * difference[..., 0] ** 2 + difference[..., 1] ** 2 + difference[..., 2] ** 2))


def _more_like_another(laid: Laid, scene: Scene, objects: tuple[Surface, Sequence[Surface]], config: RatingConfig) -> float:
    """How much more of its colours it shares with the likest other object than with itself. `objects`: it, and the others."""
    surface, others = objects
    now = _colours(laid.after[laid.seen], config)
    own = float(np.minimum(now, _colours(laid.before[laid.seen], config)).sum())
    likest = 0.0
    for other in others:
        if len(other.pixels) and other.thing.category != surface.thing.category:
            pixels = scene.rgb[other.pixels[:, 1], other.pixels[:, 0]].astype(np.float32) / 255
            likest = max(likest, float(np.minimum(now, _colours(pixels, config)).sum()))
    return likest - own


def _colours(pixels: Picture, config: RatingConfig) -> NDArray[np.float64]:
    """Shares of colours: a histogram over lightness, a and b that sums to 1, softened so that neighbours are alike."""
    lab = cv2.cvtColor(pixels.reshape(-1, 1, 3).astype(np.float32), cv2.COLOR_RGB2LAB).reshape(-1, 3)
    # Lightness is 0 to 100; more of a or b than 100 either way is rare, and counts as that.
    shape = [math.ceil(reach / side) for reach, side in zip((100, 200, 200), config.bins, strict=True)]
    bins = np.clip((lab + np.array([0, 100, 100])) / config.bins, 0, np.subtract(shape, 1)).astype(int)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(bins.T), 1.0)
    soft = np.stack([cv2.GaussianBlur(level, (0, 0), config.bin_blur) for level in counts])
    return np.asarray(soft / max(soft.sum(), 1e-9))


def make(options: JudgeOptions) -> Judge:
    """The judge without a model."""
    return EmbeddedJudge(options.device)
