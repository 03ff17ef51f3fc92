"""Names of AI2-THOR's scenes: the sets that the splits are made of, and what users may write for them.

>>> scene_names(["robothor-val"])[:2], scene_names(["FloorPlan_Train2_1-3,FloorPlan401"])[-2:]
(('FloorPlan_Val1_1', 'FloorPlan_Val1_2'), ('FloorPlan_Train2_3', 'FloorPlan401'))
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.names import printable

__all__ = ["SCENE_SETS", "SceneNameError", "build_name", "scene_names"]

_MINORS = range(1, 6)
# Numbers of flats: (train, val). Minor numbers are ways to furnish one flat.
_MAJORS = {"Train": range(1, 13), "Val": range(1, 4)}
_BATHROOMS = range(401, 431)
# AI2-THOR's customary split of the thirty rooms of a kind.
_BATHROOM_PARTS = {"train": range(401, 421), "val": range(421, 426), "test": range(426, 431)}


class SceneNameError(ValueError):
    """Names that are no scenes of AI2-THOR; lists all of them, and what is expected."""


def _flats(part: str) -> tuple[str, ...]:
    return tuple(f"FloorPlan_{part}{major}_{minor}" for major in _MAJORS[part] for minor in _MINORS)


def _rooms(numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"FloorPlan{number}" for number in numbers)


# Set name -> scenes in the order of their numbers.
SCENE_SETS: dict[str, tuple[str, ...]] = {
    "robothor-train": _flats("Train"),
    "robothor-val": _flats("Val"),
    "ithor-bathroom": _rooms(_BATHROOMS),
    **{f"ithor-bathroom-{part}": _rooms(numbers) for part, numbers in _BATHROOM_PARTS.items()},
}
_KNOWN = frozenset(name for names in SCENE_SETS.values() for name in names)

_RANGE = r"(\d{1,4})(?:-(\d{1,4}))?"
_FLAT = re.compile(rf"FloorPlan_(Train|Val){_RANGE}_{_RANGE}")
_ROOM = re.compile(rf"FloorPlan{_RANGE}")


def scene_names(asked: Sequence[str]) -> tuple[str, ...]:
    """Scenes in the order asked for.

    Args:
        asked: each the name of a set, of a scene, of a range (`FloorPlan_Train1-3_1-5`, `FloorPlan401-410`), or several of them
            joined by commas.

    Raises:
        SceneNameError: a name is unknown, a range is empty, a scene comes twice, or nothing is asked for.
    """
    found: list[str] = []
    problems: list[str] = []
    for name in (part.strip() for entry in asked for part in entry.split(",")):
        if name in SCENE_SETS:
            found += SCENE_SETS[name]
            continue
        scenes = _expanded(name)
        unknown = [s for s in scenes if s not in _KNOWN]
        if not scenes or unknown:
            what = f" holds {printable(unknown[0])}, which there is not" if scenes and unknown != [name] else ""
            problems.append(f"no scene {printable(name)}{':' if what else ''}{what}")
        found += [s for s in scenes if s in _KNOWN]
    if doubled := sorted({s for s in found if found.count(s) > 1}):
        problems.append(f"asked for twice: {', '.join(doubled[:5])}{' and others' if len(doubled) > 5 else ''}")
    if problems or not found:
        raise SceneNameError(summary_of(_expected(), problems or ["no scene is asked for"]))
    return tuple(found)


def _expanded(name: str) -> list[str]:
    """The names that a range stands for; empty where it is no name of a scene at all."""
    if match := _FLAT.fullmatch(name):
        part, a, b, c, d = match.groups()
        return [f"FloorPlan_{part}{major}_{minor}" for major in _span(a, b) for minor in _span(c, d)]
    if match := _ROOM.fullmatch(name):
        return [f"FloorPlan{number}" for number in _span(*match.groups())]
    return []


def _span(first: str, last: str | None) -> range:
    # A leading zero would be another name of the same scene, and Unity knows one only.
    if first.startswith("0") or (last or "").startswith("0"):
        return range(0)
    end = int(last or first)
    return range(int(first), min(end, int(first) + 999) + 1)


def _expected() -> str:
    return (
        "scenes of AI2-THOR: expected a set (" + ", ".join(SCENE_SETS) + "), or names and ranges such as FloorPlan_Train1_3, "
        "FloorPlan_Val1-3_1-5 (train 1-12, val 1-3, each _1-5) and FloorPlan401-430"
    )


def build_name(scene: str) -> str:
    """What the simulator itself calls a scene: rooms of iTHOR carry a suffix there.

    >>> build_name("FloorPlan401"), build_name("FloorPlan_Val1_1")
    ('FloorPlan401_physics', 'FloorPlan_Val1_1')
    """
    return f"{scene}_physics" if _ROOM.fullmatch(scene) else scene
