"""Strict parser of Chinese instructions: the builders' own wording and the reference's tabletop phrases -> `Operation`.

As `instructions.parse`: the whole sentence must match a known shape, and nothing is guessed. Names of objects come out as they
stand. In the reference's factors, 缩放为原来的S倍, 放大到S倍 and 缩小到S倍 all mean size after = S × size before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from gsi_bench_dataset.records import Operation

__all__ = ["parse_zh"]

_LONGEST = 1000
_N = r"(?P<number>\d+(?:\.\d+)?)"
_CM = _N + r"\s*(?:厘米|公分|cm)"
_DEG = _N + r"\s*(?:度|°)"
_TAIL = re.compile(r"，(?:其他物体保持不变|其余部分不变|不要改动其他东西|保持其他物体不变)$")
_VIEW = r"(?:视角|相机|观察者|你)"

_DIRECTIONS: Mapping[str, Sequence[str]] = {
    "left": ("左边", "左侧", "左方", "左"),
    "right": ("右边", "右侧", "右方", "右"),
    "front": (rf"靠近{_VIEW}的方向", rf"{_VIEW}方向", "近处", "后"),
    "behind": (rf"远离{_VIEW}的方向", "桌面远端", "远处", "前"),
    "above": ("上方", "上"),
    "below": ("下方", "下"),
}
_SIDES: Mapping[str, Sequence[str]] = {
    "left": ("左侧", "左边"),
    "right": ("右侧", "右边"),
    "front": ("前方", "前面"),
    "behind": ("后方", "后面"),
}
_CAMERA: Mapping[str, Sequence[str]] = {
    "left": ("左",), "right": ("右",), "forward": ("前",), "backward": ("后",), "up": ("上",), "down": ("下",),
}  # fmt: skip
_TURNS: Mapping[str, Sequence[str]] = {
    "clockwise": ("顺时针", "向右", "右"),
    "counterclockwise": ("逆时针", "向左", "左"),
}


def parse_zh(prompt: str) -> Operation | None:
    """The operation that a Chinese sentence asks for, or None if any part of it is not understood.

    >>> operation = parse_zh("把马克杯向左移动15厘米。")
    >>> operation.kind, operation.direction, operation.distance_m
    ('move', 'left', 0.15)
    >>> parse_zh("把灯关掉。") is None
    True
    """
    if len(prompt) > _LONGEST:
        return None
    text = _normalise(prompt)
    for shape, build in _SHAPES:
        match = shape.fullmatch(text)
        if match is not None and (operation := build(match)) is not None:
            return operation
    return None


def _normalise(prompt: str) -> str:
    """The bare sentence: no 请, no full stop, no captions in parentheses, no clause about what stays."""
    text = re.sub(r"\s*[(（].*[)）]", "", prompt.strip())
    text = text.rstrip("。.！! ").removeprefix("请").replace(",", "，").strip()
    return _TAIL.sub("", text)


def _one_of(phrases: Mapping[str, Sequence[str]], name: str) -> str:
    return f"(?P<{name}>" + "|".join(p for group in phrases.values() for p in group) + ")"


def _meaning(phrases: Mapping[str, Sequence[str]], words: str) -> str:
    for meaning, group in phrases.items():
        if any(re.fullmatch(p, words) for p in group):
            return meaning
    raise AssertionError(f"{words!r} matched a shape but none of its phrases")


def _about_camera(match: re.Match[str]) -> bool:
    return match.groupdict().get("object") in ("相机", "镜头", "视角")


def _move(match: re.Match[str]) -> Operation | None:
    if _about_camera(match):
        return None
    direction = _meaning(_DIRECTIONS, match["to"])
    return Operation(kind="move", direction=direction, distance_m=float(match["number"]) / 100, frame="camera")


def _relate(match: re.Match[str]) -> Operation:
    return Operation(
        kind="move",
        direction=_meaning(_SIDES, match["side"]),
        distance_m=float(match["number"]) / 100,
        frame="camera",
        reference=match["other"],
    )


def _place(match: re.Match[str]) -> Operation:
    return Operation(kind="place", receptacle=match["other"])


def _middle(match: re.Match[str]) -> Operation:
    return Operation(kind="place", direction="center", receptacle=match["other"])


def _rotate(match: re.Match[str]) -> Operation | None:
    if _about_camera(match):
        return None
    turn = match.groupdict().get("turn")
    return Operation(kind="rotate", direction=_meaning(_TURNS, turn) if turn else None, angle_deg=float(match["number"]))


def _remove(match: re.Match[str]) -> Operation:
    return Operation(kind="remove")


def _scale(factor: Callable[[float], float]) -> Callable[[re.Match[str]], Operation | None]:
    def build(match: re.Match[str]) -> Operation | None:
        value = factor(float(match["number"]))
        return Operation(kind="scale", factor=value) if value > 0 else None

    return build


def _travel(match: re.Match[str]) -> Operation:
    direction = _meaning(_CAMERA, match["to"])
    return Operation(kind="view", direction=direction, distance_m=float(match["number"]) / 100, frame="camera")


def _pan(match: re.Match[str]) -> Operation | None:
    direction = _meaning(_CAMERA, match["to"])
    if direction in ("forward", "backward"):
        return None
    return Operation(kind="view", direction=direction, angle_deg=float(match["number"]), frame="camera")


def _shapes() -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], Operation | None]]]:
    obj, other = r"(?P<object>[^，。]+?)", r"(?P<other>[^，。]+?)"
    take, to = "(?:将|把)", _one_of(_DIRECTIONS, "to")
    side, turn, camera_to = _one_of(_SIDES, "side"), _one_of(_TURNS, "turn"), _one_of(_CAMERA, "to")
    camera = f"{take}?(?:相机|镜头|视角)"
    towards = "(?:向|往|朝)"
    going = "(?:移动|挪动|平移|移|推|拉)"
    putting = "(?:移动到|移到|放到|放在|挪到|摆在|摆到)"
    turning = "(?:旋转|转动|转|旋)"
    above = "(?:从上方看，)?"
    about = "(?:绕竖直轴)?"
    shapes: list[tuple[str, Callable[[re.Match[str]], Operation | None]]] = [
        (f"{camera}{towards}{camera_to}{going}{_CM}", _travel),
        (f"{camera}{towards}{camera_to}{turning}{_DEG}", _pan),
        (f"{take}{obj}{putting}{other}的?{side}，(?:两者)?中心(?:相距|间距为|距离){_CM}", _relate),
        (f"{take}{obj}{towards}{to}{going}{_CM}", _move),
        (f"{take}{obj}{putting}{other}的(?:正中央|正中间|中央|中心)", _middle),
        (f"{take}{obj}{putting}{other}(?:上面|里面|上|里)", _place),
        (f"{above}{take}{obj}{about}{turn}{turning}{_DEG}", _rotate),
        (f"{take}{obj}{about}(?:原地|水平)?{turning}{_DEG}", _rotate),
        (f"{take}{obj}(?:放大|扩大){_N}%", _scale(lambda n: 1 + n / 100)),
        (f"{take}{obj}缩小{_N}%", _scale(lambda n: 1 - n / 100)),
        (f"{take}{obj}(?:缩放为原来的|放大到原来的|缩小到原来的|放大到|缩小到){_N}倍(?:大小)?", _scale(lambda n: n)),
        (f"{take}{obj}的尺寸变为原来的{_N}%", _scale(lambda n: n / 100)),
        (f"{take}{obj}(?:拿走|移走|移除|删除|去掉)", _remove),
        (f"(?:移除|删除|去掉|拿走){obj}", _remove),
    ]
    return [(re.compile(pattern), build) for pattern, build in shapes]


_SHAPES = _shapes()
