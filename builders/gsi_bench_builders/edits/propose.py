"""The driver: balanced proposals, each checked, each refusal counted."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from gsi_bench_builders.edits.aiming import check_held
from gsi_bench_builders.edits.base import Candidate, CanTell, Edit, EditOptions, Rejection, Stage
from gsi_bench_builders.edits.checks import (
    barely_changes,
    check_bystanders,
    check_frame,
    check_seen,
    check_solid,
    check_surfaces,
)
from gsi_bench_builders.edits.contrast import check_stands_out
from gsi_bench_builders.edits.registry import TABLE_OPERATIONS, check_operations, proposer
from gsi_bench_builders.edits.selfcheck import reads_back
from gsi_bench_builders.edits.turning import check_turn
from gsi_bench_builders.engine import Probe
from gsi_bench_builders.scene import Scene

__all__ = ["Rejections", "propose_edits", "try_candidate"]

_ROOM_FOR_DOUBT = 1.25
_OTHER_TURNS = ("unmeasurable_rotation", "alike_both_ways", "turn_untold")  # refusals of an angle: others may show
# (kind, reason) -> how often.
Rejections: TypeAlias = Counter[tuple[str, str]]


def propose_edits(
    scene: Scene,
    probe: Probe,
    rng: np.random.Generator,
    options: EditOptions | None = None,
    *,
    count: int = 8,
    kinds: Sequence[str] = TABLE_OPERATIONS,
    can_tell: CanTell | None = None,
) -> tuple[list[Edit], Rejections]:
    """Up to `count` different edits of a scene, and how often which kind failed for which reason.

    The kinds take turns in a drawn order; each turn searches until one edit of its kind holds. A kind that finds none in
    `options.attempts` has no further turn, so fewer edits come back where the scene has no more to give.

    Raises:
        OperationError: an unknown kind.
    """
    check_operations(tuple(kinds))
    search = _Search(Stage(scene, probe, options or EditOptions(), can_tell), rng)
    turns = [kinds[i] for i in rng.permutation(len(kinds))]
    edits: list[Edit] = []
    while turns and len(edits) < count:
        kind = turns.pop(0)
        edit = search.next(kind)
        if edit is not None:
            edits.append(edit)
            turns.append(kind)
    return edits, search.rejections


@dataclasses.dataclass
class _Search:
    """What was found and refused so far on one stage."""

    stage: Stage
    rng: np.random.Generator
    seen: set[Candidate] = dataclasses.field(default_factory=set)
    used: set[tuple[str, str]] = dataclasses.field(default_factory=set)  # (kind, target) of those
    refused: Counter[Candidate] = dataclasses.field(default_factory=Counter)
    rejections: Rejections = dataclasses.field(default_factory=Counter)

    def next(self, kind: str) -> Edit | None:
        """One more edit of a kind; None where the attempts give none."""
        for _ in range(self.stage.options.attempts):
            found = self._attempt(kind)
            if isinstance(found, Edit):
                return found
            self.rejections[kind, found.reason] += 1
            if found.reason == "no_candidate":
                return None
        return None

    def _feasible(self, kind: str) -> Candidate | Rejection:
        """A new candidate that boxes do not rule out; none where the redraws find none."""
        refused = Rejection("no_candidate")
        for number in range(self.stage.options.redraws):
            candidate = proposer(kind)(self.stage, self.rng)
            if isinstance(candidate, Rejection):
                refused = candidate
            elif candidate in self.seen or (number < self.stage.options.redraws // 2 and (kind, candidate.target) in self.used):
                refused = Rejection("duplicate")  # another object first, while there is one
            else:
                problem = _ruled_out(self.stage, candidate)
                if problem is None:
                    return candidate
                refused = problem
            if refused.reason == "no_candidate":
                return refused
            self.rejections[kind, "infeasible"] += 1
        return Rejection("no_candidate")

    def _attempt(self, kind: str) -> Edit | Rejection:
        candidate = self._feasible(kind) if self.stage.options.aimed else proposer(kind)(self.stage, self.rng)
        if isinstance(candidate, Rejection):
            return candidate
        found = self._try(candidate)
        if isinstance(found, Edit) or found.reason not in _OTHER_TURNS:
            return found
        for other in candidate.instead(self.stage, self.rng):
            self.rejections[kind, found.reason] += 1
            found = self._try(other)
            if isinstance(found, Edit):
                break
        return found

    def _try(self, candidate: Candidate) -> Edit | Rejection:
        """The candidate's edit, or why there is none; either is remembered."""
        if candidate in self.seen:
            return Rejection("duplicate")
        found = try_candidate(self.stage, candidate, self.rng)
        self.refused[candidate] += not isinstance(found, Edit)
        # What the camera refused it refuses again; a placement, which is drawn at another point, has a second try.
        tries = 2 if candidate.effect == "place" else 1
        if isinstance(found, Edit) or (self.stage.options.aimed and self.refused[candidate] >= tries):
            self.seen.add(candidate)
        if isinstance(found, Edit):
            self.used.add((candidate.kind, candidate.target))
        return found


