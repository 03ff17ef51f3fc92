"""Strict parser of Chinese instructions: words -> `Operation`, or None where the words are not fully understood.

It reads the phrasing of our builders and that of the reference's tabletop generator. As in English, the whole sentence must
match one known shape, and numbers that the words do not fix stay None. Where Chinese usage is open ("向前移动" of an object:
towards whom?) only the reference's own verbs settle it: 向前推 pushes away, 向后拉 pulls nearer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gsi_bench_dataset.language.english import Shape, first_fitting
from gsi_bench_dataset.records import Operation

__all__ = ["parse_zh"]

_LONGEST = 1000
_NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
_DISTANCE = _NUMBER + r"(?P<unit>厘米|公分|毫米|米|cm|mm|m)(?:的距离)?"
_ANGLE = _NUMBER + r"(?:度|°)"
_PERCENT = _NUMBER + r"(?:%|％)"
_TIMES = _NUMBER + r"倍(?:大小)?"
_PLEASE = re.compile(r"^请(?:你|您)?")
# A clause about what stays; a clause with an amount is another instruction.
_UNCHANGED = re.compile(
    r"[，,；;](?:同时|并且?)?(?:请)?(?:保持|让|使)?(?:其他|其它|其余|别的)[^，,。；;\d]*(?:不变|不动|原样)$"
    r"|[，,；;](?:请)?不要(?:改动|改变|移动)(?:其他|其它|其余|别的)[^，,。；;\d]*$"
)
# What an object's name cannot hold: an amount, another instruction, or the rest of this one that no shape took.
_NOT_A_NAME = re.compile(
    r"\d(?:厘米|公分|毫米|米|cm|mm|m|度|倍|[°%％])|[。；;！!？?，,]|(?:然后|接着|并且|随后|再把|并把|并将|再将)"
    r"|(?:移动|平移|挪动|旋转|转动|缩放|放大|缩小|移除|删除|顺时针|逆时针|放在|放到|放进|移到)"
    r"|(?:向|往|朝)(?:左|右|前|后|上|下|近|远|靠)|^[将把让使]|(?:上面?|里面?|中|内|的)$"
)
_CAMERA = r"(?:相机|镜头|摄像机|摄像头|视角)"
_TOWARDS = r"(?:向|往|朝着?)"
_VIEWER = r"(?:视角|你|您|我|观察者|镜头|相机)"
_DIRECTIONS = {
    "left": rf"{_TOWARDS}左(?:边|侧|方)?",
    "right": rf"{_TOWARDS}右(?:边|侧|方)?",
    "front": rf"{_TOWARDS}(?:(?:靠近|接近){_VIEWER}的方向|{_VIEWER}的?(?:方向|这边)|近处)",
    "behind": rf"{_TOWARDS}(?:远离{_VIEWER}的方向|远处|桌面远端)",
    "above": rf"{_TOWARDS}上(?:方)?",
    "below": rf"{_TOWARDS}下(?:方)?",
}
_RELATIONS = {
    "left": r"左(?:侧|边|方)",
    "right": r"右(?:侧|边|方)",
    "front": r"前(?:方|面|侧)",
    "behind": r"后(?:方|面|侧)",
}
_SPOTS = {
    "center": r"(?:正中央|中央|正中间|中间|中心)",
    "left": r"左(?:侧|边)?边缘",
    "right": r"右(?:侧|边)?边缘",
    "front": r"前(?:侧|边)?边缘",
    "behind": r"后(?:侧|边)?边缘",
    "edge": r"边缘",
}
_TRAVELS = {
    "left": rf"{_TOWARDS}左(?:边|侧)?",
    "right": rf"{_TOWARDS}右(?:边|侧)?",
    "forward": rf"{_TOWARDS}前(?:方)?",
    "backward": rf"{_TOWARDS}后(?:方)?",
    "up": rf"{_TOWARDS}上(?:方)?",
    "down": rf"{_TOWARDS}下(?:方)?",
}
# 向右转 and 右旋 turn clockwise, seen from above.
_TURNS = {
    "clockwise": r"(?:按?顺时针(?:方向)?(?:旋转|转动|转)|向右(?:转动|转)|右旋)",
    "counterclockwise": r"(?:按?逆时针(?:方向)?(?:旋转|转动|转)|向左(?:转动|转)|左旋)",
}
_VIEW_FRAME = r"(?:(?:从|以)(?:你的?|您的?|观察者的?)?视角(?:来看|看|为准))"

Match = re.Match[str]


def parse_zh(prompt: str) -> Operation | None:
    """The operation that a Chinese sentence asks for, or None if any part of it is not understood.

    Fields are those of the English parser; names stay in Chinese.

    >>> operation = parse_zh("请把红色的杯子向左移动15厘米，其他物体保持不变。")
    >>> operation.kind, operation.direction, operation.distance_m
    ('move', 'left', 0.15)
    >>> parse_zh("将杯子缩放为原来的0.5倍大小。").factor
    0.5
    >>> parse_zh("把杯子向前移动15厘米。") is None
    True
    """
    if len(prompt) > _LONGEST:
        return None
    return first_fitting(_normalise(prompt), _SHAPES, _is_name)


def _normalise(prompt: str) -> str:
    """The bare sentence: no captions, no spaces beside Chinese characters and digits, no "please", no clause on what stays."""
    text = " ".join(prompt.split())
    while (shorter := re.sub(r"\s*[(（][^()（）]*[)）]", "", text)) != text:
        text = shorter
    text = re.sub(r"\s*([\u4e00-\u9fff\d，。；％%°])\s*", r"\1", text).strip(" 。.！!")
    text = _UNCHANGED.sub("", _PLEASE.sub("", text))
    return re.sub(r"[，,]", "", text)


def _is_name(words: str | None) -> bool:
    return words is None or not (_NOT_A_NAME.search(words) or re.fullmatch(_CAMERA, words))


def _meaning(phrases: Mapping[str, str], words: str) -> str:
    for meaning, pattern in phrases.items():
        if re.fullmatch(pattern, words):
            return meaning
    raise AssertionError(f"{words!r} matched a shape but none of its phrases")


def _any(phrases: Mapping[str, str], name: str) -> str:
    return f"(?P<{name}>" + "|".join(phrases.values()) + ")"


def _number(match: Match) -> float:
    return float(match["number"])


def _metres(match: Match) -> float:
    # Division, not multiplication by 0.01: 15 / 100 is the float that "0.15" means.
    return _number(match) / {"毫米": 1000, "mm": 1000, "米": 1, "m": 1}.get(match["unit"], 100)


def _move(match: Match) -> Operation:
    direction = _meaning(_DIRECTIONS, match["direction"])
    return Operation(kind="move", direction=direction, distance_m=_metres(match), frame="camera")


def _pushed(direction: str) -> Callable[[Match], Operation]:
    return lambda m: Operation(kind="move", direction=direction, distance_m=_metres(m), frame="camera")


def _relate(match: Match) -> Operation:
    relation = _meaning(_RELATIONS, match["relation"])
    return Operation(kind="move", direction=relation, distance_m=_metres(match), frame="camera", reference=match["other"])


def _place(match: Match) -> Operation:
    spot = match.groupdict().get("spot")
    direction = _meaning(_SPOTS, spot) if spot else None
    frame = "camera" if direction in ("left", "right", "front", "behind") else None
    return Operation(kind="place", direction=direction, frame=frame, receptacle=match["other"])


def _rotate(match: Match) -> Operation:
    turn = match.groupdict().get("turn")
    return Operation(kind="rotate", direction=_meaning(_TURNS, turn) if turn else None, angle_deg=_number(match))


def _scale(factor: Callable[[float], float], grows: bool | None = None) -> Callable[[Match], Operation | None]:
    def build(match: Match) -> Operation | None:
        value = factor(_number(match))
        if value <= 0 or (grows is not None and (value > 1) != grows):
            return None  # "enlarge to half the size" says two things
        return Operation(kind="scale", factor=value)

    return build


def _remove(_: Match) -> Operation:
    return Operation(kind="remove")


def _travel(match: Match) -> Operation:
    direction = _meaning(_TRAVELS, match["direction"])
    return Operation(kind="view", direction=direction, distance_m=_metres(match), frame="camera")


def _pan(match: Match) -> Operation:
    return Operation(kind="view", direction=_meaning(_TRAVELS, match["direction"]), angle_deg=_number(match), frame="camera")


def _shapes() -> list[Shape]:
    """Sentence shapes in order of preference; the first that matches the whole sentence and builds wins."""
    take, obj, other = r"[将把让使]", r"(?P<object>.+?)", r"(?P<other>.+?)"
    to, relation, spot = _any(_DIRECTIONS, "direction"), _any(_RELATIONS, "relation"), _any(_SPOTS, "spot")
    camera_to = _any(_TRAVELS, "direction")
    pan_to = _any({k: v for k, v in _TRAVELS.items() if k not in ("forward", "backward")}, "direction")
    shifted = r"(?:移动|挪动|平移|移|挪|推|拉)"
    put = r"(?:放在|放置在|放置到|放到|移动到|移到|挪到|摆放在|摆放到|摆在|摆到)"
    put_in = r"(?:放进|放入|装进|装入|移入|移进)"
    apart = rf"(?:使|让)?(?:两者|二者|它们)?的?中心(?:间距|相距|距离)(?:为|是)?{_DISTANCE}"
    about = r"(?:绕(?:其|它的|自身的?)?(?:竖直|垂直)轴|原地|水平)?"
    from_above = r"(?:从(?:正)?上方(?:来)?看)?"
    size, before = r"的(?:尺寸|大小)", r"(?:为|到|至)(?:原来|原始(?:尺寸|大小)?)(?:大小|尺寸)?的?"
    gone = r"(?:移除|删除|去掉|去除|拿走|移走)"
    shapes: list[tuple[str, Callable[[Match], Operation | None]]] = [
        (rf"{take}?{_CAMERA}(?:水平)?{camera_to}(?:移动|平移|移){_DISTANCE}", _travel),
        (rf"{take}?{_CAMERA}{pan_to}(?:转动|旋转|转|摇动|倾斜){_ANGLE}", _pan),
        (rf"{pan_to}看{_ANGLE}", _pan),
        (rf"{_VIEW_FRAME}?移动{obj}使(?:其|它的)中心(?:位于|在){other}(?:的)?中心(?:的)?{relation}{_DISTANCE}处", _relate),
        (rf"{_VIEW_FRAME}?{take}{obj}{put}{other}(?:的)?{relation}{apart}", _relate),
        (rf"{take}{obj}{to}{shifted}{_DISTANCE}", _move),
        (rf"{take}{obj}向前推{_DISTANCE}", _pushed("behind")),
        (rf"{take}{obj}向后拉{_DISTANCE}", _pushed("front")),
        (rf"{take}{obj}{put}{other}的{spot}(?:处|位置)?", _place),
        (rf"{take}{obj}{put}{other}(?:上面?|之上|里面?|之内|中|内)", _place),
        (rf"{take}{obj}{put_in}{other}(?:里面?|之内|中|内)?", _place),
        (rf"{from_above}{take}{obj}{about}{_any(_TURNS, 'turn')}{_ANGLE}", _rotate),
        (rf"{from_above}{take}{obj}{about}(?:旋转|转动|转){_ANGLE}", _rotate),
        (rf"{take}{obj}{size}(?:增大|增加|放大|扩大){_PERCENT}", _scale(lambda n: 1 + n / 100)),
        (rf"{take}{obj}{size}(?:减小|减少|缩小){_PERCENT}", _scale(lambda n: 1 - n / 100)),
        (rf"{take}{obj}(?:放大|扩大){_PERCENT}", _scale(lambda n: 1 + n / 100)),
        (rf"{take}{obj}缩小{_PERCENT}", _scale(lambda n: 1 - n / 100)),
        (rf"{take}{obj}缩放{before}{_TIMES}", _scale(float)),
        (rf"{take}{obj}(?:放大|扩大)(?:{before}|到){_TIMES}", _scale(float, grows=True)),
        (rf"{take}{obj}缩小(?:{before}|到){_TIMES}", _scale(float, grows=False)),
        (rf"{take}{obj}缩放{before}{_PERCENT}", _scale(lambda n: n / 100)),
        (rf"{take}{obj}(?:放大|扩大){before}{_PERCENT}", _scale(lambda n: n / 100, grows=True)),
        (rf"{take}{obj}缩小{before}{_PERCENT}", _scale(lambda n: n / 100, grows=False)),
        (rf"{gone}{obj}", _remove),
        (rf"{take}{obj}从(?:画面|场景|图片|图像|照片)(?:中|里)?{gone}", _remove),
        (rf"{take}{obj}{gone}掉?", _remove),
    ]
    return [(re.compile(pattern), build) for pattern, build in shapes]


_SHAPES = _shapes()
