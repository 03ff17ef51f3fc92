"""What is asked of a pair and what must come out; and each question as the sample that scoring takes.

A pair is asked what was truly done, the opposite of it, to remove the object and, where nothing went anywhere, to move it.
Whatever was not done must fail; nothing done must be said to be nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.language.writing import plainest
from gsi_bench_dataset.records import Operation, Sample, SceneObject
from gsi_bench_metric.photos.goals import is_seen, moved, scaled, turned
from gsi_bench_metric.photos.pairs import Pair
from gsi_bench_metric.photos.truth import Placed, Question

__all__ = ["goal_of", "questions_of", "sample_of", "words_of"]

Array = NDArray[np.float64]

_TARGET = "target"
_DIRECTIONS = ("left", "right", "front", "behind", "above", "below")
# What an untouched object is asked to go: by its own width, whole centimetres, so that it would be seen.
_LEAST_STEP_M = 0.02
_LEAST_SHOWN_CM = 0.5  # of a part of a way, for it to be named in the instruction


def questions_of(pair: Pair) -> tuple[Question, ...]:
    """The questions of a pair, in the order in which they are asked.

    >>> from gsi_bench_metric.photos.truth import Truth
    >>> K, level = ((500.0, 0.0, 320.0), (0.0, 500.0, 240.0), (0.0, 0.0, 1.0)), ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))
    >>> mug = Placed("target", "mug", (0.0, 0.0, 1.0, 0.1, 0.1, 0.1, 0.0), level)
    >>> up, gone = (0.0, -1.0, 0.0), Truth("removed")
    >>> pair = Pair("a", "removed", None, None, (640, 480), K, up, (mug,), gone, None, {}, "CC0", None, {})
    >>> [(question.name, question.passes) for question in questions_of(pair)]
    [('done', True), ('move', False)]
    """
    return pair.questions if pair.questions is not None else tuple(_following(pair))


def _following(pair: Pair) -> Iterator[Question]:
    """What follows from the truth."""
    truth, remove = pair.truth, Question("remove", "remove", passes=False)
    if truth.done == "nothing":
        yield dataclasses.replace(remove, says=("still_there",))
        yield Question("move", "move", passes=False, says=("nothing_done",), step_m=_visible_step(pair))
    elif truth.done == "removed":
        yield Question("done", "remove", passes=True)
        yield Question("move", "move", passes=False, step_m=_visible_step(pair))
    elif truth.done == "repainted":
        yield remove
        yield Question("move", "move", passes=False, step_m=_visible_step(pair))
    elif truth.done == "replaced":
        yield dataclasses.replace(remove, says=("replaced", "replaced_by_unknown"))
        yield Question("move", "move", passes=False, step_m=_visible_step(pair))
    elif truth.done == "moved":
        yield from _of_move(pair)
    elif truth.done == "turned":
        yield Question("done", "rotate", passes=True, turn_deg=truth.turn_deg)
        yield Question("opposite", "rotate", passes=False, turn_deg=-(truth.turn_deg or 0.0))
        yield remove
    elif truth.done == "scaled":
        yield Question("done", "scale", passes=True, factor=truth.factor)
        yield Question("opposite", "scale", passes=False, factor=1 / (truth.factor or 1.0))
        yield remove
    else:
        yield Question("move", "move", passes=False, says=("left_behind",), step_m=truth.step_m)
        yield dataclasses.replace(remove, says=("still_there",))


def _of_move(pair: Pair) -> Iterator[Question]:
    """A move that turned the object too is no move alone, and complies with nothing that is asked here."""
    step, turn = pair.truth.step_m or (0.0, 0.0, 0.0), abs(pair.truth.turn_deg or 0.0)
    if turn < _KEPT_TURN_DEG:
        yield Question("done", "move", passes=True, step_m=step)
    else:
        yield Question("done", "move", passes=False, says=("turned_too",), step_m=step)
    back = tuple(-part for part in step)
    if _goal_seen(pair, back):
        yield Question("opposite", "move", passes=False, says=("opposite",), step_m=back)
    else:
        yield Question("opposite", "move", passes=False, step_m=(-step[1], step[0], step[2]))  # across
    yield Question("remove", "remove", passes=False, says=("elsewhere",))


_KEPT_TURN_DEG = 10.0  # a smaller turn on the way is none that people would see; half of what the protocol forgives


def _visible_step(pair: Pair) -> tuple[float, ...]:
    """A way that the object did not go: about its own width, to where the image still shows it."""
    width = max(float(max(pair.target.box[3], pair.target.box[5])), _LEAST_STEP_M)
    length = max(round(100 * width), round(100 * _LEAST_STEP_M)) / 100
    ways = ((-length, 0.0, 0.0), (length, 0.0, 0.0), (0.0, length, 0.0), (0.0, -length, 0.0))
    return next((way for way in ways if _goal_seen(pair, way)), ways[0])


def _goal_seen(pair: Pair, step: tuple[float, ...]) -> bool:
    if pair.size is None:
        return True
    return is_seen(moved(pair.target.box, step, pair.up), pair.target.rotation, pair.K, pair.size)


def goal_of(target: Placed, question: Question, up: tuple[float, ...]) -> tuple[Array, Array] | None:
    """(box, rotation) that a question asks for; None for a removal."""
    rotation = np.array(target.rotation)
    if question.operation == "move":
        return moved(target.box, question.step_m or (0.0, 0.0, 0.0), up), rotation
    if question.operation == "rotate":
        return turned(target.box, rotation, question.turn_deg or 0.0)
    if question.operation == "scale":
        return scaled(target.box, rotation, question.factor or 1.0, up), rotation
    return None


def words_of(name: str, question: Question) -> str:
    """The question as an instruction in English.

    >>> words_of("mug", Question("done", "move", True, step_m=(-0.1, 0.052, 0.0)))
    'Move the mug 10 cm to the left and 5 cm away.'
    >>> words_of("mug", Question("done", "scale", True, factor=0.67))
    'Scale down the mug by 33%.'
    """
    target = (f"the {_bare(name)}", "")
    if question.operation == "remove":
        return plainest("remove", {"t": target})[0]
    if question.operation == "rotate":
        turn = question.turn_deg or 0.0
        key = "half" if abs(abs(turn) - 180) < 0.5 else "counterclockwise" if turn > 0 else "clockwise"
        return plainest(f"rotate/{key}", {"t": target, "a": f"{abs(turn):.0f}"})[0]
    if question.operation == "scale":
        factor = question.factor or 1.0
        return plainest(f"scale/{'up' if factor > 1 else 'down'}", {"t": target, "p": f"{100 * abs(factor - 1):.0f}"})[0]
    return _move_words(target[0], question.step_m or (0.0, 0.0, 0.0))


def _move_words(target: str, step: tuple[float, ...]) -> str:
    names = (("to the right", "to the left"), ("away", "closer"), ("up", "down"))
    parts = [(100 * abs(part), pair[part < 0]) for part, pair in zip(step, names, strict=True)]
    said = [f"{amount:.0f} cm {words}" for amount, words in parts if amount >= _LEAST_SHOWN_CM]
    said = said or [f"{amount:.1f} cm {words}" for amount, words in parts if amount == max(parts)[0]]
    return f"Move {target} {' and '.join(said)}."


def sample_of(pair: Pair, question: Question) -> Sample:
    """The sample of a question: the source, the known objects and the wanted box, as the Space makes it of an own photo.

    Raises:
        ValueError: the pair's source is not here.
    """
    if pair.source is None:
        raise ValueError(f"{pair.id}: {pair.absent}")
    target, goal = pair.target, goal_of(pair.target, question, pair.up)
    return Sample(
        id=f"{pair.id}_edit_{question.name}",
        split="fine",  # the split of photographs
        img_id=pair.id,
        query_id=question.name,
        image=pair.source,
        prompt=words_of(target.name, question),
        target=_bare(target.name),
        operation=_operation(question),
        original_bbox_3d=target.box,
        rotation_matrix=target.rotation,
        new_bbox_3d=None if goal is None else tuple(goal[0].tolist()),
        new_rotation_matrix=None if goal is None else tuple(map(tuple, goal[1].tolist())),
        camera_intrinsics=pair.K,
        pixel_frame="source",
        pixel_frame_reason="as the pair says: pixels of its source",
        objects=tuple(_object(placed) for placed in pair.placed),
        up=pair.up,
        up_source="box",
        origin="demo",
        image_licence=pair.licence,
        attribution=pair.attribution,
    )


def _object(placed: Placed) -> SceneObject:
    return SceneObject(
        id=placed.id,
        category=_bare(placed.name),
        bbox_3d=placed.box,
        rotation_matrix=placed.rotation,
        symmetry=placed.symmetry,
        is_target=placed.id == _TARGET,
    )


def _operation(question: Question) -> Operation:
    if question.operation == "move":
        step = np.array(question.step_m)
        axis = int(np.abs(step).argmax())
        name = (("right", "left"), ("behind", "front"), ("above", "below"))[axis][int(step[axis] < 0)]
        straight = np.delete(np.abs(step), axis).max() < _LEAST_SHOWN_CM / 100
        length = float(np.linalg.norm(step))
        return Operation(kind="move", direction=name if straight else None, distance_m=length, frame="camera")
    if question.operation == "rotate":
        turn = question.turn_deg or 0.0
        sense = "counterclockwise" if turn > 0 else "clockwise"
        return Operation(kind="rotate", direction=None if math.isclose(abs(turn), 180) else sense, angle_deg=abs(turn))
    if question.operation == "scale":
        return Operation(kind="scale", factor=question.factor)
    return Operation(kind="remove")


def _bare(name: str) -> str:
    """A name without its article, which the sentences bring."""
    words = name.split()
    return " ".join(words[1:] if len(words) > 1 and words[0].lower() in ("the", "a", "an") else words)
