"""The edit that a visitor wants of an own image: the wanted box, the instruction, and the sample that scoring takes.

What an operation does to a box is what the builders' edits do to an object: a move goes along the ground as the camera sees it,
a turn is about the vertical through the centre, a size changes about the middle of the base.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.language.chinese import parse_zh
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.language.writing import plainest
from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_dataset.records import EncodedImage, Operation, Sample, SceneObject
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.photos.goals import moved, scaled, turned
from gsi_bench_metric.photos.standing import Matrix, Placed
from gsi_bench_space.intake.values import shown
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.problem import OwnError

__all__ = ["DIRECTIONS", "LIMITS", "OPERATIONS", "TURNS", "Wish", "instruction", "make_sample", "require_scorable", "wanted"]

Array = NDArray[np.float64]

OPERATIONS = ("move", "rotate", "scale", "remove")
# Direction -> (right, away, up), as the camera sees the ground.
DIRECTIONS = {"left": (-1, 0, 0), "right": (1, 0, 0), "front": (0, -1, 0), "behind": (0, 1, 0), "above": (0, 0, 1)}
TURNS = ("clockwise", "counterclockwise")  # seen from above
# Of the amounts that can be asked: least and most; cm, degrees, percent of the size.
LIMITS = {"move": (1, 200), "rotate": (5, 180), "scale": (20, 300)}

_LONGEST_NAME = 100  # characters; the page's fields take 60


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked.

    Attributes:
        operation: one of `OPERATIONS`.
        direction: of a move one of `DIRECTIONS`, of a turn one of `TURNS`; else not read.
        amount: whole centimetres, degrees or percent of the size (`LIMITS`); of a removal not read.
        name, name_zh: of the object, as the instructions call it.
        round_object: it looks the same from all sides.

    Raises:
        OwnError: an amount that no instruction can say.
    """

    operation: str
    direction: str = ""
    amount: int = 0
    name: str = "object"
    name_zh: str = "物体"
    round_object: bool = False

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise OwnError("own_no_operation", found=shown(self.operation), expected=", ".join(OPERATIONS))
        for name in (self.name, self.name_zh):
            if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.isprintable():
                raise OwnError("own_name", called=shown(name))
        known = {"move": tuple(DIRECTIONS), "rotate": TURNS}.get(self.operation)
        if known and self.direction not in known:
            raise OwnError("own_no_direction", found=shown(self.direction), expected=", ".join(known))
        if self.operation == "remove":
            return
        least, most = LIMITS[self.operation]
        whole = isinstance(self.amount, int | float) and not isinstance(self.amount, bool)
        if not whole or not least <= self.amount <= most or self.amount != round(self.amount):
            raise OwnError("own_amount", least=least, most=most, found=shown(self.amount))
        if self.operation == "scale" and self.amount == 100:
            raise OwnError("own_same_size")


def wanted(placed: Placed, wish: Wish) -> tuple[tuple[float, ...], Matrix] | None:
    """(box, rotation) that the object should have; None where it should be gone."""
    if wish.operation == "remove":
        return None
    box, rotation = np.array(placed.box), np.array(placed.rotation)
    if wish.operation == "move":
        box = moved(box, wish.amount / 100 * np.array(DIRECTIONS[wish.direction]), placed.ground.up)
    elif wish.operation == "rotate":
        box, rotation = turned(box, rotation, -wish.amount if wish.direction == "clockwise" else wish.amount)
    else:
        box = scaled(box, rotation, wish.amount / 100, placed.ground.up)
    return tuple(box.tolist()), tuple(tuple(row) for row in rotation.tolist())


def instruction(wish: Wish) -> tuple[str, str]:
    """The instruction in English and Chinese.

    Raises:
        OwnError: the object's name makes another instruction of it.
    """
    key, slots = _sentence(wish)
    english, chinese = plainest(key, slots | {"t": (f"the {_bare(wish.name)}", wish.name_zh.strip())})
    asked = _operation(wish)
    for text, name, read in ((english, wish.name, parse), (chinese, wish.name_zh, parse_zh)):
        if not name.strip() or read(text) != asked:
            raise OwnError("own_name", called=name)
    return english, chinese


