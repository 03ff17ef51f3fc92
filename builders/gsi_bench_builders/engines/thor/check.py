"""What is taken for granted about Unity's builds, tried on a real one: the first thing to do on a machine with a GPU.

Eight confirmations, each with what was found and, where it fails, what that means and what to do. A check that loses Unity
fails, and the next one starts another.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.conversions import AgentView, Pivot, euler_matrix, to_unity_rotation
from gsi_bench_builders.engines.thor.metadata import ThorObject, displacement, floor_height, read_camera
from gsi_bench_builders.engines.thor.options import ThorOptions, options_from
from gsi_bench_builders.engines.thor.shots import Shot, bounds_of, box_corners, corners_in_image, depth_problem, depths_of
from gsi_bench_builders.engines.thor.start import check_ready
from gsi_bench_builders.engines.thor.unity.simulator import Simulator
from gsi_bench_builders.engines.thor.unity.states import off
from gsi_bench_builders.engines.thor.unity.world import World
from gsi_bench_builders.engines.thor.views import ViewOptions, candidates, distinct, promise, rooms_of

__all__ = ["CHECKS", "CheckResult", "check", "confirmations"]

_SIZE = (512, 384)  # not square: a field of view taken along the wrong side shows
_AXES = 0.01  # largest difference of two rotation matrices' entries that is numbers alone
_CENTRE_SHARE = 3.0 / 1024  # of the width, between the middles of a box and of a mask; boxes are built from colliders
_SCALE = 0.03  # relative: a wrong focal length scales the image about its middle by 4 / 3
_GAIN = 0.003  # relative: a third of the 0.5 % that the shader is said to be off
_VIEWS = 6
_FEWEST = 5  # objects or pixels that say something
_FLOOR_PX = 500
_REFUSED = 0.1  # share of refused moves to where an object is already, after lifting
_SAME_PX = 0.999  # share of equal pixels of two masks
_SCENES = {"bathroom": "FloorPlan401"}


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """One confirmation.

    Attributes:
        number, name: of the check.
        passed: whether it holds.
        found: what was measured.
        remedy: what to do where it does not.
    """

    number: int
    name: str
    passed: bool
    found: str
    remedy: str = ""


def check(words: Mapping[str, str], split: str = "robothor") -> list[CheckResult]:
    """All confirmations on a build.

    Args:
        words: options of the engine, name and text (`OPTION_HELP`).
        split: whose first scene is looked at.

    Raises:
        EngineError: something is missing, and Unity cannot even be started; lists it.
    """
    check_ready(**{name.replace("-", "_"): text for name, text in words.items()})
    return list(confirmations(words, split))


def confirmations(words: Mapping[str, str], split: str = "robothor") -> Iterator[CheckResult]:
    """As `check`, one after another, where nothing is missing."""
    yield from confirmed(options_from(words), _SCENES.get(split, "FloorPlan_Train1_1"))


def confirmed(options: ThorOptions, scene: str, size: tuple[int, int] = _SIZE) -> Iterator[CheckResult]:
    """The confirmations in a scene, with images of this width and height, in a Unity that is ended afterwards."""
    world = World(Simulator(options))
    bench = _Bench(world)
    try:
        world.simulator.start(*size)
        for number, (name, run) in enumerate(CHECKS.items(), start=1):
            try:
                world.enter(scene, *size)
                passed, found, remedy = run(bench)
            except EngineError as error:
                passed, found, remedy = False, str(error), "look into the logs that the message names, then check again"
            yield CheckResult(number, name, passed, found, "" if passed else remedy)
    finally:
        world.simulator.close()


Finding: TypeAlias = tuple[bool, str, str]  # holds, found, remedy


@dataclasses.dataclass(frozen=True)
class _Bench:
    """What all checks share: the scene, as it is at the start of each, and views of it with objects in them."""

    world: World
    _found: list[AgentView] = dataclasses.field(default_factory=list)

    def views(self, most: int) -> list[AgentView]:
        """Some views, found by boxes alone and once."""
        if not self._found:
            self._found.extend(_views(self.world))
        return self._found[:most]

    def shots(self, most: int) -> Iterator[Shot]:
        """Images from them."""
        for view in self.views(most):
            if self.world.look(view).ok:
                yield self.world.draw()


def _boxed(world: World) -> list[ThorObject]:
    return [o for o in world.objects.values() if o.loose and o.box_source == "oriented"]


def _axes(bench: _Bench) -> Finding:
    """Boxes' axes against rotations, as the scene has them and for one object that is turned about all three axes."""
    world = bench.world
    boxed = _boxed(world)
    if not boxed:
        return False, "no object has an oriented box", "this build is too old; use the client's own"
    as_found = [_axes_apart(o) for o in boxed]
    smallest = min((o for o in boxed if o.pickupable), key=lambda o: max(o.box.size), default=boxed[0])
    x, y, z = smallest.pivot.position
    world.put(smallest.id, Pivot((x, y + 0.5, z), (20.0, 37.0, 10.0)))
    turned = _axes_apart(world.objects[smallest.id])
    found = (
        f"entries differ by {np.median(as_found):.4f} (median of {len(boxed)}), {turned:.4f} for one turned by (20, 37, 10)°"
    )
    return (
        bool(np.median(as_found) <= _AXES and turned <= _AXES),
        found,
        "corners, angles or the sign of yaw mean something else in this build: engines/thor/conversions.py is wrong for it",
    )


