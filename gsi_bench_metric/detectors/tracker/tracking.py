"""One edited image at work: the known objects looked for in it, the target first, then the others, which it may now hide."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.detectors.tracker.camera_motion.camera import camera_motion
from gsi_bench_metric.detectors.tracker.evidence import Evidence, compare, explained, opponent
from gsi_bench_metric.detectors.tracker.follow import Found, follow, refined, stay, turn_gain
from gsi_bench_metric.detectors.tracker.likelihood import CHANGED
from gsi_bench_metric.detectors.tracker.results import carried, confidence, detection, outline, posed
from gsi_bench_metric.detectors.tracker.signs.parallax import moved_with_surroundings
from gsi_bench_metric.detectors.tracker.signs.presence import (
    is_clearer,
    is_double,
    is_doubtful,
    is_gone,
    is_in_other_dress,
    is_left,
    is_moved_away,
    is_redrawn,
    is_second,
    is_there,
    is_truer,
    turn_is_a_guess,
)
from gsi_bench_metric.detectors.tracker.signs.silhouette import outline_shown, outline_stands, seen_beside
from gsi_bench_metric.detectors.tracker.signs.stance import other_stance
from gsi_bench_metric.detectors.tracker.signs.surroundings import foreign_share
from gsi_bench_metric.detectors.tracker.supports import supports_of
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface, after_surface
from gsi_bench_metric.detectors.tracker.turns.deciding import Turns, is_certain
from gsi_bench_metric.detectors.tracker.views import Views, make_views, redrawn
from gsi_bench_metric.imaging.alignment import align
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.imaging.mapping import map_back

__all__ = ["in_edited", "targets_of"]

_FREEDOMS = ("position", "height", "turn", "tilt", "size", "shape")
_STANCE = ("tilt", "shape")  # what is only looked for where the sample's depth and mask tell an object's own shape


def in_edited(scene: Scene, sample: Sample, edited: RGB, device: str = "cpu") -> list[Detection]:
    """Every object of a scene in an edited image (any size)."""
    is_view, config = sample.operation is not None and sample.operation.kind == "view", scene.config
    mapped = map_back(scene.rgb, edited, config.mapping, moved=is_view)
    if is_view:
        return _after_view(scene, mapped.rgb)
    ignore = None if mapped.known.all() else ~mapped.known
    alignment = align(scene.rgb, mapped.rgb, ignore, config=config.alignment)
    covered = alignment.covered((scene.rgb.shape[0], scene.rgb.shape[1]), mapped.known)
    still = alignment.to_source(mapped.rgb)
    evidence = compare(scene.rgb, still, covered, config.evidence)
    return _Tracking(scene, sample, still, evidence, device, drifted=alignment.warps).detections()


def targets_of(sample: Sample) -> set[str]:
    """Names of the objects that are asked to change."""
    return {o.id for o in sample.objects or () if o.is_target} or {"target"}


class _Tracking:
    """One edited image at work: the target first, then the others, which it may now hide."""

    def __init__(self, scene: Scene, sample: Sample, edited: RGB, evidence: Evidence, device: str, *, drifted: bool = False):
        self.scene, self.sample, self.edited, self.device, self.drifted = scene, sample, edited, device, drifted
        self.decision, self.presence, self.results = scene.config.decision, scene.config.presence, scene.config.results
        self.targets = targets_of(sample)
        self.blind = () if scene.shaped else _STANCE
        self.evidence, self.usual = self._without_the_settled(evidence)
        self.covered = np.zeros(scene.rgb.shape[:2], bool)
        self._sides: dict[str, tuple[Surface, NDArray[np.float32]] | None] = {}

    def _without_the_settled(self, evidence: Evidence) -> tuple[Evidence, float]:
        """Pixels of bystanders that other light explains are no sign of anything new there; and how alike such objects are,
        0–1: what likeness there can be in these images."""
        changed, alike = evidence.changed.copy(), []
        for surface in self.scene.surfaces:
            if surface.thing.id in self.targets or not surface.mask.any():
                continue
            likely = explained(evidence, surface.mask)
            if likely.mean() > self.decision.settled:
                changed[surface.mask] *= 1 - likely
                alike.append(float(likely.mean()))
        return dataclasses.replace(evidence, changed=changed), float(np.median(alike)) if alike else 1.0

    def detections(self) -> list[Detection]:
        found: dict[str, list[Detection]] = {}
        for surface in sorted(self.scene.surfaces, key=lambda s: s.thing.id not in self.targets):
            is_target = surface.thing.id in self.targets
            found[surface.thing.id] = self._target(surface) if is_target else self._bystander(surface)
        return [d for surface in self.scene.surfaces for d in found[surface.thing.id]]

    def _target(self, surface: Surface) -> list[Detection]:
        if len(surface.points) < self.decision.least_pixels:
            return [self._unseen(surface)]
        still = self._still(surface) and not self._spot_changed(surface)
        if still and not self._something_new(surface):
            return [self._at_home(surface, None)]
        views = self._views(surface)
        home = stay(views)
        sizes = self._asked("scale") or self._asked("remove")  # a smaller one is not removed
        found = follow(views, supports_of(self.scene, surface), turn_asked=self._asked("rotate"), size_asked=sizes)
        if surface.covered is not None:
            found = self._by_all_covered(surface.covered, found)
        second = None if still else self._second(surface, found)
        if second is not None and is_truer(second, found, self.presence):
            found, second = second, None  # what was found first is something else that is new
        self._cover(surface, found)
        away = self._is_away(surface, found, home)
        beside = away and self._beside(surface, found)
        if still or (beside and self._is_left_behind(surface, found)):
            doubles = [self._placed(surface, found, "duplicate")] if away and is_double(found, self.presence) else []
            return [self._at_home(surface, home if still else None), *doubles]
        first, *others = self._moved(surface, views, home, found, away=away)
        if second is None or first.state == "absent":
            return [first, *others]
        return [first, self._placed(surface, second, "duplicate")]

    def _by_all_covered(self, covered: Surface, found: Found) -> Found:
        """The pose by all that the object's box covers, where that tells the same story: a cut loses dark parts before dark."""
        other = refined(self._views(covered), found)
        moved = np.linalg.norm(found.pose[:3])
        near = np.linalg.norm(other.pose[:3] - found.pose[:3]) < self.decision.same_story * moved
        as_large = abs(other.pose[4] - found.pose[4]) < self.decision.as_large
        return dataclasses.replace(found, pose=other.pose) if near and as_large else found

    def _moved(self, surface: Surface, views: Views, home: Found, found: Found, *, away: bool) -> list[Detection]:
        """What became of a target that is not simply where it was; then what stands there now."""
        silhouette = self.scene.config.silhouette
        turns = Turns(self.scene, surface, self.edited, self.device)
        told = turns.told() if self._may_be_told(surface) and not is_certain(self.scene, views, found) else None
        if told is not None and told.sure >= self.scene.config.turns.surely:
            return [turns.detection(found, told, self.blind)]
        stood = None if self.blind else other_stance(views, found, self.scene.up)
        if stood is not None:
            return [self._placed(stood[1], stood[0], "present")]
        there = is_there(found, home, near=not self._apart(surface, found), asked=self._kind, config=self.presence)
        there = there and (found.evidence > self.presence.present or self._shown(surface, found) > silhouette.least_shown)
        if not there or is_doubtful(found, self.presence):
            other = self._redrawn(surface, views)
            if other is not None and (not there or is_clearer(other, found, self.presence)):
                if told is not None and (self._outline_stands(surface) or not self._apart(surface, other)):
                    return [turns.detection(found, told, self.blind)]  # what looks different are its other sides
                return self._in_other_dress(surface, views, other)
        if told is not None and (there or self._outline_stands(surface)):
            return [turns.detection(found, told, self.blind)]
        if not there:
            lost = self._lost(surface, found)
            taken = self._asked("remove") and lost.state == "absent" and self._is_foreign(surface)
            return [lost, self._stranger(surface, found)] if taken else [lost]
        guess = self._asked("rotate") and self._turn_is_a_guess(turns, views, found)
        unsure = ("turn",) if guess else ()
        if not away:
            return [self._at_home(surface, home, unsure)]
        if self._with_surroundings(surface, found, home):
            return [self._at_home(surface, found, unsure)]
        if is_in_other_dress(found, self.presence):
            return self._in_other_dress(surface, views, found)
        return [self._placed(surface, found, "present", unsure)]

    def _may_be_told(self, surface: Surface) -> bool:
        """Whether the network is asked for its turn: not where all its sides are known."""
        return self._asked("rotate") and surface.thing.symmetry != "continuous" and self._further(surface) is None

    def _turn_is_a_guess(self, turns: Turns, views: Views, found: Found) -> bool:
        """Whether how far it turned is not known: without the look of its other sides only the network could have told."""
        if self._further(turns.surface) is None:
            return turns.surface.thing.symmetry != "continuous" and not is_certain(self.scene, views, found)
        guess = turn_is_a_guess(found, turn_gain(views, found), self.usual, self.evidence, self.presence)
        return guess or turns.contradicted(self.sample, float(found.pose[3]))

    def _second(self, surface: Surface, found: Found) -> Found | None:
        """Another one of a target, apart from where it was found; None where nothing looks like one."""
        rest = self.evidence.without(self._hull(surface, found))
        new = (rest.changed > self.decision.new_changed) & ~surface.mask
        if new.sum() < self.decision.least_second * len(surface.points):
            return None
        views = make_views(self.scene, surface, rest, None, self.device)
        second = follow(views, supports_of(self.scene, surface))
        apart = np.linalg.norm(second.pose[:3] - found.pose[:3]) > self.decision.own_place * surface.diagonal
        if not apart or not is_second(second, views.caution, self.presence):
            return None
        # Where the object was seen the background is a guess, so what is like it there must be its very likeness.
        return second if seen_beside(self.scene, surface, second) or is_left(second, self.presence) else None

    def _is_left_behind(self, surface: Surface, found: Found) -> bool:
        """Whether the object is still at home too, as far as what was found does not stand before it."""
        columns, rows = surface.pixels.T
        free = ~self._hull(surface, found)[rows, columns]
        if free.sum() < max(self.decision.least_pixels, self.decision.least_free * len(free)):
            return False
        home = stay(self._views(surface if free.all() else _part(surface, free)))
        return is_left(home, self.presence)

    def _bystander(self, surface: Surface) -> list[Detection]:
        if len(surface.points) < self.decision.least_pixels:
            return [self._unseen(surface)]
        if self._still(surface):
            return [self._at_home(surface, None)]
        free = (~self.covered & self.evidence.known)[surface.pixels[:, 1], surface.pixels[:, 0]]
        if free.sum() < max(self.decision.least_pixels, self.decision.least_free * len(free)):
            return [self._unseen(surface)]
        views = self._views(_part(surface, free))
        home = stay(views)
        if home.likeness > self.presence.stayed_likeness:
            return [self._at_home(surface, home)]
        found = follow(views, supports_of(self.scene, surface))
        enough = self.decision.elsewhere + views.caution
        # At home it may look different in other light; what is less like it elsewhere is not it.
        left = is_gone(home, self.presence) or found.likeness > home.likeness
        if left and found.evidence > enough and found.score > home.score + enough and self._is_away(surface, found, home):
            return [self._placed(surface, found, "present")]
        return [self._lost(surface, found) if is_gone(home, self.presence) else self._at_home(surface, home)]

    def _redrawn(self, surface: Surface, views: Views) -> Found | None:
        """Something new of the object's shape: another instance, or the object in other colours."""
        boldly = self._kind not in ("remove", "scale")
        found = follow(redrawn(views, boldly=boldly), supports_of(self.scene, surface), size_asked=True)
        new = is_redrawn(found, views.caution, asked=self._kind, config=self.presence)
        # About its old place what is new may be background, which has no outline.
        if new and (self._is_drawn(surface, found) or (boldly and seen_beside(self.scene, surface, found))):
            return found
        if not self._asked("remove"):
            return None
        # What was to be removed may have been moved. About its old place new background is easily taken for it; not elsewhere.
        found = follow(redrawn(views, boldly=True), supports_of(self.scene, surface), size_asked=True)
        away = self._apart(surface, found) and seen_beside(self.scene, surface, found)
        is_away = away and is_moved_away(found, views.caution, self.presence)
        return found if is_away and self._is_drawn(surface, found) else None

    def _is_drawn(self, surface: Surface, found: Found) -> bool:
        """Whether what is new has the object's outline: background that a removed object hid has none."""
        return self._shown(surface, found) > self.scene.config.silhouette.shown

    def _shown(self, surface: Surface, found: Found) -> float:
        return outline_shown(self.scene, surface, self._hull(surface, found), self.edited)

    def _in_other_dress(self, surface: Surface, views: Views, found: Found) -> list[Detection]:
        """The object in other colours, or gone, and a stranger in its place."""
        sure, sigma = self.decision.redrawn_sure, found.sigma
        if self._took_its_place(surface, views, found):
            return [self._gone(surface, found), self._stranger(surface, found)]
        thing = posed(self.scene, surface, found)
        guesses = ("turn", *_STANCE) if self._asked("scale") else ("turn", "size", *_STANCE)
        return [detection(self.scene, surface, thing, confidence=sure, sigma=sigma, unobservable=guesses)]

    def _lost(self, surface: Surface, found: Found) -> Detection:
        """Gone, unless its old outline stands: then it is there in other colours, or in another light."""
        if self._outline_stands(surface):
            sure = self.decision.redrawn_sure
            return detection(self.scene, surface, surface.thing, confidence=sure, unobservable=("turn", "size", *_STANCE))
        return self._gone(surface, found)

    def _outline_stands(self, surface: Surface) -> bool:
        return outline_stands(self.scene, surface, self.edited) > self.scene.config.silhouette.stands

    def _gone(self, surface: Surface, found: Found) -> Detection:
        return detection(self.scene, surface, surface.thing, state="absent", confidence=confidence(found, self.results))

    def _stranger(self, surface: Surface, found: Found) -> Detection:
        """Something in an object's old place that is none of the known ones."""
        sure, sigma = self.decision.redrawn_sure, found.sigma
        seen = detection(self.scene, surface, surface.thing, confidence=sure, sigma=sigma, unobservable=_FREEDOMS)
        return dataclasses.replace(seen, object_id=None)

    def _is_foreign(self, surface: Surface) -> bool:
        return foreign_share(self.scene, surface, self.edited) > self.scene.config.surroundings.foreign

    def _took_its_place(self, surface: Surface, views: Views, other: Found) -> bool:
        """Whether something in other colours, found beside the old place of an object that was to be removed, is what stands in
        that place now: it is of another shape, so that the object fits best on a part of it."""
        if not self._asked("remove") or not self._apart(surface, other) or not is_in_other_dress(other, self.presence):
            return False
        changed = views.levels[-1].pictures[0, CHANGED].numpy(force=True)
        return bool(cv2.resize(changed, self.scene.size)[surface.mask].mean() > self.decision.its_place)

    def _still(self, surface: Surface) -> bool:
        columns, rows = surface.pixels.T
        free = (~self.covered & self.evidence.known)[rows, columns]
        return bool(free.any() and self.evidence.changed[rows, columns][free].mean() < self.decision.still)

    def _spot_changed(self, surface: Surface) -> bool:
        """Whether something small of it surely changed: the knob of a white pot on a white table."""
        side = self.decision.spot_px
        sure = (self.evidence.changed > self.decision.surely_changed).astype(np.uint8)
        spots = cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0
        share = spots[surface.mask].mean()
        others = spots[self.scene.things & ~surface.mask]
        return bool(share > self.decision.spot + self.decision.restless * (others.mean() if len(others) else 0.0))

    def _hull(self, surface: Surface, found: Found) -> NDArray[np.bool_]:
        """The pixels (H, W) of the convex hull of the object's known surface under a pose."""
        hull = cv2.convexHull(np.round(outline(self.scene, surface, found)).astype(np.int32)).astype(np.int32)
        return cv2.fillConvexPoly(np.zeros(self.covered.shape, np.uint8), hull, (1,)) > 0

    def _something_new(self, surface: Surface) -> bool:
        """Whether a changed region outside of the known objects could hold a second target."""
        return bool(
            ((self.evidence.changed > self.decision.new_changed) & ~self.scene.things).sum()
            > self.decision.least_new * len(surface.points)
        )

    def _views(self, surface: Surface) -> Views:
        return make_views(self.scene, surface, self.evidence, self._further(surface), self.device)

    def _further(self, surface: Surface) -> tuple[Surface, NDArray[np.float32]] | None:
        """What the ground truth of a turn shows of the target, and its colours; None where the sample does not tell."""
        name = surface.thing.id
        if name not in self._sides:
            self._sides[name] = self._read_sides(surface)
        return self._sides[name]

    def _read_sides(self, surface: Surface) -> tuple[Surface, NDArray[np.float32]] | None:
        if not self._asked("rotate") or surface.thing.id not in self.targets or self.sample.edited_image is None:
            return None
        seen = after_surface(self.scene, self.sample, surface.thing)
        if seen is None:
            return None
        rgb = load_rgb(self.sample.edited_image).astype(np.float32) / 255
        return seen, opponent(rgb, self.evidence.config, self.evidence.soften)

    @property
    def _kind(self) -> str | None:
        return self.sample.operation.kind if self.sample.operation else None

    def _asked(self, kind: str) -> bool:
        return self._kind == kind

    def _is_away(self, surface: Surface, found: Found, home: Found) -> bool:
        """Whether the object did anything: it explains more, and by more than the pose's own uncertainty."""
        change = np.abs(found.pose) / found.sigma
        return bool(found.score > home.score + self.decision.moved_gain and change.max() > self.decision.moved_sigmas)

    def _with_surroundings(self, surface: Surface, found: Found, home: Found) -> bool:
        """Whether what looks like a move is the camera's; only where the whole image drifted, as in pairs taken by hand."""
        return self.drifted and moved_with_surroundings(self.scene, surface, self.edited, found, home)

    def _apart(self, surface: Surface, found: Found) -> bool:
        return bool(np.linalg.norm(found.pose[:3]) > self.decision.own_place * surface.diagonal)

    def _beside(self, surface: Surface, found: Found) -> bool:
        """Whether there is room for the object at its old place too."""
        return bool(
            np.linalg.norm(found.pose[:3]) > self.decision.room * min(surface.thing.bbox_3d[3], surface.thing.bbox_3d[5])
        )

    def _cover(self, surface: Surface, found: Found) -> None:
        """Marks the pixels that the object now covers, with a margin."""
        thing = posed(self.scene, surface, found)
        corners = box_corners(thing.bbox_3d, thing.rotation_matrix) @ self.scene.K.T
        if (corners[:, 2] <= 0).any():
            return
        pixels = corners[:, :2] / corners[:, 2:]
        margin = self.decision.covered * self.scene.size[0] + self.decision.covered_px
        (left, top), (right, bottom) = np.floor(pixels.min(0) - margin), np.ceil(pixels.max(0) + margin)
        rows = slice(max(0, int(top)), max(0, int(bottom)))
        self.covered[rows, max(0, int(left)) : max(0, int(right))] = True

    def _at_home(self, surface: Surface, home: Found | None, unobservable: tuple[str, ...] = ()) -> Detection:
        sure, sigma = (1.0, None) if home is None else (confidence(home, self.results), home.sigma)
        blind = (*unobservable, *self.blind)
        return detection(self.scene, surface, surface.thing, confidence=sure, sigma=sigma, unobservable=blind)

    def _unseen(self, surface: Surface) -> Detection:
        """An object of which the images show too little: taken to be where it was, and said to be unobservable."""
        return detection(self.scene, surface, surface.thing, confidence=self.decision.unseen_sure, unobservable=_FREEDOMS)

    def _placed(self, surface: Surface, found: Found, state: str, unobservable: tuple[str, ...] = ()) -> Detection:
        thing, sure = posed(self.scene, surface, found), confidence(found, self.results)
        blind = (*unobservable, *self.blind)
        return detection(self.scene, surface, thing, state=state, confidence=sure, sigma=found.sigma, unobservable=blind)


def _after_view(scene: Scene, edited: RGB) -> list[Detection]:
    """Every object in the frame of the camera that took the edited image; absent where the scene is not found again."""
    motion = camera_motion(scene, edited)
    if motion is None:
        return [detection(scene, s, s.thing, state="absent", confidence=0.0) for s in scene.surfaces]
    return [detection(scene, s, carried(s.thing, motion), confidence=motion.agreement) for s in scene.surfaces]


def _part(surface: Surface, kept: NDArray[np.bool_]) -> Surface:
    return dataclasses.replace(surface, points=surface.points[kept], normals=surface.normals[kept], pixels=surface.pixels[kept])
