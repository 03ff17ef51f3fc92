"""A small table before a level camera, and what a detector says of it, for tests of the strict protocol.

Camera frame: x right, y down, z away. A mug (10 cm cube) stands at (0, 0, 2), a bowl and a book beside it.
"""

import math
from typing import Any

import numpy as np

from gsi_bench_dataset import Detection, Operation, SceneObject
from gsi_bench_metric.protocols.strict.association import situation_of
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.verdict import Outcome, judge

EYE = np.eye(3)
K = [[500.0, 0.0, 320.0], [0.0, 500.0, 240.0], [0.0, 0.0, 1.0]]
SIZE = (640, 480)
MUG = (0.0, 0.0, 2.0, 0.1, 0.1, 0.1)
BOWL = (0.4, 0.0, 2.0, 0.2, 0.1, 0.2)
BOOK = (-0.4, 0.0, 2.2, 0.1, 0.1, 0.2)
THINGS = {"mug": MUG, "bowl": BOWL, "book": BOOK}


def turned(degrees):
    """Rotation (3, 3) about the vertical, counter-clockwise from above."""
    c, s = math.cos(math.radians(degrees)), -math.sin(math.radians(degrees))  # y points down
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def box(numbers, dx=0.0, dy=0.0, dz=0.0, factor=1.0):
    """The seven numbers of a box that went by (dx, dy, dz) and grew about its base."""
    x, y, z, w, h, d = numbers
    rise = (factor - 1) * h / 2
    return [x + dx, y + dy - rise, z + dz, w * factor, h * factor, d * factor, 0.0]


def thing(name, numbers, **fields: Any):
    fields = {"category": name, "symmetry": "none", "is_target": name == "mug", "rotation_matrix": EYE.tolist()} | fields
    return SceneObject(id=name, bbox_3d=box(numbers), **fields)


def found(name, numbers, dx=0.0, dy=0.0, dz=0.0, *, factor=1.0, turn=0.0, **fields: Any):
    """A detection that knows which object it is."""
    fields = {"label": name, "object_id": name, "sigma": [0.0] * 7, "confidence": 1.0} | fields
    rotation = turned(turn).tolist()
    return Detection(bbox_3d=box(numbers, dx, dy, dz, factor), bbox_2d=[0, 0, 9, 9], rotation_matrix=rotation, **fields)


def seen(*mug, **others):
    """Detections of an image: those of the mug as given (none: it stands where it stood), the others in place or as given."""
    rest = {name: found(name, numbers) for name, numbers in THINGS.items() if name != "mug"} | others
    return [*(mug or [found("mug", MUG)]), *(d for d in rest.values() if d is not None)]


GONE = found("mug", MUG, state="absent")


def case(make_sample, kind, *, things=None, **fields: Any):
    """A sample with a usual request of its kind; the fields override it."""
    usual: dict[str, dict[str, Any]] = {
        "move": {
            "operation": Operation(kind="move", direction="left", distance_m=0.2, frame="camera"),
            "new_bbox_3d": box(MUG, dx=-0.2),
        },
        "rotate": {
            "operation": Operation(kind="rotate", direction="counterclockwise", angle_deg=90.0),
            "new_bbox_3d": box(MUG),
            "new_rotation_matrix": turned(90).tolist(),
        },
        "scale": {"operation": Operation(kind="scale", factor=2.0), "new_bbox_3d": box(MUG, factor=2.0)},
        "place": {
            # In the bowl; its inside is 5 cm lower than its rim: a square of 10 cm.
            "operation": Operation(
                kind="place",
                receptacle="bowl",
                region=[[0.35, 0.03, 1.95], [0.45, 0.03, 1.95], [0.45, 0.03, 2.05], [0.35, 0.03, 2.05]],
            ),
            "new_bbox_3d": box(MUG, 0.4, -0.02),
        },
        "remove": {"operation": Operation(kind="remove"), "new_bbox_3d": None},
        "view": {
            "operation": Operation(
                kind="view",
                direction="right",
                distance_m=0.2,
                camera_translation_m=(0.2, 0.0, 0.0),
                camera_rotation=EYE.tolist(),
            ),
            "new_bbox_3d": None,
        },
    }
    objects = [thing(name, numbers) for name, numbers in THINGS.items()] if things is None else things
    common = {
        "target": "mug",
        "original_bbox_3d": box(MUG),
        "rotation_matrix": EYE.tolist(),
        "new_rotation_matrix": None,
        "camera_intrinsics": K,
        "pixel_frame": "source",
        "up": (0.0, -1.0, 0.0),
        "objects": objects,
    }
    return make_sample(**common | usual[kind] | fields)


def look(sample, edited, source=None) -> Situation:
    return situation_of(sample, SIZE, seen() if source is None else source, edited)


def judged(sample, edited, source=None, **more: Any) -> Outcome:
    """The outcome of an edit; the sample must be one that can be scored."""
    situation = look(sample, edited, source)
    assert excluded(situation) is None
    return judge(situation, **more)
