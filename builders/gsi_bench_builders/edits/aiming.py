"""What an operation may be asked of: objects that can be edited so and, where much is out of sight, that are seen well."""

from __future__ import annotations

from gsi_bench_builders.edits.base import EditOptions, Effect, Rejection, Stage
from gsi_bench_builders.edits.checks import check_frame, seen_well
from gsi_bench_builders.scene import Thing

__all__ = ["check_held", "others", "targets"]

_SEEN_SHARE = 0.3  # of an object that instructions speak of beside the target


def check_held(thing: Thing, effect: Effect, options: EditOptions) -> Rejection | None:
    """What hangs can be taken away and no more, what is built in stays; furniture keeps its size."""
    if effect != "camera" and (thing.info.hold == "built" or (thing.info.hold == "hung" and effect != "remove")):
        return Rejection("built_in")
    return Rejection("too_large") if effect == "scale" and max(thing.size) >= options.scale_below_m else None


def targets(stage: Stage, effect: Effect) -> tuple[Thing, ...]:
    """The objects to draw a target from: all that have nouns; where `aimed`, those that can be edited and are seen well."""
    if not stage.options.aimed:
        return stage.nameable
    if effect not in stage.pools:
        held = (t for t in stage.nameable if check_held(t, effect, stage.options) is None)
        stage.pools[effect] = tuple(t for t in held if t.id in stage.names and _is_shown(stage, t))
    return stage.pools[effect]


def others(stage: Stage) -> tuple[Thing, ...]:
    """The objects that an instruction may speak of beside its target; where `aimed`, those of which enough is seen."""
    if not stage.options.aimed:
        return stage.nameable
    if "others" not in stage.pools:
        named = (t for t in stage.nameable if t.id in stage.names)
        stage.pools["others"] = tuple(t for t in named if stage.coverage(t.id).share >= _SEEN_SHARE)
    return stage.pools["others"]


def _is_shown(stage: Stage, thing: Thing) -> bool:
    camera = stage.scene.camera
    if check_frame((camera, thing), None, stage.options) is not None:
        return False
    coverage = stage.coverage(thing.id)
    if coverage.visible_px > stage.options.max_target_share * camera.width * camera.height:
        return False
    return seen_well(coverage, stage.options, "hidden_before") is None
