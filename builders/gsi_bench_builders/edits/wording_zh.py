"""Chinese instructions. Slots as in `wording`, and {q}: the new size in percent of the old."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS", "TAILS"]

TAILS = ("，其他物体保持不变", "，其余部分保持不变", "，其他一切保持原样", "，不要改动其他物体")


def _sideways(side: str) -> tuple[str, ...]:
    return (
        f"将{{t}}向{side}移动{{d}}",
        f"把{{t}}往{side}边挪动{{d}}",
        f"把{{t}}向{side}平移{{d}}",
        f"将{{t}}朝{side}移{{d}}",
        f"把{{t}}向{side}侧移动{{d}}",
    )


def _related(relation: str) -> tuple[str, ...]:
    return (
        f"从你的视角看，将{{t}}移到{{r}}{relation}，使两者中心相距{{d}}",
        f"以你的视角为准，把{{t}}放到{{r}}的{relation}，中心间距为{{d}}",
        f"从观察者的视角看，把{{t}}移动到{{r}}{relation}，两者中心相距{{d}}",
        f"从你的视角看，移动{{t}}，使其中心位于{{r}}中心{relation}{{d}}处",
        f"以观察者的视角为准，将{{t}}摆到{{r}}{relation}，使它们的中心相距{{d}}",
    )


def _placed(spot: str) -> tuple[str, ...]:
    return (
        f"把{{t}}放在{{r}}的{spot}",
        f"将{{t}}移到{{r}}的{spot}",
        f"把{{t}}放到{{r}}的{spot}",
        f"将{{t}}摆到{{r}}的{spot}处",
        f"将{{t}}移动到{{r}}的{spot}",
    )


def _turned(sense: str) -> tuple[str, ...]:
    return (
        f"将{{t}}{sense}旋转{{a}}度",
        f"把{{t}}{sense}转动{{a}}度",
        f"从上方看，将{{t}}{sense}旋转{{a}}度",
        f"把{{t}}绕竖直轴{sense}转动{{a}}度",
        f"让{{t}}按{sense}方向转{{a}}度",
    )


def _travelled(way: str, level: str = "") -> tuple[str, ...]:
    return (
        f"将相机{level}{way}移动{{d}}",
        f"把镜头{level}{way}平移{{d}}",
        f"让相机{level}{way}移{{d}}",
        f"把视角{level}{way}移动{{d}}",
        f"将摄像机{level}{way}平移{{d}}",
    )


def _panned(way: str) -> tuple[str, ...]:
    return (
        f"将相机{way}转动{{a}}度",
        f"把镜头{way}旋转{{a}}度",
        f"让相机{way}转{{a}}度",
        f"把视角{way}转动{{a}}度",
        f"{way}看{{a}}度",
    )


PATTERNS: Mapping[str, tuple[str, ...]] = {
    "move/left": _sideways("左"),
    "move/right": _sideways("右"),
    "move/front": (
        "将{t}向靠近你的方向移动{d}",
        "把{t}往你的方向挪动{d}",
        "把{t}朝近处移{d}",
        "将{t}往近处平移{d}",
        "把{t}向靠近视角的方向移动{d}",
    ),
    "move/behind": (
        "将{t}向远离你的方向移动{d}",
        "把{t}往远处挪动{d}",
        "把{t}朝远处移{d}",
        "将{t}往远处平移{d}",
        "把{t}向远离视角的方向移动{d}",
    ),
    "relate/left": _related("左侧"),
    "relate/right": _related("右侧"),
    "relate/front": _related("前方"),
    "relate/behind": _related("后方"),
    "place/on": ("把{t}放在{r}上", "将{t}放到{r}上面", "将{t}移到{r}上", "把{t}摆到{r}上", "把{t}移动到{r}上面"),
    "place/in": ("把{t}放进{r}里", "将{t}放到{r}里面", "将{t}放入{r}中", "把{t}移到{r}里", "把{t}装进{r}里"),
    "place/center": _placed("中央"),
    "place/left": _placed("左侧边缘"),
    "place/right": _placed("右侧边缘"),
    "place/front": _placed("前侧边缘"),
    "place/behind": _placed("后侧边缘"),
    "rotate/clockwise": _turned("顺时针"),
    "rotate/counterclockwise": _turned("逆时针"),
    "rotate/half": ("将{t}旋转180度", "把{t}转动180度", "把{t}原地转180度", "将{t}绕竖直轴旋转180度", "让{t}水平旋转180度"),
    "scale/up": (
        "将{t}放大{p}%",
        "把{t}的尺寸增大{p}%",
        "将{t}缩放为原来的{f}倍大小",
        "把{t}放大到原来的{f}倍",
        "将{t}放大到原来大小的{q}%",
    ),
    "scale/down": (
        "将{t}缩小{p}%",
        "把{t}的尺寸减小{p}%",
        "将{t}缩放为原来的{f}倍大小",
        "把{t}缩小到原来的{f}倍",
        "将{t}缩小到原来大小的{q}%",
    ),
    "remove": ("移除{t}", "将{t}移除", "把{t}拿走", "将{t}从画面中移除", "把{t}从场景中去掉", "去掉{t}"),
    "travel/left": _travelled("向左"),
    "travel/right": _travelled("向右"),
    "travel/forward": _travelled("向前", "水平"),
    "travel/backward": _travelled("向后", "水平"),
    "travel/up": _travelled("向上"),
    "travel/down": _travelled("向下"),
    "pan/left": _panned("向左"),
    "pan/right": _panned("向右"),
    "pan/up": _panned("向上"),
    "pan/down": _panned("向下"),
}
