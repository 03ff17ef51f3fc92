"""Chinese removals of one object."""

from __future__ import annotations

from gsi_bench_dataset.language.chinese.words import OBJECT, TAKE, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_GONE = r"(?:移除|删除|去掉|去除|拿走|移走)"
_SCENE = r"从(?:画面|场景|图片|图像|照片)(?:中|里)?"


def _remove(_: Match) -> Operation:
    return Operation(kind="remove")


SHAPES = (
    shape(rf"{_SCENE}{_GONE}{OBJECT}", _remove),
    shape(rf"{_GONE}(?:画面|场景|图片|图像|照片)(?:中|里)的{OBJECT}", _remove),
    shape(rf"{_GONE}{OBJECT}", _remove),
    shape(rf"{TAKE}{OBJECT}{_SCENE}{_GONE}掉?", _remove),
    shape(rf"{TAKE}{OBJECT}{_GONE}掉?", _remove),
)

PATTERNS = {"remove": ("移除{t}", "将{t}移除", "把{t}拿走", "将{t}从画面中移除", "把{t}从场景中去掉", "去掉{t}")}
