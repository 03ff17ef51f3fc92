"""Chinese places: on or in a receptacle, or at a spot of it."""

from __future__ import annotations

from gsi_bench_dataset.language.chinese.move import PUT
from gsi_bench_dataset.language.chinese.words import OBJECT, OTHER, SPOTS, TAKE, shape
from gsi_bench_dataset.language.reading import Match
from gsi_bench_dataset.records import Operation

__all__ = ["PATTERNS", "SHAPES"]

_PUT_IN = r"(?:放进|放入|装进|装入|移入|移进)"


def _place(match: Match) -> Operation:
    spot = match.groupdict().get("spot")
    direction = SPOTS.meaning(spot) if spot else None
    frame = "camera" if direction in ("left", "right", "front", "behind") else None
    return Operation(kind="place", direction=direction, frame=frame, receptacle=match["other"])


SHAPES = (
    shape(rf"{TAKE}{OBJECT}{PUT}{OTHER}的?{SPOTS.group('spot')}(?:处|位置)?", _place, definite=True),
    shape(rf"{TAKE}{OBJECT}{PUT}{OTHER}(?:上面?|之上|里面?|之内|中|内)", _place, definite=True),
    shape(rf"{TAKE}{OBJECT}{_PUT_IN}{OTHER}(?:里面?|之内|中|内)?", _place, definite=True),
)


def _placed(key: str) -> tuple[str, ...]:
    spot = SPOTS.said(key)
    return (
        f"把{{t}}放在{{r}}的{spot}",
        f"将{{t}}移到{{r}}的{spot}",
        f"把{{t}}放到{{r}}的{spot}",
        f"将{{t}}摆到{{r}}的{spot}处",
        f"将{{t}}移动到{{r}}的{spot}",
    )


PATTERNS = {
    "place/on": ("把{t}放在{r}上", "将{t}放到{r}上面", "将{t}移到{r}上", "把{t}摆到{r}上", "把{t}移动到{r}上面"),
    "place/in": ("把{t}放进{r}里", "将{t}放到{r}里面", "将{t}放入{r}中", "把{t}移到{r}里", "把{t}装进{r}里"),
    "place/center": _placed("center"),
    "place/left": _placed("left"),
    "place/right": _placed("right"),
    "place/front": _placed("front"),
    "place/behind": _placed("behind"),
}
