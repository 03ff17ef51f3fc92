"""Colours by the words that instructions use for them."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsi_bench_builders.assets.material import Colour

__all__ = ["COLOURS", "NamedColour"]


@dataclasses.dataclass(frozen=True)
class NamedColour:
    """A colour word and what it looks like (sRGB 0–1)."""

    name: str
    name_zh: str
    rgb: Colour

    def varied(self, rng: np.random.Generator, amount: float = 0.04) -> Colour:
        """A neighbouring shade that the same word fits."""
        shade = np.clip(
            np.array(self.rgb) * (1 + rng.uniform(-amount, amount)) + rng.uniform(-amount, amount, 3) / 2, 0.01, 0.98
        )
        return float(shade[0]), float(shade[1]), float(shade[2])


def _named(*rows: tuple[str, str, Colour]) -> dict[str, NamedColour]:
    return {name: NamedColour(name, name_zh, rgb) for name, name_zh, rgb in rows}


# Words that lie far enough apart that no two fit one object.
COLOURS = _named(
    ("white", "白色", (0.90, 0.89, 0.86)),
    ("black", "黑色", (0.06, 0.06, 0.065)),
    ("gray", "灰色", (0.45, 0.45, 0.46)),
    ("silver", "银色", (0.75, 0.75, 0.76)),
    ("red", "红色", (0.70, 0.09, 0.08)),
    ("orange", "橙色", (0.90, 0.42, 0.08)),
    ("yellow", "黄色", (0.93, 0.74, 0.15)),
    ("green", "绿色", (0.20, 0.47, 0.22)),
    ("teal", "青色", (0.10, 0.48, 0.50)),
    ("blue", "蓝色", (0.12, 0.27, 0.60)),
    ("purple", "紫色", (0.42, 0.22, 0.55)),
    ("pink", "粉色", (0.90, 0.55, 0.62)),
    ("brown", "棕色", (0.36, 0.21, 0.12)),
    ("beige", "米色", (0.82, 0.73, 0.58)),
)