def _axes_apart(thing: ThorObject) -> float:
    return float(np.abs(to_unity_rotation(thing.box.rotation) - euler_matrix(thing.pivot.angles)).max())


def _views(world: World) -> list[AgentView]:
    options = ViewOptions()
    camera = read_camera(world.metadata)
    size = (camera.width, camera.height, world.options.fov_deg)
    rng = np.random.default_rng(0)
    objects = list(world.objects.values())
    scored = [
        (promise(view, objects, size, options), view)
        for room in rooms_of(world.reachable(), options)
        for view in candidates(room, world.eye_height(), rng, options)
    ]
    return [view for _, view in distinct(scored, options, _VIEWS)]


def _projection(bench: _Bench) -> Finding:
    """Middles of projected boxes against middles of masks, of objects that nothing hides."""
    world = bench.world
    pairs = [pair for shot in bench.shots(6) for o in _boxed(world) if (pair := _middles(shot, o)) is not None]
    if len(pairs) < _FEWEST:
        return False, f"{len(pairs)} objects stand free in 6 views; {_FEWEST} are needed", "check another split's scene"
    camera = read_camera(world.metadata)
    projected, shown = np.array(pairs).transpose(1, 0, 2) - (camera.width / 2, camera.height / 2)
    apart = float(np.median(np.linalg.norm(projected - shown, axis=1)))
    scale = (projected * shown).sum(axis=0) / (projected**2).sum(axis=0)
    found = (
        f"middles {apart:.2f} px apart (median of {len(pairs)}), images {scale[0]:.3f} × {scale[1]:.3f} as large as projected"
    )
    return (
        apart <= _CENTRE_SHARE * camera.width and bool(np.abs(scale - 1).max() <= _SCALE),
        found,
        "camera pose, horizon's sign or the side that the field of view spans differ: labels of this build would be wrong",
    )


def _middles(shot: Shot, thing: ThorObject) -> tuple[list[float], list[float]] | None:
    """Middle of an object's projected box, and of its mask; None where it is small, cut off or hidden."""
    mask = shot.mask(thing.id)
    shown, around = bounds_of(mask), corners_in_image(shot.camera, box_corners(thing))
    if shown is None or around is None or min(shown[2] - shown[0], shown[3] - shown[1]) < 8:
        return None
    x1, y1, x2, y2 = (round(v) for v in around)
    if x1 < 1 or y1 < 1 or x2 >= shot.camera.width or y2 >= shot.camera.height:
        return None
    # Nothing in the box's rectangle may be nearer than the object itself.
    window = np.s_[y1:y2, x1:x2]
    nearest = float(shot.camera.depth(box_corners(thing)).min())
    if bool((~mask[window] & (shot.depth_m[window] < nearest)).any()):
        return None
    return [(around[0] + around[2]) / 2, (around[1] + around[3]) / 2], [(shown[0] + shown[2]) / 2, (shown[1] + shown[3]) / 2]


def _gain(bench: _Bench) -> Finding:
    """Depth of the floor against where the floor is."""
    world = bench.world
    floor = floor_height(world.objects.values())
    if floor is None:
        return False, "no object is a floor", "this build is too old; use the client's own"
    ratios = [ratio for shot in bench.shots(4) for ratio in _floor_ratios(shot, floor)]
    if len(ratios) < _FLOOR_PX:
        return False, f"{len(ratios)} pixels of floor in 4 views; {_FLOOR_PX} are needed", "check another split's scene"
    ratio, gain = float(np.median(ratios)), world.depth_gain
    return (
        abs(ratio - 1) <= _GAIN,
        f"depth is {ratio:.4f} of the truth with the gain of {gain:.5f}, {ratio / gain:.4f} without ({len(ratios)} px)",
        f"give --engine-option depth-gain={gain / ratio:.5f}",
    )


def _floor_ratios(shot: Shot, floor: float) -> list[float]:
    """Depth over true depth at each pixel of the floor; other objects may be called floor too, and lie a little lower."""
    names = [n for n in shot.names if n.split("|")[0] == "Floor"]
    rows, columns = np.nonzero(np.any([shot.mask(n) for n in names], axis=0)) if names else (np.zeros(0, int),) * 2
    camera = shot.camera
    flat = (np.column_stack([columns, rows]) + 0.5 - (camera.width / 2, camera.height / 2)) / camera.focal
    fall = -(np.column_stack([flat, np.ones(len(flat))]) @ np.array(camera.rotation))[:, 2]
    true = (camera.position[2] - floor) / np.where(fall > 0.05, fall, np.nan)
    found = shot.depth_m[rows, columns] / true
    return [float(r) for r in found[np.isfinite(found)]]


