"""Strict reader of Chinese instructions: words -> `Operation`, or the word that was not understood.

It reads the phrasing of our builders and that of the reference's tabletop generator. As in English, the whole sentence must
match one known shape, and numbers that the words do not fix stay None.
"""

from __future__ import annotations

import re

from gsi_bench_dataset.language.chinese import move, place, remove, rotate, scale, view
from gsi_bench_dataset.language.chinese.amounts import in_digits
from gsi_bench_dataset.language.chinese.names import name_problem
from gsi_bench_dataset.language.reading import NotUnderstood, Places, blame, first_fitting, opened
from gsi_bench_dataset.records import Operation

__all__ = ["parse_zh", "read_zh"]

# In order of preference.
_SHAPES = (*view.SHAPES, *move.SHAPES, *place.SHAPES, *rotate.SHAPES, *scale.SHAPES, *remove.SHAPES)
_PLEASE = re.compile(r"^(?:麻烦)?请?(?:你|您)?(?:帮我|帮忙)?")
# A clause about what stays; a clause with an amount or an exception is another instruction.
_UNCHANGED = re.compile(
    r"[，,；;](?:同时|并且?)?(?:请)?(?:保持|让|使)?(?:其他|其它|其余|别的)(?:(?!除)[^，,。；;\d])*(?:不变|不动|原样)$"
    r"|[，,；;](?:请)?不要(?:改动|改变|移动)(?:其他|其它|其余|别的)(?:(?!除)[^，,。；;\d])*$"
)
_VERB = re.compile(
    "移动|平移|挪|移|推|拉|旋转|转动|转|缩放|放大|缩小|扩大|增大|增加|减小|减少|移除|删除|去掉|去除|拿走|移走|放|摆|装|看"
)
# What is told first of a sentence that is not read.
_TELLING = {
    r"(?:向|往|朝)[前后](?:方|面|边)?(?:移|挪|平|推|拉)|[前后]移": "may be towards the camera or away from it",
    r"翻转|镜像|翻过来|倒置|倒立": "is no operation",
    r"(?:绕|围绕|沿).{0,4}?[xyzXYZ横纵水平]+轴": "an axis other than the vertical, or a way around",
}
# What is told of a sentence that fits no shape.
_HIDDEN = {
    r"(?:高|宽|长|深|厚|亮|对比|饱和)度|颜色|体积|距离|间距|面积": "is no object",
    r"十?几|一点|一些|稍微": "an amount that cannot be read",
    r"绕|沿|从.面看": "an axis other than the vertical, or a way around",
    r"不要|别(?=移|动|改|删)|除了": "an exception, which cannot be said",
}


def parse_zh(prompt: str) -> Operation | None:
    """The operation that a Chinese sentence asks for, or None if any part of it is not understood; `read_zh` says which.

    Fields are those of the English parser; names stay in Chinese.

    >>> operation = parse_zh("请把红色的杯子向左移动15厘米，其他物体保持不变。")
    >>> operation.kind, operation.direction, operation.distance_m
    ('move', 'left', 0.15)
    >>> parse_zh("将杯子缩放为原来的0.5倍大小。").factor
    0.5
    >>> parse_zh("把杯子向前移动15厘米。") is None
    True
    """
    result = read_zh(prompt)
    return result if isinstance(result, Operation) else None


def read_zh(prompt: str) -> Operation | NotUnderstood:
    """As `parse_zh`, with the word that was not understood in the place of None.

    >>> print(read_zh("把杯子向左移动20像素"))
    '20像素': pixels are no length in the scene
    """
    text = opened(prompt, _bare, in_digits)
    if isinstance(text, NotUnderstood):
        return text
    result = _fitting(text)
    if isinstance(result, Operation):
        return result
    for pattern, why in _TELLING.items():
        if found := re.search(pattern, text):
            return NotUnderstood(found[0], why)
    return _guilty(text) if result is None else result


def _guilty(text: str) -> NotUnderstood:
    """The word to blame in a sentence that fits no shape."""
    word = blame(list(text), "".join, lambda t: isinstance(_fitting(t), Operation), longest=5, first=0)
    if word is not None:
        return NotUnderstood(word, "is not understood here")
    for pattern, why in _HIDDEN.items():
        if found := re.search(pattern, text):
            return NotUnderstood(found[0], why)
    verb = _VERB.search(text)
    if verb is None:
        return NotUnderstood(text if len(text) <= 40 else f"{text[:40]}…", "holds no verb of an operation")
    return NotUnderstood(verb[0], "the sentence has no known form")


def _fitting(text: str) -> Operation | NotUnderstood | None:
    """Commas are left out for the shapes; a name may not run across one."""

    def problem(name: str, places: Places, definite: bool) -> NotUnderstood | None:
        if name not in text:
            return NotUnderstood("，", "a name cannot hold this")
        return name_problem(name, places=places, definite=definite)

    return first_fitting(re.sub(r"[，,]", "", text), _SHAPES, problem)


def _bare(prompt: str) -> str:
    """The sentence: no captions, no spaces beside Chinese characters and digits, no "please", no clause on what stays."""
    text = " ".join(prompt.split())
    while (shorter := re.sub(r"\s*[(（][^()（）]*[)）]", "", text)) != text:
        text = shorter
    text = re.sub(r"\s*([\u4e00-\u9fff\d０-９，。；％%°])\s*", r"\1", text).strip(" 。.！!")
    return _UNCHANGED.sub("", _PLEASE.sub("", text))