def make_sample(photo: Photo, placed: Placed, wish: Wish, mask: tuple[EncodedImage, str] | None = None) -> Sample:
    """The sample of this edit: the photo, the box and the wanted box, the mask where there is one; no depth, no other objects.

    Its id holds a digest of everything, so that what is remembered of one sample is never taken for another's.

    Args:
        photo: its source.
        placed: the object.
        wish: what is asked.
        mask: PNG of object numbers, and who made it.

    Raises:
        OwnError: no instruction, or a goal that the camera cannot see.
    """
    english, chinese = instruction(wish)
    goal = wanted(placed, wish)
    if goal is not None:
        _require_seen(goal, placed.K, photo.size)
    picture = Picture(photo.picture).sha256()
    numbers, made_by = mask or (None, None)
    seen = [] if numbers is None else [Picture(numbers).sha256()]
    this = digest(picture, dataclasses.asdict(placed), dataclasses.asdict(wish), *seen)[:16]
    target = SceneObject(
        id=f"target-{this}",
        category=_bare(wish.name),
        bbox_3d=placed.box,
        rotation_matrix=placed.rotation,
        symmetry="continuous" if wish.round_object else None,
        is_target=True,
    )
    return Sample(
        id=f"photo-{picture[:12]}_edit_{this}",
        split="fine",  # the split of photographs
        img_id=f"photo-{picture[:12]}",
        query_id=this,
        image=photo.picture,
        prompt=english,
        prompt_zh=chinese,
        target=target.category,
        operation=_operation(wish),
        original_bbox_3d=placed.box,
        rotation_matrix=placed.rotation,
        new_bbox_3d=goal[0] if goal else None,
        new_rotation_matrix=goal[1] if goal else None,
        camera_intrinsics=placed.K,
        pixel_frame="source",
        pixel_frame_reason="made from the photo's own size and focal length",
        objects=(target,),
        instance_mask=numbers,
        mask_source=made_by,
        up=placed.ground.up,
        up_source="box",
        origin="demo",
    )


def require_scorable(wish: Wish, *, lifts: bool) -> None:
    """Does nothing for what the scoring's detector can see.

    Raises:
        OwnError: a lift, which the tracker takes for a move away: nothing in its search stands in the air.
    """
    if wish.operation == "move" and wish.direction == "above" and not lifts:
        raise OwnError("own_lift")


def _operation(wish: Wish) -> Operation:
    if wish.operation == "move":
        return Operation(kind="move", direction=wish.direction, distance_m=wish.amount / 100, frame="camera")
    if wish.operation == "rotate":
        # Half a turn has no sense.
        return Operation(kind="rotate", direction=None if wish.amount == 180 else wish.direction, angle_deg=float(wish.amount))
    if wish.operation == "scale":
        return Operation(kind="scale", factor=wish.amount / 100)
    return Operation(kind="remove")


def _sentence(wish: Wish) -> tuple[str, dict[str, str | tuple[str, str]]]:
    """Key of the sentence, and the amount in it."""
    if wish.operation == "move":
        return f"move/{wish.direction}", {"d": (f"{wish.amount} cm", f"{wish.amount}厘米")}
    if wish.operation == "rotate":
        return f"rotate/{'half' if wish.amount == 180 else wish.direction}", {"a": str(wish.amount)}
    if wish.operation == "scale":
        return f"scale/{'up' if wish.amount > 100 else 'down'}", {"p": str(abs(wish.amount - 100))}
    return "remove", {}


def _bare(name: str) -> str:
    """A name without its article, which the sentences bring."""
    words = name.split()
    return " ".join(words[1:] if len(words) > 1 and words[0].lower() in ("the", "a", "an") else words)


def _require_seen(goal: tuple[tuple[float, ...], Matrix], K: Matrix, size: tuple[int, int]) -> None:
    rectangle = projected_rectangle(*goal, K)
    if rectangle is None:
        raise OwnError("own_goal_behind")
    middle = (rectangle[:2] + rectangle[2:]) / 2
    if (middle < 0).any() or (middle > size).any():
        raise OwnError("own_goal_outside")