def _ruled_out(stage: Stage, candidate: Candidate) -> Rejection | None:
    """What needs no look through the camera: the operation's own rules, and boxes."""
    problem = _rules(stage, candidate)
    return problem or _check_boxes(stage, candidate.apply(stage.scene), candidate, _ROOM_FOR_DOUBT)


def _rules(stage: Stage, candidate: Candidate) -> Rejection | None:
    """The operation's own rules, and whether there are words for it."""
    problem = candidate.check(stage)
    if problem is None and stage.options.phrasing != "ours" and candidate.unsaid(stage):
        problem = Rejection("unsaid")
    return problem


def try_candidate(stage: Stage, candidate: Candidate, rng: np.random.Generator) -> Edit | Rejection:
    """The edit that a candidate makes, or the first rule that it breaks. Cheap rules come first; `rng` draws the wording."""
    problem = _rules(stage, candidate)
    if problem is not None:
        return problem
    after = candidate.apply(stage.scene)
    problem = _check(stage, after, candidate)
    if problem is not None:
        return problem
    edit = _describe(stage, candidate, after, rng)
    return Rejection("unreadable") if reads_back(edit) else edit


def _check_boxes(stage: Stage, after: Scene, candidate: Candidate, larger: float = 1.0) -> Rejection | None:
    """As far as boxes tell; `larger` than needed must the target's box be in the image, for the object is smaller."""
    scene, target, options = stage.scene, candidate.target, stage.options
    asked = options if larger == 1.0 else dataclasses.replace(options, min_target_px=options.min_target_px * larger)
    gone, stays = candidate.effect == "remove", candidate.effect == "camera"
    old = (scene.camera, scene.thing(target))
    new = None if gone else (after.camera, after.thing(target))
    problem = check_held(old[1], candidate.effect, options) or check_frame(old, new, asked)
    if problem is None and not gone and not stays:
        problem = check_solid(stage, after, target)
    # A turn about its own centre may leave the box of an object where it was and still show.
    if problem is None and new is not None and candidate.effect != "turn" and barely_changes(old, new, options):
        problem = Rejection("barely_changes")
    return problem


def _check(stage: Stage, after: Scene, candidate: Candidate) -> Rejection | None:
    target, gone, stays = candidate.target, candidate.effect == "remove", candidate.effect == "camera"
    problem = _check_boxes(stage, after, candidate)
    if problem is None and not gone:
        problem = check_surfaces(stage, after, target)
    problem = problem or check_seen(stage, after, target)
    if problem is None and candidate.effect == "turn":
        problem = check_turn(stage, after, target)
    if problem is None and not gone and not stays:
        problem = check_bystanders(stage, after, target)
    return problem or (None if stays else check_stands_out(stage, target))


def _describe(stage: Stage, candidate: Candidate, after: Scene, rng: np.random.Generator) -> Edit:
    prompt, prompt_zh = candidate.describe(stage, rng)
    others = candidate.spoken_of()
    other = others.get("reference") or others.get("receptacle")
    return Edit(
        kind=candidate.kind,
        effect=candidate.effect,
        target=candidate.target,
        name=candidate.name(stage),
        before=stage.scene,
        after=after,
        operation=candidate.operation(stage),
        prompt=prompt,
        prompt_zh=prompt_zh,
        reference=others.get("reference"),
        receptacle=others.get("receptacle"),
        other=stage.names[other] if other else None,
        # What is not is no edit: see `check_turn`.
        measurable=True if candidate.effect == "turn" and _is_looked_at(stage) else None,
    )


def _is_looked_at(stage: Stage) -> bool:
    """Whether turns are asked what images show of them: by true shapes, or by the image before them alone."""
    return stage.options.min_still_seen > 0 or stage.can_tell is not None
