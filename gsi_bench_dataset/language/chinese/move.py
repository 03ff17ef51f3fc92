"""Chinese moves: along a direction, or to a place beside another object."""

from __future__ import annotations

from gsi_bench_dataset.language.chinese.amounts import DISTANCE, metres
from gsi_bench_dataset.language.chinese.words import DIRECTIONS, OBJECT, OTHER, RELATIONS, TAKE, shape
from gsi_bench_dataset.language.reading import Build, Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "PUT", "SHAPES"]

PUT = r"(?:放在|放置在|放置到|放到|移动到|移到|挪到|摆放在|摆放到|摆在|摆到)"
_SHIFTED = r"(?:移动|挪动|平移|移|挪|推|拉)"
_FRAME = r"(?:(?:从|以)(?:你的?|您的?|观察者的?)?视角(?:来看|看|为准))"
_APART = rf"(?:使|让)?(?:两者|二者|它们)?的?中心(?:间距|相距|距离)(?:为|是)?{DISTANCE}"
_SHORT = {"左": "left", "右": "right", "上": "above", "下": "below"}


def _move(match: Match) -> Operation:
    direction = DIRECTIONS.meaning(match["direction"])
    return Operation(kind="move", direction=direction, distance_m=metres(match), frame="camera")


def _shortly(match: Match) -> Operation:
    return Operation(kind="move", direction=_SHORT[match["short"]], distance_m=metres(match), frame="camera")


def _pushed(direction: str) -> Build:
    return lambda m: Operation(kind="move", direction=direction, distance_m=metres(m), frame="camera")


def _relate(match: Match) -> Operation:
    relation, distance = RELATIONS.meaning(match["relation"]), metres(match) if "number" in match.groupdict() else None
    return Operation(kind="move", direction=relation, distance_m=distance, frame="camera", reference=match["other"])


_TO, _RELATION = DIRECTIONS.group("direction", written=False), RELATIONS.group("relation")
SHAPES = (
    shape(rf"{_FRAME}?移动{OBJECT}使(?:其|它的)中心(?:位于|在){OTHER}(?:的)?中心(?:的)?{_RELATION}{DISTANCE}处", _relate),
    shape(rf"{_FRAME}?{TAKE}{OBJECT}{PUT}{OTHER}(?:的)?{_RELATION}{_APART}", _relate),
    shape(rf"{_FRAME}?{TAKE}{OBJECT}{PUT}{OTHER}的?{_RELATION}{DISTANCE}(?:处|的地方|的位置)?", _relate),
    shape(rf"{_FRAME}?{TAKE}{OBJECT}{PUT}{OTHER}的?{_RELATION}", _relate),
    shape(rf"{TAKE}{OBJECT}{_TO}{_SHIFTED}{DISTANCE}", _move),
    shape(rf"{TAKE}{OBJECT}(?P<short>[左右上下])(?:移动?|挪动?){DISTANCE}", _shortly),
    shape(rf"{TAKE}{OBJECT}向前推{DISTANCE}", _pushed("behind")),
    shape(rf"{TAKE}{OBJECT}向后拉{DISTANCE}", _pushed("front")),
)


def _sideways(key: str) -> tuple[str, ...]:
    side = DIRECTIONS.said(key)
    return (
        f"将{{t}}向{side}移动{{d}}",
        f"把{{t}}往{side}边挪动{{d}}",
        f"把{{t}}向{side}平移{{d}}",
        f"将{{t}}朝{side}移{{d}}",
        f"把{{t}}向{side}侧移动{{d}}",
    )


def _related(key: str) -> tuple[str, ...]:
    relation = RELATIONS.said(key)
    return (
        f"从你的视角看，将{{t}}移到{{r}}{relation}，使两者中心相距{{d}}",
        f"以你的视角为准，把{{t}}放到{{r}}的{relation}，中心间距为{{d}}",
        f"从观察者的视角看，把{{t}}移动到{{r}}{relation}，两者中心相距{{d}}",
        f"从你的视角看，移动{{t}}，使其中心位于{{r}}中心{relation}{{d}}处",
        f"以观察者的视角为准，将{{t}}摆到{{r}}{relation}，使它们的中心相距{{d}}",
    )


PATTERNS = {
    "move/left": _sideways("left"),
    "move/right": _sideways("right"),
    "move/front": (
        f"将{{t}}{DIRECTIONS.said('front')}移动{{d}}",
        "把{t}往你的方向挪动{d}",
        "把{t}朝近处移{d}",
        "将{t}往近处平移{d}",
        "把{t}向靠近视角的方向移动{d}",
    ),
    "move/behind": (
        f"将{{t}}{DIRECTIONS.said('behind')}移动{{d}}",
        "把{t}往远处挪动{d}",
        "把{t}朝远处移{d}",
        "将{t}往远处平移{d}",
        "把{t}向远离视角的方向移动{d}",
    ),
    "move/above": ("将{t}向上移动{d}", "把{t}往上挪动{d}", "把{t}向上平移{d}", "将{t}朝上移{d}", "把{t}向上方移动{d}"),
    "relate/left": _related("left"),
    "relate/right": _related("right"),
    "relate/front": _related("front"),
    "relate/behind": _related("behind"),
}
