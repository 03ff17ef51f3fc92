"""Chinese changes of the view: the camera travels or turns."""

from __future__ import annotations

from gsi_bench_dataset.language.chinese.amounts import ANGLE, DISTANCE, metres, number
from gsi_bench_dataset.language.chinese.words import CAMERA, TAKE, TRAVELS, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]


def _travel(match: Match) -> Operation:
    direction = TRAVELS.meaning(match["direction"])
    return Operation(kind="view", direction=direction, distance_m=metres(match), frame="camera")


def _pan(match: Match) -> Operation:
    return Operation(kind="view", direction=TRAVELS.meaning(match["direction"]), angle_deg=number(match), frame="camera")


_TO, _PAN_TO = TRAVELS.group("direction"), TRAVELS.group("direction", without=("forward", "backward"))
SHAPES = (
    shape(rf"{TAKE}?{CAMERA}(?:水平)?{_TO}(?:移动|平移|移){DISTANCE}", _travel),
    shape(rf"{TAKE}?{CAMERA}{_PAN_TO}(?:转动|旋转|转|摇动|倾斜){ANGLE}", _pan),
    shape(rf"{_PAN_TO}看{ANGLE}", _pan),
)


def _travelled(key: str, level: str = "") -> tuple[str, ...]:
    way = TRAVELS.said(key)
    return (
        f"将相机{level}{way}移动{{d}}",
        f"把镜头{level}{way}平移{{d}}",
        f"让相机{level}{way}移{{d}}",
        f"把视角{level}{way}移动{{d}}",
        f"将摄像机{level}{way}平移{{d}}",
    )


def _panned(key: str) -> tuple[str, ...]:
    way = TRAVELS.said(key)
    return (
        f"将相机{way}转动{{a}}度",
        f"把镜头{way}旋转{{a}}度",
        f"让相机{way}转{{a}}度",
        f"把视角{way}转动{{a}}度",
        f"{way}看{{a}}度",
    )


PATTERNS = {
    "travel/left": _travelled("left"),
    "travel/right": _travelled("right"),
    "travel/forward": _travelled("forward", "水平"),
    "travel/backward": _travelled("backward", "水平"),
    "travel/up": _travelled("up"),
    "travel/down": _travelled("down"),
    "pan/left": _panned("left"),
    "pan/right": _panned("right"),
    "pan/up": _panned("up"),
    "pan/down": _panned("down"),
}
