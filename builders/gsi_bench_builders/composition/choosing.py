"""Which objects come onto a table: a setting's own, then others of its theme, until the table is as full as people keep it."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsi_bench_builders.assets.library import Kind, kinds
from gsi_bench_builders.assets.looks import Looks
from gsi_bench_builders.composition.themes import CARRIED, RECEPTACLES, Theme
from gsi_bench_builders.scene import AssetInfo

__all__ = ["Choice", "choose"]

_WIDEST_M = 0.46  # wider objects leave no room to move others
_BUDGET_M2 = (0.075, 0.125)  # footprints of all objects together
_COUNT = (6, 11)
_TWIN_CHANCE = 0.3
_CARRY_CHANCE = 0.6
_SECOND_CHANCE = 0.35
_RECEPTACLE_CHANCE = 0.75  # that there is one at least


@dataclasses.dataclass(frozen=True)
class Choice:
    """An object that is to be placed.

    Attributes:
        spot: where in the used part (right, away; each -1 … 1); None: wherever there is room.
        anchor: whether the table makes no sense without it.
        contents: what is to be put onto or into it.
    """

    info: AssetInfo
    spot: tuple[float, float] | None = None
    anchor: bool = False
    contents: tuple[AssetInfo, ...] = ()

    @property
    def area(self) -> float:
        """Of its footprint, m²."""
        return self.info.size[0] * self.info.size[1]


def choose(theme: Theme, rng: np.random.Generator, looks: Looks) -> list[Choice]:
    """Objects for one table, its setting first, then others from large to small. A kind comes once, or one of them twice."""
    known = {name: kind for name, kind in kinds().items() if name not in looks.lacks}
    setting = theme.settings[int(rng.integers(len(theme.settings)))]
    chosen: list[Choice] = []
    used: set[str] = set()

    def draw(name: str) -> AssetInfo:
        return looks.draw(name, rng)

    for anchor in setting.anchors:
        there = rng.random() < anchor.chance
        names = [n for n in anchor.names if n in known and n not in used and _allowed(n, used, theme)]
        if there and names:
            name = str(rng.choice(names))
            used.add(name)
            chosen.append(Choice(draw(name), (anchor.right, anchor.away), anchor=True))
    count, budget = int(rng.integers(_COUNT[0], _COUNT[1] + 1)), float(rng.uniform(*_BUDGET_M2))
    fillers: list[Choice] = []
    twin = rng.random() < _TWIN_CHANCE
    without = not any(c.info.receptacle for c in chosen) and rng.random() < _RECEPTACLE_CHANCE
    for name in _ordered_fillers(theme, known, rng, receptacle_first=without):
        if len(chosen) + len(fillers) >= count - twin:
            break
        if name in used or not _allowed(name, used, theme):
            continue
        candidate = Choice(draw(name))
        room = budget - sum(c.area for c in chosen + fillers)
        if candidate.area <= max(room, 0.012) and max(candidate.info.size[:2]) <= _WIDEST_M:
            used.add(name)
            fillers.append(candidate)
    chosen = _with_contents(chosen + sorted(fillers, key=lambda c: -c.area), used, known, rng, looks)
    return _with_twin(chosen, rng, looks) if twin else chosen


def _allowed(name: str, used: set[str], theme: Theme) -> bool:
    return all(name not in group or len(group & used) < most for group, most in theme.limits)


def _ordered_fillers(theme: Theme, known: dict[str, Kind], rng: np.random.Generator, *, receptacle_first: bool) -> list[str]:
    """The theme's kinds in random order, those of its own table mostly first; one that carries others ahead if wanted."""
    names = [n for n, k in known.items() if n in theme.fillers or (set(k.places) & set(theme.places) and n not in theme.never)]
    weight = {name: rng.random() * (1.0 if name in theme.fillers else 2.2) for name in names}
    ordered = sorted(names, key=lambda name: weight[name])
    carriers = [name for name in ordered if name in RECEPTACLES] if receptacle_first else []
    return carriers[:1] + [name for name in ordered if name not in carriers[:1]]


def _with_contents(
    chosen: list[Choice], used: set[str], known: dict[str, Kind], rng: np.random.Generator, looks: Looks
) -> list[Choice]:
    """Gives some of the receptacles something to carry that fits."""
    out = []
    for choice in chosen:
        contents: list[AssetInfo] = []
        names = [n for n in CARRIED.get(choice.info.category, ()) if n in known]
        if choice.info.receptacle and names and rng.random() < _CARRY_CHANCE:
            wanted = 2 if rng.random() < _SECOND_CHANCE and choice.info.category in RECEPTACLES else 1
            for name in rng.permutation(names)[:5]:
                if len(contents) == wanted or str(name) in used:
                    continue
                content = looks.draw(str(name), rng)
                if _fits(content, choice.info):
                    used.add(str(name))
                    contents.append(content)
        out.append(dataclasses.replace(choice, contents=tuple(contents)))
    return out


def _fits(content: AssetInfo, carrier: AssetInfo) -> bool:
    assert carrier.receptacle is not None
    outline = np.array(carrier.receptacle.outline)
    room = outline.max(axis=0) - outline.min(axis=0)
    return float(np.hypot(*content.size[:2])) < float(room.min()) and content.size[2] < 0.3


def _with_twin(chosen: list[Choice], rng: np.random.Generator, looks: Looks) -> list[Choice]:
    """Another of one of the small kinds: mostly in another colour, now and then in the same at another place."""
    twins = [c for c in chosen if c.info.colour and c.area < 0.02 and c.info.nameable and c.info.receptacle is None]
    if not twins:
        return chosen
    first = twins[int(rng.integers(len(twins)))]
    same = rng.random() < 0.25
    if same:
        return [*chosen, Choice(first.info)]
    for _ in range(8):
        info = looks.draw(first.info.category, rng)
        if info.colour != first.info.colour:
            return [*chosen, Choice(info)]
    return chosen
