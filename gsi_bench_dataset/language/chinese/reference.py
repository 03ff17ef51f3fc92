"""The Chinese sentences of the reference's generator of tables. That of rooms has none: there ours are written.

Keys and slots as in `writer`. 缩放为原来的1.5倍大小 says the factor itself, whichever way the size goes.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["TABLES"]


def _moved(side: str) -> tuple[str, ...]:
    return (f"将{{t}}向{side}移动{{d}}", f"把{{t}}往{side}边挪动{{d}}", f"将{{t}}向{side}平移{{d}}", f"把{{t}}朝{side}移{{d}}")


def _turned(sense: str, side: str) -> tuple[str, ...]:
    return (
        f"将{{t}}{sense}旋转{{a}}度",
        f"把{{t}}向{side}转动{{a}}度",
        f"将{{t}}{sense}转{{a}}度",
        f"把{{t}}{side}旋{{a}}度",
    )


TABLES: Mapping[str, tuple[str, ...]] = {
    "move/left": _moved("左"),
    "move/right": _moved("右"),
    "move/behind": ("将{t}向远离视角的方向移动{d}", "把{t}往桌面远端挪动{d}", "将{t}向前推{d}", "把{t}朝远处移{d}"),
    "move/front": ("将{t}向靠近视角的方向移动{d}", "把{t}往视角方向挪动{d}", "将{t}向后拉{d}", "把{t}朝近处移{d}"),
    "rotate/clockwise": _turned("顺时针", "右"),
    "rotate/counterclockwise": _turned("逆时针", "左"),
    "scale/up": ("将{t}放大{p}%", "把{t}扩大{p}%", "将{t}缩放为原来的{f}倍大小", "把{t}放大到{f}倍"),
    "scale/down": ("将{t}缩小{p}%", "把{t}缩小{p}%", "将{t}缩放为原来的{f}倍大小", "把{t}缩小到{f}倍"),
}
