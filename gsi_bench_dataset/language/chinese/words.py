"""The Chinese vocabulary that sentences of all operations are made of, for reading and for writing.

Where Chinese usage is open ("向前移动" of an object: towards whom?) only the released generator's own verbs settle it: 向前推
pushes away, 向后拉 pulls nearer.
"""

from __future__ import annotations

import re

from gsi_bench_dataset.language.phrases import Phrases
from gsi_bench_dataset.language.reading import Build, Places, Shape

__all__ = ["CAMERA", "DIRECTIONS", "OBJECT", "OTHER", "RELATIONS", "SPOTS", "TAKE", "TRAVELS", "TURNS", "TURN_VERB", "shape"]

CAMERA = r"(?:相机|镜头|摄像机|摄像头|视角)"
TAKE = r"[将把让使]"
OBJECT, OTHER = r"(?P<object>.+?)", r"(?P<other>.+?)"
_TO = r"(?:向|往|朝着?)"
_VIEWER = r"(?:视角|你|您|我|观察者|镜头|相机)"

DIRECTIONS = Phrases({
    "left": ("左", rf"{_TO}左(?:边|侧|方)?"),
    "right": ("右", rf"{_TO}右(?:边|侧|方)?"),
    "front": ("向靠近你的方向", rf"{_TO}(?:(?:靠近|接近){_VIEWER}的方向|{_VIEWER}的?(?:方向|这边)|近处)"),
    "behind": ("向远离你的方向", rf"{_TO}(?:远离{_VIEWER}的方向|远处|桌面远端)"),
    "above": ("上", rf"{_TO}上(?:方|面)?"),
    "below": ("下", rf"{_TO}下(?:方|面)?"),
})  # fmt: skip
RELATIONS = Phrases({
    "left": ("左侧", "左(?:侧|边|方|面)"),
    "right": ("右侧", "右(?:侧|边|方|面)"),
    "front": ("前方", "前(?:方|面|侧)"),
    "behind": ("后方", "后(?:方|面|侧)"),
})  # fmt: skip
SPOTS = Phrases({
    "center": ("中央", "正中央|正中间|中间|中心"),
    "left": ("左侧边缘", "左(?:侧|边)?边缘"),
    "right": ("右侧边缘", "右(?:侧|边)?边缘"),
    "front": ("前侧边缘", "前(?:侧|边)?边缘"),
    "behind": ("后侧边缘", "后(?:侧|边)?边缘"),
    "edge": ("边缘",),
})  # fmt: skip
# Of the camera.
TRAVELS = Phrases({
    "left": ("向左", rf"{_TO}左(?:边|侧)?"),
    "right": ("向右", rf"{_TO}右(?:边|侧)?"),
    "forward": ("向前", rf"{_TO}前(?:方)?"),
    "backward": ("向后", rf"{_TO}后(?:方)?"),
    "up": ("向上", rf"{_TO}上(?:方)?"),
    "down": ("向下", rf"{_TO}下(?:方)?"),
})  # fmt: skip
TURN_VERB = "(?:旋转|转动|转)"
# 向右转 and 右旋 turn clockwise, seen from above.
TURNS = Phrases({
    "clockwise": ("顺时针", rf"按?顺时针(?:方向)?{TURN_VERB}", r"向右(?:转动|旋转|转)", "右旋"),
    "counterclockwise": ("逆时针", rf"按?逆时针(?:方向)?{TURN_VERB}", r"向左(?:转动|旋转|转)", "左旋"),
})  # fmt: skip


def shape(
    pattern: str, build: Build, object_places: Places = "any", other_places: Places = "any", *, definite: bool = False
) -> Shape:
    """A sentence that is understood."""
    return Shape(re.compile(pattern, re.IGNORECASE), build, object_places, other_places, definite)