def _format(bench: _Bench) -> Finding:
    """Names of the depth's unit, planes, and depth against boxes."""
    world = bench.world
    said = world.metadata.get("depthFormat", "absent, so Normalized")
    near, far = world.simulator.planes
    shots = list(bench.shots(4))
    asked = sum(len(depths_of(shot, world.objects.values())) for shot in shots)
    problems = [p for shot in shots if (p := depth_problem(shot, world.objects.values()))]
    if not problems and asked < _FEWEST:
        problems = [f"{asked} objects large enough in {len(shots)} views; {_FEWEST} are needed"]
    words = problems[0] if problems else f"depth lies in the boxes of {asked} objects"
    return (
        0 < near < far < math.inf and not problems,
        f"depthFormat {said}, planes {near:g} and {far:g} m; {words}",
        "depth of this build cannot be used; give another build, or depth-gain where it is off by one factor",
    )


def _disabling(bench: _Bench) -> Finding:
    """Whether objects that were disabled come back as they were."""
    world = bench.world
    limits, problems, kept, asked = world.options, [], 0, 0
    for thing in [o for o in _boxed(world) if o.pickupable and not _carries(world, o)][:8]:
        asked += 1
        world.hide(thing.id)
        kept += any(row.get("objectId") == thing.id for row in world.metadata["objects"])
        world.show(thing.id)
        if problem := off(world.objects[thing.id].pivot, thing.pivot, limits):
            problems.append(f"{thing.id}: {problem}")
    if not asked:
        return False, "no object that could be disabled", "check another split's scene"
    return (
        not problems,
        f"{asked - len(problems)} of {asked} come back exactly; {kept} stay listed meanwhile"
        + "".join(f"; {p}" for p in problems[:2]),
        "the engine puts them right when it restores a scene; builds are slower, not wrong",
    )


def _carries(world: World, thing: ThorObject) -> bool:
    return any(thing.id in o.parents for o in world.objects.values())


def _contact(bench: _Bench) -> Finding:
    """How often an object may not be where it is."""
    world = bench.world
    things = [o for o in _boxed(world) if not _carries(world, o)][:20]
    if not things:
        return False, "no object that could be moved", "check another split's scene"
    plain = sum(not world.move(o.id, o.pivot).ok for o in things)
    messages = [m for o in things if (m := world.collision(o.id, o.pivot)) is not None]
    lift = world.options.lift_m * 1000
    return (
        len(messages) <= _REFUSED * len(things),
        f"refused {plain} of {len(things)} where they are, {len(messages)} of them lifted by {lift:g} mm"
        + (f" ({messages[0]})" if messages else ""),
        "resting contact counts as a collision: raise lift_m in engines/thor/options.py to 0.005",
    )


def _teleporting(bench: _Bench) -> Finding:
    """Whether the agent gets to places off the grid."""
    world = bench.world
    eye, problems, reached = world.eye_height(), [], 0
    places = world.reachable()
    for x, y, z in places[:: max(1, len(places) // 12)]:
        outcome = world.look(AgentView((x + 0.037, y + eye, z + 0.061), 33.0, 12.0))
        if outcome.ok:
            reached += 1
        elif outcome.reason == "engine_error":
            problems.append(outcome.message)
    return (
        reached >= 3 and not problems,
        f"{reached} places off the grid reached to 1 mm" + "".join(f"; {p}" for p in problems[:2]),
        "the agent snaps to its grid or is moved: edits of the view would have wrong labels",
    )


def _repeating(bench: _Bench) -> Finding:
    """Two Unity processes, one scene: poses and masks."""
    world = bench.world
    view = next(iter(bench.views(1)), world.view)
    scene, before, size = world.scene, dict(world.objects), _size(world)
    world.look(view)
    first = world.draw()
    world.simulator.close()
    world.enter(scene, *size)
    after = dict(world.objects)
    world.look(view)
    second = world.draw()
    shared = before.keys() & after.keys()
    gone = [displacement(before[i], after[i]) for i in shared]
    step, turn = (max(v) for v in zip(*gone, strict=True)) if gone else (math.inf, math.inf)
    same = float((_named(first) == _named(second)).mean())
    limits = world.options
    return (
        len(shared) == len(before) == len(after) and step <= limits.pose_m and turn <= limits.pose_deg and same >= _SAME_PX,
        f"two processes: poses differ by {step * 1000:.2f} mm and {turn:.3f}° at most, {100 * same:.2f} % of the mask is equal",
        "objects settle differently each time: an interrupted build that goes on would make other scenes",
    )


def _size(world: World) -> tuple[int, int]:
    camera = read_camera(world.metadata)
    return camera.width, camera.height


def _named(shot: Shot) -> np.ndarray:
    """The masks with names instead of numbers, whose order may change."""
    return np.array(["", *shot.names])[shot.numbers]


CHECKS: dict[str, Callable[[_Bench], Finding]] = {
    "axes and angles of boxes": _axes,
    "projected boxes meet their masks": _projection,
    "depth gain": _gain,
    "depth format and planes": _format,
    "disabled objects come back": _disabling,
    "resting is no collision": _contact,
    "the camera goes off the grid": _teleporting,
    "the same scene twice": _repeating,
}
