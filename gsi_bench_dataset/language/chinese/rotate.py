"""Chinese turns of an object about its vertical axis."""

from __future__ import annotations

from gsi_bench_dataset.language.chinese.amounts import ANGLE, number
from gsi_bench_dataset.language.chinese.words import OBJECT, TAKE, TURN_VERB, TURNS, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_ABOUT = r"(?:[绕沿](?:其|它的|自身的?)?(?:竖直|垂直)轴|原地|水平)?"
_FROM_ABOVE = r"(?:从(?:正)?上方(?:来)?看)?"


def _rotate(match: Match) -> Operation:
    turn = match.groupdict().get("turn")
    return Operation(kind="rotate", direction=TURNS.meaning(turn) if turn else None, angle_deg=number(match))


SHAPES = (
    shape(rf"{_FROM_ABOVE}{TAKE}{OBJECT}{_ABOUT}{TURNS.group('turn', written=False)}{ANGLE}", _rotate),
    shape(rf"{_FROM_ABOVE}{TAKE}{OBJECT}{_ABOUT}{TURN_VERB}{ANGLE}", _rotate),
)


def _turned(key: str) -> tuple[str, ...]:
    sense = TURNS.said(key)
    return (
        f"将{{t}}{sense}旋转{{a}}度",
        f"把{{t}}{sense}转动{{a}}度",
        f"从上方看，将{{t}}{sense}旋转{{a}}度",
        f"把{{t}}绕竖直轴{sense}转动{{a}}度",
        f"让{{t}}按{sense}方向转{{a}}度",
    )


PATTERNS = {
    "rotate/clockwise": _turned("clockwise"),
    "rotate/counterclockwise": _turned("counterclockwise"),
    "rotate/half": ("将{t}旋转180度", "把{t}转动180度", "把{t}原地转180度", "将{t}绕竖直轴旋转180度", "让{t}水平旋转180度"),
}
