"""Remove one of several of a kind, told by its place: "the mug closest to the camera", the leftmost, the highest."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.aiming import others, targets
from gsi_bench_builders.edits.base import Candidate, Effect, Rejection, Stage, draw
from gsi_bench_builders.edits.naming import SPATIAL_MARGIN_M, Name, could_be_called, places_of
from gsi_bench_builders.edits.reflections import reflected_ids
from gsi_bench_builders.scene import Scene, Thing
from gsi_bench_dataset.records import Operation

__all__ = ["EXTREMES", "RemoveExtreme", "propose"]

# Word -> what the object is called then, in English and Chinese. The order is that of `places_of`, then heights.
EXTREMES: dict[str, tuple[str, str]] = {
    "leftmost": ("the leftmost {}", "最左边的{}"),
    "rightmost": ("the rightmost {}", "最右边的{}"),
    "closest": ("the {} closest to the camera", "离相机最近的{}"),
    "farthest": ("the {} farthest from the camera", "离相机最远的{}"),
    "highest": ("the {} at the highest position", "最高处的{}"),
    "lowest": ("the {} at the lowest position", "最低处的{}"),
}
# The same in the reference's words; its generator of rooms knows no Chinese.
_REFERENCE = {
    "leftmost": "the {} at the leftmost position",
    "rightmost": "the {} at the rightmost position",
    "closest": "the {} at the closest position to the camera",
    "farthest": "the {} at the farthest position from the camera",
}

_DEPTH_SHARE = 0.05  # of the distance, by which the closest must be closer


@dataclasses.dataclass(frozen=True)
class RemoveExtreme(Candidate):
    """A target goes away, called by a word of `EXTREMES`."""

    kind: ClassVar[str] = "remove_extreme"
    effect: ClassVar[Effect] = "remove"
    target: str
    extreme: str

    def check(self, stage: Stage) -> Rejection | None:
        """The word holds by 5 cm against every other of the kind, one of which is seen too; the target carries nothing."""
        scene = stage.scene
        if scene.carried_by(self.target):
            return Rejection("carried_load")
        thing = scene.thing(self.target)
        rivals = [t for t in scene.things if t.id != thing.id and could_be_called(t, thing)]
        twins = {t.id for t in rivals if t.info.category == thing.info.category}
        # "The leftmost" of those in a mirror may be another.
        if not twins & {t.id for t in others(stage)} or ({thing.id} | {t.id for t in rivals}) & reflected_ids(scene):
            return Rejection("ambiguous")
        return None if all(self._beats(scene, thing, rival) for rival in rivals) else Rejection("ambiguous")

    def _beats(self, scene: Scene, thing: Thing, rival: Thing) -> bool:
        if self.extreme in ("highest", "lowest"):
            sign = 1 if self.extreme == "highest" else -1
            higher, rows = (
                thing.position[2] - rival.position[2],
                scene.camera.project(np.array([thing.position, rival.position])),
            )
            return sign * higher >= SPATIAL_MARGIN_M and bool(sign * (rows[1, 1] - rows[0, 1]) > 0)
        index = list(EXTREMES).index(self.extreme)
        places = places_of(scene)
        (ground, agreeing), (other, second) = places[thing.id][index], places[rival.id][index]
        margin = SPATIAL_MARGIN_M
        if self.extreme in ("closest", "farthest"):
            # Of what is far away, nobody sees which is nearer by a few centimetres.
            margin = max(margin, _DEPTH_SHARE * min(abs(ground), abs(other)))
        return ground + margin <= other and agreeing < second

    def apply(self, scene: Scene) -> Scene:
        """The scene without it."""
        return scene.without([self.target])

    def operation(self, stage: Stage) -> Operation:
        """Nothing but its kind."""
        return Operation(kind="remove")

    def name(self, stage: Stage) -> Name:
        """Such as "the mug closest to the camera"."""
        info = stage.scene.thing(self.target).info
        en, zh = EXTREMES[self.extreme]
        if stage.options.phrasing != "ours":
            en = _REFERENCE.get(self.extreme, en)
        return Name(en.format(info.category), zh.format(info.category_zh), trailing=not en.endswith("{}"))

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Remove the mug closest to the camera."."""
        return wording.say("remove", wording.target_slots(self.name(stage), None), rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> RemoveExtreme | Rejection:
    """A random one of several, and a word."""
    pool = targets(stage, "remove")
    several = tuple(t for t in pool if sum(o.info.category == t.info.category for o in stage.scene.things) > 1)
    target = draw(several, rng)
    if target is None:
        return Rejection("no_candidate")
    return RemoveExtreme(target.id, tuple(EXTREMES)[int(rng.integers(len(EXTREMES)))])
